# SPDX-License-Identifier: ISC
"""Memory, and how soon a program answers: target 8."""

import http.client
import time

from .figures import Spread, interleave
from .machine import private_mb, resident_mb

CALLERS = ("callback", "artists", "refresh")    # they talk to Spotify
OTHERS = ("session", "logout")
IN_FLIGHT = 64
DELAY_MS = 30
FOLLOWS = 500
LOGINS = 5_000


def memory(setting, report):
    """Idle, and after work."""
    ours = setting.ours
    idle = {}
    for name in ("login", *CALLERS, *OTHERS):
        pid = ours.restart(name)
        idle[name] = private_mb(pid), resident_mb(pid)
    setting.load.requests(ours.port, ours.login_path, clients=8, count=LOGINS)
    with setting.upstream.delayed(DELAY_MS):
        setting.load.logins(
            ours.port, [ours.login_path, ours.artists_path],
            clients=IN_FLIGHT, count=3 * IN_FLIGHT, follows=FOLLOWS)
    rows, after = [], {}
    for name, (private, resident) in idle.items():
        pid = ours.stack.pids(name)[0]
        after[name] = private_mb(pid), resident_mb(pid)
        rows.append([f"`{name}`", f"{private:.2f}", f"{resident:.1f}",
                     f"{after[name][0]:.2f}", f"{after[name][1]:.1f}"])
    report.table("Memory, MB", [
        "", "private, idle", "resident, idle", "private, later",
        "resident, later"], rows,
        f"Later: after {LOGINS:,} redirects, and {IN_FLIGHT} users at once "
        f"who logged in and fetched {FOLLOWS} artists each.")
    report.at_most(8, "`login`, private MB", 0.5, Spread([after["login"][0]]))
    for name in CALLERS:
        report.at_most(8, f"`{name}`, private MB when idle", 3,
                       Spread([idle[name][0]]))
    report.at_most(8, f"`artists` after {IN_FLIGHT} users in flight, MB", 45,
                   Spread([after["artists"][1]]))


def first_answer(setting, program):
    """From the start of a process to its first answer: the socket is there
    already, so a request waits in it."""
    ours = setting.ours
    ours.stack.kill(program, 15)
    client = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=10)
    begin = time.monotonic()
    ours.start(program)
    client.request("GET", f"/{program}")
    client.getresponse().read()
    client.close()
    return {"ms": (time.monotonic() - begin) * 1000}


def start_of_peer(peer):
    """Its own clock says when it answered."""
    peer.stop()
    peer.start()
    return {"ms": peer.start_ms}


def starts(setting, report):
    """Ours and the peers."""
    programs = ("login", *CALLERS, *OTHERS)
    things = {name: lambda name=name: first_answer(setting, name)
              for name in programs}
    for name, peer in setting.peers.items():
        things[name] = lambda peer=peer: start_of_peer(peer)
    runs, failed = interleave(setting.rounds, things, "starts")
    report.not_run.update(failed)
    report.table("From start to first answer", ["", "ms"], [
        [f"`{name}`" if name in programs else setting.peers[name].name,
         runs.spread(name, "ms").text()] for name in runs.names()])
    for name in programs:
        limit = 0.3 if name == "login" else 1.5
        text = f"start of `{name}` to that of Apache with mod_auth_openidc"
        if "apache" in runs.names():
            report.at_most(8, text, limit, runs.ratio(name, "apache", "ms"))
        else:
            report.missing(8, text, limit, "see below")


def run(setting, report):
    """Measure and report."""
    memory(setting, report)
    starts(setting, report)
