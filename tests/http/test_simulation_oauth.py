# SPDX-License-Identifier: ISC
"""The simulated Spotify: logins and the token endpoint."""

import base64
import re
import threading
import urllib.parse

import pytest

from sim_client import (  # noqa: F401
    ANY_PORT, CALLBACK, CHALLENGE, INSECURE, SCOPE, SECRET, VERIFIER, ask,
    authorize, exchange, fixture_running, fixture_spotify, get, login,
    new_code, post_token, refresh)


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
    spotify.clock(540)
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
