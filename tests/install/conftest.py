# SPDX-License-Identifier: ISC
"""The fixtures of installation.py."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from installation import built, installed  # noqa: E402,F401
