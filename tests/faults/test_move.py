# SPDX-License-Identifier: ISC
"""Sessions move from files to an engine and back while visitors come and go:
nobody is logged out, and who has logged out stays so."""

import os
import pathlib
import re
import subprocess
import threading

import pytest

from moves import DIRECTIONS, WAIT_S, Site, run
from stack import Client
from stack.engine import Engine, find_server
from stack.processes import wait_until
from tools.amounts import scaled
from tools.machines import Machine
from tools.parallel import Later
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tools.store import stored

pytestmark = pytest.mark.skipif(find_server() is None,
                                reason="needs valkey-server or redis-server")

MANUAL = pathlib.Path(__file__).parents[2] / "cgi-bin" / "spotify-fcgi.8"


@pytest.fixture(name="engine")
def fixture_engine():
    """A plain one."""
    with Engine() as running:
        yield running


@pytest.fixture(name="site", params=DIRECTIONS)
def fixture_site(request, make_stack, engine):
    """Everything is in the old place."""
    into_engine = request.param == DIRECTIONS[0]
    stack = make_stack(conf={} if into_engine
                       else engine.conf(engine.socket_url))
    return Site(stack, engine, request.param)


def visitors(site, count):
    """Who are logged in."""
    clients = [Client(site.stack) for _ in range(count)]
    for client in clients:
        client.login()
    return clients


class Walker:
    """Somebody who uses the site all the time, in a thread, until stop()."""

    def __init__(self, client):
        self.client, self.steps, self.wrong = client, 0, []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        kinds = [refresh, lambda c: c.fetch("artists"),
                 lambda c: c.fetch("session")]
        while not self._done.is_set() and not self.wrong:
            reply = kinds[self.steps % 3](self.client)
            if reply.status != 200 or not reply.json.get("logged_in", True):
                self.wrong.append(reply)
            self.steps += 1

    def stop(self):
        """Nothing was wrong, and something was done."""
        self._done.set()
        self._thread.join(WAIT_S)
        assert not self.wrong and self.steps > 3, (self.wrong, self.steps)


def test_sessions_move_while_they_are_used(site):
    """All four steps of the manual, with people who come, stay, renew their
    tokens, which are good once, leave, and are away."""
    stack = site.stack
    stack.spotify.settings(rotation="strict")
    away, gone, *busy = visitors(site, 5)
    left_early = gone.copy()
    assert logout(gone).status == 204
    walkers = [Walker(client) for client in busy]
    site.knows_both()
    site.begins()
    let_tokens_end(stack)
    new, late = visitors(site, 2)
    left_late = late.copy()
    assert logout(late).status == 204
    status, moved, over, left = site.move()
    while status == 1:          # somebody renews his tokens just now
        status, more, over, left = site.move()
        moved += more
    assert (status, over, left) == (0, 0, 0) and moved >= 1
    assert site.in_old() == set() and len(site.in_new()) == 5
    let_tokens_end(stack)
    site.is_over()
    for walker in walkers:
        walker.stop()
    for client in (away, new, *busy):
        assert is_logged_in(client)
        assert refresh(client).status == 200
    for client in (left_early, left_late):
        assert not is_logged_in(client)
    assert len(site.in_new()) == 5 and site.in_old() == set()


def test_who_renews_his_tokens_moves(site):
    """Without the command; and a file or key of a session stays what it was
    in all that is sealed."""
    client, = visitors(site, 1)
    site.knows_both()
    site.begins()
    assert is_logged_in(client) and len(site.in_old()) == 1
    assert client.fetch("artists").status == 200
    assert len(site.in_old()) == 1
    let_tokens_end(site.stack)
    assert refresh(client).json["refreshed"]
    assert site.in_old() == set() and len(site.in_new()) == 1
    assert is_logged_in(client)


def test_a_refresh_under_way_ends_where_it_began(site):
    """Its session does not move meanwhile, and is found where it is; nor does
    the answer get lost, which is good once."""
    stack = site.stack
    stack.spotify.settings(rotation="strict")
    client, = visitors(site, 1)
    site.knows_both()
    let_tokens_end(stack)
    before = len(stack.spotify.requests("token"))
    stack.spotify.answers("token", {"held": True})
    under_way = Later(lambda: refresh(client.copy()))
    stack.spotify.wait_for("token", before + 1)
    site.configure(site.new, site.old)
    site.restart("session", "artists", "logout")
    assert site.move() == (1, 0, 0, 1)
    assert is_logged_in(client)
    stack.spotify.release()
    assert under_way.result().json["refreshed"]
    site.restart("refresh", "callback")
    assert site.move() == (0, 1, 0, 0)
    assert refresh(client).json["refreshed"] is False
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]
    assert len(stack.spotify.requests("token")) == before + 2


def test_programs_of_the_first_step_and_of_the_second_work_together(site):
    """Each moves sessions its way, and no token is spent twice or lost."""
    stack = site.stack
    stack.spotify.settings(rotation="strict")
    client, = visitors(site, 1)
    site.knows_both()
    site.configure(site.new, site.old)
    site.restart("artists", "logout")
    before = len(stack.spotify.requests("token"))
    for number in range(6):
        let_tokens_end(stack)
        reply = refresh(client) if number % 2 else client.fetch("artists")
        assert reply.status == 200
        assert is_logged_in(client)
        assert len(site.in_old()) == number % 2
        assert len(site.in_new()) == 1 - number % 2
    assert len(stack.spotify.requests("token")) == before + 6
    copy = client.copy()
    assert logout(client).status == 204
    assert not is_logged_in(copy)
    assert site.in_old() | site.in_new() == set()


