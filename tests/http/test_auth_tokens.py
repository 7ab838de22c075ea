# SPDX-License-Identifier: ISC
"""The access token that auth passes on: it lives for a minute, one request
renews it for all, and it stands nowhere but in the application's request."""

import re

import pytest

from application import (application, ask, server_or_skip, site,
                         site_of_module, visitor)
from stack.processes import wait_until
from tools.answers import refused
from tools.parallel import Later, together
from tools.spotify import count, newest_secret
from tools.steps import let_tokens_end, logout, refresh

__all__ = ["application", "site", "site_of_module"]
AT_ONCE = 200


def tokens(application):    # pylint: disable=redefined-outer-name
    """All that the application was given."""
    return [value for _, headers in application.seen
            for name, value in headers
            if name.lower() == "x-spotify-access-token"]


def test_many_requests_at_expiry_make_one_token_request(site, application):
    client = visitor(site)
    let_tokens_end(site)
    site.spotify.settings(rotation="strict")
    site.spotify.answers("token", {"delay": 1})
    before = count(site.spotify, "token")
    tabs = [client.copy() for _ in range(AT_ONCE)]
    done = together(lambda tab=tab: tab.get("/app/") for tab in tabs)
    assert {reply.status for reply in done} == {200}
    assert count(site.spotify, "token") == before + 1
    given = tokens(application)
    assert len(given) == AT_ONCE
    assert set(given) == {newest_secret(site.spotify, "access_token")}


@pytest.mark.parametrize("left_s, renewed", [(600, False), (59, True),
                                             (1, True), (0, True)])
def test_a_token_lives_for_another_minute(site, application, left_s, renewed):
    client = visitor(site)
    let_tokens_end(site, left_s)
    before = count(site.spotify, "token")
    assert client.get("/app/").status == 200
    assert count(site.spotify, "token") == before + renewed
    expires = int(application.told()["access-expires"])
    wanted = 3600 if renewed else left_s
    assert wanted - 15 < expires <= wanted


def test_while_spotify_is_down_the_old_token_serves(site, application):
    client = visitor(site)
    old = newest_secret(site.spotify, "access_token")
    site.spotify.answers("token", "server_error_500", repeat=True)
    for left_s in (600, 110):
        let_tokens_end(site, 0)
        site.clock.set(3600 - left_s)
        assert client.get("/app/").status == 200
        assert application.told()["access-token"] == old
    application.seen.clear()
    for left_s in (59, 1, 0, -5):
        site.clock.set(3600 - left_s)
        reply = client.get("/app/")
        assert (reply.status, reply.code) == (503, "busy")
        refused(ask(client), 503, "upstream_failed")
    assert not application.seen
    site.spotify.clear_answers()
    assert client.get("/app/").status == 200
    assert application.told()["access-token"] != old


def test_a_logout_during_a_refresh_wins(site, application):
    client = visitor(site)
    let_tokens_end(site)
    before = count(site.spotify, "token")
    site.spotify.answers("token", {"held": True, "pass": True})
    late = Later(lambda: client.copy().fetch("/app/"))
    wait_until(lambda: count(site.spotify, "token") > before, 60,
               "nobody asked for a token")
    assert logout(client.copy()).status == 204
    site.spotify.release()
    refused(late.result(), 401, "not_logged_in")
    assert not application.seen


def test_an_authorization_that_has_ended_is_told(site, application):
    client = visitor(site)
    let_tokens_end(site)
    site.spotify.answers("token", "invalid_grant")
    reply = ask(client)
    refused(reply, 401, "login_expired")
    assert reply.json["login_url"] == f"{site.url}/login"
    assert client.get("/app/").status == 303
    assert not application.seen


