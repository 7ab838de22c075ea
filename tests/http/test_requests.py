# SPDX-License-Identifier: ISC
"""Requests as no web server should send them, straight to the socket: they
are refused, and the program lives on."""

import os
import re
import socket

import pytest

from stack import PROGRAMS
from tools import fastcgi
from tools.answers import Browser, check_answer, refused
from tools.processes import descriptors
from tools.spotify import count


# To somebody who is not logged in, at a site that has not turned api on.
ANSWERS = {"login": 303, "callback": 400, "artists": 401, "refresh": 401,
           "session": 200, "logout": 204, "api": 404}
# What another path is: where nothing is turned on, nothing else is looked at.
ELSEWHERE = {"api": "not_enabled"}


def ask(stack, program, body=b"", **changes):
    """A request with some parameters changed, its answer checked."""
    params = fastcgi.params_of(stack, program, **changes)
    reply = fastcgi.ask(stack, program, params, body)
    check_answer(reply, program, params.get("REQUEST_METHOD"))
    return reply


def alive(stack, program):
    """A good request gets a good answer, from the same process."""
    reply = ask(stack, program)
    assert reply.status == ANSWERS[program]
    return True


# What may be missing

@pytest.mark.parametrize("program", PROGRAMS)
def test_any_parameter_may_be_absent_or_empty(stack, program):
    pids = stack.pids(program)
    for name in fastcgi.params_of(stack, program):
        for value in (None, ""):
            reply = ask(stack, program, **{name: value})
            assert 200 <= reply.status < 500, (name, reply)
    reply = fastcgi.ask(stack, program, {})
    assert 400 <= reply.status < 500
    assert alive(stack, program) and stack.pids(program) == pids


def test_without_a_host_a_login_goes_on(stack):
    reply = ask(stack, "login", HTTP_HOST=None)
    assert reply.location.startswith(stack.spotify.url)


def test_the_request_has_a_name_in_answer_and_log(stack):
    reply = ask(stack, "artists", REQUEST_ID="abc-123")
    assert reply.json["request_id"] == "abc-123"
    for value in (None, ""):
        reply = ask(stack, "artists", REQUEST_ID=value)
        assert len(reply.json["request_id"]) == 16
    reply = ask(stack, "artists", REQUEST_ID=None, UNIQUE_ID="apache-1")
    assert reply.json["request_id"] == "apache-1"


# What may be there twice

