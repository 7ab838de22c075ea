# SPDX-License-Identifier: ISC
"""The counts of what goes well or not between our own programs, each made to
happen: a wait for a lock that somebody has, and a store that fails."""

import pytest

from stack.engine import Engine, find_server
from stack.processes import wait_until
from tools.admin import metrics, risen
from tools.answers import Browser, refused
from tools.machines import Machine
from tools.parallel import Later
from tools.steps import is_logged_in, let_tokens_end, refresh

needs_engine = pytest.mark.skipif(find_server() is None,
                                  reason="needs valkey-server or redis-server")


class Holder:
    """A browser whose token is being renewed: a request of its has the lock of
    the session until Spotify answers, which it does at the end."""

    def __init__(self, stack):
        stack.wait_for_start()
        self.stack = stack
        self.browser = Browser(stack)
        self.browser.login()
        let_tokens_end(stack)

    def __enter__(self):
        spotify = self.stack.spotify
        asked = len(spotify.requests("token"))
        spotify.answers("token", {"held": True, "pass": True})
        self.first = Later(lambda: refresh(self.browser.copy()))
        spotify.wait_for("token", asked + 1)
        return self

    def __exit__(self, *_):
        self.stack.spotify.release()
        self.first.result()


def who_waits_counts(stack, ask, among, *arguments):
    """Whoever asks meanwhile waits, and that is counted as it begins."""
    holder = Holder(stack)
    before = metrics(stack, *arguments)

    def rose():
        return risen(before, metrics(stack, *arguments), "lock_waits_total")
    assert rose() == {}
    with holder:
        assert rose() == {}
        second = Later(lambda: ask(holder.browser.copy()))
        wait_until(rose, 60, "no wait was counted")
        assert rose() == {(among,): 1}
    second.result()


def test_a_wait_for_another_thread_is_counted(make_stack):
    who_waits_counts(make_stack(), refresh, "threads")


def test_a_wait_for_another_process_is_counted(make_stack):
    who_waits_counts(make_stack(), lambda browser: browser.fetch("artists"),
                     "processes")


@needs_engine
def test_a_wait_for_another_process_is_counted_with_an_engine(make_stack):
    with Engine() as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        who_waits_counts(stack, lambda browser: browser.fetch("artists"),
                         "processes")


@needs_engine
def test_a_wait_for_another_machine_is_counted_where_it_waits(make_stack):
    with Engine() as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        with Machine(stack, programs=("artists",)) as two:
            assert two.ask(Browser(stack), "artists").status == 401
            who_waits_counts(
                stack, lambda browser: two.ask(browser, "artists"),
                "processes", "-f", str(stack.folder / "two.conf"))


def test_a_file_that_cannot_be_read_is_a_failure_of_the_store(make_stack):
    """A directory in its place stands for a disk that fails."""
    stack = make_stack()
    browser = Browser(stack)
    browser.login()
    before = metrics(stack)
    path = stack.session_dir / "since-latest"
    path.mkdir()
    for number in (1, 2):
        refused(browser.fetch("session"), 503, "store_unavailable")
        assert risen(before, metrics(stack), "store_errors_total") == {
            (): number}
    path.rmdir()
    assert is_logged_in(browser)
    assert risen(before, metrics(stack), "store_errors_total") == {(): 2}


@needs_engine
def test_an_engine_that_is_away_is_a_failure_of_the_store(make_stack):
    with Engine() as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        browser = Browser(stack)
        browser.login()
        before = metrics(stack)
        engine.stop()
        refused(browser.fetch("session"), 503, "store_unavailable")
        assert risen(before, metrics(stack), "store_errors_total")[()] > 0