def test_a_refresh_that_says_what_is_granted_is_believed(site):
    client = visitor(site)
    site.spotify.settings(scope="user-follow-read")
    assert ask(client, "scope=user-read-email").status == 204
    let_tokens_end(site)
    refused(ask(client, "scope=user-read-email"), 403, "scope_missing")
    # Nothing is said, and nothing changes.
    site.spotify.settings(token_override={"scope": "__missing__"})
    site.clock.advance(3600)
    refused(ask(client, "scope=user-read-email"), 403, "scope_missing")
    site.spotify.settings(token_override={},
                          scope="user-follow-read user-read-email")
    site.clock.advance(3600)
    assert ask(client, "scope=user-read-email").status == 204


def test_a_token_that_cannot_be_renewed_is_passed_on_for_so_long(site):
    """Its last minute is for the programs themselves."""
    site.spotify.settings(omit_initial_refresh=True)
    client = visitor(site)
    let_tokens_end(site, 100)
    assert int(ask(client).header("X-Spotify-Access-Expires")) >= 60
    site.clock.advance(50)
    refused(ask(client), 401, "login_expired")
    assert client.fetch("artists").status == 200


@pytest.mark.parametrize("length", [1500, 4096])
def test_a_long_token_passes(site, application, length):
    site.spotify.settings(token_length=length)
    client = visitor(site)
    assert client.get("/app/").status == 200
    token = application.told()["access-token"]
    assert len(token) == length
    assert token == newest_secret(site.spotify, "access_token")


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_two_visitors_of_one_thread_are_told_apart(make_stack, application,
                                                   server):
    site = make_stack(server=server_or_skip(server),
                      application=application.url,
                      conf={"auth_pass": "id token", "workers": "1"})
    clients = {}
    for account in site.spotify.accounts()[:2]:
        client = visitor(site, account["id"])
        clients[client.fetch("session").json["account"]["account_id"]] = (
            client, newest_secret(site.spotify, "access_token"))
    assert len(clients) == 2
    for _ in range(25):
        for account_id, (client, token) in clients.items():
            assert client.get("/app/").status == 200
            told = application.told()
            assert (told["account-id"], told["access-token"]) == (account_id,
                                                                  token)


def test_a_refresh_by_others_is_seen_at_once(site, application):
    client = visitor(site)
    let_tokens_end(site, 200)
    assert refresh(client).json["refreshed"] is True
    before = count(site.spotify, "token")
    for _ in range(8):
        assert client.get("/app/").status == 200
        assert application.told()["access-token"] == newest_secret(
            site.spotify, "access_token")
    assert count(site.spotify, "token") == before


# What of the configuration becomes what, and what of a request is then logged.
DEBUG = {"nginx": (r"^error_log (.*) warn;", r"error_log \1 debug;",
                   "http header: \"Cookie"),
         "apache": (r"^StartServers", "LogLevel debug\nStartServers",
                    "[proxy:debug]")}


@pytest.mark.parametrize("server", DEBUG)
def test_no_log_has_the_token(make_stack, application, server):
    """Whatever the web server is told to write down."""
    site = make_stack(server=server_or_skip(server),
                      application=application.url,
                      conf={"auth_pass": "id name email token",
                            "log_level": "debug"})
    pattern, new, line = DEBUG[server]
    text, changed = re.subn(pattern, new, site.server.conf.read_text("utf-8"),
                            flags=re.M)
    assert changed == 1
    site.server.conf.write_text(text, "utf-8")
    site.server.reload()
    client = visitor(site)

    def is_talkative():
        assert client.get("/app/").status == 200
        client.fetch("session")
        return line in site.log("error")
    wait_until(is_talkative, 60, f"{server} writes no debug lines")
    let_tokens_end(site)
    assert client.get("/app/").status == 200
    told = application.told()
    logs = "".join(path.read_text("utf-8", "replace")
                   for path in (site.folder / "log").iterdir())
    assert "answered" in logs
    for secret in site.spotify.secrets():
        if secret["kind"] in ("access_token", "refresh_token"):
            assert secret["value"] not in logs
    assert told["access-token"] not in logs and "ada%40" not in logs
    # The cookie nginx writes down before it knows for which location it is.
    if server == "nginx":
        (site.folder / "log" / "error.log").unlink()
