# SPDX-License-Identifier: ISC
"""The copy of the artists, and what it saves: calls, and bytes."""

import pytest

from tools.answers import Browser, refused
from tools.parallel import together
from tools.spotify import bearer_of, count
from tools.steps import let_tokens_end
from tools.store import stored


@pytest.fixture
def reader(browser, spotify):
    """Somebody who has just read the list."""
    browser.login()
    browser.fetch("artists")
    spotify.clear_requests()
    return browser


def copies(stack):
    """The files."""
    return list(stack.session_dir.glob("copy-*"))


def test_a_second_request_costs_no_call(reader, spotify):
    first, second = reader.fetch("artists"), reader.fetch("artists")
    assert first.body == second.body
    assert first.header("ETag") == second.header("ETag")
    assert spotify.requests() == []


def test_the_copy_is_kept_for_ten_minutes(reader, stack, spotify):
    before = reader.fetch("artists").json["fetched_at"]
    stack.clock.advance(590)
    assert reader.fetch("artists").json["fetched_at"] == before
    assert count(spotify, "following") == 0
    stack.clock.advance(15)
    assert reader.fetch("artists").json["fetched_at"] > before
    assert count(spotify, "following") == 3


def test_it_is_sealed(reader, stack):
    [path] = copies(stack)
    [session] = stored(stack)
    assert path.name.partition("-")[2] == session.name.partition("-")[2]
    assert path.stat().st_mode & 0o7777 == 0o600
    data = path.read_bytes()
    for one in reader.fetch("artists").json["artists"]:
        assert one["id"].encode() not in data


@pytest.mark.parametrize("bend", [
    lambda data: b"", lambda data: data[:-9], lambda data: b"\0" * len(data),
    lambda data: data[:99] + bytes([data[99] ^ 1]) + data[100:]])
def test_a_copy_that_was_changed_is_fetched_again(reader, stack, spotify,
                                                  bend):
    [path] = copies(stack)
    path.write_bytes(bend(path.read_bytes()))
    assert reader.fetch("artists").json["total"] == 120
    assert count(spotify, "following") == 3


def test_only_what_is_asked_for_is_read_of_a_copy(reader, stack, spotify):
    """Its facts are enough for who has the list; a list that was changed is
    fetched again for who has not."""
    tag = reader.fetch("artists").header("ETag")
    [path] = copies(stack)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    known = reader.fetch("artists", headers={"If-None-Match": tag})
    assert (known.status, known.body) == (304, b"")
    assert count(spotify, "following") == 0
    assert reader.fetch("artists").json["total"] == 120
    assert count(spotify, "following") == 3


def test_head_is_told_as_well(reader):
    tag = reader.fetch("artists").header("ETag")
    answer = reader.fetch("artists", "HEAD", {"If-None-Match": tag})
    assert (answer.status, answer.header("ETag")) == (304, tag)


def test_one_persons_copy_does_not_open_for_another(reader, stack, spotify):
    [mine] = copies(stack)
    other = Browser(stack)
    other.login(account="grace.many")
    other.fetch("artists")
    [theirs] = set(copies(stack)) - {mine}
    theirs.write_bytes(mine.read_bytes())
    assert other.fetch("artists").json["total"] == 2000
    assert reader.fetch("artists").json["total"] == 120


def test_a_new_login_reads_anew(reader, stack, spotify):
    reader.login()
    assert copies(stack) == []
    assert reader.fetch("artists").json["total"] == 120
    assert count(spotify, "following") == 3


def test_it_can_be_turned_off(make_stack):
    stack = make_stack(conf={"artists_max_age": "0"})
    browser = Browser(stack)
    browser.login()
    for n in (1, 2):
        assert browser.fetch("artists").json["total"] == 120
        assert count(stack.spotify, "following") == 3 * n
    assert copies(stack) == []
    stack.spotify.answers("following", "server_error_500", repeat=True)
    refused(browser.fetch("artists"), 502, "upstream_failed")


# fresh=1

def test_fresh_goes_past_it_twice_a_minute(reader, stack, spotify):
    assert reader.fetch("artists?fresh=1").status == 200
    assert count(spotify, "following") == 0     # just fetched
    for n in (1, 2):
        stack.clock.advance(31)
        for _ in range(5):
            assert reader.fetch("artists?fresh=1").status == 200
        assert count(spotify, "following") == 3 * n


@pytest.mark.parametrize("query", ["fresh=0", "fresh=", "fresh=true", "x=1"])
def test_fresh_is_1_or_nothing(reader, stack, spotify, query):
    stack.clock.advance(60)
    reader.fetch("artists?" + query)
    assert count(spotify, "following") == 0


@pytest.mark.parametrize("query", ["fresh=1&fresh=1", "fresh=%",
                                   "fresh=" + "1" * 9])
def test_a_query_that_is_none_is_refused(reader, query):
    refused(reader.fetch("artists?" + query), 400, "bad_request")


def test_many_at_once_make_one_list(browser, stack, spotify):
    browser.login()
    spotify.answers("following", {"delay": 0.3})
    replies = together(lambda b=browser.copy(): b.fetch("artists")
                       for _ in range(50))
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    assert count(spotify, "following") == 3
    stack.clock.advance(31)
    replies = together(lambda b=browser.copy(): b.fetch("artists?fresh=1")
                       for _ in range(20))
    assert {reply.status for reply in replies} == {200}
    assert count(spotify, "following") == 6


# ETag

