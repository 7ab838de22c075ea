# SPDX-License-Identifier: ISC
"""Headers and targets that a web server and a program might read in two ways,
byte for byte, to both web servers."""

import re

import pytest

from both_servers import site, site_of_session
from stack import PROGRAMS
from tools.answers import Browser
from tools.spotify import count
from victim import Victim, check_refusal, check_right

__all__ = ["site", "site_of_session"]
GET = ("GET {} HTTP/1.1\r\nHost: @HOST\r\nCookie: {}\r\n{}"
       "Connection: close\r\n\r\n")
POST = ("POST /logout HTTP/1.1\r\nHost: @HOST\r\nCookie: @SESSION\r\n{}"
        "Content-Length: 0\r\nConnection: close\r\n\r\n")
OWN, OTHER = "http://@HOST", "http://evil.example"
STRANGERS = {400, 403, 404, 405}


@pytest.fixture(name="victim")
def fixture_victim(site):    # pylint: disable=redefined-outer-name
    """At either server."""
    return Victim(site)


def session(victim, target="/session", cookie="@SESSION", headers=""):
    """The one answer to session, whatever it is."""
    [reply] = victim.send(GET.format(target, cookie, headers))
    return reply


def who(reply):
    """The account in an answer of session; None: nobody."""
    check_right(reply, "session")
    return reply.json.get("account", {}).get("id")


# The target

PLAIN = ["/session?", "/session??x", "/session?/artists", "//session",
         "///session", "/./session", "/x/../session", "/x//../session",
         "/logout/../session", "/%73ession", "/%2e/session",
         "/x/%2e%2e/session", "http://@HOST/session", "HTTP://@HOST/session",
         "http://@HOST//session", "https://@HOST/session",
         "http://evil.example/session", "//evil.example/../session"]
SOMETIMES = ["/logout%2f..%2fsession", "/logout/..%2fsession", "/%2fsession",
             "ftp://@HOST/session", "fcgi://spotify-fcgi-session/session",
             "http:///session", "http:/session", "/session#x"]
NEVER = ["/session/", "/session/.", "/session/./", "/session//", "/session/x",
         "/session/..;/", "/session/;/", "/session;", "/session;x=y",
         "/session%2f", "/session%2F", "/session%5c", "/session\\",
         "\\session", "/\\session", "/%5csession", "/%2573ession",
         "/session%00", "/session%20", "/session%09", "/session%0a",
         "/session%0d%0aX-Evil:y", "/session%7f", "/session.", "/.session",
         "/SESSION", "/Session", "/session%3f", "/session%3fx", "/session%23",
         "/..%2fsession", "/%2e%2e/session", "/../session", "session", "*",
         "@HOST", "@HOST:443", "", "http://@HOST@evil.example/session",
         "http://user@@HOST/session", "file:///session", "unix:/session",
         "/session%c0%af", "/session%e2%80%8b", "/s\xe9ssion", "/session|",
         '/session"', "/session HTTP/1.1", "/session%u002f", "/session%",
         "/session.php", "/cgi-bin/session", "/spotify-fcgi-required",
         "spotify-fcgi-required", "//session/", "/session&", "/session=x"]


def test_a_path_in_another_spelling_is_the_same_or_none(victim):
    for target in PLAIN:
        assert who(session(victim, target)) == "wizzler", target
    for target in SOMETIMES:
        reply = session(victim, target)
        if reply.status == 200:
            assert who(reply) == "wizzler", target
        else:
            check_refusal(reply, STRANGERS)
    for target in NEVER:
        reply = session(victim, target)
        assert reply.status in STRANGERS, (target, reply)
        check_refusal(reply, STRANGERS)
        assert "evil" not in str(reply.headers).lower()
    assert victim.is_untouched()


@pytest.mark.parametrize("target", [
    "@CALLBACK", "/@CALLBACK", "http://@HOST@CALLBACK", "/x/..@CALLBACK",
    "http://evil.example@CALLBACK"])
