# SPDX-License-Identifier: ISC
"""spotify-fcgi-admin: what it prints, and that the programs' counts are what
was done, one for one."""

import collections
import functools
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time
import urllib.parse

import pytest

from stack.fixtures import REPOSITORY
from stack.processes import wait_until
from tools.amounts import DAY
from tools.answers import Browser
from tools.parallel import together
from tools.prometheus import families
from tools.spotify import json_answer
from tools.steps import is_logged_in, let_tokens_end, logout, refresh

# Eight processes that count; login, which has no store, does not.
PROCESSES = {"callback": 2, "artists": 2, "session": 2, "refresh": 1,
             "logout": 1}
VISITORS = 6
COUNTED = ["callback", "artists", "refresh", "session", "logout", "api",
           "auth"]


def admin(stack, *arguments, check=True, **options):
    """What it says."""
    return subprocess.run(
        [str(stack.build_dir / "cgi-bin" / "spotify-fcgi-admin"), "-f",
         str(stack.conf_file), *arguments], capture_output=True, text=True,
        check=check, env=stack.environment, timeout=60, **options)


def metrics(stack):
    """{family without its prefix: {labels' values: number}}"""
    done = admin(stack, "metrics")
    return {name.removeprefix("spotify_fcgi_"): {
        tuple(value for _, value in labels): number
        for labels, number in samples.items()}
        for name, (_, samples) in families(done.stdout).items()}


def risen(before, after, family):
    """By how much the counts of a family have gone up, without those that
    have not."""
    assert before[family].keys() == after[family].keys()
    return {labels: number - before[family][labels]
            for labels, number in after[family].items()
            if number != before[family][labels]}


class Harness:
    """Counts what it is answered."""

    def __init__(self):
        self.answers = collections.Counter()

    def saw(self, program, reply):
        """One answer of a program."""
        self.answers[program, f"{reply.status // 100}xx"] += 1
        return reply

    def login(self, browser, name):
        """All of one."""
        browser.stack.spotify.account(name, follows=3)
        url = browser.start_login()
        self.saw("callback", browser.finish(browser.approve(url, name)))

    def deny(self, browser):
        """A login that ends with a no."""
        url = browser.start_login()
        self.saw("callback", browser.finish(browser.deny(url)))

    def visit(self, browser, seed):
        """Any requests."""
        chance = random.Random(seed)
        for _ in range(12):
            what = chance.choice(["session", "artists", "refresh", "strange"])
            if what == "refresh":
                self.saw(what, refresh(browser))
            elif what == "strange":
                self.saw("session", browser.fetch("session", "DELETE"))
            else:
                self.saw(what, browser.fetch(what))


def statuses(spotify, target, since):
    """{class: how many} of what Spotify has answered there."""
    return collections.Counter(
        f"{entry['status'] // 100}xx" for entry in spotify.requests(target)
        if entry["n"] > since)


def test_eight_processes_count_what_the_harness_counted(make_stack):
    stack = make_stack(processes=PROCESSES)
    assert sum(len(stack.pids(p)) for p in PROCESSES) == 8
    harnesses = [Harness() for _ in range(VISITORS)]
    browsers = [Browser(stack) for _ in range(VISITORS)]
    before = metrics(stack)
    together([lambda n=n: harnesses[n].login(browsers[n], f"visitor {n}")
              for n in range(VISITORS)])
    together([lambda n=n: harnesses[n].visit(browsers[n], n)
              for n in range(VISITORS)])
    let_tokens_end(stack)
    together([lambda n=n: harnesses[n].visit(browsers[n], 100 + n)
              for n in range(VISITORS)])
    for browser, harness in zip(browsers, harnesses):
        harness.saw("logout", logout(browser))
    harnesses[0].deny(browsers[0])
    after = metrics(stack)
    answers = sum((harness.answers for harness in harnesses),
                  collections.Counter())
    assert risen(before, after, "answers_total") == dict(answers)
    assert risen(before, after, "logins_total") == {
        ("ok",): VISITORS, ("login_denied",): 1}
    calls = collections.Counter()
    for group, target in (("token", "token"), ("me", "me"),
                          ("following", "following")):
        for kind, number in statuses(stack.spotify, target, 0).items():
            calls[group, kind] = number
    assert risen(before, after, "calls_total") == dict(calls)
    spent = calls["token", "2xx"] - VISITORS
    assert risen(before, after, "refreshes_total") == {("ok",): spent}
    assert spent == VISITORS
    for family in ("pauses_total", "stale_answers_total",
                   "store_errors_total"):
        assert risen(before, after, family) == {}
    assert sum(after["sessions"].values()) == 0


