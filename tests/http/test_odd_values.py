# SPDX-License-Identifier: ISC
"""One odd value in an answer of Spotify does not spoil the rest of it: what is
no character is replaced, what is no value that we can hold is passed over."""

import base64
import json

import pytest

from tools import fastcgi
from tools.answers import refused
from tools.spotify import bearer_of, count, newest_secret
from tools.steps import refresh
from tools.store import stored

ID = "0TnOYISbd1XYRBk9myaseg"
NO = "\ufffd"
DEEP = b"[" * 200 + b'"]"' + b"]" * 200

# In a member that nobody reads.
UNREAD = {
    "half a pair": rb'"\ud800"', "the other half": rb'"\udc00x"',
    "a NUL": rb'"\u0000"', "a NUL as it is": b'"\0"',
    "no UTF-8": b'"Caf\xe9 \xff\xc0\xaf"', "a cut sequence": b'"\xe2\x82"',
    "CESU-8": b'"\xed\xa0\xbd\xed\xb8\x80"', "a line feed": b'"a\nb\x01"',
    "no escape": rb'"\x41\u12"', "beyond 64 bits": b"18446744073709551616",
    "below 64 bits": b"-9223372036854775809", "9 * 10": b"9" * 10_000,
    "too large": b"1e400", "much too large": b"-1e99999", "minus 0": b"-0",
    "NaN": b"[NaN,Infinity,-Infinity]", "no number": b"[01,+1,.5,1.,0x10]",
    "deep": DEEP, "deep objects": b'{"a":' * 200 + b"1" + b"}" * 200,
    "names twice": b'{"a":1,"a":{"a":2,"a":3},"a":4}',
    "a NUL in a name": rb'{"\u0000":1,"\u0000":2}',
    "many names": b"{" + b",".join(b'"%d":0' % n for n in range(3000)) + b"}",
    "a long text": b'"' + b"x" * 20_000 + b'"'}


def odd(text):
    """An answer of exactly these bytes."""
    return {"headers": {"Content-Type": "application/json"},
            "body_base64": base64.b64encode(text).decode()}


def list_of(name, unread=b"0"):
    """A page of two artists, the first with that name, before and after
    members that nobody reads."""
    return odd(b'{"unread":%b,"artists":{"items":[{"id":"%b","name":%b,'
               b'"unread":%b},{"id":"1vCWHaC5f2uS3yhpwWbIA6","name":"Avicii"}'
               b'],"cursors":{"after":null,"unread":%b},"next":null,"total":2}'
               b',"unread":%b}' % (unread, ID.encode(), name, unread, unread,
                                   unread))


def me_of(members):
    return odd(b'{"unread":0,%b}' % members)




@pytest.mark.parametrize("unread", UNREAD.values(), ids=UNREAD)
def test_what_nobody_reads_spoils_nothing(browser, spotify, unread):
    """Login, account and list, with the same in all three answers; a byte
    order mark before the account."""
    spotify.answers("me", odd(b'\xef\xbb\xbf{"unread":%b,"id":"wizzler",'
                              b'"account_id":"acc","display_name":"Ada",'
                              b'"images":[{"unread":%b}]}' % (unread, unread)))
    spotify.answers("following", list_of(b'"Pitbull"', unread))
    browser.login()
    found = browser.fetch("session").json["account"]
    assert (found["id"], found["account_id"]) == ("wizzler", "acc")
    assert fastcgi.vouch(browser).header(
        "X-Spotify-Account-Id") == "acc"
    reply = browser.fetch("artists")
    assert [a["name"] for a in reply.json["artists"]] == ["Pitbull", "Avicii"]
    assert reply.json["complete"]


@pytest.mark.parametrize("unread", UNREAD.values(), ids=UNREAD)
def test_the_token_answer_too(browser, stack, spotify, unread):
    browser.login()
    old = newest_secret(spotify, "access_token")
    stack.clock.advance(3600)
    spotify.answers("token", odd(
        b'\xef\xbb\xbf{"unread":%b,"access_token":"%b","token_type":"Bearer",'
        b'"expires_in":3600,"more":%b}' % (unread, old.encode(), unread)))
    reply = browser.fetch("refresh", "POST")
    assert reply.status == 200 and reply.json["refreshed"]
    assert count(spotify, "token") == 2


