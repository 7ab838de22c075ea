# SPDX-License-Identifier: ISC
"""A CDN or a load balancer in front of the web server: the lines of
site.conf.example for one that speaks TLS with us, and behind.conf.example for
one at which TLS ends. It is at 127.0.0.1, and anybody else at 127.0.0.2."""

import http.client
import ssl

import pytest

from stack import Client, Reply
from test_apache_members import LUA_SOCKET
from test_nginx_members import (  # pylint: disable=unused-import
    application)

FRONT, STRANGER = "127.0.0.1", "127.0.0.2"
ORIGIN = "https://music.test"
IN_FRONT = {"tls": {"tls": True, "front": True},
            "plain": {"front": True, "origin": ORIGIN}}
VISIT = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
         "Accept": "text/html"}


def ask(site, path, headers, peer=FRONT):
    """A visitor's GET, sent on by a peer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60,
                                            source_address=(peer, 0))
    try:
        connection.connect()
        if site.tls:
            context = ssl.create_default_context(cafile=str(site.ca_file))
            connection.sock = context.wrap_socket(
                connection.sock, server_hostname="music.test")
        connection.request("GET", path, headers={
            "Host": site.origin.removeprefix("https://"),
            **VISIT, **headers})
        response = connection.getresponse()
        return Reply(response.status, response.getheaders(), response.read(),
                     path)
    finally:
        connection.close()


def for_whom(address):
    """What a front says of a visitor."""
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"}


def statuses(site, addresses, peer=FRONT):
    """Of a first visit of each."""
    return {ask(site, "/login", for_whom(address), peer).status
            for address in addresses}


@pytest.fixture(name="limited", params=IN_FRONT)
def fixture_limited(request, make_stack):
    """A site behind a front, with limits."""
    return make_stack(server="nginx", rate_limits=True,
                      **IN_FRONT[request.param])


@pytest.mark.parametrize("form", ["198.51.100.{}", "198.51.100.{}, 127.0.0.1"])
def test_visitors_behind_a_front_have_limits_of_their_own(limited, form):
    """Also behind a front that names itself, as two in a row do."""
    assert statuses(limited, [form.format(n) for n in range(30)]) == {303}
    limited.wait_for_log("access", "198.51.100.29 [")


def test_one_visitor_behind_a_front_has_a_limit(limited):
    assert statuses(limited, ["198.51.100.7"] * 100) == {303, 429}


@pytest.mark.parametrize("said", ["203.0.113.{}, 198.51.100.7",
                                  "203.0.113.{}, 198.51.100.7, 127.0.0.1"])
def test_what_a_visitor_says_before_the_front_is_not_believed(limited, said):
    assert statuses(limited, [said.format(n) for n in range(100)]) == {303, 429}


def test_a_forged_address_from_elsewhere_changes_nothing(limited):
    """Over plain http nobody else gets in at all."""
    forged = [f"198.51.100.{n}" for n in range(100)]
    assert statuses(limited, forged, STRANGER) == (
        {303, 429} if limited.tls else {403})
    assert "198.51.100" not in limited.log("access")
    limited.wait_for_log("access", f"{STRANGER} [")


def test_a_half_of_an_ipv6_address_is_one_visitor(limited):
    assert statuses(limited, [
        f"2001:db8:1:2:{n:x}::{n:x}" for n in range(1, 101)]) == {303, 429}


@pytest.mark.parametrize("form", ["2001:db8:1:{:x}::1", "2001:db8:{:x}::1",
                                  "::ffff:198.51.100.{}"])
def test_two_networks_of_ipv6_are_two_visitors(limited, form):
    """The last form is IPv4, as a listener for both sees it."""
    assert statuses(limited, [form.format(n) for n in range(1, 41)]) == {303}


@pytest.fixture(name="behind", params=["nginx", "apache"])
def fixture_behind(request, make_stack):
    """A site behind a front at which TLS ends."""
    return make_stack(server=request.param, **IN_FRONT["plain"])


def test_a_login_begins_behind_a_front_that_does_tls(behind):
    """Not in circles, whatever the front says of the scheme, or leaves out."""
    for headers in (for_whom("198.51.100.1"), {},
                    {"X-Forwarded-For": "198.51.100.1"}):
        reply = ask(behind, "/login", headers)
        assert reply.status == 303
        assert reply.location.startswith(behind.spotify.url)
        assert reply.header("Set-Cookie").startswith("__Host-spotify-login-")
    assert ask(behind, "/", for_whom("198.51.100.1")).status == 200
    behind.wait_for_log("access", "198.51.100.1 [")


def test_who_came_to_the_front_by_http_is_sent_to_https(behind):
    for path in ("/", "/login", "/login?return_to=/a%20b", "/nothing"):
        reply = ask(behind, path, {"X-Forwarded-For": "198.51.100.1",
                                   "X-Forwarded-Proto": "http"})
        assert (reply.status, reply.location) == (308, ORIGIN + path)


def test_visitors_are_told_to_stay_with_https(behind):
    for path in ("/", "/session"):
        reply = ask(behind, path, for_whom("198.51.100.1"))
        assert reply.header("Strict-Transport-Security") == "max-age=63072000"


def test_nobody_gets_past_the_front(behind):
    for path in ("/", "/login", "/session", "/nothing"):
        for headers in ({}, for_whom(FRONT), for_whom("198.51.100.1")):
            reply = ask(behind, path, headers, STRANGER)
            assert (reply.status, reply.all("Set-Cookie")) == (403, [])


@pytest.mark.parametrize("front", IN_FRONT)
def test_apache_knows_visitors_by_the_front_alone(make_stack, front):
    site = make_stack(server="apache", **IN_FRONT[front])
    assert statuses(site, ["203.0.113.1, 198.51.100.7"]) == {303}
    site.wait_for_log("access", "198.51.100.7 [")
    statuses(site, ["198.51.100.8"], STRANGER)
    site.wait_for_log("access", f"{STRANGER} [")
    assert "198.51.100.8" not in site.log("access")
    assert "203.0.113.1" not in site.log("access")


@pytest.mark.parametrize("server", ["nginx", "apache"])
@pytest.mark.parametrize("front", IN_FRONT)
def test_the_application_learns_who_came_to_the_front(
        make_stack, server, front,
        application):   # pylint: disable=redefined-outer-name
    if server == "apache" and not LUA_SOCKET.exists():
        pytest.skip("needs lua-socket")
    site = make_stack(server=server, members=application, **IN_FRONT[front])
    cookie = log_in(site)
    reply = ask(site, "/members/", {
        **for_whom("203.0.113.1, 198.51.100.7"), "Cookie": cookie})
    got = {name.lower(): value for name, value in reply.json["headers"]}
    assert got["x-forwarded-for"] == "198.51.100.7"
    assert got["x-forwarded-proto"] == "https"
    assert got["x-forwarded-host"] == site.origin.removeprefix("https://")


def log_in(site):
    """All of a login through the front: the session's cookie."""
    begun = ask(site, "/login", for_whom("198.51.100.7"))
    cookie = begun.header("Set-Cookie").partition(";")[0]
    back = Client(site).approve(begun.location)
    done = ask(site, back.removeprefix(site.origin),
               {**for_whom("198.51.100.7"), "Cookie": cookie})
    assert done.status == 303
    return next(text.partition(";")[0] for text in done.all("Set-Cookie")
                if text.startswith("__Host-spotify-session="))