def test_failures_are_counted_where_they_happen(make_stack):
    stack = make_stack(conf={"artists_max_age": "60"})
    browser = Browser(stack)
    browser.login()
    assert browser.fetch("artists").status == 200
    stack.clock.advance(120)
    before = metrics(stack)
    stack.spotify.answers("following", {
        "status": 429, "headers": {"Retry-After": "300"}, "body": ""})
    assert browser.fetch("artists").json["stale"] is True
    assert browser.fetch("artists").json["stale"] is True   # without a call
    after = metrics(stack)
    assert risen(before, after, "stale_answers_total") == {(): 2}
    assert risen(before, after, "pauses_total") == {("following", "rate"): 1}
    assert risen(before, after, "calls_total") == {("following", "4xx"): 1}
    assert 290 <= after["pause_seconds"][("following",)] <= 300
    let_tokens_end(stack)
    stack.spotify.answers("token", "invalid_grant")
    assert browser.fetch("artists").status == 401
    last = metrics(stack)
    assert risen(after, last, "refreshes_total") == {("login_expired",): 1}
    assert risen(after, last, "calls_total") == {("token", "4xx"): 1}


def test_a_refused_client_is_noted_until_it_is_accepted(make_stack):
    """Whatever else Spotify refuses may be for what a visitor sent."""
    stack = make_stack()
    name = "client_refused_timestamp_seconds"
    browser = Browser(stack)
    for error in ("invalid_grant", "invalid_request", "unauthorized_client"):
        stack.spotify.answers("token", json_answer({"error": error}, 400))
        browser.finish(browser.approve(browser.start_login()))
        assert metrics(stack)[name] == {(): 0}
    stack.spotify.answers("token", json_answer({"error": "invalid_client"},
                                               400))
    began = int(time.time())
    reply = browser.finish(browser.approve(browser.start_login()))
    assert (reply.status, reply.code) == (503, "misconfigured")
    assert began <= metrics(stack)[name][()] <= time.time()
    browser.login()
    assert metrics(stack)[name] == {(): 0}


def test_a_call_without_an_answer_is_of_no_class(make_stack):
    stack = make_stack()
    browser = Browser(stack)
    browser.login()
    before = metrics(stack)
    stack.spotify.stop()
    assert browser.fetch("artists").status in (502, 504)
    risings = risen(before, metrics(stack), "calls_total")
    assert set(risings) == {("following", "none")}


def test_the_labels_are_the_same_whatever_was_asked(stack, browser):
    """And none is of a request or of a visitor."""
    before = {name: set(samples) for name, samples in metrics(stack).items()}
    stack.spotify.account("somebody", follows=1)
    browser.login("somebody")
    for path in ("session?x=%22%7D%0Ay", "artists/%22", "api/me/%0a"):
        browser.fetch(path)
    text = admin(stack, "metrics").stdout
    after = metrics(stack)
    assert {name: set(samples) for name, samples in after.items()} == before
    assert "somebody" not in text and browser.session_cookie not in text
    assert {program for program, _ in after["answers_total"]} == set(COUNTED)
    codes = set(re.findall(r'\] = \{ \d+, \d+, "(\w+)",', (
        REPOSITORY / "lib/base/result.c").read_text("utf-8")))
    assert {outcome for outcome, in after["logins_total"]} == codes


