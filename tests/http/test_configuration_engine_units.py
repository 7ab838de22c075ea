# SPDX-License-Identifier: ISC
"""-n knows whether the units let the programs call an engine."""

import shutil

import pytest

from engineconfig import Site, one
from stack import ALL_PROGRAMS
from stack.engine import Engine, find_server
from stack.fixtures import REPOSITORY

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")


@pytest.fixture(name="site")
def fixture_site(tmp_path):
    """One of its own."""
    return Site(tmp_path)


@pytest.fixture(name="engine", scope="module")
def fixture_engine():
    """One that nobody changes."""
    with Engine() as running:
        yield running


@pytest.fixture(name="units")
def fixture_units(site):
    """The shipped ones, which use this configuration and store."""
    folder = site.folder / "units"
    source = REPOSITORY / "conf" / "systemd"
    shutil.copytree(source, folder)
    for program in ALL_PROGRAMS:
        shutil.copy(source / "program@.service",
                    folder / f"spotify-fcgi-{program}@.service")
    (folder / "spotify-fcgi-.service.d").mkdir()
    (folder / "spotify-fcgi-.service.d" / "place.conf").write_text(
        f"[Service]\nEnvironment=SPOTIFY_FCGI_CONF={site.folder}/c.conf\n"
        f"ReadWritePaths={site.folder}\nPrivateTmp=no\nProtectHome=no\n")
    return folder


@pytest.mark.parametrize("engine_lines, program, hinders", [
    ("PrivateNetwork=no", "session", "RestrictAddressFamilies="),
    ("PrivateNetwork=no\nRestrictAddressFamilies=AF_INET", "session",
     "IPAddressAllow="),
    ("PrivateNetwork=no\nRestrictAddressFamilies=AF_INET\n"
     "IPAddressAllow=127.0.0.2 10.0.0.0/8", "logout", "IPAddressAllow="),
    ("PrivateNetwork=no\nRestrictAddressFamilies=AF_INET\n"
     "IPAddressAllow=127.0.0.1\nIPAddressAllow=", "logout",
     "IPAddressAllow="),
    ("PrivateNetwork=no\nRestrictAddressFamilies=AF_INET6\n"
     "IPAddressAllow=127.0.0.1", "logout", "RestrictAddressFamilies="),
    *(("PrivateNetwork=no\nRestrictAddressFamilies=AF_INET\n"
       f"IPAddressAllow=192.0.2.1 {word}", "session", None)
      for word in ("127.0.0.1", "127.0.0.0/31", "localhost", "any"))])
def test_a_unit_that_forbids_the_address(site, engine, units, engine_lines,
                                         program, hinders):
    site.engine(engine)
    where = {"SYSTEMD_UNIT_PATH": str(units)}
    said = site.complaints(**where)
    assert len(said) == 2, said
    for name in ("session", "logout"):
        one(said, f"the unit of {name} ", "(PrivateNetwork=)",
            "store-network.conf", f"127.0.0.1:{engine.port}")
        (units / f"spotify-fcgi-{name}@.service.d" / "zz.conf"
         ).write_text(f"[Service]\n{engine_lines}\n")
    said = site.complaints(**where)
    assert len(said) == (0 if hinders is None else 2)
    if hinders is not None:
        one(said, f"the unit of {program} ", f"({hinders})")
    site.engine(engine, engine.socket_url)
    assert site.complaints(**where) == []


def test_units_that_call_spotify_may_be_kept_from_an_engine(site, engine,
                                                            units):
    site.engine(engine)
    (units / "spotify-fcgi-.service.d" / "net.conf").write_text(
        "[Service]\nPrivateNetwork=no\n")
    (units / "spotify-fcgi-artists@.service.d").mkdir()
    (units / "spotify-fcgi-artists@.service.d" / "net.conf").write_text(
        "[Service]\nIPAddressDeny=127.0.0.0/8\n")
    one(site.complaints(SYSTEMD_UNIT_PATH=str(units)),
        "the unit of artists ", "(IPAddressAllow=)")


def test_a_socket_that_the_units_hide(site, engine, units):
    if not engine.socket.startswith("/tmp/"):
        pytest.skip("TMPDIR is elsewhere")
    site.engine(engine, engine.socket_url)
    (units / "spotify-fcgi-.service.d" / "zz.conf").write_text(
        "[Service]\nPrivateTmp=yes\nBindPaths=" + str(site.folder) + "\n")
    one(site.complaints(SYSTEMD_UNIT_PATH=str(units)), "a /tmp")


def permit(units, name):
    """The shipped drop-in under a name, with our address in the place of the
    example's."""
    text = (REPOSITORY / "conf" / "systemd" / "store-network.conf").read_text(
        "utf-8")
    assert text.count("192.0.2.21") == 1
    for program in ("session", "logout"):
        folder = units / f"spotify-fcgi-{program}@.service.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("192.0.2.21", "127.0.0.1"))


@pytest.mark.parametrize("name, good", [
    ("store-network.conf", True), ("engine.conf", False)])
def test_the_shipped_drop_in_permits_an_address(site, engine, units, name,
                                                good):
    """Where an operator puts it: the directory counts more than that of the
    shipped units, but of their drop-ins the name decides which is the last."""
    site.engine(engine)
    permit(site.folder / "etc", name)
    said = site.complaints(SYSTEMD_UNIT_PATH=f"{site.folder}/etc:{units}")
    assert (said == []) == good


def test_of_two_with_one_name_the_operators_counts(site, engine, units):
    site.engine(engine)
    permit(site.folder / "etc", "no-network.conf")
    assert site.complaints(
        SYSTEMD_UNIT_PATH=f"{site.folder}/etc:{units}") == []
    assert len(site.complaints(
        SYSTEMD_UNIT_PATH=f"{units}:{site.folder}/etc")) == 2
