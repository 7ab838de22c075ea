# SPDX-License-Identifier: ISC
"""Fixtures for what must be so behind either web server; a module imports
both names."""

import pytest

from stack.fixtures import SERVER, start_stack

__all__ = ["site", "site_of_session"]


@pytest.fixture(scope="session", params=["nginx", "apache"])
def site_of_session(request):
    """Not reset."""
    if request.param == SERVER:
        yield request.getfixturevalue("http_stack_of_session")
        return
    with start_stack(server=request.param) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def site(site_of_session):      # pylint: disable=redefined-outer-name
    """Everything behind nginx, and behind Apache."""
    site_of_session.reset()
    yield site_of_session
    assert site_of_session.complaints() == []
