# SPDX-License-Identifier: ISC
"""The simulated Spotify itself: the other tests are worth what it is worth.

No program of ours runs here. Each test is a client that speaks HTTP as an
application and as its users' browsers would.
"""

import base64
import contextlib
import gzip
import hashlib
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from sim.client import Simulation  # noqa: E402

CALLBACK = "http://127.0.0.1:8080/spotify/callback"
ANY_PORT = "http://127.0.0.1/spotify/anyport"
INSECURE = "http://music.example/callback"
SECRET = "a secret: with +%& and ü"
SCOPE = "user-read-email user-follow-read"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(
    hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module", name="running")
def fixture_running():
    """One program for all tests; at the end it has complained of nothing."""
    with Simulation("the-client", SECRET, [CALLBACK, ANY_PORT, INSECURE]) as it:
        yield it
        assert it.stderr() == ""


@pytest.fixture(name="spotify")
def fixture_spotify(running):
    """The program as after its start."""
    running.reset()
    return running


class Reply:
    """Status, headers and body of an answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self):
        """error and error_description of an OAuth error."""
        assert self.status == 400
        return self.json["error"], self.json.get("error_description")

    @property
    def location(self):
        """The query of the redirect as a dict, its base under None."""
        base, _, query = self.headers["Location"].partition("?")
        return {None: base, **dict(urllib.parse.parse_qsl(query))}


def connect(spotify):
    """A connection of one's own."""
    host = urllib.parse.urlsplit(spotify.url).netloc
    return http.client.HTTPConnection(host, timeout=10)


def ask(spotify, method, path, body=None, headers=None):
    """One request on a connection of its own."""
    with contextlib.closing(connect(spotify)) as connection:
        connection.request(method, path, body, headers or {})
        return Reply(connection.getresponse())


def authorize(spotify, headers=None, **changes):
    """GET /authorize as a browser would after a login redirect."""
    fields = {"client_id": "the-client", "response_type": "code",
              "redirect_uri": CALLBACK, "scope": SCOPE, "state": "s t&ate",
              **changes}
    fields = {k: v for k, v in fields.items() if v is not None}
    return ask(spotify, "GET", "/authorize?" + urllib.parse.urlencode(fields),
               headers=headers)


def post_token(spotify, auth=True, **fields):
    """POST /api/token with the client's credentials."""
    pair = ":".join(urllib.parse.quote_plus(t) for t in ("the-client", SECRET))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if auth is True:
        auth = "Basic " + base64.b64encode(pair.encode()).decode()
    if auth:
        headers["Authorization"] = auth
    return ask(spotify, "POST", "/api/token", urllib.parse.urlencode(fields),
               headers)


def new_code(spotify, **changes):
    """A code by the quick way, without a page."""
    spotify.settings(consent="agree")
    return authorize(spotify, **changes).location["code"]


def exchange(spotify, code, **changes):
    """The code for tokens."""
    fields = {"grant_type": "authorization_code", "code": code,
              "redirect_uri": CALLBACK, **changes}
    return post_token(spotify, **fields)


def refresh(spotify, token):
    """The refresh token for an access token."""
    return post_token(spotify, grant_type="refresh_token",
                      refresh_token=token)


def login(spotify, account=None, **changes):
    """The token answer of a whole login."""
    if account:
        spotify.settings(account=account)
    return exchange(spotify, new_code(spotify, **changes)).json


def get(spotify, path, access):
    """An API call."""
    return ask(spotify, "GET", path,
               headers={"Authorization": f"Bearer {access}"})


def followed(spotify, access, **query):
    """One page of followed artists."""
    query = {"type": "artist", "limit": 50, **query}
    return get(spotify, "/v1/me/following?" + urllib.parse.urlencode(query),
               access)


def all_pages(spotify, access):
    """The pages of the whole list, by cursor."""
    pages, after = [], {}
    while True:
        pages.append(followed(spotify, access, **after).json["artists"])
        if pages[-1]["cursors"]["after"] is None:
            return pages
        after = {"after": pages[-1]["cursors"]["after"]}


# The login

def test_a_person_who_agrees_comes_back_with_a_code_that_buys_tokens(spotify):
    page = authorize(spotify, code_challenge=CHALLENGE,
                     code_challenge_method="S256")
    assert page.status == 200 and b'id="agree"' in page.body
    hidden = dict(re.findall(
        r'type="hidden" name="(\w+)" value="([^"]*)"', page.body.decode()))
    form = {k: v.replace("&amp;", "&") for k, v in hidden.items()}
    back = ask(spotify, "POST", "/authorize/decision", urllib.parse.urlencode(
        {**form, "account": "özkant", "decision": "agree"}),
        {"Content-Type": "application/x-www-form-urlencoded"})
    assert back.status == 302 and back.location[None] == CALLBACK
    assert back.location["state"] == "s t&ate"
    code = back.location["code"]
    assert len(code) == 660 and code.startswith("AQD")
    tokens = exchange(spotify, code, code_verifier=VERIFIER).json
    assert tokens["token_type"] == "Bearer" and tokens["expires_in"] == 3600
    assert tokens["scope"] == SCOPE and len(tokens["access_token"]) == 582
    assert tokens["refresh_token"].startswith("AQC")
    me = get(spotify, "/v1/me", tokens["access_token"]).json
    assert me["id"] == "özkant" and me["email"] == "oezkan@example.com"


def test_a_person_who_cancels_comes_back_with_access_denied(spotify):
    fields = {"client_id": "the-client", "response_type": "code",
              "redirect_uri": CALLBACK, "state": "x", "decision": "cancel"}
    back = ask(spotify, "POST", "/authorize/decision",
               urllib.parse.urlencode(fields),
               {"Content-Type": "application/x-www-form-urlencoded"})
    assert back.location == {None: CALLBACK, "error": "access_denied",
                             "state": "x"}
    spotify.settings(consent="deny")
    assert authorize(spotify).location["error"] == "access_denied"


def test_who_agreed_before_is_bounced_back_unless_a_dialog_is_wanted(spotify):
    login(spotify)
    spotify.settings(consent="ask", account="wizzler")
    assert authorize(spotify).status == 303
    assert authorize(spotify, show_dialog="true").status == 200
    assert authorize(spotify, scope="user-top-read").status == 200
    spotify.settings(account="grace.many")
    assert authorize(spotify).status == 200
    spotify.settings(account=None)
    cookie = {"Cookie": "a=b; simulated_spotify_account=wizzler"}
    assert authorize(spotify).status == 200
    assert authorize(spotify, headers=cookie).status == 303
    spotify.settings(auto_approve=False)
    assert authorize(spotify, headers=cookie).status == 200


@pytest.mark.parametrize("changes, words", [
    ({"redirect_uri": CALLBACK + "/"}, "INVALID_CLIENT: Invalid redirect URI"),
    ({"redirect_uri": CALLBACK.upper()}, "Invalid redirect URI"),
    ({"redirect_uri": CALLBACK.replace("8080", "8081")},
     "Invalid redirect URI"),
    ({"redirect_uri": None}, "Invalid redirect URI"),
    ({"redirect_uri": INSECURE}, "INVALID_CLIENT: Insecure redirect URI"),
    ({"client_id": "other"}, "INVALID_CLIENT"),
    ({"response_type": "token"}, "response_type"),
    ({"scope": "user-follow-read user-follow-all"}, "Illegal scope"),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "S256"),
    ({"code_challenge": "short", "code_challenge_method": "S256"}, "base64url"),
    ({"code_challenge": CHALLENGE}, "together"),
])
def test_some_errors_end_on_a_plain_page_and_never_come_back(spotify, changes,
                                                             words):
    spotify.settings(consent="agree")
    page = authorize(spotify, **changes)
    assert page.status == 400 and page.headers["Location"] is None
    assert page.headers["Content-Type"].startswith("text/plain")
    assert words in page.body.decode()


