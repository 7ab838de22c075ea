# SPDX-License-Identifier: ISC
"""api: calls of Spotify's Web API that a page makes through us."""

import concurrent.futures

import pytest

from calls import (  # noqa: F401
    ID, OPERATIONS, READING, address, fixture_member, fixture_site, site_with)
from stack import Client
from stack.processes import wait_until
from tools import fastcgi
from tools.answers import Browser
from tools.shapes import misfit

SCOPES = READING["scope"]
TOP = "api/me/top/artists"

fixture_open_stack = site_with(READING)


# What is answered

@pytest.mark.parametrize("template", OPERATIONS)
def test_every_call_has_spotifys_own_path_and_answer(site, member, template):
    """The answer is passed on as it is, as JSON that nobody keeps."""
    reply = member.fetch(address("GET", template))
    assert reply.status == 200, reply
    assert reply.header("Content-Type") == "application/json; charset=utf-8"
    assert reply.header("Cache-Control") == "no-store"
    assert reply.all("Access-Control-Allow-Origin") == []
    assert misfit(reply.json, OPERATIONS[template]["answer"]) is None
    call, = site.spotify.requests("api")
    assert call["path"] == "/v1" + template.replace("{id}", ID)
    head = member.fetch(address("GET", template), "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Length") == str(len(reply.body))


def test_the_query_that_travels_is_printed_from_the_row(site, member):
    """In the order of the row, and encoded once."""
    reply = member.fetch("api/search?limit=07&type=track%2cshow&"
                         "q=%22a+b%22%26x%3dy%2f..%2f%23")
    assert reply.status == 200
    call, = site.spotify.requests("api")
    assert call["raw_query"] == ("q=%22a%20b%22%26x%3Dy%2F..%2F%23&"
                                 "type=track%2Cshow&limit=7")


def test_nothing_of_the_request_travels_but_that(site, member):
    """No cookie, no header, no name of a browser."""
    mark = "Canary"
    reply = member.fetch(TOP, headers={
        "Accept-Language": mark, "User-Agent": mark, "X-Forwarded-For": mark,
        "Authorization": f"Bearer {mark}", "Referer": f"https://e.org/{mark}",
        "X-Requested-With": mark, "If-None-Match": f'"{mark}"'})
    assert reply.status == 200
    call, = site.spotify.requests("api")
    sent = {name.lower() for name, _ in call["headers"]}
    assert sent <= {"host", "authorization", "accept", "accept-encoding",
                    "user-agent"}
    assert mark not in str(call) and "spotify-session" not in str(call)
    assert call["body"] == ""


def test_nothing_plays_is_an_answer_without_content(site, member):
    site.spotify.answers("api", {"status": 204, "body": ""}, repeat=True)
    reply = member.fetch("api/me/player")
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("Content-Type") is None


# What is not

def test_at_first_nothing_is_turned_on(stack, client):
    """Whatever is asked, and by whom; no call is made."""
    client.login()
    for path in [*(address("GET", template) for template in OPERATIONS),
                 "api/me", "api/", "api", "api/x", "api/me//player",
                 f"{TOP}?limit=x"]:
        for who in (client, Browser(stack)):
            reply = who.fetch(path)
            assert (reply.status, reply.code) == (404, "not_enabled"), path
    assert stack.spotify.requests("api") == []


def test_a_call_that_is_not_named_is_not_enabled(make_stack):
    """Whether somebody is logged in or not."""
    site = make_stack(conf={"api_allow": "artist top-tracks",
                            "scope": SCOPES})
    client = Browser(site)
    client.login()
    assert client.fetch(f"api/artists/{ID}").status == 200
    assert client.fetch("api/me/top/tracks").status == 200
    for path in ("me/top/artists", f"artists/{ID}/albums", "search"):
        for who in (client, Browser(site)):
            reply = who.fetch("api/" + path)
            assert (reply.status, reply.code) == (404, "not_enabled")
    assert len(site.spotify.requests("api")) == 2


