# SPDX-License-Identifier: ISC
"""spotify-fcgi-admin: what it says to whom, and whom it logs out. What it
counts is in test_metrics.py."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse

import pytest

from stack.engine import Engine, find_server
from tools.admin import admin, metrics
from tools.amounts import DAY
from tools.answers import Browser
from tools.events import Outbox, make_outbox
from tools.steps import is_logged_in


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


@pytest.mark.parametrize("by_id", [False, True])
def test_who_is_forgotten_is_logged_out_and_new_again(
        make_stack, tmp_path, by_id):
    """By either name of the account."""
    stack = make_stack(conf={"events_dir": make_outbox(tmp_path)})
    outbox = Outbox(tmp_path / "out", stack)
    browser, friend = Browser(stack), Browser(stack)
    stack.spotify.account("friend", follows=1)
    browser.login()
    friend.login("friend")
    assert outbox.kinds() == ["first_login"] * 2 + ["login"] * 2
    known = set(stack.session_dir.glob("known-*"))
    assert len(known) == 4
    key = "user:wizzler" if by_id else key_of(browser)
    said = admin(stack, "forget", key).stdout
    assert "its next login\ncounts as its first" in said
    assert not is_logged_in(browser)
    left = set(stack.session_dir.glob("known-*"))
    assert len(left) == 2 and left < known
    browser.login()
    friend.login("friend")
    assert outbox.kinds() == ["first_login"] + ["login"] * 2


def test_what_was_not_done_is_said_and_can_be_done_again(make_stack,
                                                         tmp_path):
    stack = make_stack(conf={"events_dir": make_outbox(tmp_path)})
    browser = Browser(stack)
    browser.login()
    key = key_of(browser)
    known = list(stack.session_dir.glob("known-*"))
    latest = stack.session_dir / "since-latest"
    latest.mkdir()
    for command in ("logout", "forget"):
        done = admin(stack, command, key, check=False)
        assert (done.returncode, done.stdout) == (1, ""), command
        assert "Perhaps not all of its sessions are over" in done.stderr
    assert known and all(mark.is_file() for mark in known)
    latest.rmdir()
    assert is_logged_in(browser)
    for mark in known:
        mark.unlink()
        mark.mkdir()
    done = admin(stack, "forget", key, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "It is still known that it was here" in done.stderr
    assert not is_logged_in(browser)
    for mark in known:
        mark.rmdir()
    assert "counts as its first" in admin(stack, "forget", key).stdout


@pytest.mark.skipif(find_server() is None,
                    reason="needs valkey-server or redis-server")
def test_sessions_in_an_engine_are_counted_there_while_it_answers(make_stack):
    with Engine() as engine:
        stack = make_stack(conf=engine.conf(engine.socket_url))
        browser, phone = Browser(stack), Browser(stack)
        browser.login()
        phone.login()
        assert metrics(stack)["sessions"]["hour",] == 2
        assert "2 in all" in admin(stack, "sessions").stdout
        admin(stack, "logout", key_of(browser))
        assert not is_logged_in(browser) and not is_logged_in(phone)
        engine.stop()
        for command in ("sessions", "quota"):
            done = admin(stack, command, check=False)
            assert (done.returncode, done.stdout) == (1, ""), command
        assert "sessions" not in metrics(stack)


def test_without_its_directory_it_does_nothing(make_stack):
    stack = make_stack()
    stack.wait_for_start()
    away = stack.session_dir.rename(stack.folder / "away")
    for command in ("metrics", "quota", "sessions"):
        done = admin(stack, command, check=False)
        assert (done.returncode, done.stdout) == (2, ""), command
        assert re.search(rf"{stack.conf_file}:\d+: session_dir: ",
                         done.stderr)
    away.rename(stack.session_dir)


def test_its_version_is_that_of_the_programs(stack):
    assert admin(stack, "-v").stdout == subprocess.run(
        [str(stack.build_dir / "cgi-bin" / "callback"), "-v"],
        capture_output=True, text=True, check=True).stdout


def test_without_the_server_key_nobody_is_logged_out(make_stack):
    stack = make_stack()
    stack.wait_for_start()
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
    ["forget"], ["forget", "a b"],
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
