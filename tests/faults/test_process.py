# SPDX-License-Identifier: ISC
"""What surrounds a process must not steer it, and what it held must not stay
behind."""

import os
import pathlib
import re
import resource
import signal

import pytest

from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools.steps import is_logged_in, let_tokens_end, refresh


@pytest.mark.parametrize("spotify_tls", [False, True], ids=["http", "https"])
def test_the_environment_steers_no_call(make_stack, tmp_path, trap,
                                        spotify_tls):
    """No proxy, no netrc, no log of TLS keys, no other authorities."""
    (tmp_path / ".netrc").write_text(
        "machine 127.0.0.1 login evil password evil\n", "utf-8")
    keys = tmp_path / "keys"
    proxies = {name: trap.url for name in (
        "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
    stack = make_stack(spotify_tls=spotify_tls, environment={
        **proxies, "HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc"),
        "SSLKEYLOGFILE": str(keys), "SSL_CERT_FILE": "/dev/null",
        "SSL_CERT_DIR": "/nonexistent", "CURL_CA_BUNDLE": "/dev/null"})
    client = Client(stack)
    client.login()
    assert client.fetch("artists").status == 200
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]
    for entry in stack.spotify.requests():
        if entry["target"] in ("token", "me", "following"):
            headers = {k.lower(): v for k, v in entry["headers"]}
            kind = "Basic" if entry["target"] == "token" else "Bearer"
            assert headers["authorization"].startswith(kind)
            assert "cookie" not in headers
    assert trap.visits == 0 and not keys.exists()


def test_many_threads_find_descriptors_for_what_they_do(make_stack):
    """With the soft limit that systems have by default."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, limits[1]))
    try:
        stack = make_stack(conf={"workers": "512"})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    client = Client(stack)
    client.login()
    assert client.fetch("artists").status == 200
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]


def cores():
    """The files where the system would put a core of a program; nobody gave
    it another directory than ours."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text("ascii")
    if pattern.startswith("|"):
        return set()            # a program gets it
    folder = os.path.dirname(pattern) or os.getcwd()
    return {path for path in pathlib.Path(folder).glob("*core*")
            if path.is_file()}


def test_a_death_leaves_no_core(release_build):
    """A program that dies at its worst leaves nothing; and what it held is no
    more lost than by any other end."""
    with start_stack(release_build) as stack:
        stack.reset()
        client = Client(stack)
        client.login()
        client.fetch("artists")
        for program in stack.programs:
            [pid] = stack.pids(program)
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text("ascii")
            assert re.search(r"Max core file size\s+0\s+0\s", limits)
            before = cores()
            os.kill(pid, signal.SIGSEGV)
            wait_until(lambda name=program: stack.pids(name) == [], 60,
                       "no death")
            assert cores() == before
        assert stack.complaints() == [
            f"{name} ended by itself: -11" for name in stack.programs]
        for program in stack.programs:
            stack.start(program)
        assert is_logged_in(client)
        assert stack.stop() == []