def test_who_is_not_logged_in_makes_no_call(site):
    reply = Browser(site).fetch(TOP)
    assert (reply.status, reply.code) == (401, "not_logged_in")
    assert reply.json["login_url"].endswith("/login")
    assert site.spotify.requests("api") == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE",
                                    "get", "X"])
def test_other_methods_are_refused(site, member, method):
    """Some of them by nginx, with a page of its own."""
    plain = Client(site, member.cookies.copy())
    reply = plain.fetch(TOP, method, body="{}")
    assert reply.status in (400, 405)
    assert site.spotify.requests("api") == []


def test_what_the_row_does_not_know_is_a_bad_request(site, member):
    for query in ("limit=51", "limit=5&limit=6", "x=1", "offset=-1",
                  "time_range=now", "limit="):
        reply = member.fetch(f"{TOP}?{query}")
        assert (reply.status, reply.code) == (400, "bad_request"), query
    assert site.spotify.requests("api") == []


# Other sites

def test_another_site_neither_reads_nor_spends(make_stack):
    """As for artists; an allowed origin does both."""
    friend, stranger = "https://app.music.test", "https://evil.test"
    site = make_stack(conf={**READING, "allowed_origins": friend})
    client = Browser(site)
    client.login()
    for wanted in ("cross-site", "same-site"):
        reply = client.fetch(TOP, site=wanted, origin=stranger,
                             headers={"Cookie": client.cookies.text(
                                 client.base)})
        assert (reply.status, reply.code) == (403, "cross_site")
    assert site.spotify.requests("api") == []
    reply = client.fetch(TOP, site="same-site", origin=friend)
    assert reply.status == 200
    assert reply.header("Access-Control-Allow-Origin") == friend
    asked = {"Access-Control-Request-Method": "GET"}
    reply = client.fetch(TOP, "OPTIONS", asked, site="same-site",
                         origin=friend)
    assert reply.status == 204
    assert reply.header("Access-Control-Allow-Methods") == "GET, HEAD"
    assert client.fetch(TOP, "OPTIONS", asked, site="cross-site",
                        origin=stranger).status == 403


# Two people, many tabs

def test_two_people_never_share_an_answer(site):
    """Though they ask the same at the same time."""
    people = []
    for name in ("ada", "bob"):
        site.spotify.account(name)
        people.append(Browser(site))
        people[-1].login(name)
    site.spotify.answers("api", {"held": True, "pass": True}, repeat=True)
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(who.copy().fetch, TOP)
                 for who in people for _ in range(5)]
        site.spotify.wait_for("api", 2)
        site.spotify.clear_answers()
        site.spotify.release()
        bodies = [one.result().body for one in asked]
    assert len(set(bodies[:5])) == len(set(bodies[5:])) == 1
    assert bodies[0] != bodies[5]


def in_flight(site, count, client, answer):
    """Ask so often at a time, while Spotify keeps the one waiting whom it
    hears; the replies."""
    before = sum(event["event"] == "call_shared"
                 for event in site.events("api"))
    site.spotify.answers("api", answer, repeat=True)
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(client.copy().fetch, TOP) for _ in range(count)]
        wait_until(lambda: count - 1 == sum(
            event["event"] == "call_shared" for event in site.events("api")
            ) - before, 60, "not all wait")
        site.spotify.wait_for("api", 1)
        site.spotify.clear_answers()
        site.spotify.release()
        return [one.result() for one in asked]


def test_fifty_tabs_are_one_call(site, member):
    replies = in_flight(site, 50, member, {"held": True, "pass": True})
    assert [reply.status for reply in replies] == [200] * 50
    assert len({reply.body for reply in replies}) == 1
    assert len(site.spotify.requests("api")) == 1


