# SPDX-License-Identifier: ISC
"""Whether Valkey and Redis can be used is decided by configure."""

import os
import pathlib
import subprocess

import pytest

from installation import REPOSITORY, run
from tools.amounts import SOAK

MISSING = {**os.environ, "ac_cv_header_hiredis_hiredis_h": "no"}


def configure(folder, *arguments, **keywords):
    """The process that has ended."""
    return subprocess.run(
        [str(REPOSITORY / "configure"), *arguments], cwd=folder, text=True,
        capture_output=True, check=False, **keywords)


def knows_engines(folder):
    """Whether the build would have lib/engine."""
    return "#define HAVE_VALKEY 1" in (
        pathlib.Path(folder) / "config.h").read_text("ascii")


@pytest.mark.parametrize("arguments, environment, knows", [
    ((), None, True), (("--with-valkey",), None, True),
    (("--without-valkey",), None, False), ((), MISSING, False)])
def test_it_is_built_where_hiredis_is_unless_it_is_not_wanted(
        arguments, environment, knows, tmp_path):
    done = configure(tmp_path, *arguments, env=environment)
    assert done.returncode == 0, done.stderr
    assert knows_engines(tmp_path) == knows
    libraries = run("make", "-s", "--eval=show:;@echo $(LDADD)", "show",
                    cwd=tmp_path)
    assert ("-lhiredis" in libraries) == knows


def test_who_wants_it_is_told_what_to_install(tmp_path):
    done = configure(tmp_path, "--with-valkey", env=MISSING)
    assert done.returncode != 0
    assert "hiredis not found: apt-get install libhiredis-dev" in done.stderr


@pytest.mark.skipif(not SOAK, reason="takes minutes: set SOAK=1")
def test_without_it_nothing_else_is_linked_and_store_says_so(tmp_path):
    assert configure(tmp_path, "--without-valkey").returncode == 0
    run("make", "-j", str(os.cpu_count()), "cgi-bin/callback", cwd=tmp_path)
    callback = str(tmp_path / "cgi-bin" / "callback")
    assert "hiredis" not in run("ldd", callback)
    (tmp_path / "c.conf").write_text("store = valkey://a:1\n", "ascii")
    (tmp_path / "c.conf").chmod(0o600)
    done = subprocess.run([callback, "-n", "-f", str(tmp_path / "c.conf")],
                          text=True, capture_output=True, check=False)
    assert "this build can keep sessions in files only" in done.stderr
