# SPDX-License-Identifier: ISC
"""What programs of a stack have noted in the file of its counts, by which all
of them say that they are not well."""

import os
import struct

HEAD = struct.Struct("=QQ")     # the version and the size
CELL = struct.Struct("=QQ")     # of which name, and what is counted or noted
NOTHING = struct.pack("=Q", 0)
# A time that is noted is later than this; no test counts so far.
EARLY = 10 ** 9


def forget(path):
    """Take all of them back, in place, for the programs have it mapped. What
    is counted stays."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        cells = os.pread(file, 1 << 20, HEAD.size)
        whole = len(cells) // CELL.size * CELL.size
        for number, (_, value) in enumerate(CELL.iter_unpack(cells[:whole])):
            if value > EARLY:
                os.pwrite(file, NOTHING, HEAD.size + number * CELL.size
                          + CELL.size - len(NOTHING))
    finally:
        os.close(file)
