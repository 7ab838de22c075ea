# SPDX-License-Identifier: ISC
"""The fixtures of installation.py."""

from installation import built, installed  # noqa: F401
