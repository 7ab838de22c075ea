# SPDX-License-Identifier: ISC
"""Flask, gunicorn and a requests.Session for all calls.

Articles write requests.get(), and each call reads the bundle of authorities
again. Whoever has looked for the cause gains most of the time by one line.
"""

from . import flask_requests


class Peer(flask_requests.Peer):
    """The same but for that line."""

    name = "Flask + gunicorn + requests.Session"
    note = "connections to Spotify kept, else as above"
    more_environment = {"KEEP_CONNECTIONS": "1"}