@pytest.mark.parametrize("name", [
    "REQUEST_METHOD", "QUERY_STRING", "CONTENT_LENGTH", "SCRIPT_NAME",
    "HTTP_ORIGIN", "HTTP_HOST", "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE",
    "HTTP_SEC_FETCH_DEST", "HTTP_SEC_PURPOSE", "SPOTIFY_FCGI_REQUIRE",
    "SPOTIFY_FCGI_INTERNAL"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_decides_and_comes_twice_is_refused(stack, program, name):
    params = fastcgi.params_of(stack, program)
    value = params.pop(name, "x")
    reply = fastcgi.ask(stack, program, [*params.items(), (name, value),
                                         (name, value)])
    refused(reply, 400, "bad_request")


@pytest.mark.parametrize("name", [
    "HTTP_ACCEPT", "HTTP_IF_NONE_MATCH", "HTTP_X_REQUESTED_WITH", "REQUEST_ID",
    "UNIQUE_ID", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "HTTP_X_REQUEST_ID"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_only_helps_may_come_twice_and_be_odd(stack, program, name):
    params = fastcgi.params_of(stack, program)
    params.pop(name, None)
    for value in ("a\x01b", "a\r\nX-Evil: y", "\x7f", "a\tb", "\xff\x80"):
        reply = fastcgi.ask(stack, program, [*params.items(), (name, value),
                                             (name, value)])
        check_answer(reply, program, params["REQUEST_METHOD"])
        assert reply.status == ANSWERS[program], reply
        assert reply.header("X-Evil") is None and "\nX-Evil" not in reply.text


@pytest.mark.parametrize("value", ["a\x01b", "a\r\nX-Evil: y", "\x7f", "a\tb",
                                   "same-origin\t"])
@pytest.mark.parametrize("program", ["artists", "session", "refresh", "logout"])
def test_an_odd_word_on_where_it_comes_from_is_not_ours(stack, program, value):
    for changes in ({"HTTP_SEC_FETCH_SITE": value},
                    {"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": value}):
        refused(ask(stack, program, **changes), 403, "cross_site")


def test_cookies_may_come_in_several_parts(stack):
    browser = Browser(stack)
    browser.login()
    params = fastcgi.params_of(stack, "session")
    cookies = [("HTTP_COOKIE", "a=b"),
               ("HTTP_COOKIE", f"spotify-session={browser.session_cookie}"),
               ("HTTP_COOKIE", "c=d")]
    reply = fastcgi.ask(stack, "session", [*params.items(), *cookies])
    assert reply.json["logged_in"] is True
    reply = fastcgi.ask(stack, "session", [*params.items(), *cookies,
                                           cookies[1]])
    assert reply.json["logged_in"] is False


# What they may contain

@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("name, value", [
    (name, value) for name in ("QUERY_STRING", "HTTP_HOST", "SCRIPT_NAME",
                               "PATH_INFO", "SPOTIFY_FCGI_REQUIRE",
                               "SPOTIFY_FCGI_INTERNAL")
    for value in ("a\x01b", "a\r\nX-Evil: y", "\x7f", "a\tb")])
def test_control_characters_are_refused(stack, program, name, value):
    reply = ask(stack, program, **{name: value})
    refused(reply, 400, "bad_request")
    assert b"Evil" not in reply.body
    assert "Evil" not in str(reply.headers)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("value", [
    "a=\t", "\x01=\x7f", "a=\r\nX-Evil: y", "spotify-session=\x01",
    "spotify-login-\x01=\x02", "spotify-login-abcdefgh=\r\nX-Evil: y",
    "x=" + "y" * 50_000, "; ".join(f"spotify-login-{n:08}=x"
                                   for n in range(2000))])
def test_cookies_of_others_change_no_answer(stack, program, value):
    reply = ask(stack, program, HTTP_COOKIE=value)
    assert reply.status == ANSWERS[program], reply
    assert "Evil" not in str(reply.headers) + reply.text


@pytest.mark.parametrize("program", PROGRAMS)
def test_text_behind_a_nul_byte_is_never_seen(stack, program):
    """libfcgi ends a value there; whatever it means, nothing breaks."""
    for name in ("QUERY_STRING", "HTTP_COOKIE", "REQUEST_METHOD",
                 "SCRIPT_NAME"):
        reply = ask(stack, program, **{name: "a=b\0c=d"})
        assert 200 <= reply.status < 500
    assert alive(stack, program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_bytes_beyond_ascii_do_no_harm(stack, program):
    for name in ("QUERY_STRING", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_HOST",
                 "REQUEST_METHOD", "REQUEST_ID", "HTTP_IF_NONE_MATCH"):
        assert 200 <= ask(stack, program, **{name: "\xff\xfe\x80"}
                          ).status < 500
    assert alive(stack, program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_huge_parameters_do_no_harm(stack, program):
    pids = stack.pids(program)
    for name in ("QUERY_STRING", "HTTP_COOKIE", "HTTP_ORIGIN", "X_UNKNOWN"):
        reply = ask(stack, program, **{name: "a=b&" * 100_000})
        assert 200 <= reply.status < 500, reply
    params = fastcgi.params_of(stack, program)
    params |= {f"X_{n}": "y" for n in range(20_000)}
    assert fastcgi.ask(stack, program, params).status < 500
    assert alive(stack, program) and stack.pids(program) == pids


# Methods and paths

@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("method", [
    "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "GET ",
    "POSTX", "PROPFIND", "*", "G\xe4T"])
def test_other_methods_are_refused(stack, program, method):
    reply = ask(stack, program, REQUEST_METHOD=method)
    if program == "api" and method in ("PUT", "DELETE"):
        # They are methods of other paths.
        refused(reply, 404, "not_enabled")
        return
    refused(reply, 405, "method_not_allowed")
    assert reply.header("Allow") == {
        "login": "GET", "callback": "GET", "artists": "GET, HEAD",
        "session": "GET, HEAD", "refresh": "POST", "logout": "POST",
        "api": "GET, HEAD"}[program]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_to_head_has_no_body(stack, program):
    """ask() checks that; nginx would hide it."""
    reply = ask(stack, program, REQUEST_METHOD="HEAD")
    assert reply.status == {"artists": 401, "session": 200, "api": 404}.get(
        program, 405)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("path", [
    "/{0}x", "/x{0}", "/{0}/", "/{0}/x", "/other", "{0}", "/", "//",
    "/{0}.php", "/{0}%00", "/callback/{0}x"])
def test_another_path_is_not_ours(stack, program, path):
    refused(ask(stack, program, SCRIPT_NAME=path.format(program)), 404,
            ELSEWHERE.get(program, "not_found"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_path_behind_ours_is_not_ours(stack, program):
    for path in ("/x", "/", "/../artists", "/" + program):
        refused(ask(stack, program, PATH_INFO=path), 404,
                ELSEWHERE.get(program, "not_found"))
    assert alive(stack, program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_request_line_decides_nothing(stack, program):
    for uri in ("/elsewhere", "/callback/artists", "/" + program + "/x"):
        reply = ask(stack, program, REQUEST_URI=uri, DOCUMENT_URI=uri)
        assert reply.status == ANSWERS[program]


# Bodies

@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("announced, body, status", [
    ("0", b"", None), ("5", b"12345", None), (None, b"", None),
    (None, b"12345", None), ("", b"12345", None),
    ("100", b"12345", 400), ("1", b"", 400), ("2", b"12345", 413),
    ("0", b"x", None), ("-1", b"", 400), ("+5", b"12345", 400),
    ("5x", b"12345", 400), ("0x5", b"12345", 400), (" 5", b"12345", 400),
    ("1e9", b"", 400), ("5.0", b"12345", 400), ("9" * 20, b"12345", 400),
    ("9" * 18, b"12345", 413), ("65536", b"x" * 65536, 413),
    (None, b"x" * 65536, 413), ("1048577", b"x" * 1048577, 413),
    ("2147483648", b"x", 413)])
def test_the_announced_length_is_the_real_one(stack, program, announced,
                                              body, status):
    reply = ask(stack, program, body, CONTENT_LENGTH=announced)
    if status is None:
        assert reply.status == ANSWERS[program]
    else:
        refused(reply, status, {400: "bad_request",
                                413: "too_large"}[status])


# The protocol

@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("role", [2, 3, 0, 4, 65535])
def test_only_responders_are_served(stack, program, role):
    params = fastcgi.params_of(stack, program)
    answer = fastcgi.send(
        stack.socket(program), fastcgi.begin(role)
        + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(params))
        + fastcgi.stream(fastcgi.STDIN, b"")
        + fastcgi.stream(8, b""), close=True)
    found, _ = fastcgi.split(answer)
    if fastcgi.STDOUT in found and found[fastcgi.STDOUT]:
        reply = fastcgi.parse(found[fastcgi.STDOUT])
        assert reply.status == 400
    assert alive(stack, program)


def broken_requests(stack, program):
    """Beginnings of requests that go wrong somewhere."""
    good = fastcgi.pairs(fastcgi.params_of(stack, program))
    start, params = fastcgi.begin(), fastcgi.PARAMS
    whole = start + fastcgi.stream(params, good)
    yield from (b"", b"\0" * 64, b"\xff" * 64, b"GET / HTTP/1.1\r\n\r\n")
    yield from (start, start + fastcgi.record(params, good), whole)
    yield from (whole[:n] for n in (3, 8, 12, 20, 40, len(whole) - 3))
    yield fastcgi.record(fastcgi.BEGIN, b"", version=9) + whole
    yield start + fastcgi.record(params, good[:-3]) + fastcgi.record(params)
    yield start + fastcgi.stream(params, b"\xff\xff\xff\xff" * 2 + b"x")
    yield start + fastcgi.stream(params, b"\x7f\x7f" + b"x" * 9)
    yield start + fastcgi.stream(params, b"\x80\x00\x00\x01\x80" + good)
    yield start + start + whole
    yield whole + fastcgi.record(fastcgi.ABORT)
    yield whole + fastcgi.record(99, b"x" * 100, 7) + fastcgi.record(
        fastcgi.STDIN, b"x", request=2)
    yield start + fastcgi.stream(params, fastcgi.pairs(
        [("A" * 70_000, "b"), ("", ""), ("", "x"), ("x", "")]))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_broken_request_breaks_nothing(stack, program):
    pids = stack.pids(program)
    for data in broken_requests(stack, program):
        fastcgi.send(stack.socket(program), data, close=True)
    assert alive(stack, program)
    assert stack.pids(program) == pids


def test_a_request_cut_short_is_not_acted_upon(stack):
    """Of a POST whose parameters never end nothing may happen."""
    browser = Browser(stack)
    browser.login()
    params = fastcgi.params_of(
        stack, "logout",
        HTTP_COOKIE=f"spotify-session={browser.session_cookie}")
    fastcgi.send(stack.socket("logout"), fastcgi.begin() + fastcgi.record(
        fastcgi.PARAMS, fastcgi.pairs(params)), close=True)
    assert browser.fetch("session").json["logged_in"] is True


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_parameters_may_come_in_small_pieces(stack, piece):
    params = fastcgi.pairs(fastcgi.params_of(stack, "session"))
    answer = fastcgi.send(
        stack.socket("session"),
        fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, params, piece)
        + fastcgi.stream(fastcgi.STDIN, b""))
    reply = fastcgi.parse(fastcgi.split(answer)[0][fastcgi.STDOUT])
    assert reply.json == {"logged_in": False}


def test_a_peer_that_leaves_loses_nothing_for_others(stack, spotify):
    browser = Browser(stack)
    browser.login()
    params = fastcgi.params_of(
        stack, "artists",
        HTTP_COOKIE=f"spotify-session={browser.session_cookie}")
    spotify.answers("following", {"delay": 0.5})
    with socket.socket(socket.AF_UNIX) as gone:
        gone.connect(stack.socket("artists"))
        gone.sendall(fastcgi.begin() + fastcgi.stream(
            fastcgi.PARAMS, fastcgi.pairs(params))
            + fastcgi.stream(fastcgi.STDIN, b""))
        spotify.wait_for("following")
    assert browser.fetch("artists").json["total"] == 120
    assert count(spotify, "following") == 3


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_socket_is_for_its_group_only(stack, program):
    path = stack.socket(program)
    assert os.stat(path).st_mode & 0o7777 == 0o660
    for pid in stack.pids(program):
        with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
            inodes = {line.split()[9] for line in table
                      if line.split()[3] == "0A"}
        mine = set(descriptors(pid).values())
        assert not {f"socket:[{inode}]" for inode in inodes} & mine


# Where the site lives

def test_a_site_may_live_below_a_name_with_escapes(make_stack):
    """Servers decode the path before they pass it on."""
    site = make_stack(conf={"api_allow": "artist"})
    text = site.conf_file.read_text("utf-8")
    site.write_conf(re.sub(r"(?m)^(redirect_uri = .*)/callback$",
                           r"\1/my%20site/call%62ack", text))
    for program in ("api", "callback"):
        site.restart(program)
    reply = fastcgi.ask(site, "api", fastcgi.params_of(
        site, "api", SCRIPT_NAME="/my site/api/artists/" + 22 * "a"))
    assert (reply.status, reply.code) == (401, "not_logged_in")
    reply = fastcgi.ask(site, "callback", fastcgi.params_of(
        site, "callback", SCRIPT_NAME="/my site/callback"))
    assert (reply.status, reply.code) == (400, "login_bad_state")
