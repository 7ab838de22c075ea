# SPDX-License-Identifier: ISC
"""Spotify for whoever asks it questions, without any of our programs: logins
that a person makes in a browser, tokens, calls. Standard library only."""

import base64
import hashlib
import http.server
import json
import queue
import re
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request

from .error import StackError

TIMEOUT_S = 20
LOGIN_S = 600       # what a person may take for one
BODY_MAX = 2 ** 20
REAL = {"authorize": "https://accounts.spotify.com/authorize",
        "token": "https://accounts.spotify.com/api/token",
        "api": "https://api.spotify.com/v1"}
THANKS = "<p>Thank you. The terminal has the answers in a moment."
AGAIN = "<p>Thank you. Now <a id=again href=login>once more</a>, please."
HEAD = ("<!doctype html><html lang=en><meta charset=utf-8>"
        "<title>Questions</title><link rel=icon href='data:,'>")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is asked with a secret goes to nobody else."""

    def redirect_request(self, *_):     # pylint: disable=signature-differs
        """None of them."""
        return None


def parse(data):
    """A JSON object, or an empty one."""
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def printable(value, pattern):
    """A short word of Spotify's that is like what it says it is; else None."""
    if isinstance(value, str) and re.fullmatch(pattern, value):
        return value
    return None


class Spotify:
    """As a client that is registered there. .secrets are all that must not
    be printed."""

    def __init__(self, client_id, client_secret, addresses=None):
        self.client_id = client_id
        self.addresses = addresses or REAL
        self._basic = base64.b64encode(":".join(
            urllib.parse.quote_plus(part) for part in
            (client_id, client_secret)).encode()).decode()
        self.secrets = {client_secret, self._basic}
        self._opener = urllib.request.build_opener(NoRedirect())

    def _send(self, method, url, headers, data=None):
        """Status and JSON object; 0 if there is no answer."""
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return answer.status, parse(answer.read(BODY_MAX))
        except urllib.error.HTTPError as error:
            with error:
                return error.code, parse(error.read(BODY_MAX))
        except (OSError, ValueError):
            return 0, {}

    def tokens(self, **form):
        """A token request."""
        status, answer = self._send(
            "POST", self.addresses["token"],
            {"Authorization": "Basic " + self._basic,
             "Content-Type": "application/x-www-form-urlencoded"},
            urllib.parse.urlencode(form).encode())
        self.secrets.update(
            answer[name] for name in ("access_token", "refresh_token")
            if isinstance(answer.get(name), str) and answer[name])
        return status, answer

    def call(self, method, path, token):
        """A call of the Web API."""
        return self._send(method, self.addresses["api"] + path,
                          {"Authorization": "Bearer " + token},
                          None if method in ("GET", "DELETE") else b"")


class Attempt:
    """One login that a person is to make."""

    def __init__(self, spotify, redirect_uri, scope):
        self.state = secrets.token_urlsafe(24)
        self.verifier = secrets.token_urlsafe(48)
        spotify.secrets.update((self.state, self.verifier))
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.url = spotify.addresses["authorize"] + "?" \
            + urllib.parse.urlencode({
                "client_id": spotify.client_id, "response_type": "code",
                "redirect_uri": redirect_uri, "scope": scope,
                "state": self.state, "code_challenge_method": "S256",
                "code_challenge": base64.urlsafe_b64encode(
                    digest).rstrip(b"=").decode()})


class Handler(http.server.BaseHTTPRequestHandler):
    """login, and callback of what is expected, once."""

    def do_GET(self):
        """One of the two."""
        path, _, query = self.path.partition("?")
        attempt = self.server.attempt
        if path == "/login" and attempt:
            self.answer(303, location=attempt.url)
        elif path == "/callback" and attempt:
            fields = dict(urllib.parse.parse_qsl(query))
            if not secrets.compare_digest(
                    fields.get("state", "").encode(), attempt.state.encode()):
                self.answer(400, "<p>This is not the login that was begun.")
                return
            self.server.attempt = None
            self.answer(200, self.server.words)
            self.server.came.put(fields)
        else:
            self.answer(404, "<p>Nothing is here at the moment.")

    def answer(self, status, words="", location=None):
        """A small page, or a redirect."""
        body = (HEAD + words).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        for name, value in (("Content-Type", "text/html; charset=utf-8"),
                            ("Content-Length", str(len(body))),
                            ("Referrer-Policy", "no-referrer"),
                            ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):   # pylint: disable=redefined-builtin
        """Never: the address of a callback has a code in it."""


class Listener:
    """Where Spotify sends the browser back to; a context manager."""

    def __init__(self, port, origin=""):
        try:
            self._server = http.server.ThreadingHTTPServer(
                ("127.0.0.1", port), Handler)
        except OSError as error:
            raise StackError(f"port {port}: {error.strerror}") from None
        self._server.came, self._server.attempt = queue.Queue(), None
        self.origin = origin or \
            f"http://127.0.0.1:{self._server.server_address[1]}"
        self.redirect_uri = self.origin + "/callback"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def expect(self, spotify, scope, last):
        """Begin a login; .origin + "/login" leads to it."""
        attempt = Attempt(spotify, self.redirect_uri, scope)
        self._server.words = THANKS if last else AGAIN
        self._server.attempt = attempt
        return attempt

    def wait(self, spotify, attempt):
        """The fields that came back, and the answer to the code, which is
        empty if there is none."""
        try:
            fields = self._server.came.get(timeout=LOGIN_S)
        except queue.Empty:
            raise StackError("nobody has logged in") from None
        if not fields.get("code"):
            return fields, {}
        spotify.secrets.add(fields["code"])
        status, answer = spotify.tokens(
            grant_type="authorization_code", code=fields["code"],
            redirect_uri=self.redirect_uri, code_verifier=attempt.verifier)
        return fields, answer if status == 200 else {}
