# SPDX-License-Identifier: ISC
"""What the kernel tells of a process of ours, and how it was built."""

import contextlib
import os
import pathlib
import re

import pytest


def descriptors(pid):
    """What the process has open: {number: what}."""
    found = {}
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):    # just closed
                found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    except PermissionError:
        pytest.skip("a hardened process shows its files to root only")
    return found


def told_of_all(part):
    """(process id, text) of a file that /proc has for every process. One that
    ends meanwhile is left out: pathlib's glob() would raise for it."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            yield int(pid), pathlib.Path(f"/proc/{pid}/{part}").read_text(
                "utf-8", "replace")


def status(pid, field):
    """A number of /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii")
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.M)[1])


def is_sanitized(stack):
    """Whether the programs carry a sanitizer, which costs memory and time."""
    program = stack.build_dir / "cgi-bin" / "session"
    return b"__asan_init" in program.read_bytes()
