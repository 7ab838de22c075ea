# SPDX-License-Identifier: ISC
"""Sessions in a Valkey or Redis server: target 10."""

import shutil
import subprocess

from stack.engine import Engine, find_server
from tools.roundtrips import RoundTrips

from .build import has_engine
from .figures import Spread, interleave
from .load import flat
from .machine import on_cpu
from .ours import Ours

READS, FEW_READS = 5000, 1000       # a round, of the full and short form
BENCHMARK_TIMES = 20_000
RECORD_BYTES = 1_086                # of a session
FEW, MANY, FEWER_MANY = 1_000, 1_000_000, 100_000
LOGINS = 40
# {name: how an Engine is reached that way}
WAYS = {"unix": ("unix socket", lambda engine: engine.socket),
        "tcp": ("loopback TCP", lambda engine: engine.port)}


def start(setting):
    """A server where the others are, that keeps nothing on its disk."""
    with on_cpu(setting.cpu):
        return Engine(more="appendonly no\n")


def benchmark_us(engine, way):
    """The median of redis-benchmark, one connection; None without it."""
    name = next(filter(shutil.which, ("valkey-benchmark",
                                      "redis-benchmark")), None)
    if name is None:
        return None
    place = ["-s", engine.socket] if way == "unix" else \
        ["-h", "127.0.0.1", "-p", str(engine.port)]
    done = subprocess.run(
        [name, *place, "-c", "1", "-n", str(BENCHMARK_TIMES), "-t",
         "set,get", "-d", str(RECORD_BYTES), "--csv"], text=True,
        capture_output=True, check=True, timeout=600)
    rows = [line.replace('"', "").split(",")
            for line in done.stdout.splitlines() if "," in line]
    column = rows[0].index("p50_latency_ms")
    return 1000 * float(next(row for row in rows
                             if row[0] == "GET")[column])


def reads(setting, engine, way):
    """A function that measures a round."""
    folder = setting.folder / f"engine-{way}"
    folder.mkdir(mode=0o700, exist_ok=True)
    count = READS if setting.full else FEW_READS

    def once():
        result = setting.load.engine(WAYS[way][1](engine), folder, count)
        times = {name: result[name]["p50_us"]
                 for name in ("bare", "load", "session")}
        other = benchmark_us(engine, way)
        return times if other is None else {**times, "benchmark": other}
    return once


def one_thread(setting, report, engine):
    """What reading a session costs beside what the engine takes itself."""
    runs, failed = interleave(setting.rounds, {
        way: reads(setting, engine, way) for way in WAYS}, "reads")
    if failed:
        raise RuntimeError("; ".join(failed.values()))
    rows = []
    for way, (title, _) in WAYS.items():
        told = all("benchmark" in one[way] for one in runs.rounds)
        rows.append([title, *(runs.spread(way, key).text() for key in
                              ("bare", "load", "session")),
                     runs.spread(way, "benchmark").text() if told else "-"])
        report.at_most(10, f"a session read to the bare round trip, {title}",
                       1.3, runs.ratio(way, way, "load", "bare"))
    report.table("A session in an engine, one thread, p50 µs", [
        "", "bare GET", "read", "and unsealed and parsed",
        "redis-benchmark's GET"], rows,
        "The first three in turns, on connections that stay open.")


def round_trips(setting, report, engine, site):
    """Exact numbers, which no other load changes."""
    listener = RoundTrips(engine)
    try:
        setting.load.logins(site.port, [site.login_path], count=1)
        listener.count()
        cookie = setting.load.logins(site.port, [site.login_path],
                                     count=LOGINS)["cookie"]
        logins = Spread([listener.count() / LOGINS])
        setting.load.requests(site.port, site.session_path, count=LOGINS,
                              headers=[f"Cookie: {cookie}"])
        session = Spread([listener.count() / LOGINS])
    finally:
        listener.close()
    report.at_most(10, "round trips of `session`", 1, session)
    report.at_most(10, "round trips of a login", 2, logins)