@pytest.mark.parametrize("name, shown", [
    (rb'"a\ud800"', "a" + NO), (rb'"\udc00\ud800b"', NO + NO + "b"),
    (rb'"\ud83d\ude00\ud83d"', "\U0001f600" + NO), (rb'"a\u0000b"',
                                                     f"a{NO}b"),
    (b'"Caf\xe9"', "Caf" + NO), (b'"\xe2\x82 \xf0\x9f\x98x"',
                                 f"{NO} {NO}x"),
    (b'"a\0b"', f"a{NO}b"), (b'"a\nb\x1f"', "a\nb\x1f"),
    (rb'"\x41"', NO + "x41"), (b"1e400", ""), (b"NaN", ""),
    (b'"a","name":"b"', "b"), (b'"' + b"\xff" * 5000 + b'"', NO * 341)],
    ids=lambda v: str(v)[:30])
def test_what_is_no_character_of_a_name_is_replaced(
        browser, spotify, name, shown):
    """The others are as they were; what reaches the browser is JSON in
    UTF-8, which the reply's reader insists upon."""
    spotify.answers("following", list_of(name))
    browser.login()
    reply = browser.fetch("artists")
    assert [a["name"] for a in reply.json["artists"]] == [shown, "Avicii"]
    assert json.loads(reply.body.decode("utf-8", "strict"))
    assert browser.fetch("artists").json["artists"] == reply.json["artists"]


@pytest.mark.parametrize("members, member, value", [
    (rb'"id":"u","display_name":"A\ud800"', "display_name", "A" + NO),
    (b'"id":"u","display_name":"Caf\xe9"', "display_name", "Caf" + NO),
    (b'"account_id":"acc"', "account_id", "acc"),
    (b'"id":null,"account_id":"acc","display_name":"A"', "display_name", "A"),
    (b'"id":9e999,"account_id":"acc"', "id", None),
    (rb'"id":"u\ud800","account_id":"acc"', "id", None),
    (rb'"id":"u\ud800","account_id":"acc"', "account_id", "acc"),
    (rb'"id":"u","account_id":"a\u0000"', "account_id", None),
    (b'"id":"u","images":[{"url":"https://i.scdn.co/\xff"}]', "image", None),
    (b'"id":"t","id":"u"', "id", "u")])
def test_an_account_is_known_by_what_is_whole(
        browser, spotify, members, member, value):
    """An id in which a character was replaced could be that of somebody else,
    and is none."""
    spotify.answers("me", me_of(members))
    browser.login()
    assert browser.fetch("session").json["account"][member] == value
    assert fastcgi.vouch(browser).status == 204
    browser.fetch("artists")
    assert count(spotify, "me") == 1


@pytest.mark.parametrize("members", [
    rb'"id":"u\ud800"', b'"id":"u\xff","account_id":""', b'"id":1e400'])
def test_who_is_known_by_nothing_is_asked_for_again(
        browser, spotify, members):
    spotify.answers("me", me_of(members))
    browser.login()
    refused(fastcgi.vouch(browser), 503,
            "upstream_failed")
    browser.fetch("artists")
    assert browser.fetch("session").json["account"]["id"] == "wizzler"


@pytest.mark.parametrize("scope", [
    b"user-follow-read " + b"x" * 1100, b"y " * 3000 + b"user-follow-read"])
def test_a_scope_that_is_too_long_costs_no_tokens(browser, stack, spotify,
                                                  scope):
    """It counts as not told, for a part of it would look like a refusal."""
    browser.login()
    answer = odd(b'{"access_token":"%b","token_type":"Bearer","scope":"%b",'
                 b'"expires_in":3600,"refresh_token":"%b"}' % (
                     newest_secret(spotify, "access_token").encode(), scope,
                     newest_secret(spotify, "refresh_token").encode()))
    stack.clock.advance(3600)
    spotify.answers("token", answer)
    assert refresh(browser).json["refreshed"]
    spotify.answers("token", answer)
    browser.login()


@pytest.mark.parametrize("token", [
    rb"a\u0000b", b"a\0b", b"a\xffb", rb"a\ud800", rb"a\nb", b"a\nb", b"a b"])
def test_a_token_that_is_odd_itself_is_refused(
        browser, stack, spotify, token):
    """Never cut short, never mended; the session is as it was."""
    browser.login()
    before = stored(stack)
    stack.clock.advance(3600)
    spotify.answers("token", odd(b'{"access_token":"%b","token_type":"Bearer"'
                                 b',"expires_in":3600}' % token))
    refused(browser.fetch("refresh", "POST"), 503, "upstream_failed")
    assert stored(stack) == before
    assert browser.fetch("refresh", "POST").status == 200


def test_of_a_token_that_comes_twice_the_last_counts(browser, stack, spotify):
    """As for whoever else reads such an answer."""
    browser.login()
    stack.clock.advance(3600)
    spotify.answers("token", odd(
        b'{"access_token":"first","token_type":"Bearer","expires_in":9,'
        b'"\\u0061ccess_token":"last","expires_in":3600}'))
    browser.fetch("artists")
    assert bearer_of(spotify.requests("following")[0]) == "last"
