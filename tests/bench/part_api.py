# SPDX-License-Identifier: ISC
"""A call that api passes on, to a Spotify that takes its time: target 12."""

from .figures import interleave
from .ours import Ours
from .part_artists import DELAY_MS, USERS, in_ms

PATH = "/api/search?q=bach&type=artist"
FOLLOWS = 50        # one page: as many bytes as a search has here
CALLS = 6           # of each user; more than a session may make in a minute
#                     would be refused
STEP = 6            # whose time is told: the last but one, when all are calling
VISITS = 5          # of one user


def calls(setting, site, count, clients=1):
    """Times of calls, while nobody logs in."""
    result = setting.load.logins(site.port, [site.login_path] + [PATH] * CALLS,
                                 clients=clients, count=count, follows=FOLLOWS,
                                 accept="*/*", together=True)
    if result["errors"]:
        raise RuntimeError(f"{result['errors']} errors: {result['words']}")
    return result["steps"][STEP]


def measure(setting, site):
    """One user and the network alone, and many users."""
    things = {
        "one": lambda: calls(setting, site, VISITS),
        "network": lambda: setting.load.network(setting.upstream, FOLLOWS,
                                                VISITS * CALLS),
        "users": lambda: calls(setting, site, USERS, USERS)}
    with setting.on_all_cpus(), setting.upstream.delayed(DELAY_MS):
        calls(setting, site, USERS, USERS)
        return interleave(setting.rounds, things, "calls of api")


def run(setting, report):
    """Measure and report."""
    site = Ours(setting.build_dir, setting.upstream, None,
                {"api_allow": "search"})
    try:
        runs, failed = measure(setting, site)
    finally:
        site.stop()
    report.not_run.update(failed)
    names = {"one": "one user", "network": "the network alone",
             "users": f"{USERS} users at once"}
    report.table(f"A call of `api`, 55 kB, {DELAY_MS} ms at Spotify", [
        "", "p50 ms", "p99 ms"], [
        [names[name], in_ms(runs, name, "p50_us"),
         in_ms(runs, name, "p99_us")] for name in runs.names()],
        "Nothing is tied to a CPU.")
    for text, limit, name, other in (
            ("a call of `api`, one user, to the network alone", 1.05,
             "one", "network"),
            (f"a call of `api`, {USERS} users at once, to one user's", 1.1,
             "users", "one")):
        if failed.keys() & {name, other}:
            report.missing(12, text, limit, "see below")
        else:
            report.at_most(12, text, limit,
                           runs.ratio(name, other, "p50_us"))