def test_an_answer_of_spotify_in_another_spelling_works_once(victim, target):
    [reply] = victim.send(GET.format(target, "@PENDING", ""))
    check_right(reply, "callback")
    assert reply.location == victim.stack.url + "/"
    [again] = victim.send(GET.format(target, "@PENDING", ""))
    assert again.code == "login_replayed"
    assert count(victim.stack.spotify, "token") == victim.tokens + 1


def test_an_answer_of_spotify_to_another_path_is_not_used(victim):
    path, _, query = victim.callback.removeprefix(
        victim.stack.url).partition("?")
    for form in ("{}/?{}", "{};x?{}", "{}%2f?{}", "{}/..;/?{}", "{}#?{}",
                 "{}%00?{}", "{}.?{}", "{}%20?{}", "{}%0a?{}", "{}\\?{}"):
        [reply] = victim.send(GET.format(form.format(path, query), "@PENDING",
                                         ""))
        check_refusal(reply, STRANGERS)
    assert victim.is_untouched()
    assert victim.can_go_on()


@pytest.mark.parametrize("method", [
    "get", "Get", "gET", "GET,POST", "G", "GETS", "X" * 40, "PRI", "G\xe9T",
    "<GET>", "GET\x01", "M-SEARCH", "PUT", "TRACE", "CONNECT", "OPTIONS",
    "PROPFIND", "DELETE", "post", "POST"])
def test_a_method_in_another_spelling_is_none(victim, method):
    """To CONNECT a target is a name, query and all: Apache logs it."""
    for program in PROGRAMS:
        cookies = f"@SESSION; {victim.pending}"
        spends = program == "callback" and method != "CONNECT"
        target = "@CALLBACK" if spends else "/" + program
        if method == "POST" and program in ("refresh", "logout"):
            continue
        [reply] = victim.send(GET.format(
            target, cookies, "X-Requested-With: x\r\n").replace(
                "GET", method, 1))
        # Some of them are methods of other paths of api.
        check_refusal(reply, {400, 404, 405} if program == "api"
                      else {400, 405})
    assert victim.is_untouched()
    assert victim.can_go_on()


# Headers that might become, or hide, a variable

@pytest.mark.parametrize("headers", [
    "X_Requested_With: x", "X-Requested_With: x", "X.Requested.With: x",
    "X Requested With: x", "HTTP_X_REQUESTED_WITH: x", "X-Requested-With:",
    "HTTP-X-Requested-With: x", "X-Requested-With : x",
    "X\\Requested\\With: x", "x_requested_with: x", "X-Requested-With\0: x",
    "Sec_Fetch_Site: same-origin", "Sec-Fetch-Site: SAME-ORIGIN",
    "Sec-Fetch-Site: same-origin, same-origin", "Sec-Fetch-Site: none",
    "Sec-Fetch-Site: cross-site\r\nSec_Fetch_Site: same-origin",
    "Sec_Fetch_Site: same-origin\r\nSec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin",
    f"Origin: {OTHER}\r\nOrigin: {OWN}", f"Origin: {OWN}, {OTHER}",
    f"Origin: {OTHER} {OWN}", f"Origin_: {OWN}", f"Origin: {OWN}/",
    f"Origin: {OWN}@evil.example", f"Origin: {OWN}.evil.example",
    f"Origin: {OTHER}\r\nX-Requested-With: x", f"Referer: {OWN}/",
    "Sec-Fetch-Site: cross-site\r\nX-Requested-With: x\r\n"
    "Connection: Sec-Fetch-Site",
    f"Origin: {OTHER}\r\nX-Requested-With: x\r\nConnection: Origin",
    "Sec-Fetch-Site: cross-site\r\nX-HTTP-Method-Override: POST",
    f"X-Forwarded-Origin: {OWN}", "Content-Type: application/json"])
def test_nothing_stands_in_for_a_header_that_is_asked_for(victim, headers):
    [reply] = victim.send(POST.format(headers + "\r\n"))
    check_refusal(reply, {400, 403})
    assert victim.is_untouched()


@pytest.mark.parametrize("headers", [
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site",
    f"Origin: {OWN}\r\nOrigin: {OTHER}"])