def test_a_loopback_address_registered_without_port_accepts_any_port(spotify):
    spotify.settings(consent="agree")
    uri = ANY_PORT.replace("127.0.0.1", "127.0.0.1:9321")
    assert authorize(spotify, redirect_uri=uri).location[None] == uri
    other = uri.replace("127.0.0.1", "localhost")
    assert authorize(spotify, redirect_uri=other).status == 400


# The token endpoint

def test_a_code_is_good_once(spotify):
    code = new_code(spotify)
    assert exchange(spotify, code).status == 200
    assert exchange(spotify, code).error == (
        "invalid_grant", "Invalid authorization code")


def test_a_code_is_good_for_ten_minutes(spotify):
    codes = [new_code(spotify) for _ in range(2)]
    spotify.clock(595)
    assert exchange(spotify, codes[0]).status == 200
    spotify.clock(605)
    assert exchange(spotify, codes[1]).error == (
        "invalid_grant", "Authorization code expired")


def test_of_many_who_show_the_same_code_one_wins(spotify):
    code = new_code(spotify)
    found = []
    threads = [threading.Thread(target=lambda: found.append(
        exchange(spotify, code).status)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200] + [400] * 15


def test_a_wrong_redirect_uri_or_verifier_is_an_invalid_grant(spotify):
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    wrong = exchange(spotify, new_code(spotify), redirect_uri=CALLBACK + "x")
    assert wrong.error == ("invalid_grant", "Invalid redirect URI")
    wrong = exchange(spotify, new_code(spotify, **pkce), code_verifier="w" * 43)
    assert wrong.error == ("invalid_grant", "code_verifier was incorrect")
    missing = exchange(spotify, new_code(spotify, **pkce))
    assert missing.error[0] == "invalid_request"
    surplus = exchange(spotify, new_code(spotify), code_verifier=VERIFIER)
    assert surplus.error[1] == "code_verifier was incorrect"


@pytest.mark.parametrize("auth, description", [
    (None, None), ("Bearer x", None), ("Basic !!!", None), ("Basic eHh4", None),
    ("Basic " + base64.b64encode(b"other:x").decode(), "Invalid client"),
    ("Basic " + base64.b64encode(b"the-client:x").decode(),
     "Invalid client secret"),
])
def test_a_client_that_is_not_known_is_refused_with_400(spotify, auth,
                                                        description):
    answer = post_token(spotify, auth, grant_type="refresh_token",
                        refresh_token="x")
    assert answer.error == ("invalid_client", description)


def test_credentials_in_the_body_work_but_are_noted(spotify):
    tokens = login(spotify)
    answer = post_token(spotify, None, grant_type="refresh_token",
                        refresh_token=tokens["refresh_token"],
                        client_id="the-client", client_secret=SECRET)
    assert answer.status == 200
    notes = [entry["note"] for entry in spotify.requests("token")]
    assert notes == [None, "client_secret in body"]


@pytest.mark.parametrize("rotation, member", [
    ("omit", "absent"), ("same", "old"), ("empty", ""), ("null", None),
    ("rotate", "new"), ("strict", "new")])
def test_a_refresh_rotates_as_it_is_told(spotify, rotation, member):
    old = login(spotify)["refresh_token"]
    spotify.settings(rotation=rotation)
    body = refresh(spotify, old).json
    token = body.get("refresh_token", "absent")
    if member == "new":
        assert token not in ("", "absent", old)
        assert refresh(spotify, token).status == 200
    else:
        assert token == (old if member == "old" else member)
    again = refresh(spotify, old)
    if rotation == "strict":
        assert again.error == ("invalid_grant", "Refresh token revoked")
    else:
        assert again.status == 200
    assert spotify.state()["refreshes"] == {"wizzler": 3 if rotation == "rotate"
                                            else 2}


def test_a_refresh_token_ends_six_months_after_the_consent(spotify):
    token = login(spotify)["refresh_token"]
    spotify.clock(179 * 86400)
    assert refresh(spotify, token).status == 200
    spotify.clock(181 * 86400)
    assert refresh(spotify, token).error == (
        "invalid_grant", "Refresh token expired")
    assert refresh(spotify, "AQCgarbled").error == (
        "invalid_grant", "Invalid refresh token")


def test_settings_bend_the_token_answer(spotify):
    spotify.settings(expires_in="3600", scope="__missing__", token_length=4097,
                     omit_initial_refresh=True, code_length=2048,
                     token_override={"token_type": "mac", "x": [1]})
    body = login(spotify)
    assert set(body) == {"access_token", "token_type", "expires_in", "x"}
    assert body["expires_in"] == "3600" and body["token_type"] == "mac"
    assert len(body["access_token"]) == 4097
    spotify.settings(expires_in="__missing__", scope="")
    body = login(spotify)
    assert "expires_in" not in body and body["scope"] == ""


# The Web API

def test_an_access_token_works_until_it_ends(spotify):
    access = login(spotify)["access_token"]
    assert get(spotify, "/v1/me", access).status == 200
    spotify.clock(3601)
    late = get(spotify, "/v1/me", access)
    assert late.status == 401
    assert 'error="invalid_token"' in late.headers["WWW-Authenticate"]
    assert late.json["error"]["status"] == 401
    spotify.clock(0)
    assert spotify.expire("access", "grace.many") == 0
    assert spotify.expire("access", "wizzler") == 1
    assert get(spotify, "/v1/me", access).status == 401
    none = ask(spotify, "GET", "/v1/me")
    assert 'error="missing_token"' in none.headers["WWW-Authenticate"]


def test_revoked_refresh_tokens_are_an_invalid_grant(spotify):
    token = login(spotify)["refresh_token"]
    assert spotify.expire("all") == 2
    assert refresh(spotify, token).error == (
        "invalid_grant", "Refresh token revoked")


def test_the_profile_shows_what_development_mode_shows(spotify):
    access = login(spotify)["access_token"]
    me = get(spotify, "/v1/me", access).json
    assert sorted(me) == ["account_id", "display_name", "email",
                          "external_urls", "href", "id", "images", "type",
                          "uri"]
    image = get(spotify, urllib.parse.urlsplit(me["images"][0]["url"]).path,
                access)
    assert image.headers["Content-Type"] == "image/svg+xml"
    spotify.settings(send_email=False, extended=True,
                     me_override={"id": "__missing__", "display_name": None})
    me = get(spotify, "/v1/me", access).json
    assert "email" not in me and "id" not in me and me["product"] == "premium"
    assert me["display_name"] is None
    narrow = login(spotify, scope="user-follow-read")["access_token"]
    spotify.settings(send_email=True)
    assert "email" not in get(spotify, "/v1/me", narrow).json


@pytest.mark.parametrize("follows", [0, 1, 49, 50, 51, 100, 2000])
def test_every_artist_comes_once_whatever_the_length_of_the_list(spotify,
                                                                 follows):
    spotify.account("fan", follows=follows)
    access = login(spotify, "fan")["access_token"]
    pages = all_pages(spotify, access)
    assert len(pages) == max(1, (follows + 49) // 50)
    ids = [item["id"] for page in pages for item in page["items"]]
    assert len(ids) == follows and ids == sorted(set(ids))
    assert all(re.fullmatch("[0-9A-Za-z]{22}", identity) for identity in ids)
    assert {page["total"] for page in pages} == {follows}
    assert pages[-1]["next"] is None and all(p["next"] for p in pages[:-1])


def test_a_page_mirrors_the_language_and_a_cursor_needs_no_artist(spotify):
    access = login(spotify)["access_token"]
    page = ask(spotify, "GET", "/v1/me/following?type=artist", headers={
        "Authorization": f"Bearer {access}",
        "Accept-Language": "de-DE,de;q=0.9"}).json["artists"]
    assert page["limit"] == 20 and len(page["items"]) == 20
    assert page["next"].endswith("&limit=20&locale=de-DE,de;q=0.9")
    first = followed(spotify, access, limit=20, after="0" * 22)
    assert first.json["artists"]["items"] == page["items"]


def test_artists_have_the_fields_of_their_mode_and_every_kind_of_name(spotify):
    spotify.account("fan", follows=1000)
    access = login(spotify, "fan")["access_token"]
    items = [a for p in all_pages(spotify, access) for a in p["items"]]
    assert {tuple(sorted(a)) for a in items} == {(
        "external_urls", "href", "id", "images", "name", "type", "uri")}
    names = [a["name"] for a in items]
    for kind in ("The ", " & ", '"', "ö", "Тих", "夜", "<3", "رحلة"):
        assert any(kind in name for name in names), kind
    assert max(map(len, names)) > 150
    assert any(not a["images"] for a in items)
    assert any(a["images"] and a["images"][0]["width"] is None for a in items)
    spotify.settings(artist_fields="full")
    full = followed(spotify, access).json["artists"]["items"][0]
    assert {"genres", "followers", "popularity"} <= set(full)


def test_pictures_are_drawn_and_may_be_cached(spotify):
    access = login(spotify)["access_token"]
    items = followed(spotify, access).json["artists"]["items"]
    urls = [i["url"] for a in items for i in a["images"]]
    assert all(url.startswith(spotify.url + "/image/") for url in urls)
    for url in urls[:30]:
        image = ask(spotify, "GET", url[len(spotify.url):])
        assert image.body.startswith(b"<svg") and image.body.endswith(b"</svg>")
        assert "max-age" in image.headers["Cache-Control"]
    assert ask(spotify, "GET", "/image/x").status == 404


@pytest.mark.parametrize("query, status, message", [
    ("", 400, "Missing parameter type"), ("type=user", 400, "Invalid type"),
    ("type=artist&limit=0", 400, "Invalid limit"),
    ("type=artist&limit=51", 400, "Invalid limit"),
    ("type=artist&limit=x", 400, "Invalid limit"),
    ("type=artist&limit=50", 200, None)])
def test_a_wrong_query_is_answered_in_spotifys_form(spotify, query, status,
                                                    message):
    access = login(spotify)["access_token"]
    answer = get(spotify, "/v1/me/following?" + query, access)
    assert answer.status == status
    if message:
        assert answer.json == {"error": {"status": 400, "message": message}}


def test_the_403s_have_their_different_shapes(spotify):
    access = login(spotify, scope="user-read-email")["access_token"]
    missing = followed(spotify, access)
    assert missing.status == 403
    assert missing.json["error"]["message"] == "Insufficient client scope"
    access = login(spotify, "uninvited")["access_token"]
    stranger = get(spotify, "/v1/me", access)
    assert stranger.status == 403
    assert stranger.body == b"User not registered in the Developer Dashboard"
    assert stranger.headers["Content-Type"].startswith("text/plain")
    spotify.settings(owner_premium=False)
    lapsed = followed(spotify, login(spotify, "wizzler")["access_token"])
    assert lapsed.status == 403 and len(lapsed.body) == 159


# The known defects

def test_defects_of_the_list_can_be_switched_on(spotify):
    access = login(spotify)["access_token"]
    plain = [p["items"] for p in all_pages(spotify, access)]
    spotify.settings(null_items=True, duplicate_items=True, wrong_total=True,
                     null_name=True)
    bent = all_pages(spotify, access)
    assert bent[0]["items"].count(None) == 7 and bent[0]["total"] == 60
    assert bent[1]["items"][0]["id"] == plain[0][-1]["id"]
    assert bent[0]["items"][10]["name"] is None
    ids = {a["id"] for p in bent for a in p["items"] if a}
    assert ids == {a["id"] for items in plain for a in items}
    spotify.settings(wrong_total=-1)
    assert followed(spotify, access).json["artists"]["total"] == -1


def test_the_cursor_can_stand_still_or_turn_evil(spotify):
    access = login(spotify)["access_token"]
    spotify.settings(repeat_cursor=True)
    first = followed(spotify, access).json["artists"]["cursors"]["after"]
    for _ in range(3):
        page = followed(spotify, access, after=first).json["artists"]
        assert page["cursors"]["after"] == first
    spotify.settings(evil_after=True, evil_next=True)
    page = followed(spotify, access).json["artists"]
    assert page["cursors"]["after"] == "../../me?x="
    assert page["next"] == "http://169.254.169.254/"
    spotify.settings(evil_after=17)
    assert followed(spotify, access).json["artists"]["cursors"]["after"] == 17


def test_evil_items_are_evil(spotify):
    access = login(spotify)["access_token"]
    spotify.settings(evil_items=True)
    text = followed(spotify, access).body.decode()
    for evil in ("javascript:", "</script>", "\u2028", "x" * 10240,
                 "evil.example", "169.254.169.254"):
        assert evil in text


def test_one_page_can_fail_again_and_again(spotify):
    access = login(spotify)["access_token"]
    spotify.settings(fail_page={"2": "bad_gateway_502_json"})
    first = followed(spotify, access)
    assert first.status == 200
    after = first.json["artists"]["cursors"]["after"]
    for _ in range(2):
        second = followed(spotify, access, after=after)
        assert second.status == 502
        assert "Failed to get followed" in second.json["error"]["message"]


# Canned answers

def test_canned_answers_go_in_order_and_then_all_is_normal(spotify):
    access = login(spotify)["access_token"]
    spotify.answers("me", "rate_limited", {"name": "quota", "headers": {
        "retry-after": None, "X-More": ["1", "2"]}}, "rate_limited_text")
    spotify.answers("any", {"status": 204})
    limited = get(spotify, "/v1/me", access)
    assert limited.status == 429 and limited.headers["Retry-After"] == "2"
    quota = get(spotify, "/v1/me", access)
    assert quota.json["error"]["reason"] == "QUOTA_EXCEEDED"
    assert quota.headers["Retry-After"] is None
    assert quota.headers.get_all("X-More") == ["1", "2"]
    assert get(spotify, "/v1/me", access).body == b"Too many requests"
    assert get(spotify, "/v1/me", access).status == 204
    assert get(spotify, "/v1/me", access).status == 200


def test_repeated_answers_stay_until_they_are_cleared(spotify):
    spotify.answers("token", "oauth_server_error", "unavailable_503_html",
                    repeat=True)
    found = [refresh(spotify, "x").status for _ in range(4)]
    assert found == [400, 503, 400, 503]
    spotify.clear_answers()
    assert refresh(spotify, "x").error[1] == "Invalid refresh token"


def test_any_bytes_can_be_answered(spotify):
    access = login(spotify)["access_token"]
    spotify.answers(
        "me", {"body": '{"a":1,"a":2}'}, {"body": None},
        {"body_base64": base64.b64encode(b"\xff\x00{}").decode()},
        {"status": 201, "body": {"a": "ü"}, "chunked": True},
        {"body": "x", "headers": {"Content-Type": "text/html"}})
    first = get(spotify, "/v1/me", access)
    assert first.body == b'{"a":1,"a":2}'
    assert first.headers["Content-Type"].startswith("application/json")
    assert get(spotify, "/v1/me", access).body == b"null"
    assert get(spotify, "/v1/me", access).body == b"\xff\x00{}"
    chunked = get(spotify, "/v1/me", access)
    assert chunked.status == 201 and chunked.json == {"a": "ü"}
    assert chunked.headers["Transfer-Encoding"] == "chunked"
    assert get(spotify, "/v1/me", access).headers["Content-Type"] == "text/html"


def raw(spotify, path, access, seconds=10):
    """All the bytes that come for a GET until the connection ends."""
    host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
    with socket.create_connection((host, int(port)), seconds) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: "
                     f"Bearer {access}\r\n\r\n".encode())
        received = b""
        while data := wire.recv(65536):
            received += data
        return received


def test_an_answer_can_be_cut_anywhere(spotify):
    access = login(spotify)["access_token"]
    spotify.answers("following", {"cut": -1}, {"cut": 0}, {"cut": 1000},
                    {"status": 502, "body": "abc", "cut": 2})
    path = "/v1/me/following?type=artist"
    assert raw(spotify, path, access) == b""
    assert raw(spotify, path, access).endswith(b"\r\n\r\n")
    head, _, body = raw(spotify, path, access).partition(b"\r\n\r\n")
    assert len(body) == 1000 and b"Content-Length: 1000" not in head
    assert raw(spotify, path, access).endswith(b"\r\n\r\nab")


def test_status_lines_and_whole_answers_can_be_given_raw(spotify):
    spotify.answers("me", {"status_line": "HTTP/1.1 99", "body": "x"},
                    {"raw": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                            "\r\n\r\nzz\r\n"},
                    {"body": "x", "headers": {"Content-Length": "5"}})
    assert raw(spotify, "/v1/me", "x").startswith(b"HTTP/1.1 99\r\n")
    assert raw(spotify, "/v1/me", "x").endswith(b"zz\r\n")
    assert b"Content-Length: 5\r\n\r\nx" in raw(spotify, "/v1/me", "x")


def test_an_answer_can_be_slow_in_three_ways(spotify):
    access = login(spotify)["access_token"]

    def seconds(**answer):
        spotify.answers("me", answer)
        start = time.monotonic()
        assert get(spotify, "/v1/me", access).status == 200
        return time.monotonic() - start
    assert 0.3 <= seconds(delay=0.3) < 1
    assert 0.3 <= seconds(after_commit_delay=0.3) < 1
    assert 0.3 <= seconds(status=200, body="x" * 400, drip=1000) < 1
    assert 0.3 <= seconds(**{"pass": True, "drip": 1000, "drip_chunk": 100}) < 2


def test_a_lost_answer_has_still_spent_the_refresh_token(spotify):
    token = login(spotify)["refresh_token"]
    spotify.settings(rotation="strict")
    spotify.answers("token", {"cut": -1})
    with pytest.raises(http.client.RemoteDisconnected):
        refresh(spotify, token)
    assert refresh(spotify, token).error[1] == "Refresh token revoked"


def test_a_commit_takes_effect_before_its_delayed_answer(spotify):
    token = login(spotify)["refresh_token"]
    spotify.settings(rotation="strict")
    spotify.answers("token", {"after_commit_delay": 1})
    waiting = threading.Thread(target=refresh, args=(spotify, token))
    waiting.start()
    assert spotify.wait_for("token", 2)[1]["status"] is None
    time.sleep(0.1)
    assert spotify.state()["refreshes"] == {"wizzler": 1}
    assert refresh(spotify, token).error[1] == "Refresh token revoked"
    waiting.join()
    assert spotify.requests("token")[1]["status"] == 200


def test_bodies_and_headers_can_be_enormous(spotify):
    spotify.answers("me", {"huge": 5_000_000}, {"gzip_bomb": 20_000_000},
                    {"name": "expired_token_401", "header_flood": 101})
    assert len(ask(spotify, "GET", "/v1/me").body) == 5_000_000
    bomb = ask(spotify, "GET", "/v1/me")
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(bomb.body) < 100_000
    assert len(gzip.decompress(bomb.body)) == 20_000_000
    with contextlib.closing(connect(spotify)) as connection:
        connection.request("GET", "/v1/me")
        with pytest.raises(http.client.HTTPException, match="100 headers"):
            connection.getresponse()


def test_a_client_that_leaves_early_disturbs_nobody(spotify):
    host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
    spotify.answers("me", {"huge": 50_000_000}, {"delay": 0.2})
    for data in (b"", b"GE", b"GET /v1/me HTTP/1.1\r\n\r\n" * 2,
                 b"POST /api/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
                 b"\x16\x03\x01\r\n\r\n"):
        with socket.create_connection((host, int(port)), 5) as wire:
            wire.sendall(data)
    time.sleep(0.3)
    assert ask(spotify, "GET", "/").status == 200


def test_half_a_request_is_none(spotify):
    host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
    with socket.create_connection((host, int(port)), 5) as wire:
        wire.sendall(b"POST /api/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nab")
        wire.shutdown(socket.SHUT_WR)
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")
    assert spotify.requests() == []


# Control

def test_the_log_shows_every_request_but_those_of_control(spotify):
    login(spotify)
    with contextlib.closing(connect(spotify)) as connection:
        for _ in range(2):
            connection.request("GET", "/v1/me?a=1&a=%20&b=",
                               headers={"X-Test": "Value"})
            connection.getresponse().read()
    log = spotify.requests()
    assert [e["target"] for e in log] == ["authorize", "token", "me", "me"]
    token, first, second = log[1:]
    assert token["method"] == "POST" and token["status"] == 200
    assert ["grant_type", "authorization_code"] in token["form"]
    assert token["body"].startswith("grant_type=authorization_code&code=AQD")
    assert first["path"] == "/v1/me" and first["raw_query"] == "a=1&a=%20&b="
    assert first["query"] == [["a", "1"], ["a", " "], ["b", ""]]
    assert ["X-Test", "Value"] in first["headers"] and first["form"] is None
    assert first["connection"] == second["connection"] != token["connection"]
    assert spotify.requests("me", since=first["n"]) == [second]
    spotify.clear_requests()
    assert spotify.requests() == []


def test_secrets_are_listed_for_ever(spotify):
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = new_code(spotify, **pkce)
    tokens = exchange(spotify, code, code_verifier=VERIFIER).json
    spotify.reset()
    known = {(s["kind"], s["value"]) for s in spotify.secrets()}
    assert {("code", code), ("code_verifier", VERIFIER),
            ("client_secret", SECRET),
            ("access_token", tokens["access_token"]),
            ("refresh_token", tokens["refresh_token"])} <= known
    assert get(spotify, "/v1/me", tokens["access_token"]).status == 401


def test_a_reset_brings_the_defaults_back(spotify):
    before = spotify.settings()
    spotify.settings(rotation="strict", evil_items=True)
    spotify.account("fan", follows=1)
    spotify.answers("any", "quota", repeat=True)
    spotify.clock(99)
    login(spotify)
    spotify.reset()
    assert spotify.settings() == before
    assert "fan" not in [a["id"] for a in spotify.accounts()]
    state = spotify.state()
    assert state["tokens"] == {"codes": 0, "access": 0, "refresh": 0}
    assert state["clock_offset"] == 0 and state["requests"] == 0


@pytest.mark.parametrize("call", [
    lambda s: s.settings(rotatoin="strict"),
    lambda s: s.settings(rotation="sometimes"),
    lambda s: s.settings(account="nobody"),
    lambda s: s.answers("token", {"statsu": 500}),
    lambda s: s.answers("token", "no_such_name"),
    lambda s: s.answers("tokens", "quota"),
    lambda s: s.answers("token", {"delay": "3"}),
    lambda s: s.account("x", followers=3),
    lambda s: s.expire("everything"), lambda s: s.clock("noon"),
    lambda s: s.control("POST", "nothing")])
def test_a_mistake_in_a_test_is_refused_in_words(spotify, call):
    with pytest.raises(ValueError, match="is|known|there are"):
        call(spotify)


def test_what_is_not_there_is_404_and_wrong_methods_are_405(spotify):
    assert ask(spotify, "GET", "/v1/artists/1").json == {
        "error": {"status": 404, "message": "Service not found"}}
    wrong = ask(spotify, "PUT", "/v1/me")
    assert wrong.status == 405 and wrong.headers["Allow"] == "GET"
    assert ask(spotify, "GET", "/api/token").status == 405
    head = ask(spotify, "HEAD", "/v1/me")
    assert head.status == 405 and head.body == b""


def test_200_connections_are_served_side_by_side(spotify):
    spotify.account("fan", follows=2000)
    access = login(spotify, "fan")["access_token"]
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(contextlib.closing(connect(spotify)))
                 for _ in range(200)]
        for _ in range(2):
            for line in lines:
                line.request("GET", "/v1/me/following?type=artist&limit=50",
                             headers={"Authorization": f"Bearer {access}"})
            for line in lines:
                assert Reply(line.getresponse()).status == 200
        assert spotify.state()["connections"]["open"] >= 200


