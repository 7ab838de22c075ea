# SPDX-License-Identifier: ISC
"""What surrounds a process must not steer it, and what it held must not stay
behind (rows D16, T3)."""

import collections
import os
import pathlib
import re
import signal
import socket
import threading

import pytest
from stack import Client
from stack.fixtures import start_stack
from stack.leaks import KEY_FILES, forms

from tools import expire, is_logged_in, logout, refresh, until


class Listener:
    """A proxy that nobody should ask."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.visits = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            while True:
                self._socket.accept()[0].close()
                self.visits += 1
        except OSError:
            pass

    def close(self):
        """No more visits."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.mark.parametrize("spotify_tls", [False, True], ids=["http", "https"])
def test_the_environment_steers_no_call(make_stack, tmp_path, spotify_tls):
    """T3. No proxy, no netrc, no log of TLS keys, no other authorities."""
    trap = Listener()
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
    expire(stack)
    assert refresh(client).json["refreshed"]
    for entry in stack.spotify.requests():
        if entry["target"] in ("token", "me", "following"):
            headers = {k.lower(): v for k, v in entry["headers"]}
            kind = "Basic" if entry["target"] == "token" else "Bearer"
            assert headers["authorization"].startswith(kind)
            assert "cookie" not in headers
    assert trap.visits == 0 and not keys.exists()
    trap.close()


def memory(pid):
    """All that a process holds, region by region."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text("ascii").splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for line in maps:
            place, rights = line.split()[:2]
            start, end = (int(text, 16) for text in place.split("-"))
            if "w" not in rights or end - start > 1 << 26:
                continue
            try:
                file.seek(start)
                yield file.read(end - start)
            except OSError:
                continue


@pytest.mark.skipif(os.geteuid() != 0,
                    reason="reading another process's memory takes root")
def test_no_token_lingers_in_memory(make_stack):
    """D16. After login, refresh, list and logout no process holds a token or
    a verifier any longer, freed memory included."""
    stack = make_stack(conf={"workers": "1"})
    stack.spotify.settings(rotation="strict")
    client = Client(stack)
    client.login()
    client.fetch("artists")
    expire(stack)
    assert refresh(client).json["refreshed"]
    client.fetch("artists?fresh=1")
    assert logout(client).status == 204
    wanted = [s["value"][:40].encode() for s in stack.spotify.secrets()
              if s["kind"] not in ("code", "client_secret")]
    assert len(wanted) >= 5, stack.spotify.secrets()
    found, seen = [], 0
    for program in stack.programs:
        for pid in stack.pids(program):
            for piece in memory(pid):
                seen += len(piece)
                found += [(program, w) for w in wanted if w in piece]
    assert not found and seen > 1 << 20


def use_and_leave(stack):
    """Good and bad logins, all endpoints; one stays logged in. All their
    secrets, in each form: {bytes: kind}."""
    stack.spotify.settings(rotation="strict", expires_in=200)
    client, other = Client(stack), Client(stack)
    for each in (client, other):
        each.login()
        assert each.fetch("artists").status == 200
    stack.spotify.settings(expires_in=3600)
    for each in (client, other):
        assert refresh(each).json["refreshed"]
        assert is_logged_in(each)
    url = client.approve(client.start_login())
    assert client.copy().finish(url + "x").status == 400
    stack.spotify.answers("token", "invalid_grant_code")
    assert client.finish(url).status == 400
    assert client.fetch("artists?fresh=1").status in (200, 429)
    assert logout(client).status == 204
    return {form: kind for secret, kind in stack.leaks.secrets().items()
            for form in forms(secret)}


@pytest.mark.skipif(os.geteuid() != 0,
                    reason="reading another process's memory takes root")
def test_no_secret_of_a_user_lingers_in_memory(release_build):
    """D16. Between two requests, in a build as users make it: neither tokens
    nor codes, verifiers, states and cookies, of nobody, in memory that is
    free or in use. The secrets of the site stay, they are needed."""
    with start_stack(release_build) as stack:
        stack.reset()
        secrets = use_and_leave(stack)
        kinds = collections.Counter(secrets.values())
        for kind in ("access_token", "refresh_token", "code", "code_verifier",
                     "state", "cookie"):
            assert kinds[kind] >= 3, kind
        found = collections.Counter()
        for program in stack.programs:
            for pid in stack.pids(program):
                for piece in memory(pid):
                    found.update((program, kind)
                                 for secret, kind in secrets.items()
                                 if secret[:24] in piece)
        # It was memory, and the right one.
        assert found["callback", "client_secret"] >= 1
        assert {kind for _, kind in found} <= set(KEY_FILES), found
        assert stack.stop() == []


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
    """D16. A program that dies at its worst leaves nothing; and what it held
    is no more lost than by any other end."""
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
            until(lambda name=program: stack.pids(name) == [], "death")
            assert cores() == before
        assert stack.complaints() == [
            f"{name} ended by itself: -11" for name in stack.programs]
        for program in stack.programs:
            stack.start(program)
        assert is_logged_in(client)
        assert stack.stop() == []
