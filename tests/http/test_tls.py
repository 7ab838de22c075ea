# SPDX-License-Identifier: ISC
"""TLS on both sides: the cookies that browsers keep for one host alone, and
no word to a Spotify that cannot prove who it is."""

import re

import pytest

from sim.client import Simulation
from tools.answers import Browser, refused, set_cookies
from tools.impostor import CERTIFICATES, impostor_of
from tools.spotify import count
from tools.urls import query_of

KEPT = {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


# Cookies

def test_the_cookie_of_a_login_is_for_this_host_alone(tls_browser):
    [(name, (value, attributes))] = set_cookies(
        tls_browser.get("login")).items()
    assert re.fullmatch(r"__Host-spotify-login-[A-Za-z0-9_-]{8}", name)
    assert value and attributes == KEPT | {"Max-Age=600"}


def test_the_session_cookie_is_for_this_host_alone(tls_browser):
    cookies = set_cookies(tls_browser.login())
    value, attributes = cookies.pop("__Host-spotify-session")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", value)
    assert attributes == KEPT | {"Max-Age=2592000"}
    [(name, (value, attributes))] = cookies.items()
    assert name.startswith("__Host-spotify-login-")
    assert value == "" and attributes == KEPT | {"Max-Age=0"}


def test_logging_out_deletes_it_with_the_same_attributes(tls_browser):
    tls_browser.login()
    reply = tls_browser.fetch("logout", "POST")
    assert set_cookies(reply) == {
        "__Host-spotify-session": ("", KEPT | {"Max-Age=0"})}
    assert tls_browser.session_cookie is None


def test_a_cookie_without_the_prefix_is_nobodys(tls_browser):
    """A sibling host could have set it."""
    tls_browser.login()
    value = tls_browser.session_cookie
    reply = tls_browser.fetch("session", headers={
        "Cookie": f"spotify-session={value}"})
    assert reply.json == {"logged_in": False}
    reply = tls_browser.fetch("session", headers={
        "Cookie": f"spotify-session={'A' * 43}; "
                  f"__Host-spotify-session={value}"})
    assert reply.json["logged_in"] is True


# The whole way

@pytest.fixture
def both(make_stack):
    """TLS to the site, and from it to Spotify."""
    return make_stack(tls=True, spotify_tls=True)


def test_everything_works_over_tls_on_both_sides(both):
    browser = Browser(both)
    url = browser.start_login(return_to="/x?y=z")
    assert query_of(url)["redirect_uri"] == both.url + "/callback"
    assert url.startswith("https://")
    reply = browser.finish(browser.approve(url))
    assert reply.location == both.url + "/x?y=z"
    assert browser.fetch("session").json["account"]["id"] == "wizzler"
    assert browser.fetch("artists").json["total"] == 120
    both.clock.advance(3600)
    assert browser.fetch("refresh", "POST").json["refreshed"] is True
    assert browser.post("logout").location == both.url + "/"
    assert browser.fetch("session").json == {"logged_in": False}
    assert both.spotify.state()["connections"]["tls_failed"] == 0


def test_a_connection_that_was_closed_costs_no_second_handshake(both):
    """Of 40 pages each ends its connection; the keys are kept for the next."""
    browser = Browser(both)
    browser.login(account="grace.many")
    both.spotify.answers("following", {"close": True}, repeat=True)
    before = both.spotify.state()["connections"]
    assert browser.fetch("artists").json["total"] == 2000
    after = both.spotify.state()["connections"]
    assert after["total"] - before["total"] >= 39
    assert after["resumed"] - before["resumed"] >= 38


@pytest.mark.parametrize("site, good", [("same-origin", True),
                                        ("cross-site", False)])
def test_the_rules_about_other_sites_hold_over_tls(tls_browser, site, good):
    tls_browser.login()
    reply = tls_browser.request("POST", "refresh", {"Sec-Fetch-Site": site})
    assert reply.status == (200 if good else 403)


# Certificates of Spotify

def about_to_finish(stack):
    """A browser that is logged in, and on its way back once more."""
    browser = Browser(stack)
    browser.login()
    return browser, browser.approve(browser.start_login())


def test_a_good_certificate_made_the_same_way_would_do(make_stack):
    """Or the refusals below would mean nothing."""
    stack = make_stack(spotify_tls=True)
    browser, url = about_to_finish(stack)
    with impostor_of(stack, "good") as impostor:
        refused(browser.finish(url), 400, "login_refused")
        assert count(impostor, "token") == 1


@pytest.mark.parametrize("kind", [kind for kind in CERTIFICATES
                                  if kind != "good"])
def test_a_wrong_certificate_gets_no_secret(make_stack, kind):
    stack = make_stack(spotify_tls=True)
    browser, url = about_to_finish(stack)
    with impostor_of(stack, kind) as impostor:
        refused(browser.finish(url), 502, "upstream_failed")
        refused(browser.fetch("artists"), 502, "upstream_failed")
        assert impostor.requests() == []
        assert impostor.state()["connections"]["total"] >= 2
        assert browser.fetch("session").json["logged_in"] is True
    stack.wait_for_event("callback", "upstream_error", call="token")


def test_a_spotify_without_tls_gets_no_secret(make_stack):
    stack = make_stack(spotify_tls=True)
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    port = int(stack.spotify.url.rpartition(":")[2])
    stack.spotify.stop()
    with Simulation(redirect_uris=[stack.redirect_uri],
                    port=port) as impostor:
        refused(browser.finish(url), 502, "upstream_failed")
        assert count(impostor, "token") == 0


def test_the_systems_authorities_do_not_vouch_for_ours(make_stack):
    """Which shows that ca_file is what is trusted, and by default is not."""
    stack = make_stack(spotify_tls=True, conf={"ca_file": None})
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    refused(browser.finish(url), 502, "upstream_failed")
    assert count(stack.spotify, "token") == 0
