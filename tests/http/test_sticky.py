# SPDX-License-Identifier: ISC
"""conf/MACHINES.md: two machines behind its HAProxy, each with web server,
programs and store of its own, and one Spotify."""

import contextlib
import http.client
import re
import shutil
import socket
import ssl
import tempfile

import pytest

from balanced import HOST, PAGE, STICKY, change, running
from stack.processes import wait_until
from tools.amounts import HOUR
from tools.answers import refused
from tools.parallel import together
from tools.spotify import count, json_answer
from tools.steps import is_logged_in, logout

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None,
                                reason="needs haproxy")


@pytest.fixture(name="site")
def fixture_site():
    """As the page says."""
    with running() as site:
        yield site


def machine_of(browser):
    """Which one the balancer has chosen for a browser."""
    return browser.cookies.get("machine")


def people(site):
    """Somebody on each machine, logged in: {machine: browser}."""
    found = {}
    for _ in range(10):
        browser = site.browser()
        browser.login()
        found.setdefault(machine_of(browser), browser)
        if len(found) == 2:
            return found
    raise AssertionError("the balancer knows one machine only")


def sessions(stack):
    """How many a machine has."""
    return len(list(stack.session_dir.glob("session-*")))


def test_each_browser_stays_with_its_machine(site):
    both = people(site)
    for browser in both.values():
        assert all(is_logged_in(browser) for _ in range(20))
        assert browser.fetch("artists").json["total"] == 120
    assert sessions(site.one) >= 1 and sessions(site.two) >= 1
    assert logout(both["one"]).status == 204
    assert not is_logged_in(both["one"]) and is_logged_in(both["two"])


def test_fifty_at_expiry_make_one_token_request(site):
    browser = site.browser()
    browser.login()
    site.one.clock.advance(HOUR)
    site.one.spotify.settings(rotation="strict")
    before = count(site.one.spotify, "token")
    answers = together(lambda b=browser.copy(): b.fetch("artists").status
                       for _ in range(50))
    assert answers == [200] * 50
    assert count(site.one.spotify, "token") == before + 1


def test_a_login_is_finished_by_another_machine(site):
    browser = site.browser()
    url = browser.approve(browser.start_login(return_to="/x"))
    first = machine_of(browser)
    site.lose(first)
    reply = browser.finish(url)
    assert (reply.status, reply.location) == (
        303, f"https://{HOST}:{site.port}/x")
    assert machine_of(browser) != first
    assert is_logged_in(browser)


def test_with_a_machine_its_sessions_are_lost_and_no_others(site):
    both = people(site)
    site.lose("one")
    assert is_logged_in(both["two"])
    assert not is_logged_in(both["one"])
    both["one"].login()
    assert machine_of(both["one"]) == "two" and is_logged_in(both["one"])


def test_a_machine_that_is_taken_out_keeps_whom_it_has():
    command = re.search(r"`(set server .* drain)`", PAGE)[1]
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(tempfile.TemporaryDirectory()) + "/socket"
        site = stack.enter_context(running(
            lambda text: f"global\n\tstats socket {path} level admin\n"
            + text))
        both = people(site)
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(path)
            admin.sendall(command.encode() + b"\n")
            assert admin.recv(1000) == b"\n"
        assert is_logged_in(both["one"]) and is_logged_in(both["two"])
        for _ in range(4):
            browser = site.browser()
            browser.login()
            assert machine_of(browser) == "two"


def test_who_is_logged_in_goes_on_when_no_machine_is_well(site):
    """Spotify has refused the secret to each."""
    both = people(site)
    refusal = json_answer({"error": "invalid_client"}, 400)
    for browser in both.values():
        site.one.spotify.answers("token", refusal)
        url = browser.approve(browser.start_login(switch=True))
        assert browser.finish(url).status == 503
    wait_until(lambda: site.browser().get("session").status == 503, 60,
               "HAProxy does not ask whether the machines are well")
    assert is_logged_in(both["one"]) and is_logged_in(both["two"])


def test_a_pause_is_known_to_one_machine(site):
    both = people(site)
    spotify = site.one.spotify
    spotify.answers("following", "rate_limited_429")
    refused(both["one"].fetch("artists"), 429, "rate_limited")
    assert both["two"].fetch("artists").status == 200


def test_the_web_server_knows_the_visitors_address(site):
    """And not what the visitor says of it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", site.port), 60,
                                  ("127.0.0.9", 0)) as plain, \
            context.wrap_socket(plain, server_hostname=HOST) as connection:
        connection.sendall(
            f"GET /session HTTP/1.1\r\nHost: {HOST}:{site.port}\r\n"
            "X-Forwarded-For: 198.51.100.7\r\nConnection: close\r\n\r\n"
            .encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 200

    def logs():
        return site.one.log("access") + site.two.log("access")
    wait_until(lambda: "127.0.0.9" in logs(), 60, "no machine logged it")
    assert "198.51.100.7" not in logs()


def test_without_the_cookie_visitors_are_logged_in_and_out():
    """What the page says of that, and that the line is what helps."""
    with running(lambda text: change(text, (STICKY, ""))) as site:
        browser = site.browser()
        browser.login()
        answers = [is_logged_in(browser) for _ in range(10)]
        assert answers.count(True) == 5
        assert all(a != b for a, b in zip(answers, answers[1:]))
