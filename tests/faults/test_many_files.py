# SPDX-License-Identifier: ISC
"""A store with a hundred thousand sessions, and its clean-up."""

import os
import re
import shlex
import statistics
import subprocess
import time

import pytest

from stack import Client
from stack.processes import wait_until
from tools import fastcgi
from tools.amounts import DAY, SOAK, scaled
from tools.steps import is_logged_in, refresh
from tools.store import stored

IDLE = 7 * DAY
KEPT = IDLE + DAY       # what the clean-up lets live


def clean_up_command(stack):
    """The line that -n prints, as an operator would copy it."""
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin" / "session"), "-n", "-f",
         str(stack.conf_file)], env=stack.environment, check=True,
        capture_output=True, text=True)
    return re.search(r"^#\t(.* -c .*)$", done.stdout, re.M)[1]


def make(stack, kind, age_s, count=1, first=0):
    """Files that were used last so long ago."""
    then = time.time() - age_s
    made = set()
    for number in range(first, first + count):
        width = 16 if kind == "temp-" else 64
        path = stack.session_dir / f"{kind}{number:0{width}x}"
        with open(path, "xb") as file:
            file.write(b"x")
        os.chmod(path, 0o600)
        os.utime(path, (then, then))
        made.add(path.name)
    return made


def test_the_clean_up_removes_exactly_the_dead(stack, client):
    """A session lives for a week and a day after its last use, a temporary
    file or a copy no longer; what is live, locked or new stays."""
    count = scaled(500, 5000)
    client.login()
    client.fetch("artists")
    kept = set(os.listdir(stack.session_dir))
    live, dead = set(), set()
    for place, (kind, age, alive) in enumerate((
            ("session-", 0, True), ("session-", IDLE, True),
            ("session-", KEPT - 120, True), ("session-", KEPT + 120, False),
            ("session-", 400 * DAY, False), ("copy-", 60, True),
            ("copy-", KEPT + 120, False), ("part-", 60, True),
            ("part-", KEPT + 120, False), ("temp-", 0, True),
            ("temp-", 400 * DAY, False))):
        (live if alive else dead).update(
            make(stack, kind, age, count, place * count))
    other = {"limit-api-rate", "something-else"}
    for name in other:
        path = stack.session_dir / name
        path.write_bytes(b"1")
        os.utime(path, (0, 0))
    assert not live & dead
    subprocess.run(["/bin/sh", "-c", clean_up_command(stack)], check=True,
                   env=stack.environment)
    assert set(os.listdir(stack.session_dir)) == kept | live | other
    assert is_logged_in(client)
    print(f"clean-up: {len(dead)} dead files removed, {len(live)} left")


def test_the_clean_up_while_sessions_are_renewed_takes_none(stack, client):
    """It can't delete a file that was just replaced."""
    client.login()
    make(stack, "session-", 400 * DAY, 300)
    command = shlex.join(["/bin/sh", "-c", clean_up_command(stack)])
    with subprocess.Popen(["/bin/sh", "-c",
                           f"while :; do {command}; done"],
                          env=stack.environment, stdout=subprocess.DEVNULL,
                          start_new_session=True) as cleaner:
        try:
            for _ in range(scaled(20, 200)):
                stack.clock.advance(3400)
                assert refresh(client).json["refreshed"]
            wait_until(lambda: len(stored(stack)) == 1, 60, "dead ones stay")
        finally:
            os.killpg(cleaner.pid, 9)
    assert len(stored(stack)) == 1


def speed(stack, params, requests):
    """Seconds for one request, the median."""
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        reply = fastcgi.ask(stack, "session", params)
        times.append(time.perf_counter() - started)
        assert reply.status == 200
    return statistics.median(times)


@pytest.mark.skipif(not SOAK, reason="a timed test: SOAK=1 runs it")
def test_a_hundred_thousand_sessions_slow_nobody_down(make_stack):
    """`session` with 100,000 files is not slower than 1.2 times what it is
    with 100: two stores on the same file system, asked in turn, seven times;
    the median of the ratios."""
    few, many = make_stack(), make_stack()
    requests = []
    for stack, count in ((few, 100), (many, 100_000)):
        client = Client(stack)
        client.login()
        requests.append(fastcgi.params_of(
            stack, "session", HTTP_COOKIE=f"{client.session_cookie_name}="
            f"{client.session_cookie}"))
        make(stack, "session-", 60, count)
    ratios = []
    for stack, params in zip((few, many), requests):
        speed(stack, params, 500)       # warm
    for _ in range(7):
        slow = speed(many, requests[1], 1000)
        ratios.append(slow / speed(few, requests[0], 1000))
    ratio = statistics.median(ratios)
    print(f"100,000 files against 100: {ratio:.3f} times; rounds "
          + " ".join(f"{r:.3f}" for r in ratios))
    assert ratio < 1.2
