# SPDX-License-Identifier: ISC
"""The command."""

import argparse
import datetime
import importlib
import os
import pathlib
import signal
import sys
import time

from stack.error import StackError

from . import build, machine
from .figures import Report, progress
from .setting import Setting

# With the targets that each has figures for. The store comes last: it removes
# files, and for five minutes ext4 looks at each that was removed before it
# makes another one beside it.
PARTS = {"login": (1, 2), "whole": (3, 4), "artists": (5,), "copy": (6,),
         "process": (8,), "scale": (), "engine": (10,),
         "auth": (11,), "api": (12,), "store": (7,)}
FULL, SHORT = (10, 2.0), (3, 0.5)       # rounds, seconds of one measurement
CALLGRIND = "counted by callgrind, apart from this"


def arguments():
    """See --help."""
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, epilog="The report is Markdown, on "
        "standard output; what is going on is told on standard error.")
    parser.add_argument("--build-dir", type=pathlib.Path, required=True,
                        help="of a release build; made if it is not there")
    parser.add_argument("--only", action="append", choices=PARTS,
                        help="this part (may be repeated)")
    parser.add_argument("--rounds", type=int, help="how often to measure")
    parser.add_argument("--short", action="store_true",
                        help=f"{SHORT[0]} short rounds instead of "
                        f"{FULL[0]}: for trying, not for telling")
    parser.add_argument("--output", type=pathlib.Path,
                        help="write the report there as well")
    return parser.parse_args()


def head(setting, seconds, busy):
    """What was measured, where and when."""
    today = datetime.date.today().isoformat()
    pinned = "servers on one CPU, load and upstream on another" \
        if setting.cpu is not None else "everything on one CPU"
    return (f"{today}; {machine.description()}; files on "
            f"{machine.file_system(setting.folder)}; {pinned}; "
            f"{setting.rounds} rounds of {setting.seconds:g} s; "
            f"{seconds:.0f} s in all; load average before {busy:.1f}. "
            "A ratio is that of the two in the same "
            "round. Median (least–most).")


def run_part(name, setting, report):
    """What goes wrong in one does not end the others."""
    part = importlib.import_module(f".part_{name}", __package__)
    try:
        part.run(setting, report)
    except (StackError, RuntimeError, OSError) as error:
        report.not_run[f"part {name}"] = str(error)
        for target in PARTS[name]:
            report.missing(target, "all that is not told here", None,
                           f"part {name} ended early, see below")


def measure(options):
    """All parts; the report as text."""
    rounds, seconds = SHORT if options.short else FULL
    report = Report()
    begin, busy = time.monotonic(), os.getloadavg()[0]
    with Setting(options.build_dir, rounds=options.rounds or rounds,
                 seconds=seconds, full=not options.short) as setting:
        report.names = setting.names
        report.not_run.update(setting.absent)
        for name in options.only or PARTS:
            run_part(name, setting, report)
        report.missing(9, "user instructions per request", None, CALLGRIND)
        return report.markdown(head(
            setting, time.monotonic() - begin, busy))


def main():
    """0, 1 when it could not be run, 2 for a wrong command line."""
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options.build_dir = build.make(options.build_dir)
        text = measure(options)
    except StackError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress("stopped")
        return 1
    if options.output:
        options.output.write_text(text, "utf-8")
    print(text, end="")
    return 0
