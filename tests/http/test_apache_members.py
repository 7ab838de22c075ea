# SPDX-License-Identifier: ISC
"""conf/apache/members.example with its members.lua: the same tests as for
nginx, and what differs."""

import pathlib

import pytest

from stack.apache import MODULES
from test_nginx_members import (
    account_ids, application, test_a_post_reaches_the_application_with_its_body,
    test_the_application_learns_who_it_is,
    test_what_a_client_says_about_itself_is_overwritten,
    test_without_the_session_program_nobody_gets_in)
from stack import Client

__all__ = ["application", "account_ids",
           "test_a_post_reaches_the_application_with_its_body",
           "test_the_application_learns_who_it_is",
           "test_what_a_client_says_about_itself_is_overwritten",
           "test_without_the_session_program_nobody_gets_in"]
LUA_SOCKET = pathlib.Path("/usr/share/lua/5.3/socket.lua")


@pytest.fixture(name="site", params=[False, True], ids=["http", "tls"])
def fixture_site(request, make_stack,
                 application):  # pylint: disable=redefined-outer-name
    """A site with members."""
    if not (LUA_SOCKET.exists() and (MODULES / "mod_lua.so").exists()):
        pytest.skip("needs lua-socket")
    return make_stack(server="apache", tls=request.param, members=application)


def test_a_stranger_is_sent_to_log_in_and_comes_back(site):
    client = Client(site)
    reply = client.get("/members/page?a=b")
    assert reply.status == 303
    assert reply.location.removeprefix(site.url) == (
        "/login?return_to=/members/")
    login = client.get(reply.location, link=True)
    done = client.finish(client.approve(login.location))
    assert done.location == f"{site.url}/members/"
    assert client.get("/members/").status == 200


def test_no_spelling_of_the_header_passes(site):
    client = Client(site)
    client.login()
    forged = {f"X{a}Spotify{b}Account{c}id": "forged"
              for a in "-_" for b in "-_" for c in "-_"}
    told = account_ids(client.get("/members/", forged))
    assert len(told) == 1 and told != ["forged"]


def test_a_session_that_is_over_does_not_get_in(site):
    client = Client(site)
    client.login()
    client.fetch("logout", "POST")
    client.session_cookie = "A" * 43
    assert client.get("/members/").status == 303
    assert client.request("GET", "/members/", {
        "Cookie": "x" * 300}).status == 401


def test_the_cause_of_a_failure_is_logged_without_secrets(site):
    client = Client(site)
    client.login()
    cookie = client.session_cookie
    site.down("session")
    client.get("/members/?secret=QmFkIGx1Y2s")
    log = site.wait_for_log("error", "the session program did not answer")
    assert cookie not in log and "QmFkIGx1Y2s" not in log
