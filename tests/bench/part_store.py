# SPDX-License-Identifier: ISC
"""Files: target 7."""

import shutil

from .figures import Spread, interleave
from .load import with_cpu
from .ours import Ours

WRITES, FEW_WRITES = 200, 50        # a round, of the full and short form
FEW, MANY = 1_000, 1_000_000
ROOM = 6 << 30      # bytes that the many need, and some more
CLIENTS = 32


def calls(setting, report):
    """The store, and what it is made of."""
    folder = setting.folder / "store"
    folder.mkdir(mode=0o700)
    writes = WRITES if setting.full else FEW_WRITES
    runs, failed = interleave(setting.rounds, {
        "store": lambda: medians(setting.load.store(folder, writes))}, "store")
    if failed:
        report.not_run.update(failed)
        return
    report.table("The store, one thread", ["", "p50 µs"], [
        [title, runs.spread("store", key).text()] for key, title in (
            ("replace", "replace a session durably"),
            ("raw_replace", "create, write, fsync, rename, fsync the "
             "directory"),
            ("load", "read a session's file"),
            ("raw_load", "open, read, close"),
            ("session", "read, unseal and parse it"))])
    for text, limit, key in (
            ("durable replace to the bare calls", 1.15, "replace"),
            ("reading to the bare calls", 1.5, "load")):
        report.at_most(7, text, limit, Spread(
            [one["store"][key] / one["store"]["raw_" + key]
             for one in runs.rounds]))


def medians(result):
    """{name: p50} of the C program's answer."""
    return {name: value["p50_us"] for name, value in result.items()
            if name != "words"}


def measure(setting, ours):
    """Rate of session with a cookie of its own."""
    cookie = setting.load.logins(ours.port, [ours.login_path],
                                 count=1)["cookie"]

    def once():
        result = with_cpu(lambda: setting.load.requests(
            ours.port, ours.session_path, clients=CLIENTS,
            seconds=setting.seconds, headers=[f"Cookie: {cookie}"]),
            lambda: ours.pids("session"))
        if result["errors"]:
            raise RuntimeError(result["words"])
        return result
    return once


def sizes(setting, report):
    """Two sites, one of them with very many sessions."""
    text = f"`session` with {MANY:,} files, rate to that with {FEW:,}"
    free = shutil.disk_usage(setting.folder).free
    if not setting.full or free < ROOM:
        report.missing(7, text, 0.9, "in the full form only"
                       if not setting.full else "not enough room on disk",
                       at_most=False)
        return
    sites = {}
    try:
        for number in (FEW, MANY):
            sites[number] = Ours(setting.build_dir, setting.upstream,
                                 setting.cpu)
            setting.load.fill_store(sites[number].stack.session_dir, number)
        runs, failed = interleave(
            setting.rounds, {str(number): measure(setting, site)
                             for number, site in sites.items()},
            "session with many files")
        if failed:
            raise RuntimeError("; ".join(failed.values()))
        report.at_least(7, text, 0.9, runs.ratio(str(MANY), str(FEW),
                                                 "per_s"))
    except RuntimeError as error:
        report.missing(7, text, 0.9, str(error), at_most=False)
    finally:
        for site in sites.values():
            site.stop()


def run(setting, report):
    """Measure and report."""
    calls(setting, report)
    sizes(setting, report)
