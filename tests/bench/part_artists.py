# SPDX-License-Identifier: ISC
"""The list of artists, fetched from Spotify: target 5."""

from .figures import Spread, interleave
from .load import flat

DELAY_MS = 30       # of each page
FOLLOWS = 500
MANY_FOLLOWS = 2000
USERS = 50
TURNS = 4           # lists of each of them
CLIENTS = 4         # without delay, for the CPU time
LISTS = 2           # step number: login, callback, list


def ours_list(setting, follows, count, clients=1):
    """Times of lists, each of somebody who has just logged in."""
    result = setting.load.logins(
        setting.ours.port, [setting.ours.login_path,
                            setting.ours.artists_path],
        clients=clients, count=count, follows=follows)
    if result["errors"]:
        raise RuntimeError(f"{result['errors']} errors: {result['words']}")
    return result["steps"][LISTS]


def waiting(setting, report):
    """One user and the network alone; then many users."""
    upstream, load = setting.upstream, setting.load
    things = {
        "one": lambda: ours_list(setting, FOLLOWS, 3),
        "network": lambda: load.network(upstream, FOLLOWS, 3),
        "one, many": lambda: ours_list(setting, MANY_FOLLOWS, 1),
        "network, many": lambda: load.network(upstream, MANY_FOLLOWS, 1),
        "users": lambda: ours_list(setting, FOLLOWS, USERS * TURNS, USERS)}
    with setting.on_all_cpus(), upstream.delayed(DELAY_MS):
        ours_list(setting, FOLLOWS, 2 * USERS, USERS)
        runs, failed = interleave(setting.rounds, things, "lists, slow pages")
    report.not_run.update(failed)
    names = {"one": f"one user, {FOLLOWS} artists",
             "network": f"the network alone, {FOLLOWS} artists",
             "one, many": f"one user, {MANY_FOLLOWS} artists",
             "network, many": f"the network alone, {MANY_FOLLOWS} artists",
             "users": f"{USERS} users at once, {FOLLOWS} artists"}
    report.table(f"Lists of artists, {DELAY_MS} ms a page", [
        "", "p50 ms", "p99 ms"], [
        [names[name], in_ms(runs, name, "p50_us"),
         in_ms(runs, name, "p99_us")] for name in runs.names()],
        "Nothing is tied to a CPU.")
    ratio_checks(report, runs, failed)


def in_ms(runs, name, key):
    """As text."""
    return Spread([value / 1000 for value in
                   runs.spread(name, key).values]).text()


def ratio_checks(report, runs, failed):
    """What is compared within a round."""
    for text, limit, name, other, key in (
            (f"{FOLLOWS} artists, one user, to the network alone", 1.05,
             "one", "network", "p50_us"),
            (f"{MANY_FOLLOWS} artists, one user, to the network alone", 1.05,
             "one, many", "network, many", "p50_us"),
            (f"{USERS} users at once, median to one user's", 1.35,
             "users", "one", "p50_us"),
            (f"{USERS} users at once, p99 to one user's median", 1.6,
             "users", "one", "p99_us")):
        reason = failed.get(name) or failed.get(other)
        if reason:
            report.missing(5, text, limit, reason)
        else:
            report.at_most(5, text, limit, runs.ratio(
                name, other, key, "p50_us"))


def cpu(setting, report):
    """A login and a list, no page delayed."""
    def lists(service):
        result = setting.logins(
            service, [service.artists_path], clients=CLIENTS,
            seconds=2 * setting.seconds, follows=FOLLOWS)
        return flat(result, LISTS)
    things = {name: lambda service=service: lists(service)
              for name, service in setting.services().items()
              if service.artists_path}
    runs, failed = interleave(setting.rounds, things, "lists, CPU")
    report.not_run.update(failed)
    report.table(f"A login and a list of {FOLLOWS} artists", [
        "", "lists per second", "CPU ms", "p50 ms", "our CPU to it",
        "errors"], [
        [setting.services()[name].name, runs.spread(name, "per_s").text(),
         in_ms(runs, name, "cpu_us"), in_ms(runs, name, "p50_us"),
         runs.ratio("ours", name, "cpu_us").text(),
         str(runs.sum(name, "errors"))] for name in runs.names()],
        f"{CLIENTS} users at once, no page delayed.")
    peers = [name for name in runs.names() if name != "ours"]
    for name in peers:
        report.compare(5, "login and list, CPU", 1, runs, name, "cpu_us")
    text = "login and list, CPU, to the best peer (a hope, no demand)"
    if peers:
        report.at_most(5, text, 1 / 3, Spread([
            one["ours"]["cpu_us"] / min(one[name]["cpu_us"] for name in peers)
            for one in runs.rounds]))
    else:
        report.missing(5, text, 1 / 3, "no peer")


def run(setting, report):
    """Measure and report."""
    waiting(setting, report)
    cpu(setting, report)
