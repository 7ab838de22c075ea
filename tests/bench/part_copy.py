# SPDX-License-Identifier: ISC
"""What is answered without asking Spotify: target 6."""

import http.client

from .figures import Spread, interleave
from .load import flat, with_cpu
from .ours import LIST_BYTES

CLIENTS = 32
FOLLOWS = 50
MANY_FOLLOWS = 500
RATE = 500          # logins a second, whether answered or not
LATE_MS = 50


def logged_in(setting, follows):
    """Cookie header of a session with a fresh list, and the list's tag."""
    ours = setting.ours
    cookie = setting.load.logins(
        ours.port, [ours.login_path, ours.artists_path], count=1,
        follows=follows)["cookie"]
    client = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=10)
    client.request("GET", ours.artists_path, headers={"Cookie": cookie})
    answer = client.getresponse()
    answer.read()
    length = int(answer.getheader("Content-Length", 0))
    client.close()
    if answer.status != 200:
        raise RuntimeError(f"a list was answered {answer.status}")
    if follows == FOLLOWS and not 0.95 < length / LIST_BYTES < 1.05:
        raise RuntimeError(f"{FOLLOWS} artists are {length} bytes")
    return f"Cookie: {cookie}", f"If-None-Match: {answer.getheader('ETag')}"


def things_of(setting):
    """What is measured in turns."""
    ours = setting.ours
    cookie, tag = logged_in(setting, FOLLOWS)
    long_cookie, _ = logged_in(setting, MANY_FOLLOWS)

    def of(program, *headers, pids=ours.pids):
        def measure():
            result = with_cpu(lambda: setting.load.requests(
                ours.port, f"/{program}", clients=CLIENTS,
                seconds=setting.seconds, headers=headers),
                lambda: pids(program), ours.front_pids)
            if result["errors"]:
                raise RuntimeError(f"{program}: {result['words']}")
            return flat(result)
        return measure
    return {"login": of("login"), "list": of("list", pids=ours.hello_pids),
            "artists": of("artists", cookie),
            "long": of("artists", long_cookie),
            "304": of("artists", cookie, tag),
            "session": of("session", cookie)}


TITLES = {"login": "`login`",
          "list": "libfcgi, nothing else, as many bytes as the next",
          "artists": f"`artists`, {FOLLOWS} of them, from the copy",
          "long": f"`artists`, {MANY_FOLLOWS} of them, from the copy",
          "304": f"`artists`, {FOLLOWS} of them, 304",
          "session": "`session`"}


def throughput(setting, report):
    """Against login's."""
    runs, failed = interleave(setting.rounds, things_of(setting),
                              "answers from disk")
    report.not_run.update(failed)
    report.table("Answers that need no call to Spotify", [
        "", "per second", "CPU µs", "p50 µs", "p99 µs", "rate to `login`'s"],
        [[TITLES[name], runs.spread(name, "per_s").text(),
          runs.spread(name, "cpu_us").text(),
          runs.spread(name, "p50_us").text(),
          runs.spread(name, "p99_us").text(),
          runs.ratio(name, "login", "per_s").text()]
         for name in runs.names()], f"{CLIENTS} connections, kept.")
    for name, limit in (("artists", 0.5), ("session", 0.5), ("304", 0.6)):
        text = f"{TITLES[name]}, rate to `login`'s"
        if name in failed:
            report.missing(6, text, limit, failed[name], at_most=False)
        else:
            report.at_least(6, text, limit, runs.ratio(name, "login",
                                                       "per_s"))


def stalls(setting, report):
    """Whether a request ever waits behind an idle connection."""
    def slowest(clients):
        result = setting.load.requests(
            setting.ours.port, setting.ours.login_path, clients=clients,
            rate=RATE, seconds=2 * setting.seconds)
        return {"ms": result["steps"][0]["max_us"] / 1000}
    runs, failed = interleave(
        setting.rounds, {str(n): lambda n=n: slowest(n) for n in (2, 16)},
        "stalls")
    report.not_run.update(failed)
    for name in runs.names():
        worst = Spread([max(runs.spread(name, "ms").values)])
        report.at_most(6, f"longest of {RATE} logins a second over {name} "
                       "connections, ms", LATE_MS, worst)


def run(setting, report):
    """Measure and report."""
    throughput(setting, report)
    stalls(setting, report)
