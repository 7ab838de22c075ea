# SPDX-License-Identifier: ISC
"""What the kernel says of processes, and where they may run."""

import contextlib
import os
import pathlib
import platform
import re

PROC = pathlib.Path("/proc")


def server_cpu():
    """For whatever is measured; None when there is but one CPU."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[1] if len(cpus) > 1 else None


@contextlib.contextmanager
def on_cpu(cpu):
    """What is started meanwhile runs there."""
    before = os.sched_getaffinity(0)
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(pids, cpus):
    """All threads of processes, and what they start."""
    for pid in pids:
        for task in (PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(task.name), cpus)


def with_children(pid):
    """A process and those below it."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in (PROC / str(parent) / "task").iterdir():
                found += [int(child) for child in
                          (task / "children").read_text("ascii").split()]
    return found


def cpu_ns(pids):
    """CPU time of all threads."""
    total = 0
    for pid in pids:
        for task in (PROC / str(pid) / "task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(task.read_text("ascii").split()[0])
    return total


def private_mb(pid):
    """Memory that the process shares with nobody."""
    text = (PROC / str(pid) / "smaps_rollup").read_text("ascii")
    return sum(int(kb) for kb in
               re.findall(r"^Private_\w+: +(\d+) kB", text, re.M)) / 1024


def resident_mb(pid):
    """All its memory, as "top" has it."""
    text = (PROC / str(pid) / "smaps_rollup").read_text("ascii")
    return int(re.search(r"^Rss: +(\d+) kB", text, re.M)[1]) / 1024


def file_system(folder):
    """Its kind: on some of them nothing is durable."""
    best = ("", "unknown")
    for line in (PROC / "mounts").read_text("utf-8").splitlines():
        _, place, kind = line.split()[:3]
        if pathlib.Path(folder).is_relative_to(place):
            best = max(best, (place, kind), key=lambda found: len(found[0]))
    return best[1]


def description():
    """One line for a report."""
    cpuinfo = (PROC / "cpuinfo").read_text("utf-8")
    model = re.search(r"^model name\s*: (.*)", cpuinfo, re.M)
    release = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (f"{os.cpu_count()} CPUs ({model[1] if model else 'unknown'}), "
            f"{release}, Linux {platform.release()}")
