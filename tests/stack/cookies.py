# SPDX-License-Identifier: ISC
"""The cookie rules that matter here (RFC 6265bis), as a browser keeps them.

Cookies know hosts but no ports. Of the rules for hosts only "the same" is
here: a Domain attribute makes the jar complain, our programs never send one.
"""

import dataclasses
import email.utils
import time
import urllib.parse


@dataclasses.dataclass
class Cookie:
    """One cookie with what decides where it goes."""

    name: str
    value: str
    host: str
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    same_site: str = "lax"
    expires: float = None       # None: with the browser


def attributes_of(text):
    """A Set-Cookie value as (name, value, {attribute in lower case: value})."""
    first, *rest = text.split(";")
    name, _, value = first.partition("=")
    attributes = {}
    for part in rest:
        key, _, content = part.partition("=")
        attributes[key.strip().lower()] = content.strip()
    return name.strip(), value.strip(), attributes


def default_path(path):
    """The directory of the URL that set the cookie."""
    return path[:path.rfind("/")] or "/"


def covers(cookie_path, path):
    """Section 5.1.4."""
    return path == cookie_path or path.startswith(
        cookie_path if cookie_path.endswith("/") else cookie_path + "/")


class CookieJar:
    """The cookies of one browser. time_offset: a function, seconds."""

    def __init__(self, time_offset=lambda: 0):
        self._time_offset = time_offset
        self._cookies = {}

    def _now(self):
        return time.time() + self._time_offset()

    def _expires(self, attributes):
        if "max-age" in attributes:
            return self._now() + int(attributes["max-age"])
        if "expires" in attributes:
            return email.utils.parsedate_to_datetime(
                attributes["expires"]).timestamp()
        return None

    @staticmethod
    def _may_set(cookie, attributes, secure_channel):
        """What browsers silently refuse."""
        if cookie.secure and not secure_channel:
            return False
        if cookie.name.startswith("__Secure-"):
            return cookie.secure
        if cookie.name.startswith("__Host-"):
            return cookie.secure and attributes.get("path") == "/"
        return cookie.same_site != "none" or cookie.secure

    def accept(self, text, url):
        """Keep what a Set-Cookie says, or let it delete."""
        parts = urllib.parse.urlsplit(url)
        name, value, attributes = attributes_of(text)
        assert "domain" not in attributes, f"Domain in {text!r}"
        path = attributes.get("path", "")
        cookie = Cookie(
            name, value, parts.hostname,
            path if path.startswith("/") else default_path(parts.path),
            "secure" in attributes, "httponly" in attributes,
            attributes.get("samesite", "lax").lower(),
            self._expires(attributes))
        if not self._may_set(cookie, attributes, parts.scheme == "https"):
            return
        key = (name, cookie.host, cookie.path)
        self._cookies[key] = cookie
        self._alive()

    def _alive(self):
        """The cookies there are. One that has expired is gone for good, even
        if the clock is set back."""
        now = self._now()
        self._cookies = {key: cookie for key, cookie in self._cookies.items()
                         if cookie.expires is None or cookie.expires > now}
        return self._cookies.values()

    @staticmethod
    def _goes(cookie, parts, site, top_get):
        if cookie.secure and parts.scheme != "https":
            return False
        if site == "cross-site" and (
                cookie.same_site == "strict"
                or cookie.same_site == "lax" and not top_get):
            return False
        return cookie.host == parts.hostname and covers(cookie.path,
                                                        parts.path or "/")

    def text(self, url, site="same-origin", top_get=True):
        """The Cookie header for a request, "" if none; longest path first."""
        parts = urllib.parse.urlsplit(url)
        found = [c for c in self._alive()
                 if self._goes(c, parts, site, top_get)]
        found.sort(key=lambda c: -len(c.path))
        return "; ".join(f"{c.name}={c.value}" for c in found)

    def find(self, name):
        """The Cookie of this name, None if there is none (any longer)."""
        return next((c for c in self._alive() if c.name == name), None)

    def get(self, name):
        """Its value or None."""
        cookie = self.find(name)
        return cookie.value if cookie else None

    def names(self):
        """Of all that are alive."""
        return [c.name for c in self._alive()]

    def set(self, name, value, host, secure=False):
        """As if a server had set it, with Path=/."""
        self._cookies[name, host, "/"] = Cookie(name, value, host,
                                                secure=secure)

    def remove(self, name):
        """Whatever its host and path."""
        for key in [k for k in self._cookies if k[0] == name]:
            del self._cookies[key]

    def clear(self):
        """A new browser."""
        self._cookies.clear()

    def copy(self):
        """A jar of its own with the same cookies (a thief's)."""
        jar = CookieJar(self._time_offset)
        jar._cookies = {key: dataclasses.replace(cookie)
                        for key, cookie in self._cookies.items()}
        return jar
