# SPDX-License-Identifier: ISC
"""Death and errors at every system call of a refresh, a login and a logout.
Spotify rotates strictly, so a refresh token whose successor is lost is dead:
then one clean 401 follows.

Each test prints its table: call, fault, what the client saw, what the next
request sees."""

import shutil
import time

import pytest

from faulttable import BY_CHANCE, ERRORS, Walk
from stack import Client
from tools.amounts import scaled
from tools.fastcgi import vouch
from tools.parallel import Later, timed
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tools.store import session_bytes, stored
from tracing import Strace, calls_of, needs_strace

pytestmark = needs_strace


@pytest.fixture(scope="module")
def slow_stack_of_module():
    """Every program with one process and one thread; not reset."""
    from stack.fixtures import start_stack
    with start_stack(conf={"workers": "1"}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def stack(slow_stack_of_module):
    """Fresh for a test."""
    slow_stack_of_module.reset()
    slow_stack_of_module.spotify.settings(rotation="strict")
    yield slow_stack_of_module
    assert slow_stack_of_module.complaints() == []


def tokens_spent(stack):
    """Token requests that Spotify has answered well."""
    return sum(stack.spotify.state()["refreshes"].values())


class Refreshing:
    """A renewal after the token has ended."""

    def __init__(self, stack):
        self.stack, self.client = stack, Client(stack)
        self.before = self.spent = None

    def prepare(self):
        """A session with a dead access token."""
        if self.client.session_cookie is None or not stored(self.stack):
            self.stack.empty_store()
            self.client.login()
        let_tokens_end(self.stack)
        for path in self.stack.session_dir.glob("temp-*"):
            path.unlink()
        self.before = session_bytes(self.stack)
        self.spent = tokens_spent(self.stack)

    def ask(self):
        """POST refresh."""
        return refresh(self.client)

    def look(self, reply, fault):
        """As it was, or as it should become, and nothing else."""
        spent = tokens_spent(self.stack) > self.spent
        changed = session_bytes(self.stack) != self.before
        assert stored(self.stack) == list(self.before)
        assert not changed or spent
        if reply.status == 200:
            assert changed
        elif fault != "KILL":
            assert (reply.status, reply.code) == (503, "store_unavailable")
            assert reply.header("Retry-After")
            # The last of all: the old tokens are dead, so the new ones stay,
            # though a crash may undo it.
            assert not changed or fault == "fsync"
            assert "event=store_failed" in self.stack.log("refresh")
        assert len(stored(self.stack, "temp-")) <= (fault in ("KILL",
                                                             "unlinkat"))
        return self.next(spent, changed)

    def next(self, spent, changed):
        """One more request, and all the others after it."""
        reply = refresh(self.client)
        if reply.status == 401:
            assert spent and not changed and reply.code == "login_expired"
            assert reply.header("Set-Cookie") is None
            assert not is_logged_in(self.client)
            assert refresh(self.client).code == "not_logged_in"
            self.client.login()
            return "401 login_expired, then a login works"
        assert reply.status == 200, reply
        assert is_logged_in(self.client)
        return "200, " + ("new tokens" if changed else "refreshed now")


class LoggingIn:
    """A callback in a browser that has a session already."""

    def __init__(self, stack):
        self.stack, self.client = stack, Client(stack)
        self.old = self.url = None

    def prepare(self):
        """A session, and a login under way."""
        if self.client.session_cookie is None \
                or not is_logged_in(self.client):
            self.client.login()
        self.stack.empty_store()
        self.client = Client(self.stack)
        self.client.login()
        self.old = self.client.copy()
        self.url = self.client.approve(self.client.start_login())

    def ask(self):
        """Come back from Spotify."""
        return self.client.finish(self.url)

    def look(self, reply, fault):
        """The old session or the new one, and a new attempt works."""
        cookies = [text for text in reply.all("Set-Cookie")
                   if text.startswith("spotify-session=")]
        old = is_logged_in(self.old)
        assert len(stored(self.stack)) <= 2
        if reply.status == 303:
            assert len(cookies) == 1 and is_logged_in(self.client)
            assert not old or fault == "unlinkat" or fault == "fsync"
            seen = "logged in"
        else:
            assert reply.status == 503 and not cookies, reply
            if fault != "KILL":
                assert old and len(stored(self.stack)) == 1
            seen = "old session " + ("lives" if old else "has ended")
        assert stored(self.stack, "temp-") == []
        again = self.client.finish(self.url)
        assert again.status in (303, 400), again
        seen += f", reload {again.status}"
        self.client.login()
        assert is_logged_in(self.client)
        return seen + ", a login works"


class LoggingInFirst(LoggingIn):
    """Nobody else did during these ten minutes."""

    def prepare(self):
        super().prepare()
        shutil.rmtree(self.stack.session_dir / "used")


class LoggingOut:
    """A logout."""

    def __init__(self, stack):
        self.stack, self.client = stack, Client(stack)
        self.held = None

    def prepare(self):
        """A session with its copy of the artists."""
        self.stack.empty_store()
        self.client.login()
        assert self.client.fetch("artists").status == 200
        self.held = self.client.copy()

    def ask(self):
        """POST logout."""
        return logout(self.client)

    def look(self, reply, fault):
        """Gone, or a second attempt ends it."""
        there = is_logged_in(self.held)
        if reply.status == 204:
            assert not there and stored(self.stack) == []
        else:
            assert reply.status == 503, reply
            assert fault == "KILL" or reply.code == "store_unavailable"
            assert reply.header("Set-Cookie") is None
        again = logout(self.held)
        assert again.status == 204 and not is_logged_in(self.held)
        assert stored(self.stack) == stored(self.stack, "copy-") == []
        return ("still logged in" if there else "logged out") + ", " \
            "another logout 204"


class LoggingOutEverywhere:
    """A logout of an account that has two sessions."""

    def __init__(self, stack):
        self.stack, self.client = stack, Client(stack)
        self.phone = Client(stack)
        self.held = None

    def prepare(self):
        """Both are logged in, the phone perhaps since the last time."""
        for path in self.stack.session_dir.glob("temp-*"):
            path.unlink()
        self.client.login()
        if self.phone.session_cookie is None:
            self.phone.login()
        self.held = self.client.copy()

    def ask(self):
        """POST logout?everywhere=1."""
        return self.client.fetch("logout?everywhere=1", "POST")

    def look(self, reply, fault):
        """All or none, and a second attempt ends them; who logs in after that
        stays."""
        there = is_logged_in(self.phone)
        if reply.status == 204:
            assert not there and not is_logged_in(self.held)
        else:
            assert reply.status == 503, reply
            assert fault == "KILL" or reply.code == "store_unavailable"
            assert reply.header("Set-Cookie") is None
        again = self.held.fetch("logout?everywhere=1", "POST")
        assert again.status == (204 if there else 401)
        assert not is_logged_in(self.held) and not is_logged_in(self.phone)
        assert stored(self.stack) == []
        assert fault == "KILL" or not stored(self.stack, "temp-")
        self.phone.login()
        assert is_logged_in(self.phone)
        return ("still logged in" if there else "logged out") + ", " \
            f"another logout everywhere {again.status}"


SCENES = ["refresh", "callback", "first callback", "logout", "everywhere"]


def walk_of(stack, program):
    """A walk through one of the scenes."""
    kind = {"refresh": Refreshing, "callback": LoggingIn,
            "first callback": LoggingInFirst, "logout": LoggingOut,
            "everywhere": LoggingOutEverywhere}[program]
    scene = kind(stack)
    name = "logout" if program == "everywhere" else program.split()[-1]
    return Walk(stack, name, prepare=scene.prepare, ask=scene.ask,
                look=scene.look)


@pytest.mark.parametrize("program", SCENES)
def test_a_kill_at_any_system_call_leaves_every_session_whole(stack, program):
    walk = walk_of(stack, program)
    killed = sum(walk.kill(call) for call in walk.calls())
    walk.table()
    # How many there are depends on the C library: random numbers are no
    # system call with that of Debian 13.
    assert killed >= (6 if program == "logout" else 25)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("program", SCENES[:-1])
def test_an_error_of_any_call_leaves_the_old_file_as_it_was(
        stack, program, error):
    """503, no cookie, no temporary file; the log tells the cause."""
    walk = walk_of(stack, program)
    for call in walk.store_calls():
        walk.fail(call, error)
    walk.table()
    assert walk.rows


@pytest.mark.parametrize("error", scaled(["EIO"], ERRORS))
def test_an_error_of_any_call_logs_out_nobody_by_halves(stack, error):
    """Who is told that it was not done may be logged out, but no session that
    begins afterwards is."""
    walk = walk_of(stack, "everywhere")
    for call in walk.store_calls():
        walk.fail(call, error)
    walk.table()
    assert len(walk.rows) > 20


@pytest.mark.parametrize("name", ["fcntl", BY_CHANCE])
def test_a_search_for_old_marks_that_fails_costs_no_login(stack, name):
    """Which login searches is left to chance."""
    for _ in range(20):
        with Strace(stack.pids("callback")[0],
                    f"inject={name}:error=EIO:when=1+") as trace:
            for _ in range(20):
                Client(stack).login()
        if trace.hit:
            break
    assert trace.hit


def test_new_tokens_are_on_the_disk_before_anybody_uses_them(stack):
    """The order of the calls of `artists` with an expired token: write, fsync,
    rename, fsync of the directory, and only then the API."""
    client = Client(stack)
    client.login()
    let_tokens_end(stack)
    with Strace(stack.pids("artists")[0]) as trace:
        assert client.fetch("artists").status == 200
    seen = [rest.split('"')[1].split()[1].split("?")[0]
            if name == "sendto" and '"grant' not in rest else name
            for name, rest in trace.calls if '"grant' not in rest
            and (name == "sendto" or "sessions" in rest) and name in
            ("write", "fallocate", "fsync", "renameat2", "sendto")]
    assert seen[:7] == ["fallocate", "/api/token", "write", "fsync",
                        "renameat2", "fsync", "/v1/me/following"], seen


def test_a_new_session_is_on_the_disk_before_the_browser_has_it(stack):
    """The order of the calls of `callback`: the file and its name, which
    nobody knows, become durable, and then the answer goes out."""
    browser = Client(stack)
    url = browser.approve(browser.start_login())
    with Strace(stack.pids("callback")[0]) as trace:
        assert browser.finish(url).status == 303
    seen = [name for name, rest in trace.calls
            if "sessions" in rest and name == "fsync"
            or "session-" in rest and "O_CREAT" in rest
            or name == "write" and "sessions" in rest
            or name == "sendmsg" and "Status:" in rest]
    assert seen == ["openat", "write", "fsync", "fsync", "sendmsg"], seen


def test_who_has_opened_a_file_may_read_it_though_it_was_replaced(stack):
    """The reader is held up between open and fstat; meanwhile a refresh
    exchanges the file and removes the old one."""
    client = Client(stack)
    client.login()
    let_tokens_end(stack)
    reader = client.copy()
    with Strace(stack.pids("session")[0],
                "inject=fstat,newfstatat:delay_enter=700000:when=1"):
        reading = Later(lambda: timed(lambda: is_logged_in(reader)))
        time.sleep(0.3)
        assert refresh(client).json["refreshed"]
        seconds, found = reading.result()
    assert found is True and seconds > 0.5


def test_files_are_private_from_the_first_moment(stack):
    """0600 in the call that makes them, and never a chmod."""
    client = Client(stack)
    with Strace(stack.pids("callback")[0]) as trace:
        client.login()
    made = [rest for name, rest in trace.calls if "O_CREAT" in rest]
    # Lock, mark and session.
    assert len(made) == 3 and all(", 0600) " in rest for rest in made)
    assert not [name for name, _ in trace.calls if "chmod" in name]


@pytest.mark.parametrize("value", [
    "../../etc/passwd", "%2e%2e%2f%2e%2e%2f", "." * 43, "A" * 42, "A" * 44,
    "A" * 42 + "B", "/" * 43, "=" * 43, "A" * 42 + "+"])
def test_a_cookie_that_is_none_of_ours_reaches_no_file(stack, value):
    """Only 43 characters of canonical base64url become a name."""
    client = Client(stack)
    client.session_cookie = value

    def ask():
        assert vouch(client).status == 401
    assert not [rest for name, rest in calls_of(stack.pids("session")[0], ask)
                if name in ("openat", "open", "newfstatat")]
