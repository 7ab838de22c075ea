# SPDX-License-Identifier: ISC
"""Express with passport and passport-spotify."""

from .node import NodePeer


class Peer(NodePeer):
    """Sessions are in express-session's default store."""

    name = "Express + passport-spotify"
    note = ("sessions in memory, which no store on disk could match; calls "
            "/me; connections to Spotify kept")
    source = "express.mjs"
