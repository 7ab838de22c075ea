# SPDX-License-Identifier: ISC
"""The question whether a program is well, and whether a machine is."""

from tools import fastcgi


def ask(stack, program, **params):
    """The question by itself."""
    return fastcgi.ask(stack, program, {"SPOTIFY_FCGI_REQUIRE": "health",
                                        **params})


def status_of(client):
    """That of the answer, which says nothing else."""
    reply = client.request("GET", "/health")
    assert reply.body == b"" and reply.header("Set-Cookie") is None
    assert reply.header("Cache-Control") == "no-store"
    return reply.status
