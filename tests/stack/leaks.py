# SPDX-License-Identifier: ISC
"""Every secret that ever existed, searched in everything that was left.

Each stack has one of these. Its clients tell it what the site answered, a
reset of the simulation what would be forgotten; when the stack stops, find()
says what leaked, with the name of the place and never the secret.

The search does not guess how a secret was encoded, it undoes encodings:
percent, hex and base64 in any alphabet, case and place within a longer text,
and one within another. Any 16 bytes of a secret in a row are a leak.
"""

import base64
import binascii
import contextlib
import os
import pathlib
import re
import sys
import threading
import urllib.parse

WINDOW = 16         # bytes in a row that are a leak
GRAM = 8            # one at every eighth place of a text lies in each window
ENCODINGS = 2       # one within another
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{20,}")
HEX = re.compile(rb"[0-9A-Fa-f]{32,}")
ALPHABET = bytes.maketrans(b"-_", b"+/")
# What no secret holds: an answer is kept as the set of what lies between.
BETWEEN = re.compile(rb"[\s\"<>{}\[\],;]+")
STATE = re.compile(r"(?<=[?&]state=)[^&]*")
KEY_FILES = ("client_secret", "server_key")
FORM = {"code": "code", "code_verifier": "code_verifier",
        "refresh_token": "refresh_token"}


# The search

