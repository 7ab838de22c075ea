# SPDX-License-Identifier: ISC
"""What another site could see of an answer to which it has sent a browser: the
same with and without a session, behind both web servers. What real windows
show is in browser/test_page_strangers.py."""

import secrets

import pytest

from both_servers import site, site_of_session
from stack import Client
from tools.answers import Browser

__all__ = ["site", "site_of_session"]
# A navigation of a browser that says where it comes from, and of an old one.
CROSS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
         "Sec-Fetch-Dest": "document", "Accept": "text/html,*/*;q=0.8"}
SAME_SITE = {**CROSS, "Sec-Fetch-Site": "same-site"}
WORKER = {**CROSS, "Sec-Fetch-Dest": "empty"}
OLD = {"Accept": "text/html,*/*;q=0.8"}
WINDOWS = {"cross-site": CROSS, "same-site": SAME_SITE, "worker": WORKER,
           "old": OLD}
JSON = ["session", "session?require=1", "artists", "artists?fresh=1",
        "refresh", "logout"]
PAGES = ["login", "callback", "callback?state={0}", "callback?code=x&state={0}",
         "callback?error=access_denied&state={0}"]


@pytest.fixture(name="people")
def fixture_people(site):     # pylint: disable=redefined-outer-name
    """Somebody who is logged in, and a stranger."""
    member = Browser(site)
    member.login()
    return member, Browser(site)


def policies(reply):
    """What a browser tells other sites by: whether their handle on the window
    is cut, and whether the answer may be framed or loaded by them."""
    return [reply.all(name) for name in (
        "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy",
        "X-Frame-Options", "X-Content-Type-Options")] + [
        [rule for rule in policy.split("; ") if "frame" in rule]
        for policy in reply.all("Content-Security-Policy")]


def ask(people, path, headers):
    """The answers to both."""
    path = path.format(secrets.token_urlsafe(32))
    return [somebody.request("GET", path, headers) for somebody in people]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("path", JSON)
def test_json_in_a_window_of_another_site_is_refused_alike(people, path,
                                                           window):
    known, unknown = ask(people, path, WINDOWS[window])
    assert known.status == unknown.status in (403, 405)
    assert known.header("Cross-Origin-Opener-Policy") == "same-origin"
    assert [(name, value) for name, value in known.headers
            if name != "Date"] == [(name, value) for name, value
                                   in unknown.headers if name != "Date"]
    assert len(known.body) == len(unknown.body)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_in_a_window_of_another_site_looks_alike(people, path, window):
    """Whether callback leads home or says what is wrong, the window is out of
    the other site's reach with its first answer, be it a redirect."""
    known, unknown = ask(people, path, WINDOWS[window])
    assert policies(known) == policies(unknown)
    assert known.header("Cross-Origin-Opener-Policy") == "same-origin"
    if not path.startswith("callback?"):
        assert known.status == unknown.status


@pytest.mark.parametrize("path", ["", "style.css", "nowhere", "session/"])
def test_what_the_web_server_answers_cuts_the_handle_as_well(people, path):
    for reply in ask(people, path, CROSS):
        assert reply.all("Cross-Origin-Opener-Policy") == ["same-origin"]


@pytest.mark.parametrize("program", ["session", "callback"])
def test_so_does_what_it_answers_for_a_program_that_is_down(people, program):
    stack = people[0].stack
    stack.down(program)
    plain = [Client(stack, somebody.cookies) for somebody in people]
    for reply in ask(plain, program, CROSS):
        assert reply.status == 503
        assert reply.all("Cross-Origin-Opener-Policy") == ["same-origin"]


@pytest.mark.parametrize("mode", ["no-cors", "cors", "same-origin"])
@pytest.mark.parametrize("path", PAGES[2:])
def test_a_script_of_a_sibling_does_not_see_where_callback_leads(people, path,
                                                                 mode):
    """With redirect: "manual" it could tell a redirect from a page; whoever
    goes there, or has a worker that passes him on, is still led home."""
    known, unknown = ask(people, path, {
        "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": mode,
        "Sec-Fetch-Dest": "empty"})
    assert known.status == unknown.status == 400
    assert known.code == unknown.code
    for headers in (CROSS, WORKER):
        known, unknown = ask(people, path, headers)
        assert (known.status, unknown.status) == (303, 400)
