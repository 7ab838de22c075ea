# SPDX-License-Identifier: ISC
"""The same programs as plain CGI: one request each, and a command line that
the web server may have made of the query is not read."""

import pytest

from stack import ALL_PROGRAMS
from tools import fastcgi
from tools.answers import Browser, check_answer, refused

# What RFC 3875, section 4.4, makes of /session?-n and the like.
HOSTILE = [
    ["-n"], ["-v"], ["-f", "/etc/passwd"], ["-f/etc/passwd"],
    ["-s", "/tmp/evil.sock"], ["-w", "0"], ["-h"], ["--help"], ["x"],
    ["-nf", "/dev/null"], ["--"], ["-"], ["-s"], ["-n", "-f", "/dev/zero"]]


def ask(stack, program, arguments=(), body=b"", **changes):
    """A request as CGI; the Reply."""
    params = fastcgi.params_of(stack, program, **changes)
    status, output, errors = fastcgi.run_cgi(stack, program, params,
                                             arguments, body)
    assert status == 0, errors
    assert "Sanitizer" not in errors
    reply = fastcgi.parse(output, program)
    check_answer(reply, program, params["REQUEST_METHOD"])
    return reply


@pytest.mark.parametrize("program, status", [
    ("login", 303), ("callback", 400), ("artists", 401), ("refresh", 401),
    ("session", 200), ("logout", 204), ("api", 404)])
def test_one_request_gets_its_answer(stack, program, status):
    assert ask(stack, program).status == status


def test_a_whole_login(stack):
    browser = Browser(stack)
    url = browser.approve(browser.start_login(return_to="/x"))
    reply = ask(stack, "callback", QUERY_STRING=url.partition("?")[2],
                HTTP_COOKIE=browser.cookies.text(url))
    assert reply.location == stack.url + "/x"
    for text in reply.all("Set-Cookie"):
        browser.cookies.accept(text, stack.url)
    cookie = {"HTTP_COOKIE": f"spotify-session={browser.session_cookie}"}
    assert ask(stack, "session", **cookie).json["logged_in"] is True
    assert ask(stack, "artists", **cookie).json["total"] == 120
    assert ask(stack, "refresh", **cookie).json["refreshed"] is False
    assert ask(stack, "logout", **cookie).status == 204
    assert ask(stack, "session", **cookie).json["logged_in"] is False


def test_a_header_does_not_become_a_proxy(stack):
    """Proxy: x arrives as HTTP_PROXY, in the environment of a CGI program."""
    browser = Browser(stack)
    browser.login()
    trap = "http://127.0.0.1:1"
    reply = ask(stack, "artists", HTTP_PROXY=trap, http_proxy=trap,
                ALL_PROXY=trap, all_proxy=trap, HTTPS_PROXY=trap,
                HTTP_COOKIE=f"spotify-session={browser.session_cookie}")
    assert reply.json["total"] == 120


@pytest.mark.parametrize("arguments", HOSTILE, ids=" ".join)
@pytest.mark.parametrize("program", ["session", "login", "artists"])
def test_the_command_line_is_not_read(stack, program, arguments):
    reply = ask(stack, program, arguments,
                QUERY_STRING="+".join(arguments))
    assert reply.status == {"session": 200, "login": 303,
                            "artists": 401}[program]


@pytest.mark.parametrize("program", ALL_PROGRAMS)
def test_a_bad_configuration_is_not_told_to_the_client(stack, program):
    bad = stack.conf_file.with_name("bad.conf")
    bad.write_text(stack.conf_file.read_text("utf-8") + "nonsense = 1\n",
                   "utf-8")
    status, output, errors = fastcgi.run_cgi(stack, program, {
        **fastcgi.params_of(stack, program), "SPOTIFY_FCGI_CONF": str(bad)})
    bad.unlink()
    assert status == 2
    assert "nonsense" in errors
    assert b"nonsense" not in output and str(stack.folder).encode() \
        not in output


@pytest.mark.parametrize("announced, body, status", [
    ("5", b"12345", 401), ("", b"", 401), ("100", b"12345", 400),
    ("x", b"", 400), ("99999", b"x" * 99999, 413)])
def test_bodies_are_measured(stack, announced, body, status):
    reply = ask(stack, "refresh", body=body, CONTENT_LENGTH=announced)
    refused(reply, status, {401: "not_logged_in", 400: "bad_request",
                            413: "too_large"}[status])


def test_no_more_than_the_announced_body_is_read(stack):
    """A CGI program's input need not end there."""
    reply = ask(stack, "refresh", body=b"123456789", CONTENT_LENGTH="5")
    refused(reply, 401, "not_logged_in")


@pytest.mark.parametrize("program", ALL_PROGRAMS)
def test_a_mistake_in_the_configuration_is_told(stack, program):
    mistaken = stack.conf_file.with_name("mistaken.conf")
    mistaken.write_text(stack.conf_file.read_text("utf-8")
                        + "\nmistake = 1\n", "utf-8")
    params = fastcgi.params_of(stack, program,
                               SPOTIFY_FCGI_CONF=str(mistaken))
    status, output, errors = fastcgi.run_cgi(stack, program, params, (), b"")
    mistaken.unlink()
    assert status == 2 and "mistake: unknown key" in errors
    assert "Sanitizer" not in errors
    reply = fastcgi.parse(output, program)
    assert reply.status == 503 and "misconfigured" in reply.text
    # It is not Spotify's, and nobody shall look for it there.
    assert "not set up correctly" in reply.text
    assert "Spotify" not in reply.text
