# SPDX-License-Identifier: ISC
"""What a program gives up before it reads a byte from outside. How far that
goes is tests/unit/confine.c."""

import ctypes
import pathlib

import pytest

from stack import PROGRAMS

LANDLOCK_CREATE_RULESET = 444
VERSION = 1


def kernel_can():
    """Whether there is Landlock."""
    return ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0,
                                     VERSION) > 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_can_gain_privileges(stack, program):
    """No set-user-id program is worth anything to it."""
    for pid in stack.pids(program):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert "\nNoNewPrivs:\t1\n" in status


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_is_confined(stack, program):
    """Or it says why not, for all to see."""
    assert ("event=not_confined" in stack.log(program)) != kernel_can()
