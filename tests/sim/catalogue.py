# SPDX-License-Identifier: ISC
"""The artists that an account follows: invented, but always the same ones.

An artist is a pure function of its id, so a picture can be drawn without
looking anything up; a list is a function of the account's id and its size,
and a list of 51 is the list of 50 with one more. Lists are made once and kept
as text, because tests fetch pages of 2,000 artists from 64 threads.
"""

import bisect
import collections
import hashlib
import json
import threading

from . import words

LETTERS = ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
           "abcdefghijklmnopqrstuvwxyz")
CATALOGUES_MAX = 200


class Dice:
    """Numbers that depend on a text alone; random.Random is ten times
    slower to seed."""

    def __init__(self, text):
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        self.left = int.from_bytes(digest, "big")

    def roll(self, sides):
        """A number below sides."""
        self.left, result = divmod(self.left, sides)
        return result

    def pick(self, items):
        """One of them."""
        return items[self.roll(len(items))]


def artist_id(seed, number):
    """22 letters and digits, as Spotify writes its 128 bits."""
    value = Dice(f"{seed}/{number}").left >> 128
    text = ""
    for _ in range(22):
        value, digit = divmod(value, 62)
        text = LETTERS[digit] + text
    return text


def two_words(dice):
    """The most ordinary kind of name."""
    return f"{dice.pick(words.FIRST)} {dice.pick(words.SECOND)}"


# (share in percent, how such a name is made)
KINDS = (
    (28, two_words),
    (13, lambda d: d.pick(words.SINGLE)),
    (14, lambda d: f"The {two_words(d)}"),
    (14, lambda d: f"{d.pick(words.GIVEN)} {d.pick(words.FAMILY)}"),
    (6, lambda d: f"{d.pick(words.GIVEN)} & the {d.pick(words.SECOND)}"),
    (6, lambda d: d.pick(words.PHRASES)),
    (5, lambda d: d.pick(words.EASTERN)),
    (4, lambda d: d.pick(words.CYRILLIC)),
    (2, lambda d: d.pick(words.RIGHT_TO_LEFT)),
    (3, lambda d: d.pick(words.QUOTED)),
    (4, lambda d: d.pick(words.MARKED)),
    (1, lambda d: words.LONG.format(d.pick(words.SINGLE))),
)
assert sum(share for share, _ in KINDS) == 100


def name_of(identity):
    """The name of the artist with that id."""
    dice = Dice("name of " + identity)
    at = dice.roll(100)
    for share, make in KINDS:
        at -= share
        if at < 0:
            return make(dice)
    raise AssertionError("the shares do not sum to 100")


def images_of(identity, base):
    """Widest first. Some have none, some do not know their size."""
    dice = Dice("images of " + identity)
    if dice.roll(16) == 0:
        return []
    unsized = dice.roll(16) == 0
    return [{"url": f"{base}/image/{identity}/{size}.svg",
             "height": None if unsized else size,
             "width": None if unsized else size} for size in (640, 320, 160)]


def artist(identity, base, full=False):
    """An artist as /v1/me/following shows it."""
    result = {
        "external_urls": {
            "spotify": f"https://open.spotify.com/artist/{identity}"},
        "href": f"https://api.spotify.com/v1/artists/{identity}",
        "id": identity,
        "images": images_of(identity, base),
        "name": name_of(identity),
        "type": "artist",
        "uri": f"spotify:artist:{identity}"}
    if full:
        dice = Dice("fame of " + identity)
        result["genres"] = [dice.pick(words.GENRES)
                            for _ in range(dice.roll(3))]
        result["followers"] = {"href": None, "total": dice.roll(9_000_000)}
        result["popularity"] = dice.roll(101)
    return result


def dump(value):
    """JSON as Spotify writes it: UTF-8, not escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Catalogue:
    """The list of one account: ids in Spotify's order, artists as text. more
    and less are those that somebody has followed since, and left."""

    def __init__(self, account, size, base, full, *changes):
        self.base = base
        self.full = full
        more, less = changes or ((), ())
        self.ids = sorted({artist_id(account, n) for n in range(size)}
                          .difference(less).union(more))
        self.texts = [dump(artist(i, base, full)) for i in self.ids]

    def position(self, after):
        """Where the page behind a cursor begins."""
        return bisect.bisect_right(self.ids, after) if after else 0


class Catalogues:
    """Recently used catalogues. Has a lock of its own, so that 64 requests
    for a new one make it once while everybody else goes on."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kept = collections.OrderedDict()

    def get(self, *key):
        """The catalogue of (account, size, base, full), or of that and
        (more, less)."""
        with self.lock:
            if key not in self.kept:
                self.kept[key] = Catalogue(*key)
                if len(self.kept) > CATALOGUES_MAX:
                    self.kept.popitem(last=False)
            self.kept.move_to_end(key)
            return self.kept[key]
