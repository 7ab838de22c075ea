# SPDX-License-Identifier: ISC
"""A build as an administrator makes it, and the C programs beside it."""

import os
import pathlib
import subprocess

from stack.error import StackError

from .figures import progress

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("upstream", "load", "hello", "netloop", "store")


def run(command, folder):
    """In its words if it fails; not as a part of a make that has called us."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE")}
    done = subprocess.run(command, cwd=folder, text=True, check=False,
                          env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise StackError(f"{' '.join(command)} failed in {folder}:\n"
                         + "\n".join(done.stdout.splitlines()[-15:]))


def is_plain(folder):
    """Neither sanitizers nor a clock that tests can move."""
    config = (folder / "config.h").read_text("utf-8")
    return not any(f"#define {name} 1" in config
                   for name in ("SANITIZERS", "TEST_CLOCK"))


def has_engine(folder):
    """Whether sessions can lie in an engine; without hiredis they cannot."""
    config = (pathlib.Path(folder) / "config.h").read_text("utf-8")
    return "#define HAVE_VALKEY 1" in config


def make(folder):
    """Configure the folder unless it is, and make what is needed."""
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "config.status").exists():
        progress(f"configures {folder}")
        run([str(REPOSITORY / "configure")], folder)
    if not is_plain(folder):
        raise StackError(f"{folder} is a build for tests (sanitizers or test "
                         "clock): its speed says nothing")
    progress("builds")
    # One after the other: "all" is a make within make, and both would compile
    # lib/ at a time.
    programs = [*PROGRAMS, *(["engine"] if has_engine(folder) else [])]
    for goals in (["all"], [f"tests/bench/{name}" for name in programs]):
        run(["make", f"-j{os.cpu_count()}", *goals], folder)
    return folder