def test_a_failure_is_shared_as_well(site, member):
    """It is asked once, and everybody is told the same."""
    replies = in_flight(site, 10, member,
                        {"name": "rate_limited_429", "held": True})
    assert {reply.status for reply in replies} == {429}
    assert {reply.header("Retry-After") for reply in replies} <= {"1", "2"}
    assert len(site.spotify.requests("api")) == 1


def test_a_session_has_a_limit(site, member):
    """Sixty calls a minute, and other people have theirs."""
    replies = [member.fetch(f"{TOP}?offset={n}") for n in range(61)]
    assert {reply.status for reply in replies[:60]} == {200}
    assert (replies[60].status, replies[60].code) == (429, "rate_limited")
    assert 1 <= int(replies[60].header("Retry-After")) <= 60
    assert len(site.spotify.requests("api")) == 60
    other = Browser(site)
    other.login()
    assert other.fetch(TOP).status == 200


# The token

def test_a_token_that_has_ended_is_renewed_once(site, member):
    site.clock.advance(3600)
    before = len(site.spotify.requests("token"))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: member.copy().fetch(
            f"{TOP}?offset={n}"), range(8)))
    assert {reply.status for reply in replies} == {200}
    assert len(site.spotify.requests("token")) == before + 1


def test_a_token_that_is_refused_is_replaced_once(site, member):
    before = len(site.spotify.requests("token"))
    site.spotify.expire("access")
    assert member.fetch(TOP).status == 200
    assert len(site.spotify.requests("token")) == before + 1
    site.spotify.answers("api", "invalid_token_401", repeat=True)
    assert member.fetch(TOP).code == "upstream_failed"
    site.spotify.clear_answers()
    assert member.fetch(TOP).status == 200


# What Spotify answers

def nested(depth):
    """JSON that deep."""
    return "[" * depth + "1" + "]" * depth


@pytest.mark.parametrize("answer, good", [
    ({"body": nested(32)}, True), ({"body": nested(33)}, False),
    ({"body": nested(5000)}, False), ({"body": "null"}, True),
    ({"body": '"' + "x" * (2 ** 20 - 2) + '"'}, True),
    ({"body": '"' + "x" * (2 ** 20 - 1) + '"'}, False),
    ({"body": '"' + "x" * 1_153_434 + '"'}, False),
    ({"body": '"' + "x" * 1_153_434 + '"', "chunked": 1000}, False),
    ({"body": "<html><body>Hello</body></html>",
      "headers": {"Content-Type": "text/html"}}, False),
    ({"body": "Hello", "headers": {"Content-Type": "text/plain"}}, False),
    ({"body": '{"a":1}', "headers": {"Content-Type": "text/plain"}}, True),
    ({"body": ""}, False), ({"body": '{"a":1} {"a":2}'}, False),
    ({"body": '{"a":1'}, False), ({"body": ")]}',\n{}"}, False),
    ({"body_base64": "Iv8i"}, False), ({"body_base64": "77u/e30="}, False),
    ({"pass": True, "cut": 100}, False), ({"hang_up": True}, False),
    ({"gzip_bomb": 20_000_000}, False)],
    ids=lambda value: str(value)[:40])
def test_only_json_is_passed_on(site, member, answer, good):
    site.spotify.answers("api", {"status": 200, **answer}
                         if "pass" not in answer else answer, repeat=True)
    reply = member.fetch(TOP)
    if good:
        assert reply.status == 200
        assert reply.body.decode() == answer["body"]
    else:
        assert (reply.status, reply.code) == (502, "upstream_failed")
    site.spotify.clear_answers()
    assert member.fetch(f"{TOP}?limit=1").status == 200


REFUSED = [
    ("invalid_limit_400", 400, "spotify_refused"),
    ("scope_403", 403, "scope_missing"),
    ("not_registered_403", 403, "not_on_allowlist"),
    ("premium_403", 403, "owner_not_premium"),
    ("forbidden_403", 403, "not_for_this_app"),
    ("forbidden_word_403", 403, "not_for_this_app"),
    ("forbidden_empty_403", 403, "spotify_refused"),
    ("premium_required_403", 403, "premium_required"),
    ("no_active_device_404", 404, "no_active_device"),
    ("not_found_404", 404, "spotify_refused"),
    ("method_405", 403, "not_for_this_app"),
    ("server_error_500", 502, "upstream_failed"),
    ("bad_gateway_502_html", 502, "upstream_failed")]


