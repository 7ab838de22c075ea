# SPDX-License-Identifier: ISC
"""The HTTP tests stand on the fixtures of stack/fixtures.py."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from stack.fixtures import *  # noqa: E402,F401,F403

from tools.answers import Browser  # noqa: E402


@pytest.fixture
def browser(stack):
    """A client that checks every answer of the programs."""
    return Browser(stack)


@pytest.fixture
def tls_browser(tls_stack):
    """The same over TLS."""
    return Browser(tls_stack)