def test_a_machine_that_is_a_step_behind_keeps_its_visitors(make_stack,
                                                            engine):
    """Two machines with files of their own, and a balancer that knows who is
    where: it is needed no more when both have done the second step and their
    sessions have moved."""
    site = Site(make_stack(), engine, DIRECTIONS[0])
    here, = visitors(site, 1)
    path, = stored(site.stack)
    there, = visitors(site, 1)
    other, = set(stored(site.stack)) - {path}
    site.knows_both()
    with Machine(site.stack) as two:
        other.rename(two.session_dir / other.name)
        site.begins()
        let_tokens_end(site.stack)
        assert two.ask(there, "refresh").json["refreshed"]
        assert refresh(here).json["refreshed"]
        assert len(site.in_engine()) == 1
        conf = site.stack.folder / "two.conf"
        conf.write_text(
            conf.read_text("utf-8").replace("store = ", "store_was = ")
            .replace("store_from = ", "store = ")
            .replace("store_was = ", "store_from = "), "utf-8")
        for program in two.programs.values():
            program.restart()
        run([*site.command()[:-1], str(conf)], site.stack).check_returncode()
        assert len(site.in_engine()) == 2
        assert is_logged_in(there)
        assert two.ask(here, "session").json["logged_in"]
        copy = there.copy()
        assert logout(there).status == 204
        assert not two.ask(copy, "session").json["logged_in"]


def test_a_command_that_is_killed_is_begun_again(site):
    """At several moments; meanwhile somebody renews his tokens and somebody
    logs out. Each session is in one place at last."""
    count = scaled(150, 1000)
    stay, *others = visitors(site, 7)
    away = site.fill(count)
    site.knows_both()
    site.begins()
    let_tokens_end(site.stack)
    gone = []
    for kill, client in enumerate(others):
        with subprocess.Popen(site.command(), env=site.stack.environment,
                              stdout=subprocess.DEVNULL) as mover:
            wait_until(lambda n=kill: mover.poll() is not None
                       or len(site.in_new() & away) >= n * count // 9,
                       WAIT_S, "nothing moved")
            gone.append(client.copy())
            assert logout(client).status == 204
            mover.kill()
        assert refresh(stay).status == 200
        assert is_logged_in(stay)
        assert away <= site.in_old() | site.in_new()
    status, _, over, left = site.move()
    assert (status, over, left) == (0, 0, 0)
    assert site.in_old() == set()
    assert len(site.in_new()) == count + 1 and away < site.in_new()
    assert is_logged_in(stay)
    assert not any(is_logged_in(client) for client in gone)


def test_a_move_without_an_engine_says_what_is_left(site):
    """And goes on when it is back."""
    client, = visitors(site, 1)
    site.fill(3)
    site.knows_both()
    site.begins()
    site.engine.stop()
    done = run(site.command(), site.stack)
    assert done.returncode == 1
    assert " 0 sessions moved, " in done.stdout
    assert "do it again" in done.stderr
    site.engine.start()
    wait_until(lambda: client.fetch("session").status == 200, WAIT_S,
               "the engine was not found")
    assert is_logged_in(client)
    assert site.move() == (0, 4, 0, 0)
    assert is_logged_in(client)


def test_one_more_right_is_enough_to_come_back(make_stack):
    """Those that the manual names, and the one that it names for this."""
    rights = [command.replace("on >PASSWORD ", "").split()
              for command in re.findall(
                  r"(?m)^ACL SETUSER spotify .*\n(?:    .*\n)*",
                  MANUAL.read_text("utf-8"))]
    assert len(rights) == 2 and len(rights[0]) > 20
    with Engine("acl") as engine:
        for command in rights:
            engine.command(*command)
        site = Site(make_stack(conf=engine.conf(engine.socket_url)), engine,
                    DIRECTIONS[1])
        engine.command("ACL", "LOG", "RESET")   # of -n, before the start
        client, = visitors(site, 1)
        site.knows_both()
        site.begins()
        assert site.move() == (0, 1, 0, 0)
        assert is_logged_in(client)
        assert engine.command("ACL", "LOG") == []


def test_what_is_over_does_not_move(site):
    """And the time of the last use does: it is the idle limit's."""
    client, = visitors(site, 1)
    site.knows_both()
    site.begins()
    site.stack.clock.advance(6 * 86400)
    assert site.move() == (0, 1, 0, 0)
    assert is_logged_in(client)
    site.stack.clock.advance(86400 + 10)
    assert not is_logged_in(client)
    if site.into_engine:
        site.fill(1)
        os.utime(stored(site.stack)[0], (0, 0))
        assert site.move() == (0, 0, 1, 0)


def test_a_command_that_has_nothing_to_do_says_so(stack):
    for program, words in (("logout", "store_from: is not set"),
                           ("login", "call logout -m")):
        done = run([str(stack.build_dir / "cgi-bin" / program), "-m", "-f",
                    str(stack.conf_file)], stack)
        assert done.returncode == 2 and words in done.stderr, done


def test_a_logout_everywhere_goes_along(site):
    """Before the move and while it is under way: the others' browsers have
    been away."""
    ada, early, grace, late = [Client(site.stack) for _ in range(4)]
    for client, account in ((ada, "wizzler"), (early, "wizzler"),
                            (grace, "grace.many"), (late, "grace.many")):
        client.login(account)
    assert ada.fetch("logout?everywhere=1", "POST").status == 204
    site.knows_both()
    site.begins()
    assert grace.fetch("logout?everywhere=1", "POST").status == 204
    stays, = visitors(site, 1)
    assert site.move()[0] == 0
    site.is_over()
    assert not is_logged_in(early) and not is_logged_in(late)
    assert is_logged_in(stays)
    assert site.in_old() == set()