def test_of_two_headers_the_first_counts_or_none(victim, headers):
    """The first: nginx before 1.23. No browser sends two."""
    [reply] = victim.send(POST.format(headers + "\r\n"))
    if reply.status != 204:
        check_refusal(reply, {400, 403})
        assert victim.is_untouched()
    victim.check()


IGNORED = [
    "X-Accel-Redirect: /index.html", "X-Accel-Buffering: no",
    "X-Sendfile: /etc/passwd", "X-Original-URL: /logout",
    "X-Rewrite-URL: /logout", "X-HTTP-Method-Override: POST",
    "X-HTTP-Method: POST", "X-Method-Override: POST",
    "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https",
    "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Prefix: /evil",
    "Forwarded: host=evil.example;proto=https", "X-Real-IP: 1.2.3.4",
    "Proxy: http://127.0.0.1:9", "Client-IP: 1.2.3.4", "Via: 1.1 evil",
    "X-Spotify-Account-Id: admin", "X_Spotify_Account_Id: admin",
    "Script-Name: /logout", "Path-Info: /x", "Request-Method: POST",
    "Request-URI: /logout", "Query-String: require=1", "Gateway-Interface: x",
    "Remote-User: admin", "Auth-Type: Basic", "Authorization: Basic YTpi",
    "Content-Type: multipart/form-data; boundary=x", "Content-Length_: 5",
    "Cookie_: spotify-session=x", "Cookie2: $Version=1", "TE: trailers",
    "Connection: Cookie", "Connection: Host, X-Requested-With",
    "Keep-Alive: timeout=9", "Upgrade: websocket", "HTTP2-Settings: AAMAAABk",
    "Range: bytes=0-1", "If-Range: x", "If-Match: x", "If-None-Match: *",
    "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "Max-Forwards: 0",
    "Accept: image/png", "Accept-Encoding: gzip, br", "Trailer: Cookie",
    "Cache-Control: only-if-cached", "Status: 500", "Location: /evil",
    "X-Big: " + "x" * 9000, "X-" + "n" * 9000 + ": x"]


def without_seconds(body):
    """An answer of `session` but for how long the access lasts, which runs
    down from one answer to the next."""
    return re.sub(rb'("\w*expires_in\w*"):\d+', rb"\1:0", body)


def test_other_headers_change_nothing(victim):
    bare = session(victim)
    for header in IGNORED:
        reply = session(victim, headers=header + "\r\n")
        assert reply.status == 200, header
        assert without_seconds(reply.body) == without_seconds(bare.body), header
        assert [name for name, _ in reply.headers] == [
            name for name, _ in bare.headers], header
    assert victim.is_untouched()
    [reply] = victim.send(GET.format("@CALLBACK", "@PENDING", "".join(
        f"{header}\r\n" for header in IGNORED[:40])))
    check_right(reply, "callback")
    assert reply.location == victim.stack.url + "/"


def test_nobody_is_who_a_header_says(site):
    """No header makes session answer as it does to the web server."""
    victim = Victim(site)
    for header in IGNORED + ["Spotify-Fcgi-Require: 1", "Require: 1",
                             "SPOTIFY_FCGI_REQUIRE: 1"]:
        for target in ("/session", "/session?require=1"):
            reply = session(victim, target, "a=b", header + "\r\n")
            assert (reply.status, who(reply)) == (200, None), header
            assert reply.header("X-Spotify-Account-Id") is None
            reply = session(victim, target, headers=header + "\r\n")
            assert (reply.status, who(reply)) == (200, "wizzler"), header
            assert reply.header("X-Spotify-Account-Id") is None


# Cookies

