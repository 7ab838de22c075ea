# SPDX-License-Identifier: ISC
"""A browser without a screen; see the package."""

import base64
import hashlib
import http.client
import json
import re
import socket
import ssl
import urllib.parse

from .cookies import CookieJar

TIMEOUT_S = 60
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
              "Sec-Fetch-User": "?1", "Upgrade-Insecure-Requests": "1",
              "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = "application/x-www-form-urlencoded"


class Reply:
    """What came back."""

    def __init__(self, status, headers, body, url):
        self.status, self.headers, self.body = status, headers, body
        self.url = url

    def all(self, name):
        """The values of all headers of that name."""
        return [value for key, value in self.headers
                if key.lower() == name.lower()]

    def header(self, name):
        """The value, None if absent; no header may come twice."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} comes {len(values)} times"
        return values[0] if values else None

    @property
    def text(self):
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def json(self):
        """The body as JSON, which its type must say."""
        assert re.match(r"application/(problem\+)?json(;|$)",
                        self.header("Content-Type") or ""), self
        return json.loads(self.body)

    @property
    def location(self):
        """Where to go."""
        return self.header("Location")

    @property
    def code(self):
        """The stable word of a problem, or of an error page."""
        if "html" in (self.header("Content-Type") or ""):
            found = re.search(r"<small>(\w+)", self.text)
            return found and found[1]
        return self.json["code"]

    def __repr__(self):
        return f"<Reply {self.status} of {self.url} {self.body[:300]!r}>"


class Connection(http.client.HTTPConnection):
    """To 127.0.0.1 whatever the name; with TLS if there is a context."""

    def __init__(self, parts, context):
        super().__init__(parts.hostname, parts.port, timeout=TIMEOUT_S)
        self._context = context

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.port),
                                             self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context:
            self.sock = self._context.wrap_socket(self.sock,
                                                  server_hostname=self.host)


class Client:
    """One browser of one person. Not for several threads at once."""

    # Called as judge(client, method, reply) with every answer of the site,
    # if there is one; the tests set theirs (tools/answers.py).
    judge = None

    def __init__(self, stack, cookies=None):
        self.stack = stack
        self.base = stack.origin + stack.prefix
        self.cookies = cookies or CookieJar(
            lambda: stack.clock.offset if stack.clock else 0)

    def copy(self):
        """Another client with the same cookies."""
        return Client(self.stack, self.cookies.copy())

    @property
    def session_cookie_name(self):
        """Depends on the scheme, and on the directory of the programs."""
        return f"{'__Host-' * self.stack.tls}spotify{self._tag()}-session"

    def _tag(self):
        """By which sites below one host differ (lib/conf/cookienames.c)."""
        if self.stack.prefix == "/":
            return ""
        digest = hashlib.blake2b(self.stack.prefix.encode(), digest_size=16,
                                 person=b"sfcgi-digest-1")
        return "." + base64.urlsafe_b64encode(digest.digest()[:6]).decode()

    @property
    def session_cookie(self):
        """Its value or None."""
        return self.cookies.get(self.session_cookie_name)

    @session_cookie.setter
    def session_cookie(self, value):
        self.cookies.set(self.session_cookie_name, value, self.stack.host,
                         secure=self.stack.tls)

    # Requests

    def _context(self, parts):
        """Our own authority for the site; the simulation's certificate is
        not what is tested."""
        if parts.scheme != "https":
            return None
        if parts.port == self.stack.port:
            return ssl.create_default_context(cafile=str(self.stack.ca_file))
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _send(self, method, url, headers, body):
        """headers: pairs; sends them as they are, Host if there is none."""
        parts = urllib.parse.urlsplit(url)
        connection = Connection(parts, self._context(parts))
        target = (parts.path or "/") + ("?" + parts.query if parts.query
                                        else "")
        names = {name.lower() for name, _ in headers}
        try:
            connection.putrequest(method, target, skip_host="host" in names,
                                  skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None and "content-length" not in names:
                connection.putheader("Content-Length", str(len(body)))
            elif method == "POST" and body is None:
                connection.putheader("Content-Length", "0")
            connection.endheaders(body)
            response = connection.getresponse()
            reply = Reply(response.status, response.getheaders(),
                          response.read(), url)
            if parts.port in self.stack.server.ports:
                self.stack.leaks.hear(reply)
            if self.judge and parts.port == self.stack.port:
                self.judge(method, reply)
            return reply
        finally:
            connection.close()

    def request(self, method, path, headers=None, body=None, *,
                site="same-origin", top_get=True):
        """The headers given, Host and cookies; nothing a browser adds.
        headers: a dict or pairs; a value None leaves one out; a Cookie among
        them replaces the jar's."""
        url = urllib.parse.urljoin(self.base, path)
        pairs = list(headers.items() if isinstance(headers, dict)
                     else headers or [])
        cookies = self.cookies.text(url, site, top_get)
        if cookies and not any(n.lower() == "cookie" for n, _ in pairs):
            pairs.append(("Cookie", cookies))
        pairs = [(name, value) for name, value in pairs if value is not None]
        if isinstance(body, str):
            body = body.encode()
        reply = self._send(method, url, pairs, body)
        for text in reply.all("Set-Cookie"):
            self.cookies.accept(text, url)
        return reply

    def get(self, path, headers=None, *, link=False, site=None):
        """Go there: typed in, by a link of ours, or by one of elsewhere."""
        site = site or ("same-origin" if link else "none")
        return self.request("GET", path, {
            **NAVIGATION, "Sec-Fetch-Site": site, **(headers or {})},
            site=site)

    def post(self, path, form=None, headers=None, *, site="same-origin",
             origin=None):
        """Send a form; origin: of the page it is on."""
        return self.request("POST", path, {
            **NAVIGATION, "Sec-Fetch-Site": site,
            "Origin": origin or self.stack.origin, "Content-Type": FORM,
            **(headers or {})}, urllib.parse.urlencode(form or {}),
            site=site, top_get=False)

    def fetch(self, path, method="GET", headers=None, body=None, *,
              site="same-origin", origin=None):
        """As conf/www/api.js asks; with an origin, a script of elsewhere."""
        sent = {"Accept": "application/json", "Sec-Fetch-Site": site,
                "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        if site == "same-origin":
            sent["X-Requested-With"] = "fetch"
        if origin or method not in ("GET", "HEAD"):
            sent["Origin"] = origin or self.stack.origin
        return self.request(method, path, {**sent, **(headers or {})}, body,
                            site=site, top_get=False)

    # The way to Spotify and back

    def start_login(self, return_to=None, switch=False):
        """Follow the link of the page; Spotify's authorize URL."""
        query = {"switch": "1"} if switch else {}
        if return_to is not None:
            query["return_to"] = return_to
        reply = self.get("login" + ("?" + urllib.parse.urlencode(query)
                                    if query else ""), link=True)
        assert reply.status == 303, reply
        return reply.location

    def _decide(self, url, decision, account):
        """What the form of the consent page sends."""
        fields = dict(urllib.parse.parse_qsl(
            urllib.parse.urlsplit(url).query))
        if account is not None:
            fields["account"] = account
        return self.request(
            "POST", urllib.parse.urljoin(url, "/authorize/decision"),
            {"Content-Type": FORM},
            urllib.parse.urlencode({**fields, "decision": decision}))

    def approve(self, url, account=None):
        """Agree at Spotify, as the account or as whom Spotify takes us for;
        the URL it sends us back to."""
        if account is None:
            reply = self.get(url, site="cross-site")
            if reply.status == 200:
                reply = self._decide(url, "agree",
                                     self.stack.spotify.accounts()[0]["id"])
        else:
            reply = self._decide(url, "agree", account)
        assert reply.status in (302, 303), reply
        return reply.location

    def deny(self, url):
        """Cancel at Spotify; the URL it sends us back to."""
        reply = self._decide(url, "deny", None)
        assert reply.status in (302, 303), reply
        return reply.location

    def finish(self, callback_url, headers=None):
        """Be sent back by Spotify."""
        return self.get(callback_url, headers, site="cross-site")

    def login(self, account=None, return_to=None, switch=False):
        """The whole way; the callback's Reply."""
        url = self.start_login(return_to, switch)
        reply = self.finish(self.approve(url, account))
        assert reply.status == 303, reply
        return reply
