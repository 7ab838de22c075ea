# SPDX-License-Identifier: ISC
"""How much of something, and how long. SOAK=1 in the environment runs the
long forms of the tests that have one."""

import os

SOAK = os.environ.get("SOAK") == "1"
HOUR = 3600
DAY = 24 * HOUR


def scaled(usual, soak):
    """The usual amount, or the other one if there is time for it."""
    return soak if SOAK else usual