# The process

def test_it_speaks_tls_and_counts_handshakes_that_fail(tmp_path):
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True)
    with Simulation(cert=cert, key=key) as spotify:
        assert spotify.url.startswith("https://127.0.0.1:")
        host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
        strict = http.client.HTTPSConnection(host, int(port), timeout=5)
        with pytest.raises(OSError, match="certificate"):
            strict.request("GET", "/")
        strict.close()
        time.sleep(0.1)
        state = spotify.state()
        assert state["connections"]["tls_failed"] == 1
        assert state["requests"] == 0
        assert spotify.stderr() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_while_requests_wait(number):
    with Simulation() as spotify:
        spotify.answers("me", {"delay": 30})
        with contextlib.closing(connect(spotify)) as connection:
            connection.request("GET", "/v1/me")
            spotify.wait_for("me")
            spotify.send_signal(number)
            with pytest.raises(OSError):
                connection.getresponse()
        assert spotify.wait() == 0
        assert spotify.stderr() == ""


def test_the_ready_line_is_in_the_ready_file_too(tmp_path):
    secret, ready = tmp_path / "secret", tmp_path / "ready"
    secret.write_text("s\n", "utf-8")
    program = pathlib.Path(__file__).parent.parent / "simulated-spotify"
    with subprocess.Popen(
            [program, "--client-id", "c", "--client-secret-file", secret,
             "--redirect-uri", CALLBACK, "--ready-file", ready],
            stdout=subprocess.PIPE) as process:
        line = process.stdout.readline().decode()
        assert re.fullmatch(r"ready http://127\.0\.0\.1:[0-9]+\n", line)
        process.terminate()
        assert process.wait(5) == 0 and process.stdout.read() == b""
    assert ready.read_text("utf-8") == line


def test_it_stops_when_its_parent_is_gone():
    with Simulation() as spotify:
        spotify.close_stdin()
        assert spotify.wait() == 0
