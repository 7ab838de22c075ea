# SPDX-License-Identifier: ISC
"""One visitor asks for many things at once while Spotify is slow with a token:
his requests wait, but not in all the threads, and none of them is refused for
that. What comes first is compared, and not how long it takes."""

import contextlib
import signal
import socket

import pytest

from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools import fastcgi
from tools.amounts import SOAK, scaled
from tools.fastcgi import PARAMS, STDIN
from tools.parallel import Later, timed
from tools.spotify import count
from tools.steps import let_tokens_end, refresh

WORKERS = 8
# How many of these threads one visitor gets of a program that divides them.
MOST = {"refresh": 4, "auth": 4, "api": 6}
CROWD = scaled(30, 200)
MUCH = 20
LATE_S = 60     # no thread waits for so long
TRIES = 3       # on a machine so slow that the crowd is not waiting any more
# What a browser asks for, or a web server on its behalf.
ASK = {
    "refresh": refresh,
    "auth": fastcgi.auth,
    "artists": lambda client: client.fetch("artists?fresh=1"),
    "api": lambda client: client.fetch("api/me/top/artists"),
}


@pytest.fixture(name="site", scope="module")
def fixture_site():
    """Behind Apache, which does not limit anybody."""
    with start_stack(server="apache", conf={
            "workers": str(WORKERS), "auth_pass": "id token",
            "scope": "user-follow-read user-top-read",
            "api_allow": "top-artists", "log_level": "debug"}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(autouse=True)
def clean(site):
    """As at the start."""
    site.reset()


def put_off(site, program):
    """How many requests have had to wait without a thread so far."""
    return site.log(program).count("event=put_off")


def crowd_of(site, program, browser, size=CROWD):
    """So many requests of one visitor whose token is over, while Spotify does
    not answer who asks for another one."""
    before = count(site.spotify, "token")
    site.spotify.answers("token", {"held": True, "pass": True})
    crowd = [Later(lambda b=browser.copy(): ASK[program](b))
             for _ in range(size)]
    site.spotify.wait_for("token", before + 1)
    return crowd


def visitors(site):
    """One whose token is over, and one who has just come."""
    noisy, quick = Client(site), Client(site)
    noisy.login()
    let_tokens_end(site)
    quick.login("grace.many")
    return noisy, quick


def is_first(site, program):
    """Whether the other visitor has an answer before any of the crowd that
    waits for a thread or for Spotify has one; refusals are allowed."""
    noisy, quick = visitors(site)
    before = put_off(site, program)
    # No session may make more than 60 calls a minute.
    size = min(CROWD, 50) if program == "api" else CROWD
    crowd = crowd_of(site, program, noisy, size)
    if program in MOST:
        wait_until(lambda: put_off(site, program) - before
                   >= size - MOST[program], LATE_S, "not all have come")
    reply = Later(lambda: ASK[program](quick)).result(LATE_S)
    waiting = sum(one.under_way() for one in crowd)
    site.spotify.release()
    replies = [one.result() for one in crowd]
    assert reply.status in (200, 204), reply
    if program in MOST and waiting == size:
        assert {one.status for one in replies} <= {200, 204}
        assert count(site.spotify, "token") == 2 + 1
    return waiting >= (size if program in MOST else 1)


@pytest.mark.parametrize("program", ASK)
def test_a_slow_token_of_one_visitor_stops_nobody_else(site, program):
    for _ in range(TRIES):
        if is_first(site, program):
            return
        site.reset()
    pytest.fail("the other one had to wait for the crowd")


@pytest.mark.parametrize("program, life", [
    ("refresh", 240), ("refresh", 60), ("refresh", 30), ("auth", 240)])
def test_who_is_put_off_takes_the_token_of_the_others(site, program, life):
    """However short it lives: a newer one there is not."""
    noisy, _ = visitors(site)
    site.spotify.settings(rotation="strict", expires_in=life)
    before = put_off(site, program)
    crowd = crowd_of(site, program, noisy)
    wait_until(lambda: put_off(site, program) - before
               >= CROWD - MOST[program], LATE_S, "not all have come")
    site.spotify.release()
    assert {one.result().status for one in crowd} <= {200, 204}
    assert count(site.spotify, "token") == 2 + 1
    # Who comes now has waited for nobody.
    assert refresh(noisy).status == 200
    assert count(site.spotify, "token") == 2 + 2


def test_who_is_put_off_is_served_before_the_end(site):
    """TERM comes while only a few of them have a thread."""
    noisy, _ = visitors(site)
    before = put_off(site, "refresh")
    crowd = crowd_of(site, "refresh", noisy)
    wait_until(lambda: put_off(site, "refresh") - before
               >= CROWD - MOST["refresh"], LATE_S, "not all have come")
    end = Later(lambda: site.kill("refresh", signal.SIGTERM))
    site.wait_for_event("refresh", "stopping")
    site.spotify.release()
    assert {one.result().status for one in crowd} == {200}
    assert count(site.spotify, "token") == 2 + 1
    end.result()
    assert site.complaints() == []
    site.start("refresh")


@pytest.mark.skipif(not SOAK, reason="takes as long as a request may")
def test_a_token_that_never_comes_keeps_nobody_beyond_the_end(site):
    """The time of all runs while they are put off: the program ends before the
    service manager would kill it, and everybody has an answer."""
    noisy, _ = visitors(site)
    before = put_off(site, "refresh")
    crowd = crowd_of(site, "refresh", noisy)
    wait_until(lambda: put_off(site, "refresh") - before
               >= CROWD - MOST["refresh"], LATE_S, "not all have come")
    seconds, _ = timed(lambda: site.kill("refresh", signal.SIGTERM))
    assert seconds < 30 and site.complaints() == []
    for one in crowd:
        assert one.result().status in (503, 504)
        assert int(one.result().header("Retry-After")) > 0
    assert count(site.spotify, "token") == 2 + 1
    site.spotify.release()
    site.start("refresh")


def test_who_goes_while_he_is_put_off_costs_nothing(site):
    """It is noticed when his turn comes."""
    noisy, _ = visitors(site)
    crowd = crowd_of(site, "refresh", noisy, WORKERS)
    cookie = f"{noisy.session_cookie_name}={noisy.session_cookie}"
    before = put_off(site, "refresh")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as gone:
        gone.connect(site.socket("refresh"))
        gone.sendall(fastcgi.begin() + fastcgi.stream(
            PARAMS, fastcgi.pairs(fastcgi.params_of(
                site, "refresh", HTTP_COOKIE=cookie)))
            + fastcgi.record(STDIN))
        wait_until(lambda: put_off(site, "refresh") > before, LATE_S,
                   "it is not put off")
    site.spotify.release()
    assert {one.result().status for one in crowd} == {200}
    site.wait_for_event("refresh", "client_gone")
    assert count(site.spotify, "token") == 2 + 1


def ask_for_much(site, noisy, quick):
    """Twenty different calls of one session at once, and what another visitor
    gets while those that have a thread wait for Spotify."""
    before = put_off(site, "api")
    site.spotify.answers("api", *[{"held": True, "pass": True}] * MOST["api"])
    asked = [Later(lambda b=noisy.copy(), n=n: b.fetch(
        f"api/me/top/artists?offset={n}")) for n in range(MUCH)]
    site.spotify.wait_for("api", MOST["api"])
    wait_until(lambda: put_off(site, "api") - before >= MUCH - MOST["api"],
               LATE_S, "not all have come")
    assert ASK["api"](quick).status == 200
    assert count(site.spotify, "api") == MOST["api"] + 1
    site.spotify.release()
    return [one.result() for one in asked]


def test_a_page_that_asks_for_much_at_once_is_given_it_all(site):
    """Those of its calls that find no thread wait for one."""
    for _ in range(TRIES):
        noisy, quick = Client(site), Client(site)
        noisy.login()
        quick.login("grace.many")
        replies = ask_for_much(site, noisy, quick)
        assert 429 not in {reply.status for reply in replies}
        if {reply.status for reply in replies} == {200}:
            assert len({reply.body for reply in replies}) == MUCH
            assert count(site.spotify, "api") == MUCH + 1
            return
        # They have waited longer than a call may take.
        site.reset()
    pytest.fail("some were refused")


def is_third(site):
    """Whether a third visitor has an answer before two crowds have one."""
    first, second = visitors(site)
    let_tokens_end(site)
    third = Client(site)
    third.login()
    crowd = [one for noisy in (first, second)
             for one in crowd_of(site, "auth", noisy)]
    reply = Later(lambda: fastcgi.auth(third)).result(LATE_S)
    waiting = sum(one.under_way() for one in crowd)
    site.spotify.release()
    assert reply.status == 204, reply
    for one in crowd:
        one.result()
    return waiting == len(crowd)


def test_a_second_noisy_visitor_leaves_threads_too(site):
    """He gets a part of those that the first has left."""
    for _ in range(TRIES):
        if is_third(site):
            return
        site.reset()
    pytest.fail("the third one had to wait for the others")
