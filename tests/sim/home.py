# SPDX-License-Identifier: ISC
"""The page at /: somebody who comes here by accident learns what this is."""

import html

from .style import STYLE
from .wire import Answer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Simulated Spotify</title>
<style>{style}</style>
</head>
<body>
<p class="banner" role="note"><strong>Simulated Spotify</strong> &ndash; nobody
at Spotify sees this</p>
<main>
<h1>This is a simulated Spotify</h1>
<p>It stands in for accounts.spotify.com and api.spotify.com in the tests and
the demo of spotify-fcgi. People, artists and pictures are invented.</p>
<h2>Accounts</h2>
<ul class="scopes">
{accounts}
</ul>
<h2>It accepts logins for</h2>
<ul class="scopes">
{uris}
</ul>
</main>
</body>
</html>
"""


def page(world):
    """GET /."""
    with world.lock:
        accounts = [dict(a) for a in world.accounts.values()]
    return Answer(200, PAGE.format(
        style=STYLE,
        accounts="\n".join(
            f"<li>{html.escape(a['display_name'] or a['id'])}, follows "
            f"{a['follows']:,}</li>" for a in accounts),
        uris="\n".join(f'<li class="uri">{html.escape(uri)}</li>'
                       for uri in world.client.redirect_uris)),
        "text/html; charset=utf-8",
        [("Cache-Control", "no-store"),
         ("Content-Security-Policy",
          "default-src 'none'; style-src 'unsafe-inline'")])
