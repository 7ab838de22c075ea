# SPDX-License-Identifier: ISC
"""Sessions in an engine that is not set up as it should be, or is changed
while it runs: it evicts, forgets, has no room on its disk, takes away rights,
shows another certificate. What is promised then is in the manual."""

import contextlib
import os
import re
import shutil
import subprocess
import time

import pytest

from stack import Client, certificates
from stack.engine import Engine, EngineError, find_server
from stack.processes import wait_until
from tools.amounts import SOAK
from tools.parallel import Later
from tools.steps import is_logged_in, let_tokens_end, logout, refresh

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

BACK_S = 60         # an engine is found again much sooner


@contextlib.contextmanager
def site(make_stack, engine, **conf):
    """A stack over an engine, and who is logged in."""
    stack = make_stack(conf=engine.conf(engine.socket_url) | conf)
    client = Client(stack)
    client.login()
    yield stack, client


def spending(stack, client):
    """A refresh that waits for Spotify: it has the lease and its room."""
    let_tokens_end(stack)
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(client.copy()))
    stack.spotify.wait_for("token", before + 1)
    return under_way


def check_refused(stack, client):
    """A refresh is, before Spotify hears of it, and nobody is logged out."""
    since = stack.spotify.requests()[-1]["n"]
    reply = refresh(client)
    assert (reply.status, reply.code) == (503, "store_unavailable"), reply
    assert reply.header("Set-Cookie") is None
    assert stack.spotify.requests(since=since) == []


def check_back(client):
    """A refresh is good again, of the same session."""
    reply = wait_until(lambda: (found := refresh(client)).status != 503
                       and found, BACK_S, "the engine is not found")
    assert reply.status == 200, reply
    assert is_logged_in(client)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_an_engine_that_evicts_logs_out_and_breaks_nothing(make_stack,
                                                           policy):
    """In the middle of a refresh: all of a session goes, its lease, too. Its
    end is one, clean; and when there is memory one logs in again."""
    with Engine() as engine, site(make_stack, engine) as (stack, client):
        under_way = spending(stack, client)
        engine.commands(("CONFIG", "SET", "maxmemory-policy", policy),
                        ("CONFIG", "SET", "maxmemory", "1"))
        with contextlib.suppress(EngineError):  # makes it look for victims
            engine.command("SET", "key", "value")
        wait_until(lambda: engine.command("KEYS", "sf:*:s") == [], BACK_S,
                   "nothing was evicted")
        stack.spotify.release()
        reply = under_way.result()
        # Or there was no memory to say so with.
        assert reply.status == 401 or reply.code == "store_unavailable", reply
        engine.command("CONFIG", "SET", "maxmemory", "0")
        wait_until(lambda: client.fetch("session").status == 200, BACK_S,
                   "the engine is not found")
        assert not is_logged_in(client)
        client.login()
        assert is_logged_in(client)
        assert "AddressSanitizer" not in stack.program_logs()


def test_without_persistence_a_restart_leads_back_to_the_snapshot(make_stack):
    """Who came after it is logged out, and who left since then is back; all
    others notice nothing."""
    with Engine(more="appendonly no\n") as engine, \
            site(make_stack, engine) as (stack, client):
        gone, late = Client(stack), Client(stack)
        gone.login()
        held = gone.copy()
        engine.command("SAVE")
        late.login()
        assert logout(gone).status == 204
        engine.stop(9)
        engine.start()
        wait_until(lambda: client.fetch("session").status == 200, BACK_S,
                   "the engine is not found")
        assert is_logged_in(client)
        assert is_logged_in(held)
        assert not is_logged_in(late)
        late.login()
        assert is_logged_in(late)


