# SPDX-License-Identifier: ISC
"""The redirect that begins a login: targets 1 and 2."""

import http.client

from .figures import Spread, interleave
from .load import flat, with_cpu

CLIENTS = 32
HTML = ["Accept: text/html"]
LARGE = 900_000
LARGE_TIMES = 200
# {peer: the most of its CPU time}
CPU_LIMITS = {"apache": 0.40, "fastify": 0.40, "express": 0.10,
              "flask_requests": 0.06}


def count_502(setting):
    """Answers that a body which nobody reads has spoiled."""
    client = http.client.HTTPConnection("127.0.0.1", setting.ours.port,
                                        timeout=10)
    spoiled = 0
    for _ in range(LARGE_TIMES):
        client.request("POST", "/large", b"x" * LARGE)
        answer = client.getresponse()
        answer.read()
        spoiled += answer.status == 502
    client.close()
    return spoiled


def things_of(setting):
    """What is measured in turns."""
    ours = setting.ours

    def of(path, pids):
        return lambda: with_cpu(lambda: setting.load.requests(
            ours.port, path, clients=CLIENTS, seconds=setting.seconds,
            headers=HTML), pids, ours.front_pids)
    things = {
        "static": of("/static", ours.front_pids),
        "hello": of("/hello", lambda: ours.hello_pids("hello")),
        "hello-closed": of("/closed/hello", lambda: ours.hello_pids("hello")),
        "lingering": of("/lingering", lambda: ours.hello_pids("lingering")),
        "ours": of("/login", lambda: ours.pids("login")),
        "closed": of("/closed/login", lambda: ours.pids("login")),
        "again": of("/login", lambda: ours.pids("login"))}
    for name, peer in setting.peers.items():
        things[name] = lambda peer=peer: setting.requests(
            peer, peer.login_path, clients=CLIENTS, seconds=setting.seconds,
            headers=HTML)
    return things


TITLES = {"static": "nginx alone, `return 302`",
          "hello": "libfcgi, nothing else, waiting as `login` does",
          "hello-closed": "the same, connections closed",
          "closed": "`login`, connections closed",
          "lingering": "libfcgi, nothing else, its own close",
          "ours": "`login`", "again": "`login` once more: the noise"}


def table(setting, report, runs):
    """One row each."""
    rows = []
    for name in runs.names():
        rows.append([
            TITLES.get(name) or setting.peers[name].name,
            runs.spread(name, "per_s").text(),
            runs.spread(name, "cpu_us").text(),
            runs.spread(name, "front_us").text(),
            runs.spread(name, "p50_us").text(),
            runs.spread(name, "p99_us").text(),
            runs.ratio("ours", name, "per_s").text(),
            runs.ratio("ours", name, "cpu_us").text(),
            str(runs.sum(name, "errors"))])
    report.table("The redirect to Spotify", [
        "", "per second", "CPU µs", "of it nginx µs", "p50 µs", "p99 µs",
        "`login`'s rate to it", "`login`'s CPU to it", "errors"], rows,
        f"{CLIENTS} connections, kept; each server on one CPU.")


def run(setting, report):
    """Measure and report."""
    things = {name: lambda thing=thing: flat(thing())
              for name, thing in things_of(setting).items()}
    runs, failed = interleave(setting.rounds, things, "redirects")
    report.not_run.update(failed)
    table(setting, report, runs)
    for which, ours, bare in (("kept", "ours", "hello"),
                              ("closed", "closed", "hello-closed")):
        report.at_least(1, f"`login` to bare libfcgi, {which}, rate", 0.85,
                        runs.ratio(ours, bare, "per_s"))
        report.at_most(1, f"`login` to bare libfcgi, {which}, CPU", 1.20,
                       runs.ratio(ours, bare, "cpu_us"))
    report.at_least(1, "`login` to bare libfcgi with its own close, rate",
                    1.25, runs.ratio("ours", "lingering", "per_s"))
    report.at_most(1, f"502 among {LARGE_TIMES} answers to an unread "
                          "body of 900 kB", 0, Spread([count_502(setting)]))
    for name, limit in CPU_LIMITS.items():
        report.compare(2, "redirect, CPU", limit, runs, name, "cpu_us")
