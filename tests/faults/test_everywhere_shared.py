# SPDX-License-Identifier: ISC
"""A logout everywhere where several processes serve, and several machines that
share an engine."""

import pytest

from stack import Client
from stack.engine import Engine, find_server
from stack.processes import wait_until
from tools.machines import Machine
from tools.parallel import Later, together
from tools.proxy import Proxy
from tools.steps import is_logged_in, let_tokens_end, refresh

needs_engine = pytest.mark.skipif(find_server() is None,
                                  reason="needs valkey-server or redis-server")
EVERYWHERE = "logout?everywhere=1"
ONE = "everywhere=1"


def people(stack, count=2, account=None):
    """Browsers of one person, who are logged in."""
    clients = [Client(stack) for _ in range(count)]
    for client in clients:
        client.login(account)
    return clients


def leave(client):
    """All browsers, from one."""
    return client.fetch(EVERYWHERE, "POST")


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="one")
def fixture_one(make_stack, engine):
    """A machine, with a web server in front."""
    return make_stack(conf=engine.conf(engine.socket_url))


def test_no_process_answers_afterwards(make_stack):
    """Of any program, however many there are of each."""
    stack = make_stack(processes={"session": 3, "artists": 3, "logout": 2})
    for _ in range(3):
        browser, phone = people(stack)
        assert phone.fetch("artists").status == 200
        assert leave(browser).status == 204
        assert together(lambda c=phone.copy(), p=program: c.fetch(p).status
                        for program in ("artists",) * 12) == [401] * 12
        assert not any(together(lambda c=phone.copy(): is_logged_in(c)
                                for _ in range(12)))
    assert is_logged_in(*people(stack, 1))


def test_many_at_once_end_all_that_began_before(make_stack):
    """Of two people, each with browsers that leave at the same moment."""
    stack = make_stack(processes={"logout": 3})
    ada, grace = people(stack, 6), people(stack, 6, "grace.many")
    answers = together(lambda c=client: leave(c).status
                       for client in (*ada[:5], *grace[:5]))
    assert set(answers) <= {204, 401} and answers.count(204) >= 2
    assert not is_logged_in(ada[5]) and not is_logged_in(grace[5])
    assert all(is_logged_in(client) for client in (
        *people(stack, 1), *people(stack, 1, "grace.many")))


@needs_engine
def test_no_machine_answers_afterwards(one):
    """Whichever was asked, and whatever their clocks say."""
    with Machine(one, clock=True) as two:
        for ahead in (-100, 0, 100):
            two.clock(ahead)
            browser, phone = people(one)
            assert leave(browser).status == 204
            assert two.ask(phone, "artists").status == 401
            assert not two.ask(phone, "session").json["logged_in"]
            browser, phone = people(one)
            assert two.ask(phone, "session").json["logged_in"]
            assert two.ask(browser, "logout", ONE).status == 204
            assert phone.fetch("artists").status == 401
            assert not is_logged_in(phone)
        assert is_logged_in(*people(one, 1))


@needs_engine
def test_it_wins_over_a_refresh_on_another_machine(one):
    one.spotify.settings(rotation="strict")
    browser, phone = people(one)
    let_tokens_end(one)
    with Machine(one) as two:
        one.spotify.answers("token", {"held": True})
        before = len(one.spotify.requests("token"))
        waiting = Later(lambda: two.ask(phone, "refresh"))
        one.spotify.wait_for("token", before + 1)
        assert leave(browser).status == 204
        one.spotify.release()
        assert waiting.result().status == 401
    assert refresh(phone).status == 401


@needs_engine
def test_no_refresh_in_the_midst_of_a_logout_outlives_it(one, engine):
    """Each step of the logout takes its time, and a refresh fits in between.
    Somebody else has left before: the session keeps when it was asked for."""
    leave(*people(one, 1, "grace.many"))
    browser, phone = people(one)
    with Proxy(engine) as proxy, \
            Machine(one, store=proxy.url, programs=("logout",)) as two:
        proxy.delay_s = 0.3

        def leave_in_the_end():
            """An engine's answer after a second is none."""
            reply = two.ask(browser, "logout", ONE)
            return reply if reply.status != 503 else None
        waiting = Later(lambda: wait_until(leave_in_the_end, 60, "a logout"))
        for _ in range(100):    # hours: no session may end by its age
            if waiting.under_way():
                let_tokens_end(one)
                assert refresh(phone).status in (200, 401)
        assert waiting.result().status == 204
    assert not is_logged_in(phone)


@needs_engine
def test_the_engine_shows_no_account_and_forgets(one, engine):
    """Two names of the account, and the date that all have in common; none
    is needed for longer than a session can live."""
    browser, phone = people(one)
    assert leave(browser).status == 204
    keys = engine.command("KEYS", "*:d:*")
    assert len(keys) == 3 and sum(b"d:latest" in key for key in keys) == 1
    assert not any(b"wizzler" in key or b"aB3dE5fG7h" in key for key in keys)
    for key in keys:
        assert 29 * 86400 < int(engine.command("TTL", key)) < 33 * 86400
    assert not is_logged_in(phone)
    assert engine.command("KEYS", "*:s") == []


@needs_engine
def test_while_the_engine_is_away_nothing_is_done(one, engine):
    browser, phone = people(one)
    engine.stop()
    reply = leave(browser)
    assert (reply.status, reply.code) == (503, "store_unavailable")
    engine.start()
    wait_until(lambda: all(one.fetch("session").status == 200
                           for one in (browser, phone)), 60, "no engine")
    assert is_logged_in(browser) and is_logged_in(phone)


@needs_engine
def test_what_the_engine_evicts_of_it_is_not_known_any_more(one, engine):
    """The manual says so. A date that is left tells who is over still."""
    browser, phone = people(one)
    assert leave(browser).status == 204
    browser, phone = people(one)
    assert leave(browser).status == 204
    held = phone.copy()
    latest = [key for key in engine.command("KEYS", "*:d:*")
              if key.endswith(b"latest")]
    engine.command("DEL", *latest)
    assert not is_logged_in(held)
