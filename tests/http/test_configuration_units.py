# SPDX-License-Identifier: ISC
"""-n knows what the units permit: what it accepts also starts under them.
SYSTEMD_UNIT_PATH is systemd's own word for where units are."""

import os
import pathlib
import pwd
import re
import shutil
import tempfile

import pytest

from configured import Setup
from stack import PROGRAMS
from stack.fixtures import REPOSITORY

# Of callback, about which -n asks; and what drop-ins for all are named.
UNIT = "spotify-fcgi-callback@.service"
ALL = "spotify-fcgi-.service"


class Machine(Setup):
    """With the shipped unit, which uses the configuration."""

    def __init__(self, folder):
        super().__init__(folder)
        self.units = folder / "units"
        self.units.mkdir()
        shutil.copy(REPOSITORY / "conf/systemd/program@.service",
                    self.units / UNIT)
        self.drop_in("conf", f"Environment=SPOTIFY_FCGI_CONF={folder}/c.conf\n"
                     "LoadCredential=client_secret:/x\n"
                     "LoadCredential=server_key:/x")

    def drop_in(self, name, text, of=ALL):
        """One more."""
        folder = self.units / f"{of}.d"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.conf").write_text(f"[Service]\n{text}\n")

    def check(self, program="callback", **environment):
        """(status, complaints)"""
        done = self.run(program, **{"SYSTEMD_UNIT_PATH": f"/nowhere:"
                                    f"{self.units}:", **environment})
        assert (done.returncode == 0) == (done.stderr == "")
        return done.returncode, done.stderr


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    """With a store of whoever runs this, in a place that no unit hides."""
    tmp_path.chmod(0o755)
    machine = Machine(tmp_path)
    machine.drop_in("tmp", "PrivateTmp=no\nProtectHome=no")
    return machine


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_place_that_the_units_cannot_write_is_a_mistake(machine, program):
    status, said = machine.check(program)
    assert status == 2
    assert f"{machine.folder}/c.conf:5: session_dir: the units may not" in said
    assert "ReadWritePaths=" in said


@pytest.mark.parametrize("lines, good", [
    ("ReadWritePaths={store}", True), ("ReadWritePaths={folder}", True),
    ("ReadWritePaths=-{folder}/", True), ("ReadWritePaths=/x +{store}", True),
    ("BindPaths={store}", True), ("BindPaths=/x:{store}:rbind", True),
    ("BindPaths={store}:/x", False), ("ReadWritePaths=/x", False),
    ("ReadWritePaths={store}x", False),
    ("ReadWritePaths={store}\nReadWritePaths=", False),
    ("ReadOnlyPaths={store}", False), ("#ReadWritePaths={store}", False),
    ("StateDirectory={store}", False),
    ("ProtectSystem=full", True), ("ProtectSystem=", True)])
def test_a_drop_in_permits_it(machine, lines, good):
    store = machine.folder / "store"
    machine.drop_in("place", lines.format(store=store, folder=machine.folder))
    assert (machine.check()[0] == 0) == good


def test_what_counts_for_callback_counts(machine):
    line = f"ReadWritePaths={machine.folder}"
    for other in ("spotify-fcgi-login@.service", "spotify-fcgi-@.service",
                  "spotify-fcgi-callback@shop.service",
                  "spotify-fcgi-@shop.service", "spotify-.socket"):
        machine.drop_in("place", line, of=other)
        assert machine.check()[0] == 2, other


@pytest.mark.parametrize("of", [
    "spotify-fcgi-.service", "spotify-fcgi-@main.service",
    "spotify-fcgi-callback@.service", "spotify-fcgi-callback@main.service"])
def test_a_drop_in_for_more_or_for_less(machine, of):
    """All that systemd looks for: of all programs and sites, of a site, of a
    program, and of one of both."""
    machine.drop_in("place", f"ReadWritePaths={machine.folder}", of=of)
    assert machine.check()[0] == 0


def test_of_drop_ins_with_one_name_that_of_the_instance_counts(machine):
    """In the order in which systemd takes them, the last first."""
    good = True
    for of in ("spotify-fcgi-@main.service", "spotify-fcgi-.service",
               "spotify-fcgi-callback@.service",
               "spotify-fcgi-callback@main.service"):
        machine.drop_in("place", f"ReadWritePaths={machine.folder}"
                        if good else "ReadWritePaths=/x", of=of)
        assert (machine.check()[0] == 0) == good, of
        good = not good


def test_a_unit_of_one_site_alone_counts_before_the_template(machine):
    text = (machine.units / UNIT).read_text("utf-8")
    own = machine.units / UNIT.replace("@", "@main")
    own.write_text(text.replace("ProtectSystem=strict", ""), "utf-8")
    assert machine.check()[0] == 0
    own.unlink()
    own.symlink_to("/dev/null")
    assert machine.check()[0] == 0      # masked: nobody is asked
    own.unlink()
    assert machine.check()[0] == 2


def test_units_that_are_not_used_are_not_asked(machine):
    assert machine.check(SYSTEMD_UNIT_PATH="/nowhere")[0] == 0
    (machine.units / f"{ALL}.d/conf.conf").unlink()    # another's file
    assert machine.check()[0] == 0
    machine.drop_in("conf", f"ExecStart=/x -f {machine.folder}/c.conf")
    assert machine.check()[0] == 2
    masked = machine.folder / "masked"
    masked.mkdir()
    (masked / UNIT).symlink_to("/dev/null")
    assert machine.check(SYSTEMD_UNIT_PATH=f"{masked}:{machine.units}")[0] == 0


