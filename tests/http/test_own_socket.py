# SPDX-License-Identifier: ISC
"""-s and -w: a program that makes its socket by itself."""

import contextlib
import pathlib
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import pytest

from configured import Setup
from stack.fixtures import BUILD_DIR
from stack.ports import listens
from stack.processes import wait_until
from stack.stack import SANITIZERS


@pytest.fixture
def setup():
    """A configuration, in a directory whose path is short."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sf-"))
    yield Setup(folder)
    shutil.rmtree(folder)


@contextlib.contextmanager
def serving(setup, path, *arguments):
    """The program, once it listens; it must end well."""
    with subprocess.Popen(
            [BUILD_DIR / "cgi-bin" / "session", "-f", setup.folder / "c.conf",
             "-s", path, *arguments], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=SANITIZERS) as process:
        try:
            wait_until(lambda: process.poll() is not None or listens(path), 60,
                       "a socket that listens")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == 0, said


def refuses(setup, path, why):
    """The program ends with 2 and says why."""
    done = setup.run("session", "-f", str(setup.folder / "c.conf"), "-s",
                     str(path))
    assert done.returncode == 2
    assert f"{path}: " in done.stderr and why in done.stderr


def test_the_socket_is_for_user_and_group_and_goes_at_the_end(setup):
    path = setup.folder / "s"
    with serving(setup, path):
        status = path.stat()
        assert stat.S_ISSOCK(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o660
    assert not path.exists()


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
@pytest.mark.parametrize("name", ["bind", "listen"])
def test_a_signal_that_comes_at_once_leaves_no_socket(setup, name):
    path = setup.folder / "s"
    done = subprocess.run(
        ["strace", "-e", f"inject={name}:signal=TERM", "-o", "/dev/null",
         BUILD_DIR / "cgi-bin" / "session", "-f", setup.folder / "c.conf",
         "-s", path], stdin=subprocess.DEVNULL, timeout=60, check=False,
        env=SANITIZERS | {"ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 0
    assert not path.exists()


def test_a_dead_socket_is_replaced(setup):
    path = setup.folder / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with serving(setup, path):
        assert listens(path)


def test_a_living_socket_is_left_alone(setup):
    path = setup.folder / "s"
    with serving(setup, path):
        refuses(setup, path, "another process listens there")
        assert listens(path)


def test_a_file_is_never_in_the_way_of_a_socket(setup):
    setup.write("precious", "x")
    refuses(setup, setup.folder / "precious", "in use")
    assert (setup.folder / "precious").read_bytes() == b"x"


def test_a_socket_needs_a_short_path_in_a_directory(setup):
    refuses(setup, setup.folder / ("x" * 108), "too long for a socket")
    refuses(setup, setup.folder / "none" / "s", "No such file")


def test_so_many_threads_serve_as_w_says(setup):
    def threads(process):
        return len(list(pathlib.Path(f"/proc/{process.pid}/task").iterdir()))
    # Besides them there are main, the one that sees who comes, and what a
    # sanitizer may have started.
    with serving(setup, setup.folder / "s", "-w", "40") as process:
        wait_until(lambda: threads(process) > 41, 60, "too few threads")
        assert threads(process) <= 43


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="no prlimit")
@pytest.mark.parametrize("threads, soft, hard, why", [
    (512, 1024, 8192, None), (2, 64, 64, None), (50, 64, 1024, None),
    (512, 1024, 4096, b"512 threads need 7200 open files, and only 4096 are "
     b"allowed: "), (64, 512, 512, b"64 threads need 928 open files")])
def test_threads_have_the_files_they_need_or_it_does_not_start(
        setup, threads, soft, hard, why):
    path = setup.folder / "s"
    with subprocess.Popen(
            ["prlimit", f"--nofile={soft}:{hard}", BUILD_DIR / "cgi-bin"
             / "session", "-f", setup.folder / "c.conf", "-s", path, "-w",
             str(threads)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=SANITIZERS) as process:
        wait_until(lambda: process.poll() is not None or listens(path), 60,
                   "a socket that listens")
        if process.poll() is None:
            allowed = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0]
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == (2 if why else 0), said
    if why:
        assert why in said and b"LimitNOFILE=" in said
    else:
        assert allowed >= min(hard, 14 * threads)


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="no prlimit")
def test_the_check_counts_the_files_that_threads_need(setup):
    setup.conf(workers="512")
    for hard, status in ((4096, 2), (8192, 0)):
        done = subprocess.run(
            ["prlimit", f"--nofile=1024:{hard}", BUILD_DIR / "cgi-bin"
             / "session", "-n", "-f", setup.folder / "c.conf"],
            capture_output=True, check=False, env=SANITIZERS)
        assert done.returncode == status
        assert (b"512 threads need 7200 open files" in done.stderr) == (
            status == 2)