def of_a_visitor(setting, engine, site, cookie):
    """Medians of one round: two requests, and the bare round trip."""
    folder = setting.folder / "engine-unix"
    return {
        "session": flat(setting.load.requests(
            site.port, site.session_path, seconds=setting.seconds,
            headers=[f"Cookie: {cookie}"]))["p50_us"],
        "callback": flat(setting.load.logins(
            site.port, [site.login_path], seconds=setting.seconds),
            1)["p50_us"],
        "bare": setting.load.engine(engine.socket, folder,
                                    FEW_READS)["bare"]["p50_us"]}


def whole(setting, report):
    """Requests, and logins, one after the other: the time of each."""
    engine, sites = start(setting), {}
    try:
        for name, keys in (("files", {}),
                           ("unix", engine.conf(engine.socket_url)),
                           ("tcp", engine.conf(engine.url))):
            sites[name] = Ours(setting.build_dir, setting.upstream,
                               setting.cpu, keys)
        round_trips(setting, report, engine, sites["unix"])
        things = {}
        for name, site in sites.items():
            cookie = setting.load.logins(site.port, [site.login_path],
                                         count=1)["cookie"]
            things[name] = lambda s=site, c=cookie: of_a_visitor(
                setting, engine, s, c)
        runs, failed = interleave(setting.rounds, things, "files, engine")
        if failed:
            raise RuntimeError("; ".join(failed.values()))
    finally:
        for site in sites.values():
            site.stop()
        engine.close()
    report.at_most(
        10, "a login's time beyond that with files, in round trips", 2,
        Spread([(one["unix"]["callback"] - one["files"]["callback"])
                / one["unix"]["bare"] for one in runs.rounds]))
    report.table("Requests, one visitor, p50 µs", [
        "", "`session`", "to files", "`callback`", "to files"], [
        [WAYS[name][0] if name in WAYS else name,
         runs.spread(name, "session").text(),
         runs.ratio(name, "files", "session").text(),
         runs.spread(name, "callback").text(),
         runs.ratio(name, "files", "callback").text()] for name in sites],
        "The engine keeps nothing on its disk here; a session in files is "
        "on it when the login is over.")


def sizes(setting, report):
    """Two engines, one of them with very many sessions."""
    many = MANY if setting.full else FEWER_MANY
    engines = {}
    try:
        rows = []
        for number in (FEW, many):
            engine = engines[str(number)] = start(setting)
            folder = setting.folder / f"engine-{number}"
            folder.mkdir(mode=0o700)
            before = int(engine.info("used_memory"))
            setting.load.fill_engine(engine.socket, folder, number)
            rows.append([f"{number:,}", str(round(
                (int(engine.info("used_memory")) - before) / number))])
        count = READS if setting.full else FEW_READS
        runs, failed = interleave(setting.rounds, {
            name: lambda e=engine, n=name: {
                key: value["p50_us"] for key, value in setting.load.engine(
                    e.socket, setting.folder / f"engine-{n}", count).items()
                if key != "words"}
            for name, engine in engines.items()}, "sessions in the engine")
        if failed:
            raise RuntimeError("; ".join(failed.values()))
        for row in rows:
            row.append(runs.spread(row[0].replace(",", ""), "load").text())
        report.table("Sessions in an engine", [
            "sessions", "bytes each", "read, p50 µs"], rows)
        report.at_most(10, f"a read with {many:,} sessions to one with "
                       f"{FEW:,}", 1.1, runs.ratio(str(many), str(FEW),
                                                   "load"))
    finally:
        for engine in engines.values():
            engine.close()


def run(setting, report):
    """Measure and report."""
    if find_server() is None or not has_engine(setting.build_dir):
        report.missing(10, "a session read to the bare round trip", 1.3,
                       "needs hiredis, and valkey-server or redis-server")
        return
    with start(setting) as engine:
        one_thread(setting, report, engine)
    whole(setting, report)
    sizes(setting, report)
