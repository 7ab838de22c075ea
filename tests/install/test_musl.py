# SPDX-License-Identifier: ISC
"""Another C library than glibc: the source compiles with musl's headers."""

import pathlib
import shutil
import subprocess

import pytest

from installation import REPOSITORY
from stack.fixtures import BUILD_DIR

SOURCES = sorted(path.relative_to(REPOSITORY) for folder in ("lib", "cgi-bin")
                 for path in (REPOSITORY / folder).rglob("*.c"))


@pytest.fixture(scope="module")
def musl():
    """The compiler with musl's headers first. Those of the libraries that we
    use are the system's; they come last, so that no header of glibc's is taken
    where musl has one."""
    if not shutil.which("musl-gcc"):
        pytest.fail("no musl-gcc; tests/setup tests installs it")
    machine = subprocess.run(["gcc", "-print-multiarch"], check=True,
                             capture_output=True, text=True).stdout.strip()
    return ["musl-gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror",
            "-fsyntax-only", "-DHAVE_CONFIG_H", '-DCONF_FILE=""',
            "-I", BUILD_DIR, "-iquote", REPOSITORY / "lib",
            "-idirafter", "/usr/include",
            "-idirafter", pathlib.Path("/usr/include") / machine]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_it_compiles_with_musl(musl, source):
    done = subprocess.run([*musl, REPOSITORY / source], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
