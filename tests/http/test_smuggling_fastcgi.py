# SPDX-License-Identifier: ISC
"""FastCGI as no web server speaks it: a request that comes in an odd way is
understood or refused, and never mistaken for another."""

import io
import itertools
import struct

import pytest

from stack import ALL_PROGRAMS
from tools import fastcgi
from tools.answers import check_answer
from tools.fastcgi import ABORT, BEGIN, END, PARAMS, STDIN, STDOUT
from tools.records import read_records
from victim import Victim

TYPES = (0, 9, 10, 11, 12, 255)     # management, answers, unknown
HUGE = (0x7fffffff, 0x1000000)


@pytest.fixture(name="victim")
def fixture_victim(stack):
    """The requests of this file reach it by the sockets."""
    return Victim(stack)


def params_of(victim, program, **changes):
    """Of somebody who is logged in."""
    return fastcgi.params_of(victim.stack, program, HTTP_COOKIE=victim.session,
                             **changes)


def whole(params, request=1):
    """A request without a body."""
    return (fastcgi.begin(request=request)
            + fastcgi.stream(PARAMS, params, request=request)
            + fastcgi.record(STDIN, request=request))


def reply_of(answer, program, method="GET"):
    """What is in the records, None if that is no answer."""
    found, _ = fastcgi.split(answer)
    if not found.get(STDOUT):
        return None
    reply = fastcgi.parse(found[STDOUT], program)
    check_answer(reply, program, method)
    return reply


def ask(victim, program, data):
    """The Reply to these bytes, None if there is none."""
    return reply_of(fastcgi.send(victim.stack.socket(program), data, True),
                    program)


def well_framed(victim):
    """The same request, in ways that all mean the same."""
    params = params_of(victim, "session", CONTENT_LENGTH="300")
    data, body = fastcgi.pairs(params), b"x" * 300
    for piece, padding, request in itertools.product(
            (1, 255, fastcgi.LONG), (0, 1, 255), (1, 256, 65535)):
        how = (piece, padding, request)
        yield (fastcgi.begin(request=request)
               + fastcgi.stream(PARAMS, data, *how)
               + fastcgi.stream(STDIN, body, *how))
    for begin in (fastcgi.begin(flags=1), fastcgi.begin(flags=0xfe)):
        yield (begin + fastcgi.stream(PARAMS, data)
               + fastcgi.stream(STDIN, body))
    yield (fastcgi.begin()
           + fastcgi.stream(PARAMS, fastcgi.pairs(params, wide=True), 1)
           + fastcgi.stream(STDIN, body))


def test_however_a_request_is_cut_it_means_the_same(victim):
    for data in well_framed(victim):
        reply = ask(victim, "session", data)
        assert reply.json["account"]["id"] == "wizzler", data[:64]
    assert victim.is_untouched()


