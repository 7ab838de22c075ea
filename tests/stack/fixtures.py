# SPDX-License-Identifier: ISC
"""pytest fixtures; a conftest.py takes them all:

    from stack.fixtures import *

    client, spotify, stack      over http; fresh for every test
    tls_client, tls_stack       over TLS, with __Host- cookies
    make_stack(**options)       one more, for tests that need it different;
                                it stops with the test
    release_build               the directory of a build as users make it

A stack lives as long as the session of its xdist worker; before each test it
is reset. After each test it must have nothing to complain about: a program
that ended by itself or a sanitizer's report fails the test that ran then. A
test that provokes such a thing asks itself: stack.complaints() tells each once.
"""

import fcntl
import os
import pathlib
import subprocess

import pytest

from . import Client, Stack, StackError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD_DIR = pathlib.Path(os.environ.get("BUILD_DIR",
                                        REPOSITORY / "build" / "tests"))
# SERVER=apache runs the whole suite behind the other one.
SERVER = os.environ.get("SERVER", "nginx")


def start_stack(build_dir=BUILD_DIR, **options):
    """A stack, or a failure in one line."""
    options.setdefault("server", SERVER)
    try:
        return Stack(build_dir, **options)
    except StackError as error:
        words = str(error)
    return pytest.fail(words, pytrace=False)


def use_stack(stack):
    """For one test."""
    stack.reset()
    yield stack
    assert stack.complaints() == []


@pytest.fixture(scope="session")
def http_stack_of_session():
    """Do not use it in a test: it is not reset."""
    with start_stack(processes={"artists": 2, "refresh": 2}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(scope="session")
def tls_stack_of_session():
    """Do not use it in a test: it is not reset."""
    with start_stack(tls=True) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def stack(http_stack_of_session):
    """All of it, over http on the loopback."""
    yield from use_stack(http_stack_of_session)


@pytest.fixture
def tls_stack(tls_stack_of_session):
    """All of it, over TLS as music.test."""
    yield from use_stack(tls_stack_of_session)


@pytest.fixture
def spotify(stack):
    """The simulated Spotify of `stack`."""
    return stack.spotify


@pytest.fixture
def client(stack):
    """A browser that has never been here."""
    return Client(stack)


@pytest.fixture
def tls_client(tls_stack):
    """The same, for the site over TLS."""
    return Client(tls_stack)


@pytest.fixture
def make_stack():
    """A factory."""
    made = []

    def make(**options):
        stack = start_stack(**options)
        made.append(stack)
        stack.reset()
        return stack
    yield make
    complaints = [stack.complaints() + stack.stop() for stack in made]
    assert not any(complaints), complaints


def build_beside(name, *arguments):
    """A build beside the one that is tested, with these arguments for
    configure: its directory. The workers of xdist share it."""
    folder = BUILD_DIR.parent / name
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([REPOSITORY / "tests" / "build", folder, *arguments],
                       check=True)
    return folder


@pytest.fixture(scope="session")
def release_build():
    """A build as users make it, who say nothing to configure."""
    return build_beside("release")


@pytest.fixture(scope="session")
def release_with_clock():
    """The same, but that tests may move its clock."""
    return build_beside("release-clock", "--enable-test-clock")