@pytest.mark.parametrize("name, status, code", REFUSED)
def test_a_refusal_says_what_it_means(site, member, name, status, code):
    """And no word of Spotify's own."""
    site.spotify.answers("api", name, repeat=True)
    reply = member.fetch(TOP)
    assert (reply.status, reply.code) == (status, code)
    assert reply.header("Content-Type").startswith("application/problem+json")
    assert set(reply.json) == {"type", "title", "status", "detail", "code",
                               "request_id"}
    assert Browser(site).fetch(TOP).status == 401


@pytest.mark.parametrize("answer, code, seconds", [
    ({"name": "rate_limited_429", "headers": {"Retry-After": "40"}},
     "rate_limited", 40), ("quota_429", "quota_exceeded", 48925)])
def test_a_pause_is_kept_for_calls_of_a_kind(site, member, answer, code,
                                             seconds):
    """No call of that kind is made while it lasts; others are."""
    site.spotify.answers("api", answer)
    for path in (TOP, "api/me/top/tracks", TOP):
        reply = member.fetch(path)
        assert (reply.status, reply.code) == (429, code)
        assert 0 < int(reply.header("Retry-After")) <= seconds
    assert len(site.spotify.requests("api")) == 1
    assert member.fetch("api/me/tracks").status == 200
    assert member.fetch("artists").status == 200
    site.clock.advance(seconds)
    assert member.fetch(TOP).status == 200


def test_a_scope_that_was_not_granted_is_named_by_its_code(make_stack):
    """The user's login is from before the site wanted more."""
    site = make_stack(conf={"api_allow": "artist library-contains",
                            "scope": "user-follow-read user-library-read"})
    client = Browser(site)
    client.login()
    for kinds, status in (("track", 200), ("artist", 200), ("playlist", 403),
                          ("track artist", 200), ("track playlist", 403)):
        uris = ",".join(f"spotify:{kind}:{ID}" for kind in kinds.split())
        reply = client.fetch(f"api/me/library/contains?uris={uris}")
        assert reply.status == status
        if status == 403:
            assert reply.code == "scope_missing"
            assert reply.json["scope"] == "playlist-read-private"
            site.wait_for_event("api", "scope_missing",
                                call="library-contains",
                                scope="playlist-read-private")
    assert len(site.spotify.requests("api")) == 3


def test_a_login_without_a_scope_makes_no_call(make_stack):
    """The site has turned on more since."""
    site = make_stack(conf={"scope": "user-follow-read"})
    client = Browser(site)
    client.login()
    text = site.conf_file.read_text("utf-8")
    site.write_conf(text.replace(
        "scope = user-follow-read", f"scope = {SCOPES}")
        + "api_allow = reading\n")
    site.restart("api")
    reply = client.fetch(TOP)
    assert (reply.code, reply.json["scope"]) == ("scope_missing",
                                                 "user-top-read")
    assert site.spotify.requests("api") == []
    assert client.fetch(f"api/artists/{ID}").status == 200


# Raw FastCGI: what the web servers would not send

def test_servers_may_divide_the_path_as_they_like(site, member):
    cookies = member.cookies.text(member.base)
    for script, info in (("/api/me/top/artists", None),
                         ("/api", "/me/top/artists"),
                         ("", "/api/me/top/artists"),
                         ("/api/me", "/top/artists")):
        reply = fastcgi.ask(site, "api", fastcgi.params_of(
            site, "api", SCRIPT_NAME=script, PATH_INFO=info,
            HTTP_COOKIE=cookies))
        assert reply.status == 200, (script, info)
    assert len(site.spotify.requests("api")) == 4
