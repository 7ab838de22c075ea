# SPDX-License-Identifier: ISC
"""What the simulated Spotify was asked, and answers for it to give."""

import json


def count(spotify, target):
    """How many requests Spotify got there."""
    return len(spotify.requests(target))


def headers_of(request):
    """Of a logged request, as a dict; none may come twice."""
    found = dict(request["headers"])
    assert len(found) == len(request["headers"])
    return found


def bearer_of(request):
    """The access token that a logged request showed."""
    scheme, _, token = headers_of(request)["Authorization"].partition(" ")
    assert scheme == "Bearer"
    return token


def newest_secret(spotify, kind):
    """The last of its kind that Spotify gave: "access_token" and so on."""
    return [secret["value"] for secret in spotify.secrets()
            if secret["kind"] == kind][-1]


def json_answer(value, status=200):
    """A canned answer with this JSON."""
    return {"status": status, "headers": {"Content-Type": "application/json"},
            "body": json.dumps(value)}
