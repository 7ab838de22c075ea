# SPDX-License-Identifier: ISC
"""Keys are changed without anybody being logged out, and a stolen directory
opens nothing."""

import resource
import secrets

import pytest

from stack import ALL_PROGRAMS
from tools.answers import Browser, refused
from tools.steps import is_logged_in, let_tokens_end
from tools.store import stored


@pytest.fixture
def own_stack(make_stack):
    """One whose files a test may change."""
    stack = make_stack()
    stack.wait_for_start()
    return stack


def server_keys(stack, *keys):
    """Put these in force everywhere."""
    (stack.folder / "server_key").write_text("".join(
        key + "\n" for key in keys), "utf-8")
    for program in ALL_PROGRAMS:
        stack.restart(program)


def test_a_new_server_key_is_rolled_in(own_stack):
    stack = own_stack
    old = (stack.folder / "server_key").read_text("utf-8").strip()
    new = secrets.token_hex(32)
    early, late = Browser(stack), Browser(stack)
    early.login()
    early.fetch("artists")
    callback = late.approve(late.start_login(return_to="/x"))

    server_keys(stack, new, old)
    assert is_logged_in(early)
    assert early.fetch("artists").json["total"] == 120
    assert late.finish(callback).location == stack.url + "/x"
    let_tokens_end(stack)
    for browser in (early, late):
        assert browser.fetch("refresh", "POST").json["refreshed"] is True

    server_keys(stack, new)
    assert is_logged_in(early) and is_logged_in(late)
    assert early.fetch("artists").json["total"] == 120


def test_without_the_old_key_its_sessions_end(own_stack):
    stack = own_stack
    browser = Browser(stack)
    browser.login()
    callback = browser.approve(browser.start_login())
    server_keys(stack, secrets.token_hex(32))
    assert not is_logged_in(browser)
    refused(browser.fetch("artists"), 401, "not_logged_in")
    refused(browser.finish(callback), 400, "login_bad_state")
    assert "event=session_unreadable" in stack.log("session")
    browser.login()
    assert is_logged_in(browser)
    assert browser.fetch("logout", "POST").status == 204


def test_the_client_secret_is_changed_at_spotify_and_here(own_stack):
    """Meanwhile it is the operator's trouble, and nobody is logged out."""
    stack = own_stack
    file = stack.folder / "client_secret"
    good = file.read_text("utf-8")
    browser = Browser(stack)
    browser.login()
    file.write_text("another-secret-0123456789\n", "utf-8")
    for program in ("callback", "refresh", "artists"):
        stack.restart(program)
    let_tokens_end(stack)
    refused(browser.fetch("refresh", "POST"), 503, "misconfigured")
    refused(browser.fetch("artists"), 503, "misconfigured")
    other = Browser(stack)
    callback = other.approve(other.start_login())
    refused(other.finish(callback), 503, "misconfigured")
    assert is_logged_in(browser)
    file.write_text(good, "utf-8")
    for program in ("callback", "refresh", "artists"):
        stack.restart(program)
    assert browser.fetch("refresh", "POST").json["refreshed"] is True
    other.login()


def test_a_stolen_cookie_of_a_login_needs_the_right_application(make_stack):
    """What is sealed for one redirect URI does not open for another, even
    under the same key."""
    one, two = make_stack(), make_stack()
    two.wait_for_start()
    (two.folder / "server_key").write_bytes(
        (one.folder / "server_key").read_bytes())
    for program in ("login", "callback", "session"):
        two.restart(program)
    mine, theirs = Browser(one), Browser(two)
    url = mine.approve(mine.start_login())
    for name in mine.cookies.names():
        theirs.cookies.set(name, mine.cookies.get(name), two.host)
    reply = theirs.finish(two.url + url.removeprefix(one.url))
    refused(reply, 400, "login_bad_state")


def test_a_session_of_another_installation_does_not_open(make_stack):
    one, two = make_stack(), make_stack()
    mine, theirs = Browser(one), Browser(two)
    mine.login()
    [path] = stored(one)
    (two.session_dir / path.name).write_bytes(path.read_bytes())
    (two.session_dir / path.name).chmod(0o600)
    theirs.session_cookie = mine.session_cookie
    assert not is_logged_in(theirs)


def test_a_full_disk_is_met_before_a_token_is_spent(own_stack):
    """A limit on the size of files stands for it: logs stay below. For tokens
    that are spent there is room in advance, a new session is as it is."""
    stack = own_stack
    browser = Browser(stack)
    browser.login()
    let_tokens_end(stack)
    stack.spotify.clear_requests()
    for program, limit in (("refresh", 12000), ("artists", 12000),
                           ("callback", 1000)):
        for pid in stack.pids(program):
            old = resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, -1))
            assert old[1] == -1
    refused(browser.fetch("refresh", "POST"), 503, "store_unavailable")
    refused(browser.fetch("artists"), 503, "store_unavailable")
    other = Browser(stack)
    assert stack.spotify.requests("token") == []
    callback = other.approve(other.start_login())
    refused(other.finish(callback), 503, "store_unavailable")
    assert other.session_cookie is None
    assert is_logged_in(browser)
    assert not list(stack.session_dir.glob("temp-*"))
    for program in ("refresh", "callback", "artists"):
        for pid in stack.pids(program):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (-1, -1))
    assert browser.fetch("refresh", "POST").json["refreshed"] is True
