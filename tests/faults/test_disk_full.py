# SPDX-License-Identifier: ISC
"""A disk without room, and files that may not grow: nothing that was there is
lost, and no token is spent for which there is no room."""

import os
import pathlib
import subprocess

import pytest

from preloading import preloaded
from stack import Client
from tools.parallel import Later
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tools.store import session_bytes, stored

TMPFS = "size=64k,mode=0700"


def mount(stack):
    """A file system of 64 KiB as the store of a stack; or skip."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    for program in stack.programs:
        stack.kill(program)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", TMPFS, "tmpfs",
                           str(stack.session_dir)], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here: "
                    + done.stderr.strip())
    for program in stack.programs:
        stack.start(program)


class Disk:
    """The small file system, filled and emptied."""

    def __init__(self, stack):
        self.filler = pathlib.Path(stack.session_dir) / "filler"

    def fill(self):
        """To the last byte."""
        with open(self.filler, "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 512):
                    pass
            except OSError:
                pass

    def free(self):
        """All of that again."""
        self.filler.unlink()


@pytest.fixture
def small(make_stack):
    """A stack whose store is a disk of 64 KiB."""
    stack = make_stack()
    mount(stack)
    stack.disk = Disk(stack)
    yield stack
    for program in stack.programs:
        stack.kill(program, 15)
    subprocess.run(["umount", str(stack.session_dir)], check=True)


def test_while_the_token_lives_a_full_disk_stops_nobody(small):
    """The early renewal finds no room, and the old token serves on."""
    client = Client(small)
    client.login()
    small.clock.advance(3540)
    small.disk.fill()
    assert client.fetch("artists").status == 200
    assert len(small.spotify.requests("token")) == 1    # the login's


def test_calls_are_counted_on_a_full_disk(make_stack):
    """Where the file is there, all of it is; where it cannot be made, no call
    is, until there is room."""
    stack = make_stack(conf={"quota_per_day": "20", "artists_max_age": "0"})
    mount(stack)
    disk = Disk(stack)
    try:
        stack.spotify.account("one", follows=1)
        client = Client(stack)
        client.login("one")
        (stack.session_dir / "counts").unlink()
        disk.fill()
        reply = client.fetch("artists")
        assert (reply.status, reply.code) == (503, "store_unavailable")
        assert not stack.spotify.requests("following")
        disk.free()
        assert client.fetch("artists").status == 200
        disk.fill()
        answers = [client.fetch("artists").status for _ in range(25)]
        assert answers == [200] * 19 + [429] * 6
        assert len(stack.spotify.requests("following")) == 20
    finally:
        for program in stack.programs:
            stack.kill(program, 15)
        subprocess.run(["umount", str(stack.session_dir)], check=True)


def test_a_full_disk_is_noticed_before_the_token_is_spent(small):
    """503, no token request, the file byte-identical, a loud line in the log;
    with room again the session goes on."""
    client = Client(small)
    client.login()
    let_tokens_end(small)
    small.spotify.settings(rotation="strict")
    small.disk.fill()
    before = session_bytes(small)
    for reply in (refresh(client), client.fetch("artists")):
        assert (reply.status, reply.code) == (503, "store_unavailable")
        assert int(reply.header("Retry-After")) > 0
    assert len(small.spotify.requests("token")) == 1    # the login's
    assert session_bytes(small) == before and stored(small, "temp-") == []
    line = small.wait_for_event("refresh", "store_failed")
    assert line["level"] == "error" and line["cause"].startswith("No space")
    assert is_logged_in(client)
    small.disk.free()
    assert refresh(client).json["refreshed"]


def test_a_login_on_a_full_disk_is_told_and_sets_no_cookie(small):
    """Nothing half-made is left; with room again the next attempt works."""
    client = Client(small)
    url = client.approve(client.start_login())
    small.disk.fill()
    reply = client.finish(url)
    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert client.session_cookie is None
    assert stored(small) == stored(small, "temp-") == []
    small.disk.free()
    client.login()
    assert is_logged_in(client)


def test_a_logout_works_on_a_full_disk(small):
    """It needs no room; neither does reading a session."""
    client = Client(small)
    client.login()
    small.disk.fill()
    assert is_logged_in(client)
    assert logout(client).status == 204
    assert stored(small) == []


def test_artists_are_answered_though_the_copy_finds_no_room(small):
    """A copy is for speed only."""
    client = Client(small)
    client.login()
    small.disk.fill()
    reply = client.fetch("artists")
    assert reply.status == 200 and reply.json["complete"]
    assert stored(small, "copy-") == stored(small, "temp-") == []
    small.wait_for_event("artists", "copy_not_saved")


def test_a_disk_that_fills_up_while_spotify_answers_loses_nothing(small):
    """The room was taken before the token was spent."""
    client = Client(small)
    client.login()
    let_tokens_end(small)
    small.spotify.settings(rotation="strict")
    small.spotify.answers("token", {"after_commit_delay": 1})
    under_way = Later(lambda: refresh(client))
    small.spotify.wait_for("token", 2)
    small.disk.fill()
    assert under_way.result().json["refreshed"]
    small.disk.free()
    let_tokens_end(small)
    assert refresh(client).json["refreshed"]


def test_a_file_size_limit_is_an_error_and_no_death(make_stack):
    """As under a unit's LimitFSIZE: SIGXFSZ is ignored, EFBIG answered with
    503 before the token is spent."""
    stack = make_stack()
    client = Client(stack)
    client.login()
    let_tokens_end(stack)
    before = session_bytes(stack)
    stack.kill("refresh")
    program = stack.programs["refresh"]
    usual, program.command = program.command, [
        "/usr/bin/prlimit", "--fsize=4096", *program.command]
    stack.start("refresh")
    reply = refresh(client)
    assert (reply.status, reply.code) == (503, "store_unavailable")
    assert len(stack.spotify.requests("token")) == 1
    assert session_bytes(stack) == before and stored(stack, "temp-") == []
    assert len(stack.pids("refresh")) == 1
    program.command = usual
    stack.restart("refresh")
    assert refresh(client).json["refreshed"]


def test_short_writes_and_interrupted_calls_lose_nothing(make_stack,
                                                         tmp_path):
    """write() may take fewer bytes than it was given, and read() give fewer
    than it was asked for."""
    stack = make_stack(environment=preloaded("short", tmp_path))
    stack.spotify.settings(rotation="strict")
    client = Client(stack)
    client.login()
    for _ in range(3):
        let_tokens_end(stack)
        assert refresh(client).json["refreshed"]
        first = client.fetch("artists?fresh=1")
        assert first.status == 200 and first.json["total"] == 120
        again = client.fetch("artists")
        assert again.json["artists"] == first.json["artists"]
    assert stack.spotify.state()["refreshes"] == {"wizzler": 3}
    assert len(stored(stack, "copy-")) == 1
