# SPDX-License-Identifier: ISC
"""How often each program asks an engine: what a site pays for several machines
is a round trip each time. The numbers are exact, and none may grow unseen."""

import re

import pytest

from engineconfig import ACL
from stack.engine import PASSWORD, Engine, find_server
from tools.admin import metrics
from tools.answers import Browser
from tools.events import make_outbox
from tools.roundtrips import RoundTrips
from tools.steps import let_tokens_end, logout, refresh

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="stack")
def fixture_stack(make_stack, engine):
    """The site, over the unix socket."""
    return make_stack(conf=engine.conf(engine.socket_url))


@pytest.fixture(name="trips")
def fixture_trips(stack, engine):
    """A function that does something, and how often the engine is asked."""
    assert stack.folder.exists()
    with RoundTrips(engine) as heard:
        def measure(what):
            heard.count()
            reply = what()
            return heard.count(), reply
        yield measure


def test_a_login_takes_two(stack, trips):
    """Lock, single use, pauses and the latest date in one, session and unlock
    in the other; one more removes the session that was there before."""
    browser = Browser(stack)
    number, url = trips(lambda: browser.approve(browser.start_login()))
    assert number == 0
    number, reply = trips(lambda: browser.finish(url))
    assert (number, reply.status) == (2, 303)
    url = browser.approve(browser.start_login())
    number, reply = trips(lambda: browser.finish(url))
    assert (number, reply.status) == (3, 303)


def test_events_cost_a_login_one_more(make_stack, engine, tmp_path):
    """Whether the account was here before."""
    stack = make_stack(conf={**engine.conf(engine.socket_url),
                             "events_dir": make_outbox(tmp_path)})
    Browser(stack).login()
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    with RoundTrips(engine) as heard:
        assert browser.finish(url).status == 303
        assert heard.count() == 3


# The steps of each.
RECORD, LEASE, RELEASE, PAUSES, MEMORY = 1, 1, 1, 1, 2
COPY, PARTIAL, KEEP, PAGES = 1, 1, 1, 3     # of 120 artists
TOUCH, ROOM, SAVE, REMOVE = 1, 1, 1, 1
CHANGE = 1      # which was the last of the session's at Spotify
# Of a logout everywhere: which was the latest, which a record tells by itself,
# the account's own, and setting one.
LATEST, DATES, SET = 1, 1, 1
WANTED = {
    "session": RECORD,
    "artists": RECORD + COPY + LEASE + COPY + PARTIAL + PAGES * PAUSES
    + MEMORY + KEEP + RELEASE + 3 * CHANGE,
    "artists again": RECORD + 2 * COPY,     # its head, and the rest
    "refresh, too early": RECORD,
    "refresh": RECORD + TOUCH + LEASE + RECORD + ROOM + PAUSES
    + LATEST + SAVE + RELEASE,
    "logout": REMOVE,
    "logout everywhere": 2 * LATEST + RECORD + 4 * SET + REMOVE,
    # After one of somebody else's, until the session is saved again.
    "session, then": RECORD + DATES,
    "session, refreshed": RECORD,
}


def test_others_take_as_many_as_they_have_steps(stack, trips):
    browser = Browser(stack)
    browser.login()
    found = {}

    def note(name, what):
        found[name], reply = trips(what)
        assert reply.status in (200, 204), reply
    note("session", lambda: browser.fetch("session"))
    note("artists", lambda: browser.fetch("artists"))
    note("artists again", lambda: browser.fetch("artists"))
    note("refresh, too early", lambda: refresh(browser))
    let_tokens_end(stack)
    note("refresh", lambda: refresh(browser))
    note("logout", lambda: logout(browser))
    others = [Browser(stack) for _ in range(2)]
    for other, account in zip(others, ("wizzler", "grace.many")):
        other.login(account)
    note("logout everywhere",
         lambda: others[0].fetch("logout?everywhere=1", "POST"))
    note("session, then", lambda: others[1].fetch("session"))
    let_tokens_end(stack)
    assert refresh(others[1]).status == 200
    note("session, refreshed", lambda: others[1].fetch("session"))
    assert found == WANTED


# Many sessions like the one that there is, each of many bytes.
MANY, LARGE = 150, 50_000
FILL = """
local key = redis.call('KEYS', '*:s')[1]
local value = redis.call('GET', key) .. string.rep('x', tonumber(ARGV[2]))
for i = 1, tonumber(ARGV[1]) do
  local id = string.format('%064x', i)
  redis.call('SET', string.gsub(key, '%x+}:s$', id .. '}:s'), value)
end
"""


def bytes_told(engine):
    """By the engine, to everybody."""
    said = engine.command("INFO", "stats").decode("ascii")
    return int(re.search(r"total_net_output_bytes:(\d+)", said)[1])


def test_the_operator_counts_sessions_without_reading_them(stack, engine):
    """The last use is all that is asked for, of several at once."""
    Browser(stack).login()
    engine.command("EVAL", FILL, "0", MANY, LARGE)
    told = bytes_told(engine)
    with RoundTrips(engine) as heard:
        assert metrics(stack)["sessions"][("hour",)] == MANY + 1
        asked = heard.count()
    told = bytes_told(engine) - told
    assert told < MANY * LARGE / 20
    assert asked < MANY / 2


def test_to_count_sessions_takes_one_more_right(make_stack):
    """Than those that the programs need."""
    with Engine("acl") as engine:
        engine.command(*ACL.replace("PASSWORD", PASSWORD).split())
        stack = make_stack(conf=engine.conf(engine.socket_url))
        Browser(stack).login()
        assert "sessions" not in metrics(stack)
        engine.command("ACL", "SETUSER", "spotify", "+scan")
        assert metrics(stack)["sessions"][("hour",)] == 1
