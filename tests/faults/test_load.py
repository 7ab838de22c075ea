# SPDX-License-Identifier: ISC
"""500 connections at once, of good, slow, aborted and hostile clients, behind
nginx with the limits that are shipped: nobody dies, nothing grows, and the
good are served. 10 seconds on each run, 60 with SOAK=1."""

import collections
import contextlib
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

from stack.error import StackError
from stack.processes import wait_until
from tools.amounts import scaled
from tools.processes import descriptors, is_sanitized, status

CROWD = pathlib.Path(__file__).with_name("crowd.py")
GOOD, SLOW, ABORTED, HOSTILE = 150, 150, 100, 100
LARGE = ("person of many", 1000)
GRACE_S = 90        # for the good ones to finish after the time is over
ENDPOINTS = ("login", "callback", "session", "artists", "refresh", "logout")
WAYS = {"slow": ("header", "body", "reader"),
        "aborted": ("connect", "header", "body", "login", "callback",
                    "answer", "refresh"),
        "hostile": ("garbage", "large_headers", "bad_cookies",
                    "bad_queries", "smuggled")}


def make_people(stack):
    """[(name, how many they follow)]: no two alike within one process."""
    people = [(f"person{n:03}", n + 1) for n in range(GOOD)]
    for name, follows in (*people, LARGE):
        stack.spotify.account(name, display_name=f"Name of {name}",
                              follows=follows)
    return people


def pids(stack):
    """{name: [...]} of the programs, and nginx's worker."""
    return {name: stack.pids(name) for name in stack.programs} | {
        "nginx": [stack.server.worker()]}


def spotify_sockets(pid, port):
    """Inodes of the connections that a process keeps warm to Spotify."""
    table = pathlib.Path(f"/proc/{pid}/net/tcp").read_text("ascii")
    return {f"socket:[{line.split()[9]}]" for line in table.splitlines()[1:]
            if line.split()[2].endswith(f":{port:04X}")}


def open_now(stack):
    """{name: how many of each kind}, without connections to Spotify."""
    port = int(stack.spotify.url.rpartition(":")[2])
    found = {}
    for name, [pid] in pids(stack).items():
        warm = spotify_sockets(pid, port)
        kinds = collections.Counter()
        for place in descriptors(pid).values():
            if place not in warm:
                kinds[re.sub(r":\[\d+\]", "", place)] += 1
        found[name] = kinds
    return found


def memory(stack):
    """{name: RSS in kB}."""
    return {name: status(pid, "VmRSS") for name, [pid] in pids(stack).items()}


def watch(crowd, stack, seconds):
    """[(share of the time gone by, memory())] until the crowd is gone."""
    started, samples = time.monotonic(), []
    while crowd.poll() is None:
        share = (time.monotonic() - started) / seconds
        assert share * seconds < seconds + GRACE_S, "the crowd stays"
        if share < 1:
            samples.append((share, memory(stack)))
        time.sleep(0.5)
    return samples


def run_crowd(stack, seconds):
    """What it tells, and the samples."""
    plan = {"url": stack.url, "spotify": stack.spotify.url,
            "seconds": seconds, "people": make_people(stack), "large": LARGE,
            "slow": SLOW, "aborted": ABORTED, "hostile": HOSTILE,
            "seed": int(time.time())}
    print(f"seed {plan['seed']}")
    output = stack.folder / "crowd.json"
    with output.open("wb") as file, subprocess.Popen(
            ["/usr/bin/python3", CROWD], stdin=subprocess.PIPE,
            stdout=file) as crowd:
        try:
            crowd.stdin.write(json.dumps(plan).encode())
            crowd.stdin.close()
            samples = watch(crowd, stack, seconds)
        finally:
            crowd.kill()
    assert crowd.returncode == 0
    told = json.loads(output.read_text("utf-8"))
    output.unlink()             # it holds cookies
    for kind, values in told["secrets"].items():
        for value in values:
            stack.leaks.add(kind, value)
    return told, samples


def growth(samples, start, end):
    """{name: kB} from the most until the first share to the most after the
    second."""
    early = [m for share, m in samples if share <= start]
    late = [m for share, m in samples if share >= end]
    return {name: max(m[name] for m in late) - max(m[name] for m in early)
            for name in early[0]}


def check_counts(told):
    """Everybody did what they came for."""
    counts = told["counts"]
    assert told["failures"] == []
    assert told["most"] >= 450, told["most"]
    for name in ENDPOINTS:
        assert counts["good"].get(name, 0) >= GOOD, name
    assert counts["good"]["whole visits"] >= GOOD
    assert counts["good"]["refreshed: True"] >= GOOD / 2
    for kind, ways in WAYS.items():
        for way in ways:
            assert counts[kind].get(way, 0) > 0, (kind, way)


@pytest.mark.skipif(os.geteuid() != 0, reason="counts files of programs that "
                    "cannot be dumped: that takes root")
def test_a_crowd_of_500_costs_nothing_and_the_good_are_served(
        make_stack, record_property):
    seconds = scaled(10, 60)
    stack = make_stack(server="nginx", rate_limits=True)
    stack.spotify.settings(expires_in=200)      # so that /refresh has work
    stack.wait_for_start()
    people, before = pids(stack), open_now(stack)
    told, samples = run_crowd(stack, seconds)
    grown = growth(samples, 1 / 3, 0.9)
    figures = {"counts": told["counts"], "connections": told["most"],
               "early_kb": samples[len(samples) // 3][1],
               "late_kb": samples[-1][1], "grown_kb": grown}
    record_property("figures", json.dumps(figures))
    print(json.dumps(figures, indent=1))
    check_counts(told)
    assert pids(stack) == people
    stack.server.reload()       # it keeps idle connections for a minute
    wait_until(lambda: stack.server.worker() not in people["nginx"], 60,
               "no new worker")
    with contextlib.suppress(StackError):       # what is left is told below
        wait_until(lambda: open_now(stack) == before, 60, "no end")
    assert open_now(stack) == before
    assert "level=error" not in stack.program_logs()
    if not is_sanitized(stack):     # it keeps what was freed, to watch it
        assert max(grown.values()) < scaled(64, 8) * 1024, grown
