# SPDX-License-Identifier: ISC
"""The programs that the benchmark compares with, one module each.

Each has a class Peer(folder, upstream, cpu); see base.py for what it offers
and for what it wants to know of the upstream. None is told of the others, and
none is a part of what gets installed.

    apache              mod_auth_openidc, as Debian configures it
    apache_one_ca       the same with a CA file that holds one certificate
    flask_requests      Flask, gunicorn and requests
    flask_session       the same with one requests.Session for all calls
    express             Express and passport-spotify
    fastify             Fastify and @fastify/oauth2
"""

NAMES = ("apache", "apache_one_ca", "flask_requests", "flask_session",
         "express", "fastify")