def test_probes_are_not_counted(stack):
    before = metrics(stack)
    for program in ("session", "artists"):
        subprocess.run(
            [str(stack.build_dir / "cgi-bin" / program), "-p", "-s",
             stack.socket(program)], check=True, env=stack.environment,
            capture_output=True)
    assert risen(before, metrics(stack), "answers_total") == {}


def test_counts_outlive_their_process_and_a_kill(stack, browser):
    before = metrics(stack)
    for number in range(3):
        browser.fetch("session")
        stack.kill("session")
        stack.start("session")
        assert risen(before, metrics(stack), "answers_total") == {
            ("session", "2xx"): number + 1}


def test_a_file_that_was_removed_is_made_anew_while_all_serve(make_stack):
    stack = make_stack()
    browser = Browser(stack)
    browser.fetch("session")
    (stack.session_dir / "metrics").unlink()

    def counts():
        browser.fetch("session")
        return metrics(stack)["answers_total"]["session", "2xx"] > 0
    wait_until(counts, 120, "nothing was counted in a new file")


@pytest.mark.parametrize("content", [b"", b"x" * 16384, b"x" * 100])
def test_a_file_that_is_none_of_ours_counts_as_nothing(make_stack, content):
    stack = make_stack()
    Browser(stack).fetch("session")
    (stack.session_dir / "metrics").write_bytes(content)
    assert set(metrics(stack)["answers_total"].values()) == {0}
    assert Browser(stack).fetch("session").status == 200
    assert not stack.complaints()


def test_sessions_are_counted_by_their_last_use(make_stack):
    stack = make_stack(conf={"idle_limit": str(60 * DAY),
                             "absolute_limit": str(90 * DAY)})
    for number, ago in enumerate([0, 0, 2, 10, 40, 70]):
        stack.spotify.account(f"person {number}", follows=1)
        Browser(stack).login(f"person {number}")
        newest = max(stack.session_dir.glob("session-*"),
                     key=lambda path: path.stat().st_mtime_ns)
        if ago:
            used = newest.stat().st_mtime - ago * DAY
            os.utime(newest, (used, used))
    assert metrics(stack)["sessions"] == {
        ("hour",): 2, ("day",): 0, ("week",): 1, ("month",): 1,
        ("longer",): 1, ("over",): 1}
    said = admin(stack, "sessions").stdout
    assert re.findall(r"^ *(\d+) ", said, re.M) == [
        "2", "0", "1", "1", "1", "1", "6"]
    assert "Whose they are cannot be told" in said


def test_the_quota_is_told_to_people_and_programs(make_stack):
    stack = make_stack(conf={"quota_per_day": "600"})
    browser = Browser(stack)
    browser.login()
    browser.fetch("artists")
    found = metrics(stack)
    assert found["quota_used"]["me",] == 1
    assert found["quota_used"]["following",] == \
        len(stack.spotify.requests("following"))
    assert set(found["quota_budget"].values()) == {600}
    assert set(found["quota_learned"].values()) == {0}
    stack.spotify.answers("following", {
        "status": 429, "headers": {"Retry-After": "300"}, "body": ""})
    browser.fetch("artists?fresh=1")
    stack.clock.advance(60)
    browser.fetch("artists?fresh=1")
    lines = admin(stack, "quota").stdout.splitlines()
    assert lines[0].split() == ["calls", "used", "budget", "learned", "pause"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:]}
    assert rows["me"] == ["1", "600", "-", "none"]
    assert rows["token"] == ["-", "-", "-", "none"]
    assert rows["following"][1:4] == ["600", "-", "until"]
    assert rows["following"][-1] == "UTC"


def key_of(browser):
    """How an application knows who is logged in there."""
    account = browser.fetch("session").json["account"]
    return urllib.parse.quote(account["account_id"], safe="")


