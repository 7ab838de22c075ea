# SPDX-License-Identifier: ISC
"""A small file system as the store of a stack, filled and emptied. Where
none can be mounted (it takes root) the store stays as it is."""

import os
import subprocess

from tracing import serving_threads


class SmallDisk:
    """toggle() fills or frees it."""

    def __init__(self, stack, size="1m"):
        self._stack = stack
        self._mounted = False
        self._filler = stack.session_dir / "filler"
        self.full = False
        if os.geteuid() == 0:
            self._mount(size)

    def _mount(self, size):
        for program in self._stack.programs:
            self._stack.kill(program)
        self._mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs",
             str(self._stack.session_dir)], check=False,
            capture_output=True).returncode == 0
        for program in self._stack.programs:
            self._stack.start(program)
        for program in self._stack.programs:
            for pid in self._stack.pids(program):
                serving_threads(pid)    # a start has files of its own

    @property
    def mounted(self):
        """Whether there is one."""
        return self._mounted

    def fill(self):
        """To the last byte."""
        with open(self._filler, "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 512):
                    pass
            except OSError:
                pass
        self.full = True

    def free(self):
        """All of that again."""
        self._filler.unlink(missing_ok=True)
        self.full = False

    def toggle(self):
        """Full if it was not."""
        if not self._mounted:
            return "no disk to fill"
        if self.full:
            self.free()
        else:
            self.fill()
        return "full" if self.full else "free"

    def close(self):
        """The programs must let go of it first."""
        if not self._mounted:
            return
        for program in self._stack.programs:
            self._stack.kill(program, 15)
        subprocess.run(["umount", str(self._stack.session_dir)], check=True)
        self._mounted = False
