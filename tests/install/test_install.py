# SPDX-License-Identifier: ISC
"""make install, uninstall, dist and distcheck."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile

import pytest

from installation import REPOSITORY, run
from stack import ALL_PROGRAMS
from tools.amounts import SOAK

soak = pytest.mark.skipif(not SOAK, reason="takes minutes: set SOAK=1")


def files(folder):
    """All files below it, as they would be named without DESTDIR."""
    return {f"/{path.relative_to(folder)}" for path in folder.rglob("*")
            if not path.is_dir()}


def shipped(folder):
    """The names of the files of a directory of conf."""
    return {path.name for path in (REPOSITORY / "conf" / folder).iterdir()
            if path.is_file()}


def expected():
    """Where everything belongs."""
    units = REPOSITORY / "conf" / "systemd"
    return ({f"/usr/libexec/spotify-fcgi/{name}" for name in ALL_PROGRAMS}
            | {f"/usr/share/spotify-fcgi/{folder}/{name}"
               for folder in ("nginx", "apache", "caddy", "container", "events",
                              "www")
               for name in shipped(folder)}
            | {f"/usr/lib/systemd/system/{path.relative_to(units)}"
               for path in units.rglob("spotify-fcgi*")
               if path.is_file() and path.parent.name not in (
                   "sysusers.d", "tmpfiles.d")}
            | {f"/usr/lib/systemd/system/{path.relative_to(units)}"
               for path in units.rglob("no-network.conf")}
            | {f"/usr/lib/systemd/system/spotify-fcgi-{name}@.{kind}"
               for name in ALL_PROGRAMS for kind in ("service", "socket")}
            | {"/usr/share/spotify-fcgi/systemd/store-network.conf"}
            | {f"/usr/lib/{kind}/spotify-fcgi.conf"
               for kind in ("sysusers.d", "tmpfiles.d")}
            | {f"/usr/share/doc/spotify-fcgi/{name}"
               for name in ("README.md", "CHANGES.md", "THREATS.md",
                            "frontend.md", "OPERATING.md", "MACHINES.md")}
            | {"/usr/sbin/spotify-fcgi-admin",
               "/usr/share/man/man8/spotify-fcgi-admin.8",
               "/usr/share/man/man8/spotify-fcgi.8",
               "/usr/share/man/man5/spotify-fcgi.conf.5",
               "/etc/spotify-fcgi/spotify-fcgi.conf.example"})


def test_everything_is_installed_where_it_belongs(installed):
    assert files(installed) == expected()


def test_programs_can_be_run_and_the_rest_be_read(installed):
    for name in files(installed):
        mode = stat.S_IMODE(os.stat(f"{installed}{name}").st_mode)
        runs = "/libexec/" in name or "/sbin/" in name or name.endswith(
            ("/nginx/setup", "/container/entry", "/events/tell"))
        assert mode == (0o755 if runs else 0o644), name


def test_a_configuration_and_secrets_survive(built, installed):
    folder = installed / "etc" / "spotify-fcgi"
    own = {"main.conf": "mine", "main.client_secret": "s",
           "main.server_key": "k"}
    for name, text in own.items():
        (folder / name).write_text(text, "utf-8")
    run("make", "install", f"DESTDIR={installed}", cwd=built)
    for name, text in own.items():
        assert (folder / name).read_text("utf-8") == text
        (folder / name).unlink()


def test_an_uninstall_leaves_nothing_but_data(built, tmp_path):
    run("make", "install", f"DESTDIR={tmp_path}", cwd=built)
    kept = tmp_path / "etc" / "spotify-fcgi" / "main.conf"
    kept.write_text("mine", "utf-8")
    run("make", "uninstall", f"DESTDIR={tmp_path}", cwd=built)
    assert files(tmp_path) == {"/etc/spotify-fcgi/main.conf"}
    assert list(tmp_path.rglob("*spotify-fcgi*")) == [kept.parent]


def test_another_prefix_reaches_every_file_that_names_a_place(built, tmp_path):
    run("make", "install", f"DESTDIR={tmp_path}", "prefix=/opt/x",
        "sysconfdir=/opt/x/etc", cwd=built)
    usual = re.compile(r"(?<!/opt/x)(/usr/libexec|/usr/share|/etc)"
                       "/spotify-fcgi")
    named = set()
    for name in files(tmp_path):
        data = pathlib.Path(f"{tmp_path}{name}").read_bytes()
        if "/libexec/" not in name and "/sbin/" not in name:
            assert not usual.search(data.decode()), name
            if b"/opt/x" in data:
                named.add(pathlib.Path(name).name)
    assert named >= {"spotify-fcgi-login@.service", "spotify-fcgi.page",
                     "spotify-fcgi.8", "README.md", "fcgid.example"}


def test_the_clean_up_of_the_unit_is_the_one_of_the_manual():
    unit = (REPOSITORY / "conf/systemd/spotify-fcgi-cleanup@.service"
            ).read_text("utf-8")
    command = re.search(r"^ExecStart=(/usr/libexec/\S+ -c) -f "
                        r"/etc/spotify-fcgi/%i\.conf$", unit, re.M)[1]
    manual = (REPOSITORY / "cgi-bin/spotify-fcgi.8").read_text("utf-8")
    assert f" spotify-fcgi {command} >/dev/null\n" in manual


def test_a_source_that_was_configured_can_be_built_elsewhere(tmp_path):
    """As tests/demo does it after README.md's second step; automake refuses
    that where the first build is in the source itself."""
    source = tmp_path / "source"
    shutil.copytree(REPOSITORY, source, ignore=shutil.ignore_patterns(
        "build", ".git", "Makefile", "__pycache__", "autom4te.cache"))
    run("./configure", "--prefix=/usr", "--sysconfdir=/etc", cwd=source)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(str(source / "configure"), cwd=elsewhere)
    run("make", "install-dist_confDATA", f"DESTDIR={tmp_path}", cwd=source)
    assert (tmp_path / "etc/spotify-fcgi/spotify-fcgi.conf.example").exists()
    run("make", "distclean", cwd=source)
    assert not (source / "Makefile").exists()
    assert not (source / "build" / "default").exists()


@pytest.mark.parametrize("python", ["/usr/bin/python3", "/no/python3"])
def test_house_rules_are_not_looked_at_without_python(tmp_path, python):
    run(str(REPOSITORY / "configure"), f"PYTHON3={python}", cwd=tmp_path)
    tests = run("make", "-s", "--eval=show:;@echo $(TESTS)", "show",
                cwd=tmp_path).split()
    there = any(name.endswith("tests/house") for name in tests)
    assert there == python.startswith("/usr")
    assert "tests/fuzz/replay" in tests


@soak
def test_a_release_builds_without_autotools(built, tmp_path):
    run("make", "dist", cwd=built)
    archive, = built.glob("*.tar.xz")
    with tarfile.open(archive) as release:
        release.extractall(tmp_path)
    source, = tmp_path.iterdir()
    assert not list(source.rglob("__pycache__"))
    nothing = tmp_path / "bin"
    nothing.mkdir()
    for name in ("aclocal", "autoconf", "autoheader", "automake",
                 "autoreconf"):
        (nothing / name).write_text("#!/bin/sh\nexit 1\n", "utf-8")
        (nothing / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{nothing}:{os.environ['PATH']}"}
    run("./configure", cwd=source, env=environment)
    run("make", "-j2", cwd=source, env=environment)
    version = run("build/default/cgi-bin/login", "-v", cwd=source)
    assert version.startswith("spotify-fcgi")


@soak
def test_distcheck_passes(built):
    run("make", "-j2", "distcheck", cwd=built)


@soak
def test_a_debian_package_can_be_built(built, tmp_path):
    for tool in ("dpkg-buildpackage", "dh", "lintian"):
        if subprocess.run(["which", tool], check=False,
                          stdout=subprocess.DEVNULL).returncode != 0:
            pytest.skip(f"needs {tool}")
    run("make", "dist", cwd=built)
    archive, = built.glob("*.tar.xz")
    with tarfile.open(archive) as release:
        release.extractall(tmp_path)
    source, = tmp_path.iterdir()
    run("cp", "-r", "conf/debian", "debian", cwd=source)
    run("dpkg-buildpackage", "-us", "-uc", "-b", cwd=source)
    changes, = tmp_path.glob("*.changes")
    said = subprocess.run(["lintian", "--allow-root", str(changes)],
                          text=True, capture_output=True, check=False)
    assert not re.search(r"^E:", said.stdout, re.M), said.stdout