class Disk:
    """A file system of 4 MiB for an engine's files; as root."""

    def __init__(self, folder):
        self.folder, self.filler = folder, folder / "filler"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)],
            check=False, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip("no file system can be mounted here: "
                        + done.stderr.strip())

    def fill(self, engine):
        """Until the engine has noticed."""
        with open(self.filler, "wb", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while filler.write(b"x" * 512):
                    pass

        def notices():
            with contextlib.suppress(EngineError):
                engine.command("SET", "key", "v" * 8192)
                return False
            return True
        wait_until(notices, BACK_S, "the engine does not notice")

    def free(self, engine):
        """The engine takes writes again."""
        self.filler.unlink()

        def takes():
            with contextlib.suppress(EngineError):
                return engine.command("SET", "key", "v")
            return False
        wait_until(takes, BACK_S, "the engine takes no writes again")

    def close(self):
        """After the engine."""
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_an_engine_with_a_full_disk_is_met_before_the_token_is_spent(
        make_stack, tmp_path):
    """And when it gets full while Spotify answers, what Spotify gave is not
    used; the session is as it was, which serves while the old refresh token
    is good."""
    disk = Disk(tmp_path / "disk")
    try:
        with Engine(more=f"dir {disk.folder}\n") as engine, \
                site(make_stack, engine) as (stack, client):
            let_tokens_end(stack)
            disk.fill(engine)
            check_refused(stack, client)
            assert is_logged_in(client)
            disk.free(engine)
            check_back(client)
            under_way = spending(stack, client)
            disk.fill(engine)
            stack.spotify.release()
            reply = under_way.result()
            assert (reply.status, reply.code) == (503, "store_unavailable")
            assert "event=refresh_not_saved" in stack.log("refresh")
            disk.free(engine)
            check_back(client)
    finally:
        disk.close()


@pytest.mark.parametrize("right", ["eval", "get", "set"])
def test_rights_that_are_taken_away_log_nobody_out(make_stack, right):
    """No token is spent without them; with them all goes on."""
    with Engine("acl") as engine, site(make_stack, engine) as (stack, client):
        let_tokens_end(stack)
        engine.command("ACL", "SETUSER", "spotify", f"-{right}")
        check_refused(stack, client)
        assert "no right to a command" in stack.log("refresh")
        engine.command("ACL", "SETUSER", "spotify", f"+{right}")
        check_back(client)


def test_a_foreign_certificate_logs_nobody_out(make_stack, tmp_path):
    """Somebody else answers at the engine's address, or its certificates were
    changed without ours."""
    with Engine("tls") as engine:
        own = shutil.copytree(engine.folder / "tls", tmp_path / "own")
        keys = {name: re.sub(re.escape(str(engine.folder / "tls")), str(own),
                             value) for name, value in engine.conf().items()}
        stack = make_stack(conf=keys)
        client = Client(stack)
        client.login()
        let_tokens_end(stack)
        engine.stop()
        shutil.rmtree(engine.folder / "tls")
        certificates.make(engine.folder / "tls", ["engine.test", "127.0.0.1"])
        engine.start()
        check_refused(stack, client)
        wait_until(lambda: refresh(client) and "store_ca_file" in
                   stack.log("refresh"), BACK_S, "nothing is said of it")
        engine.stop()
        shutil.rmtree(engine.folder / "tls")
        shutil.copytree(own, engine.folder / "tls")
        engine.start()
        check_back(client)


@pytest.mark.skipif(not SOAK, reason="takes as long as a request may; SOAK=1")
@pytest.mark.parametrize("program, method", [("refresh", "POST"),
                                             ("artists", "GET")])
def test_what_cannot_be_saved_at_the_last_moment_is_told_in_time(
        make_stack, program, method):
    """Spotify takes almost all of a request's time, and then the engine is
    away: the answer is ours, before the web server gives up."""
    with Engine() as engine, site(make_stack, engine) as (stack, client):
        assert client.fetch("artists").status == 200
        let_tokens_end(stack)
        before = len(stack.spotify.requests("token"))
        stack.spotify.answers("token", {"delay": 15.5})
        under_way = Later(lambda: client.copy().fetch(program, method))
        stack.spotify.wait_for("token", before + 1)
        engine.pause()
        reply = under_way.result()
        assert (reply.status, reply.code) == (503, "store_unavailable"), reply
        engine.resume()
        check_back(client)


@pytest.mark.parametrize("how", ["paused", "slow", "scripts"])
def test_an_engine_that_stops_in_a_refresh_costs_no_session(make_stack, how):
    """For less than a save may take, and nothing is lost: but a busy machine
    may be later than that, so the refresh may be told to come again. "scripts":
    it forgets those that it has been sent."""
    with Engine() as engine, site(make_stack, engine) as (stack, client):
        under_way = spending(stack, client)
        if how == "paused":
            engine.pause()
        elif how == "slow":
            engine.command("CLIENT", "PAUSE", 20000, "WRITE")
        else:
            engine.command("SCRIPT", "FLUSH")
        stack.spotify.release()
        if how == "paused":
            time.sleep(0.3)
            engine.resume()
        elif how == "slow":
            time.sleep(0.3)
            engine.command("CLIENT", "UNPAUSE")
        reply = under_way.result()
        assert reply.status == 200 or reply.code == "store_unavailable", reply
        assert how != "scripts" or reply.json["refreshed"]
        check_back(client)


def test_who_only_reads_does_not_hear_that_an_engine_takes_no_writes(
        make_stack):
    """As in the moments in which a master hands over to another one, who is
    chosen by hand."""
    with Engine() as engine, site(make_stack, engine) as (_, client):
        assert client.fetch("artists").status == 200
        engine.command("CLIENT", "PAUSE", 60000, "WRITE")
        assert is_logged_in(client)
        assert client.fetch("artists").status == 200
        reply = logout(client.copy())
        assert (reply.status, reply.code) == (503, "store_unavailable")
        engine.command("CLIENT", "UNPAUSE")


def test_who_writes_to_an_engine_can_end_a_session_or_put_an_older_one_back(
        make_stack):
    """And no more: what is not ours word for word, of this very session, is
    none. With an older record the session has older tokens."""
    with Engine() as engine, site(make_stack, engine) as (stack, client):
        key = engine.command("KEYS", "sf:*:s")[0]
        old = engine.command("GET", key)
        let_tokens_end(stack)
        assert refresh(client).json["refreshed"]
        new = engine.command("GET", key)
        engine.command("SET", key, old)
        assert refresh(client).json["refreshed"]
        other = Client(stack)
        other.login()
        strange = next(one for one in engine.command("KEYS", "sf:*:s")
                       if one != key)
        engine.command("SET", strange, new)
        assert not is_logged_in(other)
        for wrong in (new[:-1], new[:-1] + bytes([new[-1] ^ 1]), b"", b"x"):
            engine.command("SET", key, wrong)
            assert not is_logged_in(client.copy())
        engine.command("SET", key, new)
        assert is_logged_in(client)
        engine.command("DEL", key)
        assert not is_logged_in(client)
