# SPDX-License-Identifier: ISC
"""Fastify with @fastify/oauth2 and @fastify/secure-session."""

from .node import NodePeer


class Peer(NodePeer):
    """Sessions, tokens included, are in an encrypted cookie."""

    name = "Fastify + @fastify/oauth2"
    note = ("tokens in an encrypted cookie; a connection for every code (the "
            "library's default), kept for artists; no call to /me")
    source = "fastify.mjs"
    oldest_node = 20
