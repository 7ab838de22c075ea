# SPDX-License-Identifier: ISC
"""The tests of faults stand on the fixtures of stack/fixtures.py, with more
processes than those of tests/http. SOAK=1 in the environment runs the long
forms."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from stack.fixtures import *  # noqa: E402,F401,F403
from stack.fixtures import start_stack  # noqa: E402
from tools.trap import Trap  # noqa: E402


@pytest.fixture(scope="session")
def http_stack_of_session():
    """Four processes of artists and two of refresh; not reset."""
    with start_stack(processes={"artists": 4, "refresh": 2}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture(name="trap")
def fixture_trap():
    """A host that nobody must ever come to."""
    with Trap() as trap:
        yield trap
