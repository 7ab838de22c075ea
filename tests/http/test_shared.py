# SPDX-License-Identifier: ISC
"""conf/MACHINES.md, its other way: two machines behind HAProxy, which sends
everybody anywhere, and one engine, over TCP, as a user with few rights."""

import re
import shutil

import pytest

from balanced import HOST, PAGE, STICKY, change, running
from engineconfig import ACL
from stack.engine import PASSWORD, Engine, find_server
from tools.amounts import HOUR
from tools.parallel import together
from tools.spotify import count
from tools.steps import is_logged_in, logout

pytestmark = [
    pytest.mark.skipif(shutil.which("haproxy") is None,
                       reason="needs haproxy"),
    pytest.mark.skipif(find_server() is None,
                       reason="needs valkey-server or redis-server")]

# What the page says of the engine's configuration, and of ours.
ENGINE = "".join(f"{line}\n" for line in re.findall(
    r"^ {7}((?:appendonly|maxmemory\S*) .*)$", PAGE, re.M))
KEYS = set(re.findall(r"^ {7}(store\w*) = ", PAGE, re.M))


def without_stickiness(text):
    """As the page says."""
    text = change(text, (STICKY, ""), (" cookie one", ""), (" cookie two", ""),
                  ("force-persist if { nbsrv eq 0 }", "option allbackups"))
    again = re.findall(r"server (?:one|two) .*", text)
    assert len(again) == 2
    return text + "".join(
        f"\t{line} backup no-check\n".replace("server ", "server again-")
        for line in again)


@pytest.fixture(name="site")
def fixture_site():
    """As the page says."""
    assert ENGINE.count("\n") == 3
    with Engine("acl", ENGINE) as engine:
        engine.command(*ACL.replace(">PASSWORD", ">" + PASSWORD).split())
        conf = engine.conf()
        assert KEYS == set(conf) | {"store_ca_file"}
        with running(without_stickiness, conf) as site:
            yield site


def asked(site):
    """How many requests each machine has had."""
    return [len(machine.log("access").splitlines())
            for machine in site.machines.values()]


def test_any_machine_answers_anybody(site):
    browser = site.browser()
    browser.login()
    before = asked(site)
    assert all(is_logged_in(browser) for _ in range(10))
    assert browser.fetch("artists").json["total"] == 120
    assert all(now > then for now, then in zip(asked(site), before))
    other = browser.copy()
    assert logout(browser).status == 204
    assert not any(is_logged_in(other.copy()) for _ in range(4))


def test_fifty_at_expiry_over_both_make_one_token_request(site):
    browser = site.browser()
    browser.login()
    site.one.clock.advance(HOUR)
    site.one.spotify.settings(rotation="strict")
    tokens = count(site.one.spotify, "token")
    before = asked(site)
    answers = together(lambda b=browser.copy(): b.fetch("artists").status
                       for _ in range(50))
    assert answers == [200] * 50
    assert count(site.one.spotify, "token") == tokens + 1
    assert all(now > then for now, then in zip(asked(site), before))


def test_with_a_machine_nobody_is_logged_out(site):
    """Nor is who was at Spotify just then; and the one that is left renews
    what has to be renewed."""
    people = [site.browser() for _ in range(4)]
    for browser in people:
        browser.login()
    late = site.browser()
    url = late.approve(late.start_login(return_to="/x"))
    site.lose("one")
    assert all(is_logged_in(browser) for browser in people for _ in range(2))
    reply = late.finish(url)
    assert (reply.status, reply.location) == (
        303, f"https://{HOST}:{site.port}/x")
    site.one.clock.advance(HOUR)
    tokens = count(site.one.spotify, "token")
    assert [browser.fetch("artists").status
            for browser in (late, *people)] == [200] * 5
    assert count(site.one.spotify, "token") == tokens + 5
    assert logout(people[0]).status == 204
    assert [is_logged_in(browser) for browser in people] == \
        [False, True, True, True]
