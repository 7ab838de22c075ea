# SPDX-License-Identifier: ISC
"""Whole logins, and the connections that they need: targets 3 and 4."""

from .figures import Spread, interleave
from .machine import cpu_ns

CLIENTS = 8
ONE_USER = 40       # logins one after the other
SMALL = 200         # GETs, and durable writes a fifth of it
TOGETHER = 8        # logins at once, so that threads must open connections
DELAY_MS = 50       # that keeps them together
CPU_LIMITS = {"express": 0.40, "fastify": 0.25, "apache": 1 / 40}


def whole(setting, service):
    """As many logins as there is time for."""
    result = setting.logins(service, clients=CLIENTS,
                            seconds=2 * setting.seconds)
    callback = result["steps"][1]
    return {**result, "callback_us": callback["p50_us"],
            "callback_p99_us": callback["p99_us"]}


def ours_with_counts(setting):
    """How many requests to Spotify one connection carries."""
    before = setting.upstream.counts()
    result = whole(setting, setting.ours)
    after = setting.upstream.counts()
    opened = after["connections"] - before["connections"]
    return {**result,
            "opened": opened / (after["requests"] - before["requests"])}


def best(runs, names):
    """The best rate of the peers in each round."""
    return [max(one[name]["per_s"] for name in names) for one in runs.rounds]


def logins(setting, report):
    """Everybody in turns."""
    things = {"ours": lambda: ours_with_counts(setting)}
    for name, peer in setting.peers.items():
        things[name] = lambda peer=peer: whole(setting, peer)
    setting.logins(setting.ours, clients=CLIENTS, count=20 * CLIENTS)
    runs, failed = interleave(setting.rounds, things, "whole logins")
    report.not_run.update(failed)
    report.table("Whole logins", [
        "", "per second", "CPU ms", "of it nginx ms", "callback p50 ms",
        "p99 ms", "our rate to it", "our CPU to it", "errors"],
        [row(setting, runs, name) for name in runs.names()],
        f"{CLIENTS} users at once: redirect, callback with the exchange of "
        "the code over TLS, whose they are (by `/v1/me`; Apache by the "
        "id_token), session. Ours is on disk.")
    peers = [name for name in runs.names() if name != "ours"]
    if peers:
        ratios = Spread([one["ours"]["per_s"] / top for one, top
                         in zip(runs.rounds, best(runs, peers))])
        report.at_least(3, "whole logins, rate to the best peer's", 3, ratios)
    else:
        report.missing(3, "whole logins, rate to the best peer's", 3,
                       "no peer", at_most=False)
    for name, limit in CPU_LIMITS.items():
        report.compare(3, "whole login, CPU", limit, runs, name, "cpu_us")
    report.at_most(4, "connections opened per request to Spotify", 0.05,
                   runs.spread("ours", "opened"))


def row(setting, runs, name):
    """Of the table."""
    def ms(key):
        return Spread([value / 1000 for value in
                       runs.spread(name, key).values]).text()
    return [setting.services()[name].name, runs.spread(name, "per_s").text(),
            ms("cpu_us"), ms("front_us"), ms("callback_us"),
            ms("callback_p99_us"), runs.ratio("ours", name, "per_s").text(),
            runs.ratio("ours", name, "cpu_us").text(),
            str(runs.sum(name, "errors"))]


def one_user(setting, report):
    """A callback, and what it cannot do without."""
    folder = setting.folder / "writes"
    folder.mkdir(mode=0o700)

    def callback():
        result = setting.logins(setting.ours, count=ONE_USER)
        return {"us": result["steps"][1]["p50_us"]}

    def parts():
        get = setting.load.network(setting.upstream, 0, SMALL)["p50_us"]
        write = setting.load.store(folder, SMALL // 5)
        return {"us": 2 * get + write["raw_replace"]["p50_us"], "get": get,
                "write": write["raw_replace"]["p50_us"]}
    runs, _ = interleave(setting.rounds, {"callback": callback,
                                          "parts": parts}, "one user")
    report.table("One user's callback", ["", "p50 µs"], [
        ["callback", runs.spread("callback", "us").text()],
        ["a small GET on an open TLS connection",
         runs.spread("parts", "get").text()],
        ["a durable write", runs.spread("parts", "write").text()]])
    report.at_most(3, "one user's callback to two small GETs and a durable "
                   "write", 2.5, runs.ratio("callback", "parts", "us"))


def cold_connection(setting):
    """CPU milliseconds of a connection that is not the first of a process."""
    ours, upstream = setting.ours, setting.upstream

    def cost(clients):
        before = cpu_ns([pid]), upstream.counts()["connections"]
        setting.load.logins(ours.port, [ours.login_path], clients=clients,
                            count=clients)
        return ((cpu_ns([pid]) - before[0]) / 1e6,
                upstream.counts()["connections"] - before[1])
    pid = ours.restart("callback")
    cost(1)
    warm, _ = cost(1)
    with upstream.delayed(DELAY_MS):
        together, opened = cost(TOGETHER)
    if opened == 0:
        raise RuntimeError("no thread had to open a connection")
    return {"ms": (together - TOGETHER * warm) / opened}


def run(setting, report):
    """Measure and report."""
    logins(setting, report)
    one_user(setting, report)
    runs, failed = interleave(
        setting.rounds, {"cold": lambda: cold_connection(setting)},
        "cold connections")
    text = "CPU ms of a further cold TLS connection"
    if failed:
        report.missing(4, text, 2.5, failed["cold"])
    else:
        report.at_most(4, text, 2.5, runs.spread("cold", "ms"))
