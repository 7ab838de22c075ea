# SPDX-License-Identifier: ISC
"""What went wrong, in one line that a person can act on."""


class StackError(Exception):
    """The stack cannot run; str() is the whole explanation."""
