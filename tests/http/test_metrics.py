# SPDX-License-Identifier: ISC
"""The counts that spotify-fcgi-admin prints are what was done, one for one."""

import collections
import random
import re
import subprocess
import time

import pytest

from stack.fixtures import REPOSITORY
from stack.processes import wait_until
from tools.admin import admin, metrics, risen
from tools.answers import Browser
from tools.parallel import together
from tools.prometheus import families
from tools.spotify import json_answer
from tools.steps import let_tokens_end, logout, refresh

# Eight processes that count; login, which has no store, does not.
PROCESSES = {"callback": 2, "artists": 2, "session": 2, "refresh": 1,
             "logout": 1}
VISITORS = 6
COUNTED = ["callback", "artists", "refresh", "session", "logout", "api",
           "auth"]


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
    assert 240 <= after["pause_seconds"][("following",)] <= 300
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


def samples_of(stack, conf_file):
    """{family: its (labels, number)} as a site with that file prints them."""
    text = admin(stack, "-f", str(conf_file), "metrics").stdout
    return {name: list(samples.items())
            for name, (_, samples) in families(text).items()}


@pytest.mark.parametrize("name, site", [
    ("shop.conf", "shop"), ("shop", "shop"), (".conf", ""),
    ("a b\u00e9{}.conf.conf", "a b\u00e9{}.conf"),
    ('a"},x="\\\n.conf', r'a\"},x=\"\\\n')])
def test_the_samples_of_two_sites_are_told_apart(stack, tmp_path, name, site):
    """By the name of the configuration: put together they are good metrics,
    none of which is there twice; and no name makes another label or line."""
    file = tmp_path / name
    file.write_bytes(stack.conf_file.read_bytes())
    file.chmod(0o600)
    ours, theirs = samples_of(stack, stack.conf_file), samples_of(stack, file)
    assert ours.keys() == theirs.keys()
    for family, samples in ours.items():
        labels = [dict(pairs) for pairs, _ in samples]
        others = [dict(pairs) for pairs, _ in theirs[family]]
        assert {each["site"] for each in labels} == {"spotify-fcgi"}
        assert {each["site"] for each in others} == {site}
        assert [{**each, "site": site} for each in labels] == others


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


def test_the_answers_of_login_are_counted_by_the_servers_log(make_stack):
    """As the manual has it, for the program that counts nothing itself. Those
    of another site are not among them."""
    stack = make_stack(server="nginx")
    text = (REPOSITORY / "cgi-bin/spotify-fcgi-admin.8").read_text("utf-8")
    command, = re.findall(r"^awk .*$", text, re.M)
    log = "/var/log/nginx/spotify-fcgi.log"
    assert command.count(log) == 1
    path = stack.folder / "log/spotify-fcgi.log"
    with open(path, "a", encoding="ascii") as file:
        file.write('192.0.2.1 [2026-11-30T00:00:00+00:00] "GET /login '
                   'HTTP/2.0" 303 0 0123 0.002 0.002 shop\n')
    browser = Browser(stack)
    for _ in range(3):
        browser.start_login()
    assert browser.fetch("login", "POST").status == 405

    def counted():
        return subprocess.run(
            ["sh", "-c", command.replace(log, str(path))], text=True,
            check=True, stdout=subprocess.PIPE).stdout.split("\n")
    wait_until(lambda: sorted(counted()) == ["", "303 3", "405 1"], 60,
               "not all was counted")
