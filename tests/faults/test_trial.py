# SPDX-License-Identifier: ISC
"""A file system that lacks what the store needs is refused at the start and
by -n, and not by the visitor whose token it would cost."""

import errno
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from preloading import preloaded
from stack import Client
from stack.processes import wait_until
from tools.parallel import together
from tools.store import stored

# What refusing.c can take away, what is said, and what a file system that does
# not know the call answers.
LACKS = {
    "modes": ("owner and mode", 0),
    "O_EXCL": ("O_EXCL", 0),
    "posix_fallocate": ("posix_fallocate", errno.EOPNOTSUPP),
    "times": ("utimensat", 0),
    "utimensat": ("utimensat", errno.EPERM),
    "exclusion": ("F_OFD_SETLK", 0),
    "locks": ("F_OFD_SETLK", errno.EINVAL),
    "fsync": ("fsync", errno.EINVAL),
    "fsync of a directory": ("fsync", errno.EINVAL),
    "exchange": ("RENAME_EXCHANGE", errno.EINVAL),
    "flags of rename": ("RENAME_EXCHANGE", 0)}


@pytest.fixture(scope="module")
def lacking(tmp_path_factory):
    """The library, as an environment."""
    return preloaded("refusing", tmp_path_factory.mktemp("lacking"))


def run(stack, program, *arguments, **environment):
    """A program; with -n, or to listen on a socket of its own."""
    return subprocess.run(
        [stack.build_dir / "cgi-bin" / program, "-f", stack.conf_file,
         *arguments], env={**stack.environment, **environment}, check=False,
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("lack", LACKS)
def test_a_file_system_that_cannot_is_refused(stack, lacking, lack):
    """By -n of any program, and by each that opens the store; none leaves a
    file behind."""
    word, error = LACKS[lack]
    environment = {**lacking, "REFUSE": lack, "REFUSE_ERRNO": str(error)}
    done = run(stack, "login", "-n", **environment)
    assert done.returncode == 2
    [line] = re.findall(r"session_dir: (lies on a file system .*)",
                        done.stderr)
    assert word in line and "; use ext4" in line
    for program in ("session", "logout", "artists"):
        done = run(stack, program, "-s", stack.folder / "run" / "x",
                   **environment)
        assert done.returncode == 2
        assert " event=store_refused " in done.stderr and line in done.stderr
    assert stored(stack, "temp-") == []


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_what_may_be_gone_tomorrow_stops_no_start(stack, lacking, error):
    """Whoever has a living token is served although the disk is full."""
    environment = {**lacking, "REFUSE": "posix_fallocate",
                   "REFUSE_ERRNO": str(error)}
    done = run(stack, "session", "-n", **environment)
    assert done.returncode == 0
    assert f"could not be tried: {os.strerror(error)}\n" in done.stdout
    path = stack.folder / "run" / "x"
    with subprocess.Popen(
            [stack.build_dir / "cgi-bin" / "session", "-f", stack.conf_file,
             "-s", path], env={**stack.environment, **environment},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True) as process:
        wait_until(path.exists, 60, "a start")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert f" event=store_untried errno={error} " in said
    assert stored(stack, "temp-") == []


def test_many_may_try_at_once_and_disturb_nobody(stack):
    """While a session is read and written."""
    client = Client(stack)
    client.login()

    def use():
        for _ in range(10):
            assert client.fetch("session").json["logged_in"]
            assert client.fetch("artists?fresh=1").status == 200
        return None
    jobs = [lambda: run(stack, "session", "-n")] * 12
    done = [result for result in together([*jobs, use]) if result]
    for result in done:
        assert result.returncode == 0, result.stderr
        assert "was tried, and it does it." in result.stdout
    assert stored(stack, "temp-") == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_who_dies_while_trying_leaves_what_the_clean_up_removes(stack):
    """The files have names that nobody reads."""
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e",
         "inject=renameat2:signal=KILL", stack.build_dir / "cgi-bin/session",
         "-n", "-f", stack.conf_file], check=False, capture_output=True,
        env={**stack.environment, "ASAN_OPTIONS": "detect_leaks=0"},
        timeout=60)
    assert done.returncode in (-9, 137)
    left = stored(stack, "temp-")
    assert 1 <= len(left) <= 2
    assert run(stack, "session", "-n").returncode == 0
    assert stored(stack, "temp-") == left


def test_a_store_that_was_opened_in_vain_is_asked_no_more(stack, lacking):
    """What comes after it cannot begin: visitors are told, and nobody looks
    for metrics in a directory that has no name any more."""
    done = run(stack, "artists", **lacking, REFUSE="curl",
               SPOTIFY_FCGI_CONF=str(stack.conf_file),
               GATEWAY_INTERFACE="CGI/1.1", REQUEST_METHOD="GET")
    assert done.returncode == 2
    assert done.stdout.startswith("Status: 503")
    assert '"misconfigured"' in done.stdout
    assert "store_failed" not in done.stderr