def test_an_account_is_logged_out_everywhere_and_no_other(stack, browser):
    phone, friend = Browser(stack), Browser(stack)
    stack.spotify.account("friend", follows=1)
    friend.login("friend")
    browser.login()
    phone.login()
    said = admin(stack, "logout", key_of(browser)).stdout
    assert "are over" in said and browser.session_cookie not in said
    assert not is_logged_in(browser) and not is_logged_in(phone)
    assert is_logged_in(friend)
    browser.login()
    assert is_logged_in(browser) and not is_logged_in(phone)
    admin(stack, "logout", "user:" + friend.fetch(
        "session").json["account"]["id"])
    assert not is_logged_in(friend) and is_logged_in(browser)


def test_an_account_that_nobody_has_logs_nobody_out(stack, browser):
    browser.login()
    assert "cannot be told" in admin(stack, "logout", "nobody").stdout
    assert is_logged_in(browser)


def test_without_the_server_key_nobody_is_logged_out(make_stack):
    stack = make_stack()
    browser = Browser(stack)
    browser.login()
    key = key_of(browser)
    server_key = stack.folder / "server_key"
    server_key.write_text("nonsense\n", "utf-8")
    done = admin(stack, "logout", key, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert is_logged_in(browser)


def test_without_a_quota_it_says_so(stack):
    said = admin(stack, "quota").stdout
    assert "quota_per_day is 0" in said
    assert "quota_used" not in metrics(stack)


def test_check_says_what_a_program_says(stack):
    mine = admin(stack, "check")
    theirs = subprocess.run(
        [str(stack.build_dir / "cgi-bin" / "callback"), "-n", "-f",
         str(stack.conf_file)], capture_output=True, text=True, check=True,
        env=stack.environment)
    assert mine.stdout.replace("spotify-fcgi-admin", "callback") == \
        theirs.stdout


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["metrics", "quota"], ["-x"], ["-s", "x", "metrics"],
    ["Metrics"], [""], ["logout"], ["logout", ""], ["logout", "a", "b"],
    ["logout", "a b"], ["logout", "a\nb"], ["logout", "x" * 1025],
    ["logout", "\u00e9"], ["check", "x"]], ids=lambda a: str(a)[:30])
def test_a_command_line_that_is_none_prints_the_usage(stack, arguments):
    done = admin(stack, *arguments, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: spotify-fcgi-admin [-f file] sessions | " in done.stderr


def test_a_wrong_configuration_is_status_2(stack, tmp_path):
    (tmp_path / "wrong.conf").write_text("nonsense\n", "utf-8")
    for command in ("metrics", "quota", "sessions", "check"):
        done = admin(stack, "-f", str(tmp_path / "wrong.conf"), command,
                     check=False)
        assert (done.returncode, done.stdout) == (2, ""), command
        assert "wrong.conf:1:" in done.stderr


def test_output_that_cannot_be_written_is_a_failure(stack):
    for command in ("metrics", "sessions", "quota"):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run(
                [str(stack.build_dir / "cgi-bin" / "spotify-fcgi-admin"),
                 "-f", str(stack.conf_file), command], stdout=full,
                stderr=subprocess.PIPE, text=True, check=False,
                env=stack.environment)
        assert done.returncode == 1, command
        assert "cannot be written" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_becomes_who_has_the_directory(stack):
    """And what it makes there is that user's; another user is refused."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        place.chmod(0o755)
        store = place / "store"
        store.mkdir(mode=0o700)
        os.chown(store, 65534, 65534)
        conf = place / "nobody.conf"
        conf.write_text(re.sub(
            r"^session_dir = .*$", f"session_dir = {store}",
            stack.conf_file.read_text("utf-8"), flags=re.M), "utf-8")
        program = place / "spotify-fcgi-admin"
        shutil.copy(stack.build_dir / "cgi-bin/spotify-fcgi-admin", program)
        ask = functools.partial(
            subprocess.run, [str(program), "-f", str(conf), "metrics"],
            capture_output=True, text=True, check=False, timeout=60,
            env=stack.environment)
        assert ask().returncode == 0
        assert {path.stat().st_uid for path in store.iterdir()} == {65534}
        done = ask(user=65533, group=65533, extra_groups=[])
        assert (done.returncode, done.stdout) == (2, "")
        assert "session_dir: " in done.stderr
