# SPDX-License-Identifier: ISC
"""Calls of the Web API are counted before they are made, by all processes
together, and none is made beyond quota_per_day."""

import re
import subprocess

import pytest

from stack.processes import wait_until
from tools import fastcgi
from tools.admin import admin
from tools.amounts import DAY, HOUR
from tools.answers import Browser, refused
from tools.parallel import Later, together
from tools.spotify import count
from tools.steps import is_logged_in

TRIES = 1000
ALLOWED = 600
PROCESSES = 4


def wait_of(reply):
    """The seconds that a client is asked to wait."""
    return int(reply.header("Retry-After"))


def printed(stack, program="artists"):
    """{bucket: (used, budget, the rest of its line)} as -n says it."""
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin" / program), "-n", "-f",
         str(stack.conf_file)], capture_output=True, text=True, check=True,
        env=stack.environment)
    return {bucket: (int(used), int(budget), rest) for
            bucket, used, budget, rest in re.findall(
                r"^# quota ([\w-]+): (\d+) of (\d+) used(.*)$",
                done.stdout, re.M)}


def visitor(stack, number=0):
    """Somebody whose list is one call; logged in."""
    name = f"visitor {number}"
    stack.spotify.account(name, follows=1)
    browser = Browser(stack)
    browser.login(name)
    return browser


@pytest.fixture(name="rationed")
def fixture_rationed(make_stack):
    """Makes a stack in which each list is asked for, with so many calls."""
    def make(per_day, **options):
        return make_stack(conf={"quota_per_day": str(per_day),
                                "artists_max_age": "0"}, **options)
    return make


def lists(browser, times):
    """How many of so many requests got their list; the others were told that
    the quota is used up."""
    good = 0
    for _ in range(times):
        reply = browser.fetch("artists")
        if reply.status == 200:
            good += 1
        else:
            refused(reply, 429, "quota_exceeded")
    return good


# Off

def test_without_the_key_nothing_is_counted(browser, stack):
    browser.login()
    assert browser.fetch("artists").status == 200
    assert not (stack.session_dir / "counts").exists()
    assert not printed(stack)


# So many, and not one more