def decodings(data):
    """What the data would be if it, or a part of it, were encoded."""
    if b"%" in data:
        yield urllib.parse.unquote_to_bytes(data)
    runs = [run for found in HEX.findall(data) for run in (found, found[1:])]
    if runs:
        yield b"\n".join(binascii.unhexlify(run[:len(run) // 2 * 2])
                         for run in runs)
    runs = [run.translate(ALPHABET) for run in BASE64.findall(data)]
    for shift in range(4 if runs else 0):
        yield b"\n".join(
            binascii.a2b_base64(run[shift:shift + (len(run) - shift) // 4 * 4])
            for run in runs)


def views(data, depth=ENCODINGS):
    """The data, and what it may stand for."""
    yield data
    for decoded in decodings(data) if depth else ():
        yield from views(decoded, depth - 1)


def grams(data, shift=0):
    """Its pieces of eight bytes as numbers, one after the other."""
    part = memoryview(data)[shift:]
    return part[:len(part) // GRAM * GRAM].cast("Q")


def is_within(secret, data):
    """Whether any part of it is that is long enough."""
    return any(secret[at:at + WINDOW] in data
               for at in range(len(secret) - WINDOW + 1))


class Search:
    """For secrets: {bytes: kind}."""

    def __init__(self, secrets):
        self._secrets = secrets
        self._owners = {}       # gram: the secrets that have it
        for secret in secrets:
            for shift in range(GRAM):
                for gram in grams(secret, shift):
                    self._owners.setdefault(gram, set()).add(secret)

    def kinds_in(self, data, depth=ENCODINGS):
        """Of the secrets that are in it, in whatever form; with depth 0 only
        as they are."""
        found = set()
        for view in views(data, depth):
            met = self._owners.keys() & grams(view)
            suspects = set().union(*map(self._owners.get, met))
            found |= {self._secrets[secret] for secret in suspects
                      if is_within(secret, view)}
        return found


# What is a secret

def is_secret(value):
    """Tests have Spotify issue "x" and 8000 times "a": nobody guesses."""
    return len(value) >= WINDOW and len(set(value)) >= 10


def forms(value):
    """As it travels, and the bytes that it stands for."""
    yield value
    if re.fullmatch(rb"[0-9a-f]{64}", value):
        yield bytes.fromhex(value.decode())
    elif re.fullmatch(rb"[A-Za-z0-9_-]{43}", value):
        yield base64.urlsafe_b64decode(value + b"=")


def shown(requests):
    """(kind, value): what our programs have shown to Spotify."""
    for entry in requests:
        for name, value in entry["form"] or []:
            if name in FORM:
                yield FORM[name], value
        for name, value in entry["headers"]:
            scheme, _, token = value.partition(" ")
            if name.lower() == "authorization" and scheme == "Bearer":
                yield "access_token", token


# Where it must not be

def descendants(pid):
    """The process and all that it has started and still has."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                found += map(int, pathlib.Path(
                    f"/proc/{parent}/task/{task}/children"
                ).read_text("ascii").split())
        except OSError:
            continue            # it has ended
    return found


def processes(stack):
    """{place: bytes} of what the system tells of our processes."""
    found = {}
    pids = [("spotify", pid) for pid in [stack.spotify.pid]]
    pids += [("server", pid) for pid in descendants(stack.server.pid)]
    pids += [(name, pid) for name in stack.programs
             for pid in stack.pids(name)]
    for name, pid in pids:
        for part in ("cmdline", "environ", "comm"):
            try:
                found[f"{part} of {name}, process {pid}"] = pathlib.Path(
                    f"/proc/{pid}/{part}").read_bytes()
            except OSError:
                continue        # hardened: only root may; or it has ended
    return found


def files(folder):
    """{place: bytes} of all that is on the disk, names included, but for the
    two files that are there to hold a secret."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = pathlib.Path(parent, name)
            place = path.relative_to(folder)
            if path.is_symlink() or not path.is_file() \
                    or str(place) in KEY_FILES:
                continue
            try:
                found[f"file {place}"] = bytes(place) + b"\n" \
                    + path.read_bytes()
            except FileNotFoundError:
                continue
    return found


class Leaks:
    """Of one stack, from its start to its end."""

    def __init__(self, stack):
        self._stack = stack
        self._lock = threading.Lock()
        self._secrets = {}      # value: kind
        self._cookies = set()   # values that a Set-Cookie has brought
        self._said = {}         # piece of an answer: where it was first

    # Secrets

    def add(self, kind, value):
        """One that somebody else has heard of."""
        if not value or not is_secret(value):
            return
        data = value.encode("utf-8", "replace")
        if kind != "cookie":            # what else it is says more
            self._secrets[data] = kind
        else:
            self._secrets.setdefault(data, kind)

    def learn(self):
        """What Spotify knows now and forgets at a reset."""
        for kind, value in shown(self._stack.spotify.requests()):
            self.add(kind, value)

    def secrets(self):
        """{value: kind} of all there ever were."""
        stack = self._stack
        with contextlib.suppress(OSError):      # a test has stopped it
            self.learn()
            for secret in stack.spotify.secrets():
                self.add(secret["kind"], secret["value"])
        for name in KEY_FILES:
            for line in (stack.folder / name).read_text("utf-8").split():
                self.add(name, line)
        return dict(self._secrets)

    # Answers

    def hear(self, reply):
        """Any answer of the site. (Threads call this.)"""
        where = urllib.parse.urlsplit(reply.url).path
        if where.startswith("/members/"):
            return              # there another application answers
        with self._lock:
            for name, value in reply.headers:
                if name.lower() == "set-cookie":
                    value = self._hear_cookie(value)
                elif name.lower() == "location" and where.endswith("/login"):
                    value = self._hear_state(value)
                self._keep(f"{name} of {where}", value.encode("latin-1"))
            self._keep(f"body of {where}", reply.body)

    def _keep(self, place, data):
        for piece in set(BETWEEN.split(data)):
            if len(piece) >= WINDOW:
                self._said.setdefault(piece, place)

    def _hear_cookie(self, text):
        """A Set-Cookie is where its own value belongs, and nothing else."""
        pair, _, rest = text.partition(";")
        name, _, value = pair.partition("=")
        if is_secret(value):
            self.add("cookie", value)
            self._cookies.add(value.encode())
        return name + ";" + rest

    def _hear_state(self, url):
        """On the way to Spotify it stands in the address."""
        for value in STATE.findall(url):
            self.add("state", urllib.parse.unquote(value))
        return STATE.sub("", url)

    # Both

    def places(self, seen=None):
        """{place: bytes}: files, processes, and all answers of one kind as
        one. seen: from processes(), if they are gone by now."""
        found = files(self._stack.folder)
        found |= processes(self._stack) if seen is None else seen
        answers = {}
        with self._lock:
            for piece, place in self._said.items():
                answers.setdefault(place, []).append(piece)
        return found | {place: b"\n".join(pieces)
                        for place, pieces in answers.items()}

    def find(self, seen=None):
        """Lines "KIND in PLACE", in order; see places()."""
        secrets = self.secrets()
        search = Search({form: kind for value, kind in secrets.items()
                         for form in forms(value)})
        found = [f"{kind} in {place}"
                 for place, data in self.places(seen).items()
                 for kind in search.kinds_in(data)]
        # A cookie may hold no other secret, however sealed.
        found += [f"{kind} in a cookie"
                  for kind in search.kinds_in(b"\n".join(self._cookies))
                  if kind != "cookie"]
        return sorted(found)