def ill_framed(data, request=1):
    """Requests that end before their parameters do, or do not begin."""
    start = fastcgi.begin(request=request)
    half, rest = data[:len(data) // 2], data[len(data) // 2:]
    first = fastcgi.record(PARAMS, half)
    last = fastcgi.record(PARAMS, rest) + fastcgi.record(PARAMS)
    end = fastcgi.record(STDIN)
    yield first + last + end                # no BEGIN
    yield end + start + first + end         # no end of the parameters
    yield start + first + fastcgi.record(ABORT)
    yield start + fastcgi.record(ABORT) + first
    yield start + first + fastcgi.record(PARAMS) + end      # half of them
    yield start + first + fastcgi.record(END, b"\0" * 8) + end
    yield fastcgi.record(BEGIN, b"\0\1") + first + last + end
    yield fastcgi.record(BEGIN, b"") + first + last + end
    for version in (0, 2, 255):
        yield start + first + fastcgi.record(
            PARAMS, rest, version=version) + end
        yield fastcgi.record(BEGIN, b"\0\1" + b"\0" * 6, version=version
                             ) + first + last + end
    yield start + fastcgi.stream(PARAMS, data[:-1]) + end
    yield start + fastcgi.stream(PARAMS, data + b"\1") + end
    yield start + fastcgi.stream(PARAMS, b"\xff" + data) + end
    yield fastcgi.begin(request=2) + first + last + end     # another's


@pytest.mark.parametrize("program, method", [
    ("logout", "POST"), ("session", "GET")])
def test_half_a_request_is_none(victim, program, method):
    data = fastcgi.pairs(params_of(victim, program))
    for request in ill_framed(data):
        reply = ask(victim, program, request)
        assert reply is None or reply.status == 400 or (
            reply.status, reply.json) == (200, {"logged_in": False}), request
        assert method and victim.is_untouched()
    assert victim.can_go_on()


def test_a_connection_that_ends_anywhere_has_asked_for_nothing(victim):
    """At each byte, up to the end of the parameters."""
    data = fastcgi.begin() + fastcgi.stream(
        PARAMS, fastcgi.pairs(params_of(victim, "logout")), 50)
    for n in range(len(data) - 8):
        reply = ask(victim, "logout", data[:n])
        assert reply is None or reply.status == 400, n
    assert victim.is_untouched()
    assert victim.can_go_on()


def mingled(mine, other):
    """One's request, and records of another's in between."""
    start, end = fastcgi.begin(), fastcgi.record(STDIN)
    theirs = whole(other, 2)
    yield start + theirs + fastcgi.stream(PARAMS, mine) + end
    yield start + fastcgi.record(PARAMS, mine) + theirs + fastcgi.record(
        PARAMS) + end
    yield start + fastcgi.record(PARAMS, mine) + fastcgi.record(
        PARAMS, other, request=2) + fastcgi.record(PARAMS) + end
    yield start + fastcgi.stream(PARAMS, mine) + theirs + end
    yield whole(mine) + theirs
    yield whole(mine) + whole(other)        # behind it, under the same id
    yield whole(mine) + fastcgi.stream(PARAMS, other)
    yield start + fastcgi.stream(PARAMS, mine) + fastcgi.stream(
        PARAMS, other) + end
    yield (start + fastcgi.stream(PARAMS, mine)
           + fastcgi.stream(STDIN, whole(other)))
    yield start + fastcgi.stream(PARAMS, mine, padding=255).replace(
        b"\0" * 255, whole(other)[:255].ljust(255, b"\0")) + end
    for kind in TYPES:
        yield start + fastcgi.record(kind, other) + fastcgi.stream(
            PARAMS, mine) + end


def test_another_request_on_the_connection_is_never_answered(victim):
    """libfcgi serves one at a time; whoever is named 2 gets nothing, and
    nobody is answered with what belongs to 2."""
    nobody = fastcgi.pairs(fastcgi.params_of(victim.stack, "session"))
    known = fastcgi.pairs(params_of(victim, "session"))
    for data in mingled(nobody, known):
        answer = fastcgi.send(victim.stack.socket("session"), data, True)
        assert b"wizzler" not in answer, data
    for data in mingled(known, nobody):
        reply = ask(victim, "session", data)
        assert reply is None or reply.status == 400 or (
            reply.json.get("account", {}).get("id") in ("wizzler", None))
    nobody, known = (fastcgi.pairs(params) for params in (
        fastcgi.params_of(victim.stack, "logout"), params_of(victim, "logout")))
    for data in mingled(nobody, known):
        ask(victim, "logout", data)
        assert victim.is_untouched(), data
    assert victim.can_go_on()


def test_a_name_that_is_not_exactly_right_is_no_name(victim):
    bare = list(fastcgi.params_of(victim.stack, "session").items())
    for name in ("HTTP_COOKIE\0", "HTTP_COOKIE\0X", "\0HTTP_COOKIE", "",
                 "http_cookie", "Http_Cookie", "HTTP-COOKIE", "HTTP_COOKIE ",
                 " HTTP_COOKIE", "HTTP_COOKIE_", "HTTP_COOKIES", "COOKIE",
                 "=HTTP_COOKIE", "REDIRECT_HTTP_COOKIE", "HTTP_COOKI",
                 "\xc8TTP_COOKIE", "HTTP_COOKIE\r\n", "\nHTTP_COOKIE"):
        reply = ask(victim, "session", whole(fastcgi.pairs(
            [*bare, (name, victim.session)])))
        assert reply.json == {"logged_in": False}, name
    for value in (victim.session[:-1], victim.session + "x",
                  victim.session.upper(), "\0" + victim.session):
        reply = ask(victim, "session", whole(fastcgi.pairs(
            [*bare, ("HTTP_COOKIE", value)])))
        assert reply.json == {"logged_in": False}, value
    assert victim.is_untouched()


def lengths_that_lie(data):
    """Pairs that are longer than all that comes."""
    for n in HUGE:
        wide = struct.pack(">I", n | 1 << 31)
        yield from (wide + b"\1x", b"\1" + wide + b"x", wide + wide,
                    wide + wide + data, data + wide + b"\1x",
                    data + b"\1" + wide + b"x" * 1000)
    yield from (b"\x80" + data, b"\xff\xff\xff", data + b"\x80\0\0",
                b"\x80\0\0\0" * 2 + data, b"\0\0" * 50000, b"\x7f" * 60000)


@pytest.mark.parametrize("program", ALL_PROGRAMS)
def test_lengths_that_lie_harm_nobody(victim, program):
    data = fastcgi.pairs(params_of(victim, program))
    for params in lengths_that_lie(data):
        reply = ask(victim, program, fastcgi.begin()
                    + fastcgi.stream(PARAMS, params)
                    + fastcgi.record(STDIN))
        assert reply is None or 200 <= reply.status < 500, params[:40]
    victim.check()


@pytest.mark.parametrize("program", ALL_PROGRAMS)
def test_a_length_that_lies_makes_a_bad_request(stack, program):
    """libfcgi makes room for what is announced, and ends the process if there
    is none: it never sees it."""
    old = stack.pids(program)
    for n in (*HUGE, 0xfffffffe, 2):
        pair = struct.pack(">II", n | 1 << 31, n | 1 << 31)
        answer = fastcgi.send(
            stack.socket(program), fastcgi.begin() + fastcgi.stream(
                PARAMS, pair) + fastcgi.record(STDIN), True)
        reply = fastcgi.parse(fastcgi.split(answer)[0][STDOUT])
        assert (reply.status, reply.code) == (400, "bad_request")
    assert stack.pids(program) == old


@pytest.mark.parametrize("program", ALL_PROGRAMS)
def test_a_hundred_thousand_parameters_harm_nobody(victim, program):
    params = list(fastcgi.params_of(victim.stack, program).items())
    crowd = [(f"X{n}", "") for n in range(100_000)]
    good = ask(victim, program, whole(fastcgi.pairs(params)))
    reply = ask(victim, program, whole(fastcgi.pairs(crowd[:7000] + params)))
    assert reply.status == good.status
    reply = ask(victim, program, whole(fastcgi.pairs(crowd + params)))
    assert (reply.status, reply.code) == (413, "too_large")
    cookies = [("HTTP_COOKIE", "a=b")] * 3500
    reply = ask(victim, program, whole(fastcgi.pairs(params + cookies)))
    assert reply.status == good.status
    assert victim.is_untouched()


def test_anything_at_all_harms_nobody(victim):
    """Records of all types in all orders of three, with content or none."""
    data = fastcgi.pairs(params_of(victim, "logout"))
    half = data[:40]
    pieces = [fastcgi.begin(), fastcgi.record(ABORT), fastcgi.record(PARAMS),
              fastcgi.record(PARAMS, half), fastcgi.record(STDIN),
              fastcgi.record(STDIN, half), fastcgi.record(8, half),
              fastcgi.record(9, half), fastcgi.record(255, half),
              fastcgi.record(PARAMS, padding=8)]
    for orders in itertools.product(pieces, repeat=3):
        reply = ask(victim, "logout", fastcgi.begin() + b"".join(orders))
        assert reply is None or 400 <= reply.status < 500
    assert victim.is_untouched()


def test_records_about_no_request_harm_nobody(victim):
    """Management records. libfcgi forgets 48 bytes with each: it gets none, or
    the end of these processes would tell."""
    data = fastcgi.pairs(params_of(victim, "logout"))
    for kind, n in itertools.product((*TYPES, PARAMS, BEGIN), (0, 1, 40)):
        record = fastcgi.record(kind, data[:n], request=0)
        for request in (record, fastcgi.begin() + record + whole(data)[:-16],
                        record + fastcgi.begin() + fastcgi.record(ABORT)):
            reply = ask(victim, "logout", request)
            assert reply is None or 400 <= reply.status < 500
    assert victim.is_untouched()
    victim.stack.restart("logout")
    assert victim.stack.complaints() == []
    assert victim.browser.fetch("logout", "POST").status == 204


@pytest.mark.parametrize("names", [
    [], ["FCGI_MAX_CONNS"], ["FCGI_MAX_CONNS", "FCGI_MAX_REQS",
                             "FCGI_MPXS_CONNS"] * 1000, ["x" * 60_000],
    ["FCGI_MPXS_CONNS"] * 3000])
def test_who_asks_for_variables_is_told_that_there_are_none(stack, names):
    """FCGI_GET_VALUES (FastCGI 1.0, section 4.1): libfcgi writes its answer
    beyond the end of a buffer when a name comes often enough. Also in the
    middle of a request."""
    ask_values = fastcgi.record(9, fastcgi.pairs(
        [(name, "") for name in names]), 7, request=0)
    request = whole(fastcgi.pairs(fastcgi.params_of(stack, "session")))
    pids = stack.pids("session")
    for data, times in ((ask_values, 1), (ask_values * 20, 20),
                        (ask_values + request, 1),
                        (request[:16] + ask_values + request[16:], 1)):
        answer = fastcgi.send(stack.socket("session"), data, True)
        found = [record for record in read_records(io.BytesIO(answer))
                 if record[0] == 10]
        assert found == [(10, b"")] * times
        if request[16:40] in data:
            assert reply_of(answer, "session").json == {"logged_in": False}
    assert stack.pids("session") == pids
