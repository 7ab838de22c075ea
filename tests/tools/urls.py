# SPDX-License-Identifier: ISC
"""The parameters of an address."""

import base64
import hashlib
import urllib.parse


def query_of(url):
    """The parameters of a URL as a dict; none may come twice."""
    pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query,
                                   keep_blank_values=True,
                                   strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def with_query(url, **changes):
    """The URL with parameters changed; None takes one away."""
    query = {**query_of(url), **changes}
    return url.partition("?")[0] + "?" + urllib.parse.urlencode(
        {name: value for name, value in query.items() if value is not None})


def challenge_of(verifier):
    """The code challenge that belongs to a verifier (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