def test_cookies_of_others_lock_nobody_out(victim):
    """However many, long or odd: only what the web server refuses to read is
    refused. Apache itself takes no control bytes but a tabulator."""
    crowd = "; ".join(f"c{n}=v{n}" for n in range(180))
    long = "a=" + "x" * 9000
    for cookie in (f"{crowd}; @SESSION; {crowd}", f"{long}; @SESSION",
                   f"@SESSION; {long}", "; ".join(["="] * 1500) + "; @SESSION",
                   "a=" + "x" * 16200 + "; @SESSION", "; ; ;@SESSION; ;",
                   "a=b;@SESSION;c", " @SESSION ", "a=\"; @SESSION; b=\"",
                   "\xe9=\xff; @SESSION", "$Version=1; @SESSION; $Path=/",
                   "a=b\tc; @SESSION", "a\t=; @SESSION;\t", "\t=\t; @SESSION",
                   "spotify-login-\t=a; @SESSION", "@SESSION; spotify-login-a"
                   "bcdefgh=\t", "a=\xc3\x28; @SESSION"):
        assert who(session(victim, cookie=cookie)) == "wizzler", cookie
    for cookie in ("a=\x01; @SESSION", "\x7f=a; @SESSION"):
        reply = session(victim, cookie=cookie)
        if reply.status == 200:
            assert who(reply) == "wizzler"
        else:
            check_refusal(reply, {400})
    assert victim.is_untouched()


def test_more_cookies_than_the_web_server_reads_are_told_so(victim):
    """Never that nobody is logged in, which would lead round in circles."""
    told = 0
    for n in (*range(16250, 16400, 7), 17000, 29000, 70000):
        reply = session(victim, cookie="a=" + "x" * n + "; @SESSION")
        if reply.status == 200:
            assert who(reply) == "wizzler", n
            continue
        check_refusal(reply, {400, 431})
        assert "ookies" in reply.text and "<main>" in reply.text
        told += 1
    assert told
    assert victim.is_untouched()


def test_a_session_given_twice_is_nobodys(site):
    other = Browser(site)
    other.login(account="grace.many")
    victim = Victim(site)
    second = f"spotify-session={other.session_cookie}"
    for cookie in (f"@SESSION; {second}", f"{second}; @SESSION",
                   "@SESSION; @SESSION", f"@SESSION\r\nCookie: {second}",
                   "@SESSION\r\nCookie: @SESSION", f"a=b\r\nCookie: {second}"
                   "\r\nCookie: c=d\r\nCookie: @SESSION",
                   "@SESSION; spotify-session=", "spotify-session; @SESSION; "
                   "spotify-session=x", f"@SESSION, {second}",
                   "spotify-session =x; @SESSION,x", "Spotify-Session=x"):
        assert who(session(victim, cookie=cookie)) is None, cookie
    assert victim.is_untouched()


def test_a_session_among_cookie_lines_is_its_own_or_nobodys(victim):
    """Apache joins the lines by a comma, which ends no cookie."""
    for lines in ("a=b\r\nCookie: @SESSION", "@SESSION\r\nCookie: a=b",
                  "a=b\r\ncookie: @SESSION\r\nCOOKIE: c=d"):
        assert who(session(victim, cookie=lines)) in ("wizzler", None)
    assert victim.is_untouched()


def test_a_login_given_twice_or_elsewhere_is_nobodys(victim):
    for cookie, headers in (("@PENDING; @PENDING", ""),
                            ("@PENDING\r\nCookie: @PENDING", ""),
                            ("a=b", "X-Cookie: @PENDING\r\n"),
                            ("a=b", "Cookie_: @PENDING\r\n"),
                            ("a=b", "Set-Cookie: @PENDING\r\n")):
        [reply] = victim.send(GET.format("@CALLBACK", cookie, headers))
        check_right(reply, "callback")
        assert reply.status == 400
        assert reply.code in ("login_no_cookie", "login_bad_state")
    assert victim.is_untouched()
    assert victim.can_go_on()


def test_more_headers_than_anybody_sends_are_refused_or_read(victim):
    for n in (50, 99, 150, 3000):
        reply = session(victim, headers="".join(
            f"X-{i}: y\r\n" for i in range(n)))
        if reply.status == 200:
            assert who(reply) == "wizzler"
        else:
            assert n > 50
            check_refusal(reply, {400, 431})
    assert victim.is_untouched()