@pytest.mark.parametrize("text", [
    "{tag}", "{strong}", '"x", {tag}', '{tag}, "x"', '"x",{strong},"y"',
    " {tag} ", "*", 'W/"x", *', ',, {tag}'])
def test_who_has_the_list_is_told_so(reader, text):
    tag = reader.fetch("artists").header("ETag")
    assert tag.startswith('W/"')
    reply = reader.fetch("artists", headers={
        "If-None-Match": text.format(tag=tag, strong=tag[2:])})
    assert reply.status == 304
    assert reply.header("ETag") == tag
    assert reply.header("Content-Type") is None


@pytest.mark.parametrize("text", [
    "", '"x"', "W/", '""', "{bare}", "x{tag}", "{tag}x", "w/{strong}",
    'W/W/{strong}', '"' + "x" * 1000 + '"', "{cut}"])
def test_who_has_another_gets_it(reader, text):
    tag = reader.fetch("artists").header("ETag")
    reply = reader.fetch("artists", headers={"If-None-Match": text.format(
        tag=tag, strong=tag[2:], bare=tag[3:-1], cut=tag[:-2] + '"')})
    assert reply.status == 200 and reply.json["total"] == 120


def test_the_tag_is_of_the_artists_alone(reader, stack, spotify):
    tag = reader.fetch("artists").header("ETag")
    stack.clock.advance(700)
    reply = reader.fetch("artists", headers={"If-None-Match": tag})
    assert reply.status == 304 and count(spotify, "following") == 3
    spotify.account("wizzler", follows=121)
    stack.clock.advance(700)
    reply = reader.fetch("artists", headers={"If-None-Match": tag})
    assert reply.status == 200 and reply.header("ETag") != tag


def test_the_same_list_has_the_same_tag_for_everybody(reader, stack):
    other = Browser(stack)
    other.login()
    assert other.fetch("artists").header("ETag") == \
        reader.fetch("artists").header("ETag")


def test_a_tag_is_no_way_in(reader, stack):
    tag = reader.fetch("artists").header("ETag")
    refused(Browser(stack).fetch("artists", headers={"If-None-Match": tag}),
            401, "not_logged_in")


def test_a_stale_list_is_always_sent(reader, stack, spotify):
    tag = reader.fetch("artists").header("ETag")
    stack.clock.advance(700)
    spotify.answers("following", "server_error_500", repeat=True)
    reply = reader.fetch("artists", headers={"If-None-Match": tag})
    assert reply.status == 200 and reply.json["stale"] is True


def test_a_stale_list_has_no_tag_that_would_keep_it_stale(reader, stack,
                                                          spotify):
    reader.fetch("artists")
    stack.clock.advance(700)
    spotify.answers("following", "server_error_500", repeat=True)
    reply = reader.fetch("artists")
    assert reply.json["stale"] is True and reply.header("ETag") is None


# The token

def test_a_401_is_answered_by_one_refresh_and_one_retry(reader, stack,
                                                        spotify):
    stack.clock.advance(700)
    spotify.expire("access")
    replies = together(lambda b=reader.copy(): b.fetch("artists")
                       for _ in range(20))
    assert {reply.status for reply in replies} == {200}
    assert {reply.json["stale"] for reply in replies} == {False}
    assert count(spotify, "token") == 1
    first, *rest = spotify.requests("following")
    assert first["status"] == 401 and len(rest) == 3
    assert len({bearer_of(request) for request in rest}) == 1


def test_a_401_in_the_middle_of_the_list(reader, stack, spotify):
    stack.clock.advance(700)
    spotify.settings(fail_page={"2": "expired_token_401"})
    found = reader.fetch("artists").json
    assert found["stale"] is True and found["total"] == 120
    assert count(spotify, "token") == 1
    spotify.settings(fail_page={})
    assert reader.fetch("artists").json["stale"] is False


def test_a_401_that_stays_is_spotifys_trouble(browser, stack, spotify):
    browser.login()
    spotify.answers("following", "invalid_token_401", repeat=True)
    refused(browser.fetch("artists"), 502, "upstream_failed")
    assert count(spotify, "token") == 2
    assert count(spotify, "following") == 2
    assert browser.fetch("session").json["logged_in"] is True


def test_an_api_that_refuses_every_token_spends_one_in_a_minute(
        browser, stack, spotify):
    """Each refresh costs a refresh token, and the API's budget."""
    browser.login()
    spotify.answers("following", "invalid_token_401", repeat=True)
    for _ in range(5):
        refused(browser.fetch("artists"), 502, "upstream_failed")
    assert count(spotify, "token") == 2         # the login's, and one forced
    stack.clock.advance(61)
    refused(browser.fetch("artists"), 502, "upstream_failed")
    assert count(spotify, "token") == 3
    spotify.clear_answers()
    assert browser.fetch("artists").json["total"] == 120
    assert browser.fetch("session").json["logged_in"] is True


def test_the_minute_is_a_sessions_own(stack, spotify):
    one, other = Browser(stack), Browser(stack)
    one.login()
    other.login(account="grace.many")
    for browser in (one, other):
        spotify.expire("access")
        assert browser.fetch("artists").status == 200
    assert count(spotify, "token") == 4


def test_an_expired_token_is_not_shown_to_spotify(reader, stack, spotify):
    let_tokens_end(stack, 10)
    assert reader.fetch("artists").status == 200
    assert {request["status"] for request in spotify.requests()} == {200}
    assert count(spotify, "token") == 1
