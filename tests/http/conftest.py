# SPDX-License-Identifier: ISC
"""The HTTP tests stand on the fixtures of stack/fixtures.py."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from stack.fixtures import *  # noqa: E402,F401,F403

from stack import Client  # noqa: E402
from tools.answers import Browser, judge  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def judged():
    """Whatever a test is about, all answers that its clients get are among
    those of the description."""
    Client.judge = judge
    yield
    Client.judge = None


@pytest.fixture
def browser(stack):
    """A client that checks every answer of the programs."""
    return Browser(stack)


@pytest.fixture
def tls_browser(tls_stack):
    """The same over TLS."""
    return Browser(tls_stack)