def test_processes_count_together_and_make_no_call_too_many(rationed):
    """A thousand tries, and all that is said about them is said once."""
    stack = rationed(ALLOWED, processes={"artists": PROCESSES})
    visitors = [visitor(stack, i) for i in range(PROCESSES)]
    sent = together(lambda v=v: lists(v, 400 // PROCESSES) for v in visitors)
    assert sum(sent) == count(stack.spotify, "following") == 400
    assert printed(stack)["following"] == (400, ALLOWED, "")
    stack.restart("artists")
    rest = (TRIES - 400) // PROCESSES
    sent = together(lambda v=v: lists(v, rest) for v in visitors)
    assert sum(sent) == ALLOWED - 400
    assert count(stack.spotify, "following") == ALLOWED
    assert printed(stack)["following"] == (ALLOWED, ALLOWED, "")
    log = stack.log("artists")
    assert log.count("event=quota_low") == 1
    assert "event=quota_low bucket=following used=480 budget=600" in log
    assert log.count("event=quota_used_up") == 1


def test_those_who_are_killed_in_the_middle_make_none_too_many(rationed):
    """By kill -9, all of them and again; each has counted a call before it
    was made, which then was made or not, but for none that was answered."""
    stack = rationed(200, processes={"artists": PROCESSES})
    visitors = [visitor(stack, i) for i in range(PROCESSES)]

    def kill():
        for number in range(1, 6):
            wait_until(lambda n=number: count(stack.spotify, "following")
                       >= n * 20, 120, "the calls did not go on")
            stack.kill("artists")
            stack.start("artists")

    def ask(person):
        failed = 0
        while (reply := person.fetch("artists")).status != 429:
            assert reply.status in (200, 502, 503, 504)
            failed += reply.status != 200
        return failed
    _, *failed = together([kill] + [lambda v=v: ask(v) for v in visitors])
    assert 200 - sum(failed) <= count(stack.spotify, "following") <= 200
    assert printed(stack)["following"][0] == 200


def test_who_is_killed_while_a_call_travels_has_counted_it(rationed):
    """And nobody has to wait for what he held."""
    stack = rationed(10)
    person = visitor(stack)
    stack.spotify.answers("following", {"held": True})
    waiting = Later(lambda: person.copy().fetch("artists"))
    stack.spotify.wait_for("following")
    stack.kill("artists")
    assert waiting.result().status in (502, 503)
    assert printed(stack)["following"][0] == 1
    stack.spotify.release()
    stack.start("artists")
    assert lists(person, 12) == 9
    assert count(stack.spotify, "following") == 10


def test_a_cgi_program_counts_as_well(rationed):
    """Each request is a process of its own."""
    stack = rationed(3)
    person = visitor(stack)
    params = fastcgi.params_of(
        stack, "artists", HTTP_COOKIE=person.cookies.text(stack.url + "/x"))
    found = []
    for _ in range(5):
        status, output, errors = fastcgi.run_cgi(stack, "artists", params)
        assert status == 0, errors
        found.append(fastcgi.parse(output).status)
    assert found == [200, 200, 200, 429, 429]
    refused(person.fetch("artists"), 429, "quota_exceeded")
    assert count(stack.spotify, "following") == 3


def test_a_page_counts_as_one_call(rationed):
    """What was used for a list that could not be had in the end is used."""
    stack = rationed(7)
    person = Browser(stack)
    person.login()      # 120 artists, three pages
    assert [person.fetch("artists").status for _ in range(4)] == [
        200, 200, 429, 429]
    assert count(stack.spotify, "following") == 7


def test_a_call_that_is_repeated_counts_twice(rationed):
    """After a 401, with a new token."""
    stack = rationed(10)
    person = visitor(stack)
    stack.spotify.answers("following", "expired_token_401")
    assert person.fetch("artists").status == 200
    assert count(stack.spotify, "following") == 2
    assert printed(stack)["following"][0] == 2


@pytest.mark.parametrize("program", ["artists", "api"])
def test_what_is_sent_again_is_counted_again(make_stack, program):
    """Over a kept connection that Spotify closes without an answer, libcurl
    asks again by itself; but not when there is no call left. Whether the
    thread that serves a request has such a connection nobody can choose."""
    stack = make_stack(conf={
        "quota_per_day": "40", "artists_max_age": "0", "workers": "1",
        "scope": "user-follow-read user-top-read", "api_allow": "top-artists"})
    target, path, bucket = {
        "artists": ("following", "artists", "following"),
        "api": ("api", "api/me/top/artists", "top")}[program]
    person = visitor(stack)
    added = set()

    def fetch(expected, *answers):
        before = count(stack.spotify, target)
        if answers:
            stack.spotify.answers(target, *answers)
        assert person.fetch(path).status in expected
        added.add(count(stack.spotify, target) - before)
    fetch([200])
    for number in range(6):
        fetch([200, 502], {"cut": -1})
        assert printed(stack)[bucket][0] == count(stack.spotify, target)
        for _ in range(1 + number % 2):
            fetch([200])
    assert 2 in added
    while count(stack.spotify, target) < 39:
        fetch([200])
    fetch([429, 502], {"cut": -1})
    refused(person.fetch(path), 429, "quota_exceeded")
    assert count(stack.spotify, target) == 40


def test_an_old_list_is_given_when_the_calls_are_used_up(make_stack):
    stack = make_stack(conf={"quota_per_day": "3"})
    person = Browser(stack)
    person.login()
    assert person.fetch("artists").json["total"] == 120
    stack.clock.advance(HOUR - 120)
    reply = person.fetch("artists")
    assert (reply.status, reply.json["stale"]) == (200, True)
    assert count(stack.spotify, "following") == 3


# Time

def test_the_wait_that_is_told_is_the_right_one(rationed):
    """And a clock that was set back in between forgets nothing."""
    stack = rationed(4)
    person = visitor(stack)
    assert lists(person, 3) == 3
    stack.clock.advance(-HOUR)
    assert lists(person, 3) == 1
    stack.clock.set(0)
    wait = wait_of(refused(person.fetch("artists"), 429, "quota_exceeded"))
    assert DAY - HOUR <= wait <= DAY
    stack.clock.advance(wait - 120)
    wait = wait_of(refused(person.fetch("artists"), 429, "quota_exceeded"))
    assert 0 < wait <= 120 + HOUR
    stack.clock.advance(wait)
    assert lists(person, 1) == 1


def test_a_clock_that_was_a_day_ahead_forgets_nothing(rationed):
    """Set forward it is taken at its word; set right it knows of both."""
    stack = rationed(4)
    person = visitor(stack)
    assert lists(person, 2) == 2
    stack.clock.advance(DAY + 2 * HOUR)
    assert lists(person, 1) == 1
    stack.clock.set(0)
    assert lists(person, 3) == 1
    assert count(stack.spotify, "following") == 4


# What else there is

def test_lists_take_nothing_from_logins(rationed):
    """Token requests are not counted, and the account has its own bucket."""
    stack = rationed(2)
    person = visitor(stack)
    assert lists(person, 5) == 2
    assert visitor(stack, 1).fetch("session").json["account"]["id"]
    assert count(stack.spotify, "me") == 2
    # No call is left to ask who this is: he is logged in all the same.
    late = visitor(stack, 2)
    assert is_logged_in(late)
    assert late.fetch("session").json["account"]["id"] is None
    assert (count(stack.spotify, "me"), count(stack.spotify, "token")) == (2,
                                                                         3)
    stack.wait_for_event("callback", "account_unknown",
                         cause="quota_exceeded")


def test_what_spotify_refused_is_learned_and_survives_a_restart(rationed):
    stack = rationed(50)
    person = visitor(stack)
    assert lists(person, 1) == 1
    stack.clock.advance(DAY + HOUR)
    person = visitor(stack)
    assert lists(person, 20) == 20
    stack.spotify.answers("following", "quota_429")
    refused(person.fetch("artists"), 429, "quota_exceeded")
    found = stack.wait_for_event("artists", "quota_learned")
    assert (found["bucket"], found["used"], found["budget"]) == (
        "following", "21", "19")
    stack.restart("artists")
    used, budget, rest = printed(stack)["following"]
    assert (used, budget) == (21, 19)
    assert re.fullmatch(r", learned at 21, until [-0-9]{10} \d\d:00 UTC", rest)
    assert re.search(r"^following +21 +19 +21 ", admin(stack, "quota").stdout,
                     re.M)
    stack.clock.advance(2 * DAY)
    assert lists(visitor(stack), 25) == 19
    stack.clock.advance(6 * DAY)
    assert lists(visitor(stack), 25) == 25


@pytest.mark.parametrize("damage", [
    lambda path: path.unlink(), lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"\xff" * path.stat().st_size)],
    ids=["gone", "empty", "foreign"])
def test_a_file_that_is_damaged_stops_nobody(rationed, damage):
    stack = rationed(5, processes={"artists": 2})
    person = visitor(stack)
    assert lists(person, 3) == 3
    damage(stack.session_dir / "counts")
    assert lists(person, 20) == 5
    wait_until(lambda: printed(stack)["following"][:2] == (5, 5), 60,
               "the count is another")


def test_what_n_prints_leaves_no_file(rationed):
    stack = rationed(600)
    assert printed(stack, "session") == {
        "me": (0, 600, ""), "following": (0, 600, "")}
    assert not (stack.session_dir / "counts").exists()


def test_a_call_of_a_page_counts_in_its_own_bucket(make_stack):
    """Not in that of logins; and by two calls of one bucket together."""
    stack = make_stack(conf={"quota_per_day": "10",
                             "api_allow": "search album album-tracks"})
    member, album = visitor(stack), "api/albums/0OdUWJ0sBjDrqHygGUXeCF"
    before = printed(stack)["me"]
    for n in range(5):
        assert member.fetch(f"{album}?market=D{chr(65 + n)}").status == 200
        assert member.fetch(f"{album}/tracks?limit={n + 1}").status == 200
    refused(member.fetch(album), 429, "quota_exceeded")
    assert count(stack.spotify, "api") == 10
    assert member.fetch("api/search?q=x&type=artist").status == 200
    assert printed(stack)["album"][:2] == (10, 10)
    assert printed(stack)["search"][:2] == (1, 10)
    assert printed(stack)["me"] == before
