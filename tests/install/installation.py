# SPDX-License-Identifier: ISC
"""One ordinary build, installed once into a directory, for all tests here."""

import os
import pathlib
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    """A command that has to succeed; what it printed."""
    done = subprocess.run(command, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A build directory, for /usr and /etc as README.md says."""
    folder = tmp_path_factory.mktemp("build")
    run(str(REPOSITORY / "configure"), "--prefix=/usr", "--sysconfdir=/etc",
        cwd=folder)
    run("make", "-j", str(os.cpu_count()), cwd=folder)
    return folder


@pytest.fixture(scope="session")
def installed(built, tmp_path_factory):
    """What "make install" made of an empty directory."""
    folder = tmp_path_factory.mktemp("root")
    run("make", "install", f"DESTDIR={folder}", cwd=built)
    return folder
