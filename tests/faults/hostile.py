# SPDX-License-Identifier: ISC
"""What hostile clients of crowd.py send: bytes that no browser would."""

import base64

PROGRAMS = ("login", "callback", "artists", "refresh", "session", "logout",
            "api/me")
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xa5" * 200


def plain(host, target, *lines, method="GET", body=b""):
    """A request with these lines in its header."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}",
            "Sec-Fetch-Site: same-origin", *lines]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def garbage(chance, host):
    """No HTTP at all, or nearly."""
    return chance.choice([
        chance.randbytes(chance.randrange(1, 3000)) + b"\r\n\r\n", HELLO,
        b"\0" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"GET /session\r\n\r\n",
        f"GET /session HTTP/9.9\r\nHost: {host}\r\n\r\n".encode(),
        f"GET /session HTTP/1.1\rHost: {host}\r\r".encode() + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])


def large_headers(chance, host):
    """One of 9 kB, of 64 kB, 200 cookies, 500 lines."""
    return plain(host, "/" + chance.choice(PROGRAMS), *chance.choice([
        ["Cookie: spotify-session=" + "A" * 9000],
        ["Cookie: spotify-session=" + "A" * 65000],
        ["Cookie: " + "; ".join(f"spotify-login-{n:08}={'B' * 40}"
                                for n in range(200))],
        [f"X-{n}: y" for n in range(500)], ["X-Long: " + "x" * 15000]]))


def bad_cookies(chance, host):
    """Forged, repeated, cut, or no cookies at all."""
    forged = base64.urlsafe_b64encode(chance.randbytes(32)).decode()[:43]
    return plain(host, "/" + chance.choice(PROGRAMS[2:]), chance.choice([
        f"Cookie: spotify-session={forged}",
        f"Cookie: spotify-session={forged}; spotify-session={forged}",
        f"Cookie: spotify-session={forged[:-1]}",
        f"Cookie: spotify-session=../../{forged}", "Cookie: =;;;,=",
        f"Cookie: spotify-login-{forged[:8]}={forged * 9}",
        "Cookie: spotify-session=%00\x01\xff"]),
        method=chance.choice(["GET", "POST"]))


def bad_queries(chance, host):
    """For login and callback, and paths that are none."""
    return plain(host, chance.choice([
        "/login?return_to=//evil.example/", "/login?return_to=/\\evil.example",
        "/login?return_to=https://evil.example/", "/login?" + "a=b&" * 1900,
        "/login?return_to=%0d%0aSet-Cookie:%20a=b", "/callback?code=a",
        "/callback?code=a&state=b&state=c", "/callback?%00", "/callback?&&==",
        "/callback?error=access_denied&state=" + "s" * 43,
        "/session?a=%zz", "/artists?fresh=%ff",
        "/../../etc/passwd", "/login/../callback?x", "/%2e%2e/callback",
        "/login%00", "//evil.example/login"]))


def smuggled(chance, host):
    """Two requests for one of the two servers, one for the other."""
    inner = plain(host, "/logout", "Origin: http://evil.example",
                  method="POST")
    return chance.choice([
        plain(host, "/refresh", "Content-Length: 4",
              "Transfer-Encoding: chunked", method="POST",
              body=b"0\r\n\r\n" + inner),
        plain(host, "/refresh", "Content-Length: 0",
              f"Content-Length: {len(inner)}", method="POST", body=inner),
        plain(host, "/refresh", "Transfer-Encoding: xchunked", method="POST",
              body=b"0\r\n\r\n" + inner),
        plain(host, "/refresh", "Transfer-Encoding: chunked", method="POST",
              body=b"ffffffffffffffff\r\n" + inner),
        plain(host, "/session", f"Host: evil.example\r\nHost: {host}"),
        plain(host, "http://evil.example/login"),
        plain(host, "/session", "Content_Length: 10", "Proxy: evil.example",
              "Https: on", " folded: line"),
        plain(host, "/session", "Content-Length: -1"),
        plain(host, "/artists", "Content-Length: 99999999999999999999"),
        inner * 20])


KINDS = (garbage, large_headers, bad_cookies, bad_queries, smuggled)


def attempt(chance, host):
    """(the name of a kind, bytes)."""
    kind = chance.choice(KINDS)
    return kind.__name__, kind(chance, host)
