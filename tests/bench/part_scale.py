# SPDX-License-Identifier: ISC
"""How time and memory grow with users and with artists: no target, a table."""

from .machine import move, resident_mb

USERS = (1, 10, 100, 1000)
ARTISTS = (50, 500, 5000)
DELAY_MS = 30


def fresh(setting, program):
    """Whose memory is that of this row alone."""
    pid = setting.ours.restart(program)
    move([pid], setting.cpus)
    return pid


def one(setting, users, artists):
    """A row: each user logs in and fetches the list, all at once."""
    ours = setting.ours
    pids = {name: fresh(setting, name) for name in ("callback", "artists")}
    result = setting.load.logins(
        ours.port, [ours.login_path, ours.artists_path], clients=users,
        count=2 * users, follows=artists)
    callback, lists = result["steps"][1:]
    return [f"{users:,}", f"{artists:,}", f"{result['seconds'] / 2:.2f}",
            f"{callback['p50_us'] / 1000:.1f}",
            f"{callback['p99_us'] / 1000:.1f}",
            f"{lists['p50_us'] / 1000:.1f}", f"{lists['p99_us'] / 1000:.1f}",
            f"{resident_mb(pids['callback']):.1f}",
            f"{resident_mb(pids['artists']):.1f}", str(result["errors"])]


def run(setting, report):
    """Measure and report."""
    with setting.on_all_cpus(), setting.upstream.delayed(DELAY_MS):
        rows = [one(setting, users, ARTISTS[0]) for users in USERS]
        rows += [one(setting, 1, artists) for artists in ARTISTS[1:]]
    report.table("Growth", [
        "users at once", "artists", "seconds a user", "callback p50 ms",
        "p99 ms", "list p50 ms", "p99 ms", "`callback` MB", "`artists` MB",
        "errors"], rows,
        f"Each user logs in and fetches the list, twice; {DELAY_MS} ms an "
        "answer of Spotify; memory is what is resident afterwards.")