def test_homes_are_hidden(machine):
    machine.drop_in("tmq", f"ProtectHome=yes\nReadWritePaths={machine.folder}")
    keys = ("ca_file", "store_ca_file", "store_cert_file", "store_key_file")
    machine.conf(store="valkeys://127.0.0.1:1",
                 **{key: "/home/nobody/a.pem" for key in keys})
    status, said = machine.check()
    assert status == 2
    for key in keys:
        assert f": {key}: the units hide /home" in said


@pytest.mark.parametrize("lines, word", [
    ("ProtectHome=yes", None), ("PrivateTmp=yes", "/tmp")])
def test_a_place_that_the_units_hide(machine, lines, word):
    """The folder is below /tmp."""
    if not str(machine.folder).startswith(("/tmp/", "/var/tmp/")):
        pytest.skip("TMPDIR is elsewhere")
    machine.drop_in("tmq", f"{lines}\nReadWritePaths={machine.folder}")
    machine.conf(client_secret_file=f"{machine.folder}/client_secret",
                 ca_file=f"{machine.folder}/ca.pem")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt",
                machine.folder / "ca.pem")
    status, said = machine.check()
    if word is None:
        assert status == 0
        return
    assert status == 2
    for key in ("session_dir", "client_secret_file", "ca_file"):
        assert re.search(rf"c\.conf:\d: {key}: the units have a /tmp", said)
    assert "server_key_file" not in said        # the units load it


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
class TestByRoot:
    """Root can read everything; those for whom he checks cannot."""

    @pytest.fixture
    def nobody(self):
        """A store of nobody's, and units that run as he. Not below pytest's
        own directory, which each start of pytest closes to him."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            folder.chmod(0o755)
            machine = Machine(folder)
            machine.drop_in("tmp", "PrivateTmp=no\nProtectHome=no\n"
                            f"User=nobody\nReadWritePaths={folder}")
            user = pwd.getpwnam("nobody")
            os.chown(folder / "store", user.pw_uid, user.pw_gid)
            (folder / "c.conf").chmod(0o644)
            yield machine

    def test_secrets_of_root_are_loaded_by_systemd(self, nobody):
        assert nobody.check() == (0, "")

    def test_the_configuration_is_for_the_programs_too(self, nobody):
        (nobody.folder / "c.conf").chmod(0o600)
        assert "c.conf: this file: cannot be read by the user of the " \
            "programs; chmod 644 it" in nobody.check()[1]

    @pytest.mark.parametrize("name", [
        "{folder}/client_secret", "other_secret"])
    def test_a_secret_that_the_units_do_not_load(self, nobody, name):
        shutil.copy(nobody.folder / "client_secret",
                    nobody.folder / "other_secret")
        nobody.conf(client_secret_file=name)
        (nobody.folder / "c.conf").chmod(0o644)
        status, said = nobody.check()
        assert status == 2 and "client_secret_file: cannot be read" in said
        assert "server_key_file" not in said
        user = pwd.getpwnam("nobody")
        os.chown(nobody.folder / "other_secret", user.pw_uid, user.pw_gid)
        os.chown(nobody.folder / "client_secret", user.pw_uid, user.pw_gid)
        assert nobody.check() == (0, "")

    def test_a_password_that_the_units_do_not_load(self, nobody):
        nobody.write("store_password", "x" * 20, 0o600)
        nobody.conf(store="valkey://127.0.0.1:1",
                    store_password_file="store_password")
        (nobody.folder / "c.conf").chmod(0o644)
        status, said = nobody.check()
        assert status == 2
        assert ": store_password_file: cannot be read by the user" in \
            said
        nobody.drop_in("password", "LoadCredential=store_password:/x")
        status, said = nobody.check()
        assert status == 3 and "store_password_file" not in said

    def test_a_name_that_a_drop_in_loads(self, nobody):
        shutil.copy(nobody.folder / "client_secret",
                    nobody.folder / "other_secret")
        nobody.conf(client_secret_file="other_secret")
        (nobody.folder / "c.conf").chmod(0o644)
        nobody.drop_in("secret", "LoadCredential=other_secret:/x")
        assert nobody.check() == (0, "")

    def test_a_store_of_another_user(self, nobody):
        nobody.drop_in("user", "User=daemon")
        assert "session_dir: does not belong to the user of the units" in \
            nobody.check()[1]

    @pytest.mark.parametrize("kind", ["touch", "mkdir"])
    def test_a_lock_file_that_is_roots(self, nobody, kind):
        """With it no program could start."""
        lock = nobody.folder / "store" / "lock"
        getattr(lock, kind)(mode=0o700)
        status, said = nobody.check()
        assert status == 2
        assert 'session_dir: holds a file "lock" that the user of the ' \
            "programs cannot write; chown -R it to that user\n" in said


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_check_leaves_nothing_in_the_store(machine, program):
    """It may be of another user than the programs."""
    machine.drop_in("store", f"ReadWritePaths={machine.folder}")
    assert machine.check(program) == (0, "")
    assert list((machine.folder / "store").iterdir()) == []
