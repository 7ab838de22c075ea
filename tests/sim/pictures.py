# SPDX-License-Identifier: ISC
"""Pictures of artists and accounts: a gradient of their own and initials.

Drawn as SVG on demand: nothing to store, sharp at any size, and two artists
can be told apart at a glance in a screenshot.
"""

import functools
import html
import re
import unicodedata
import urllib.parse

from .catalogue import Dice, name_of
from .errors import TEXT
from .wire import Answer

PATH = re.compile(r"/(image|account-image)/([^/]{1,300})/([0-9]{1,4})\.svg")

SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{size}" \
height="{size}" viewBox="0 0 100 100" role="img" aria-label="{label}">
<defs><linearGradient id="g" gradientTransform="rotate({turn} .5 .5)">
<stop offset="0" stop-color="hsl({hue},{sat}%,{light}%)"/>
<stop offset="1" stop-color="hsl({other},{sat}%,{dark}%)"/>
</linearGradient></defs>
<rect width="100" height="100" fill="url(#g)"/>
<circle cx="{cx}" cy="{cy}" r="{r}" fill="#fff" fill-opacity=".13"/>
<circle cx="{dx}" cy="{dy}" r="{q}" fill="#000" fill-opacity=".10"/>
<text x="50" y="50" dy=".36em" text-anchor="middle" fill="#fff" \
font-family="system-ui,sans-serif" font-weight="600" \
font-size="{font}">{initials}</text>
</svg>"""


def initials(name):
    """One or two letters; whatever it is made of if it has none."""
    parts = [word for word in re.split(r"[\s\-/.]+", name)
             if word and word.lower() not in ("the", "den", "am", "de")]
    letters = []
    for word in parts:
        found = [c for c in word if unicodedata.category(c)[0] in "LN"]
        letters += found[:1]
    return "".join(letters[:2]).upper() or name[:1] or "?"


@functools.lru_cache(maxsize=8192)
def draw(seed, name, size):
    """The picture that belongs to a seed."""
    dice = Dice("picture of " + seed)
    hue = dice.roll(360)
    text = initials(name)
    return SVG.format(
        size=size, label=html.escape(name[:80]), turn=dice.roll(180), hue=hue,
        other=(hue + 40 + dice.roll(90)) % 360, sat=48 + dice.roll(24),
        light=44 + dice.roll(10), dark=26 + dice.roll(12),
        cx=dice.roll(100), cy=dice.roll(60), r=18 + dice.roll(30),
        dx=dice.roll(100), dy=50 + dice.roll(50), q=14 + dice.roll(30),
        font=40 if len(text) > 1 else 50, initials=html.escape(text)).encode()


def handle(request, world):
    """GET /image/ID/SIZE.svg and GET /account-image/ID/SIZE.svg."""
    found = PATH.fullmatch(request.path)
    if not found:
        return Answer(404, "No such image", TEXT)
    identity = urllib.parse.unquote(found[2])
    name = name_of(identity)
    if found[1] == "account-image":
        account = world.account(identity)
        if not account:
            return Answer(404, "No such image", TEXT)
        name = account["display_name"] or identity
    return Answer(200, draw(identity, name, int(found[3])), "image/svg+xml", [
        ("Cache-Control", "public, max-age=86400"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Content-Security-Policy", "default-src 'none'"),
        ("X-Content-Type-Options", "nosniff")])
