# SPDX-License-Identifier: ISC
"""Common steps of a visitor, and of time."""

from .amounts import HOUR


def refresh(client):
    """What the page does before the access token ends."""
    return client.fetch("refresh", "POST")


def logout(client):
    """The button of the page."""
    return client.fetch("logout", "POST")


def is_logged_in(client):
    """What `session` says; asserts that it says something."""
    reply = client.fetch("session")
    assert reply.status == 200, reply
    return reply.json["logged_in"]


def let_tokens_end(stack, left_s=0):
    """Let time pass until access tokens that were just given have that many
    seconds left."""
    stack.clock.advance(HOUR - left_s)
