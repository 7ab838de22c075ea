# SPDX-License-Identifier: ISC
"""A simulated Spotify: accounts service, Web API, and a control channel.

Tests and the demo need a provider that behaves as the real one was seen to
behave (README.md says how, and from where that is known) and that can be told
to misbehave. Only Python's standard library is used, so that a bare Debian can
run it.

The modules, ground first: wire (bytes to requests and back), errors and
settings (tables), journal and grants (what happened, what was issued), world
(all state, one lock), canned and faults (answers on demand), the endpoints
(authorize, tokens, api, pictures, control), routes, server, main. client.py is
for the tests and is imported by nothing here.
"""
