# SPDX-License-Identifier: ISC
"""Requests that two readers might understand in two ways, byte for byte, to
both web servers: refused or answered rightly, once, and nobody else's."""

import itertools

import pytest

from both_servers import site, site_of_session
from rawhttp import Raw
from tools.answers import Browser
from victim import Victim, check_refusal, check_right

__all__ = ["site", "site_of_session"]
REFUSED = {400, 403, 404, 405, 413, 414, 417, 431, 501, 505}
TAIL = ("X-Requested-With: x\r\nX-A: b\r\nConnection: close\r\n"
        "Content-Length: 0\r\n\r\n")
# Good as they are; each spends something.
LOGOUT = ("POST /logout HTTP/1.1\r\nHost: @HOST\r\nCookie: @SESSION\r\n"
          + TAIL)
CALLBACK = ("GET @CALLBACK HTTP/1.1\r\nHost: @HOST\r\nCookie: @PENDING\r\n"
            + TAIL)
LENGTH = "Content-Length: 0"
CHUNKED = "Transfer-Encoding: chunked"
END = "\r\n\r\n"

# What of a good request is replaced by what. Nobody accepts these.
MALFORMED = {
    "two hosts": ("Host: ", "Host: other.example\r\nHost: "),
    "the host twice": ("Host: ", "Host: @HOST\r\nHost: "),
    "another host behind": ("X-A: b", "Host: other.example"),
    "no host": ("Host: @HOST\r\n", ""),
    "an empty host": ("Host: @HOST", "Host: "),
    "a host with a path": ("Host: ", "Host: x/"),
    "a host and a blank": ("Host: @HOST", "Host: @HOST other.example"),
    "a list of hosts": ("Host: @HOST", "Host: @HOST, other.example"),
    "a host with NUL": ("Host: @HOST", "Host: @HOST\0other.example"),
    "NUL in a value": ("X-A: b", "X-A: a\0b"),
    "NUL in the cookie": ("Cookie: ", "Cookie: a=\0; "),
    "NUL in a name": ("X-A: b", "X\0A: b"),
    "NUL in the target": (" HTTP/1.1", "\0 HTTP/1.1"),
    "CR in a value": ("X-A: b", "X-A: b\rContent-Length: 5"),
    "CR for a line end": ("X-A: b\r\n", "X-A: b\r"),
    "a fold at the top": ("HTTP/1.1\r\n", "HTTP/1.1\r\n X-B: c\r\n"),
    "a blank before the colon": ("X-A: b", "X-A : b"),
    "a tab before the colon": ("X-A: b", "X-A\t: b"),
    "a blank in a name": ("X-A: b", "X A: b"),
    "no name": ("X-A: b", ": b"),
    "an old version": ("HTTP/1.1", "HTTP/0.8"),
    "a version in lower case": ("HTTP/1.1", "http/1.1"),
    "more than a version": ("HTTP/1.1", "HTTP/1.1 x"),
    "another protocol": ("HTTP/1.1", "ICAP/1.1"),
    "a tab in the request line": (" HTTP/1.1", "\tHTTP/1.1"),
    "HTTP/2 in clear": ("", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "the PROXY protocol": ("", "PROXY TCP4 1.2.3.4 127.0.0.1 1 2\r\n"),
    "the length twice": (LENGTH, f"{LENGTH}\r\n{LENGTH}"),
    "two lengths": (LENGTH, f"{LENGTH}\r\nContent-Length: 5"),
    "a list of lengths": (LENGTH, LENGTH + ", 0"),
    **{f"the length {text!r}": (LENGTH, f"Content-Length: {text}")
       for text in ("+0", "-1", "0x0", "0;", "0 0", "", "1e1", "0.0", "9" * 30,
                    "18446744073709551616", "\x0b0", "zero", "\xb2")},
    **{f"the coding {text!r}": (LENGTH + END, f"Transfer-Encoding: {text}"
                                f"{END}0{END}")
       for text in ("xchunked", "identity", "chunked, identity", "",
                    "chunked;q=1", "\x0bchunked", "chunked\0", '"chunked"',
                    "chunked\r\nTransfer-Encoding: identity")},
    **{f"the chunk {text!r}": (LENGTH + END, CHUNKED + END + text + END)
       for text in ("0x0", "-1", "F" * 17, "8000000000000000", "", "g", " 0",
                    "1\r\nxx\r\n0", "0\0", "+0", "0.", "\x80")}}

# One of the servers, or both, understand these.
TOLERATED = {
    "a user in the host": ("Host: ", "Host: user@"),
    "quotes in the host": ("Host: @HOST", 'Host: "127.0.0.1"'),
    "a backslash in the host": ("Host: @HOST", "Host: 127.0.0.1\\x"),
    "a word for a port": ("Host: @HOST", "Host: 127.0.0.1:x"),
    "a dot behind the host": ("Host: @HOST", "Host: 127.0.0.1."),
    "a control byte in a value": ("X-A: b", "X-A: \x01"),
    "a control byte in the cookie": ("Cookie: ", "Cookie: a=\x01; "),
    "LF at the end of a line": ("X-A: b\r\n", "X-A: b\n"),
    "a fold": ("X-A: b", "X-A: b\r\n c"),
    "a folded cookie": ("Cookie: ", "Cookie: a=b;\r\n "),
    "a folded coding": (LENGTH + END,
                        f"Transfer-Encoding:\r\n chunked{END}0{END}"),
    "a line without colon": ("X-A: b", "X-A"),
    "a name that is not ASCII": ("X-A: b", "X-\xe9: b"),
    "brackets in a name": ("X-A: b", "X(A): b"),
    "no host in HTTP/1.0": ("HTTP/1.1\r\nHost: @HOST\r\n", "HTTP/1.0\r\n"),
    "HTTP/1.0": ("HTTP/1.1", "HTTP/1.0"), "HTTP/1.2": ("HTTP/1.1", "HTTP/1.2"),
    "HTTP/2.0": ("HTTP/1.1", "HTTP/2.0"),
    "HTTP/1.10": ("HTTP/1.1", "HTTP/1.10"),
    "two blanks": (" HTTP/1.1", "  HTTP/1.1"), "an empty line first":
    ("", "\r\n"), "the length 00": (LENGTH, LENGTH + "0"),
    "an upload that expects": ("X-A: b", "Expect: 100-continue, 7"),
    "an upload that waits": ("X-A: b", "Expect: 100-continue"),
    "another protocol offered": ("X-A: b", "Upgrade: h2c, websocket"),
    "an underscore": (LENGTH, LENGTH + "\r\nTransfer_Encoding: chunked"),
    "chunks in HTTP/1.0": (f"HTTP/1.1|{LENGTH}{END}",
                           f"HTTP/1.0|{CHUNKED}{END}0{END}"),
    **{f"the coding {text!r}": (LENGTH + END, f"Transfer-Encoding: {text}"
                                f"{END}0{END}")
       for text in ("chunked", "Chunked", "gzip, chunked", "chunked, chunked",
                    "\tchunked ")},
    **{f"the chunk {text!r}": (LENGTH + END, CHUNKED + END + text)
       for text in ("0\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "0\n\n",
                    "000001\r\nx\r\n0\r\n\r\n", "1;a=b\r\nx\r\n0\r\n\r\n",
                    "1 \r\nx\r\n0\r\n\r\n", "0\r\nCookie: a=b\r\n\r\n",
                    "0\r\nno trailer\r\n\r\n", "0;\n\r\n")}}


@pytest.fixture(name="victim")
def fixture_victim(site):    # pylint: disable=redefined-outer-name
    """At either server."""
    return Victim(site)


def changed(text, change):
    """With the first of each piece replaced; "|" divides pieces."""
    for old, new in zip(change[0].split("|"), change[1].split("|")):
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_what_nobody_may_accept_is_refused_and_spends_nothing(victim):
    for name, change in MALFORMED.items():
        for request in (LOGOUT, CALLBACK):
            replies = victim.send(changed(request, change))
            assert len(replies) == 1, (name, replies)
            check_refusal(replies[0], REFUSED)
        assert victim.is_untouched(), name
    assert victim.can_go_on()


def is_understood(victim, change):
    """Or refused, in which case nothing has happened."""
    spent = []
    for request, status, program in ((CALLBACK, 303, "callback"),
                                     (LOGOUT, 204, "logout")):
        [reply] = victim.send(changed(request, change))
        spent.append(reply.status == status)
        if spent[-1]:
            check_right(reply, program)
            victim.check()
        else:
            check_refusal(reply, REFUSED)
            assert victim.is_untouched()
    assert len(set(spent)) == 1
    return spent[0]


def test_what_is_odd_is_refused_or_understood(site, victim):
    for name, change in TOLERATED.items():
        if is_understood(victim, change):
            victim = Victim(site)


def test_the_requests_without_a_change_spend_everything(victim):
    """Or the two tests above would prove nothing."""
    assert victim.send(CALLBACK)[0].status == 303
    assert victim.send(LOGOUT)[0].status == 204
    assert victim.browser.fetch("session").json == {"logged_in": False}
    assert victim.browser.finish(victim.callback).code == "login_replayed"


# A request within another

INNER = LOGOUT.replace("Connection: close\r\n", "")
OUTER = "{} {} HTTP/1.1\r\nHost: @HOST\r\n{}\r\n"
TARGETS = ("/session", "/logout", "/login", "/callback", "/", "/nowhere")


def bodies(inner):
    """(headers, body) with the request in it."""
    for body in (inner, "x" * 16385 + inner, "\r\n\r\n" + inner):
        yield f"Content-Length: {len(body)}\r\n", body
    yield CHUNKED + "\r\n", f"{len(inner):x}\r\n{inner}\r\n0\r\n\r\n"


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT"])
def test_a_request_in_a_body_is_a_body(victim, method):
    """Whether the body is read, thrown away or the connection closed."""
    for target in TARGETS:
        for headers, body in bodies(victim.fill(INNER)):
            with Raw(victim.stack.port) as raw:
                raw.send(victim.fill(OUTER.format(
                    method, target, headers + "Connection: close\r\n")) + body)
                assert raw.answer(method).status in (200, 303, 204, *REFUSED)
                assert raw.answers() == []
            assert victim.is_untouched(), (target, headers)
    assert victim.can_go_on()


@pytest.mark.parametrize("headers", [
    # The length is that of all that follows, the chunks end at once.
    "{length}\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\n"
    "{length}", "{length}\r\nTransfer-Encoding:\r\n chunked",
    "{length}\r\nTransfer-Encoding: \tchunked", "{length}\r\n"
    "Transfer-Encoding: Chunked", "{length}\r\ntRANSFER-eNCODING: chunked",
    "{length}\r\nTransfer-Encoding: gzip, chunked",
    "{length}\r\nTransfer-Encoding: chunked, chunked",
    "{length}\r\nX-A: b\nTransfer-Encoding: chunked",
    # Nobody's chunks: the length counts.
    "{length}\r\nTransfer_Encoding: chunked", "{length}\r\n"
    "X-Transfer-Encoding: chunked", "{length}\r\nTE: chunked"])
def test_two_lengths_are_never_two_requests(victim, headers):
    """The connection ends, or the inner one is a body to both readers."""
    inner = "0\r\n\r\n" + victim.fill(INNER)
    for target in ("/session", "/logout", "/"):
        replies = victim.send(OUTER.format("POST", target, headers.format(
            length=f"Content-Length: {len(inner)}") + "\r\nConnection: "
            "keep-alive\r\n") + inner + OUTER.format(
                "GET", "/session", "Connection: close\r\n"))
        assert len(replies) in (1, 2)
        if len(replies) == 2:
            assert replies[1].json == {"logged_in": False}
        assert victim.is_untouched()


# Requests one behind the other

def people(stack):
    """[(cookie line, name)], the last of nobody."""
    found = []
    for name in ("wizzler", "grace.many", "özkant"):
        browser = Browser(stack)
        browser.login(account=name)
        found.append((f"Cookie: spotify-session={browser.session_cookie}\r\n",
                      name))
    return [*found, ("", None)]


def test_pipelined_requests_get_each_its_own_answer(site):
    orders = [list(order) for order in itertools.permutations(people(site))]
    asked = [person for order in orders[:12] for person in order]
    with Raw(site.port) as raw:
        raw.send("".join(
            f"GET /session HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
            f"{cookie}\r\n" for cookie, _ in asked))
        for _, name in asked:
            reply = raw.answer()
            check_right(reply, "session")
            assert reply.json.get("account", {}).get("id") == name


def test_a_request_behind_a_body_gets_its_own_answer(site):
    """The body of the first is read to its end and no further."""
    (wizzler, _), (grace, _), *_ = people(site)
    host = f"Host: 127.0.0.1:{site.port}\r\n"
    for length in (0, 1, 5, 4096, 16384):
        with Raw(site.port) as raw:
            raw.send(f"POST /refresh HTTP/1.1\r\n{host}{wizzler}"
                     f"X-Requested-With: x\r\nContent-Length: {length}\r\n\r\n"
                     + "G" * length + "GET /session HTTP/1.1\r\n" + host
                     + grace + "\r\nHEAD /session HTTP/1.1\r\n" + host
                     + wizzler + "\r\nGET /session HTTP/1.1\r\n" + host
                     + "Connection: close\r\n\r\n")
            assert raw.answer().json["refreshed"] is False
            assert raw.answer().json["account"]["id"] == "grace.many"
            assert raw.answer("HEAD").header("Content-Length") > "2"
            assert raw.answer().json == {"logged_in": False}
            assert raw.answer() is None


def test_a_body_that_never_comes_holds_up_nobody(victim):
    with Raw(victim.stack.port) as raw:
        raw.send(victim.fill(INNER.replace(LENGTH, "Content-Length: 100")))
        assert victim.is_untouched()
    assert victim.is_untouched()
    assert victim.can_go_on()


def test_a_request_of_http_0_9_is_nobodys(victim):
    """It has no headers, so no cookie; its answer has none either."""
    with Raw(victim.stack.port) as raw:
        raw.send(victim.fill("GET /session\r\nCookie: @SESSION\r\n\r\n"))
        text = raw.rest()
    assert text == b'{"logged_in":false}\n' or b" 400 " in text[:20]
    with Raw(victim.stack.port) as raw:
        raw.send(victim.fill(CALLBACK.replace(" HTTP/1.1", "\r\n HTTP/1.1")))
        assert b"login_no_cookie" in (text := raw.rest()) or b" 400 " in text
    assert victim.is_untouched()
    assert victim.can_go_on()
