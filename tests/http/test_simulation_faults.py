# SPDX-License-Identifier: ISC
"""The simulated Spotify: answers that a test orders, up to broken ones."""

import base64
import contextlib
import gzip
import http.client
import socket
import threading
import time
import urllib.parse

import pytest

from sim_client import (  # noqa: F401
    ask, connect, fixture_running, fixture_spotify, get, login, raw, refresh)
from stack.processes import wait_until


def test_canned_answers_go_in_order_and_then_all_is_normal(spotify):
    access = login(spotify)["access_token"]
    spotify.answers("me", "rate_limited", {"name": "quota", "headers": {
        "retry-after": None, "X-More": ["1", "2"]}}, "rate_limited_text")
    spotify.answers("any", {"status": 204})
    limited = get(spotify, "/v1/me", access)
    assert limited.status == 429 and limited.headers["Retry-After"] == "2"
    quota = get(spotify, "/v1/me", access)
    assert quota.json["error"]["reason"] == "QUOTA_EXCEEDED"
    assert quota.headers["Retry-After"] is None
    assert quota.headers.get_all("X-More") == ["1", "2"]
    assert get(spotify, "/v1/me", access).body == b"Too many requests"
    assert get(spotify, "/v1/me", access).status == 204
    assert get(spotify, "/v1/me", access).status == 200


def test_repeated_answers_stay_until_they_are_cleared(spotify):
    spotify.answers("token", "oauth_server_error", "unavailable_503_html",
                    repeat=True)
    found = [refresh(spotify, "x").status for _ in range(4)]
    assert found == [400, 503, 400, 503]
    spotify.clear_answers()
    assert refresh(spotify, "x").error[1] == "Invalid refresh token"


def test_any_bytes_can_be_answered(spotify):
    access = login(spotify)["access_token"]
    spotify.answers(
        "me", {"body": '{"a":1,"a":2}'}, {"body": None},
        {"body_base64": base64.b64encode(b"\xff\x00{}").decode()},
        {"status": 201, "body": {"a": "ü"}, "chunked": True},
        {"body": "x", "headers": {"Content-Type": "text/html"}})
    first = get(spotify, "/v1/me", access)
    assert first.body == b'{"a":1,"a":2}'
    assert first.headers["Content-Type"].startswith("application/json")
    assert get(spotify, "/v1/me", access).body == b"null"
    assert get(spotify, "/v1/me", access).body == b"\xff\x00{}"
    chunked = get(spotify, "/v1/me", access)
    assert chunked.status == 201 and chunked.json == {"a": "ü"}
    assert chunked.headers["Transfer-Encoding"] == "chunked"
    assert get(spotify, "/v1/me", access).headers["Content-Type"] == "text/html"


def test_an_answer_can_be_cut_anywhere(spotify):
    access = login(spotify)["access_token"]
    spotify.answers("following", {"cut": -1}, {"cut": 0}, {"cut": 1000},
                    {"status": 502, "body": "abc", "cut": 2})
    path = "/v1/me/following?type=artist"
    assert raw(spotify, path, access) == b""
    assert raw(spotify, path, access).endswith(b"\r\n\r\n")
    head, _, body = raw(spotify, path, access).partition(b"\r\n\r\n")
    assert len(body) == 1000 and b"Content-Length: 1000" not in head
    assert raw(spotify, path, access).endswith(b"\r\n\r\nab")


def test_status_lines_and_whole_answers_can_be_given_raw(spotify):
    spotify.answers("me", {"status_line": "HTTP/1.1 99", "body": "x"},
                    {"raw": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                            "\r\n\r\nzz\r\n"},
                    {"body": "x", "headers": {"Content-Length": "5"}})
    assert raw(spotify, "/v1/me", "x").startswith(b"HTTP/1.1 99\r\n")
    assert raw(spotify, "/v1/me", "x").endswith(b"zz\r\n")
    assert b"Content-Length: 5\r\n\r\nx" in raw(spotify, "/v1/me", "x")


def test_an_answer_can_be_slow_in_three_ways(spotify):
    access = login(spotify)["access_token"]

    def seconds(**answer):
        spotify.answers("me", answer)
        start = time.monotonic()
        assert get(spotify, "/v1/me", access).status == 200
        return time.monotonic() - start
    assert 0.3 <= seconds(delay=0.3)
    assert 0.3 <= seconds(after_commit_delay=0.3)
    assert 0.3 <= seconds(status=200, body="x" * 400, drip=1000)
    assert 0.3 <= seconds(**{"pass": True, "drip": 1000, "drip_chunk": 100})


def test_a_lost_answer_has_still_spent_the_refresh_token(spotify):
    token = login(spotify)["refresh_token"]
    spotify.settings(rotation="strict")
    spotify.answers("token", {"cut": -1})
    with pytest.raises(http.client.RemoteDisconnected):
        refresh(spotify, token)
    assert refresh(spotify, token).error[1] == "Refresh token revoked"


def test_a_commit_takes_effect_before_its_delayed_answer(spotify):
    token = login(spotify)["refresh_token"]
    spotify.settings(rotation="strict")
    spotify.answers("token", {"held": True})
    waiting = threading.Thread(target=refresh, args=(spotify, token))
    waiting.start()
    assert spotify.wait_for("token", 2)[1]["status"] is None
    wait_until(lambda: spotify.state()["refreshes"] == {"wizzler": 1}, 60,
               "no token was renewed")
    assert refresh(spotify, token).error[1] == "Refresh token revoked"
    spotify.release()
    waiting.join()
    assert spotify.requests("token")[1]["status"] == 200


def test_an_answer_is_held_until_it_is_let_go(spotify):
    token = login(spotify)["refresh_token"]
    spotify.settings(rotation="strict")
    spotify.answers("token", {"held": True})
    waiting = threading.Thread(target=refresh, args=(spotify, token))
    waiting.start()
    assert spotify.wait_for("token", 2)[1]["status"] is None
    assert waiting.is_alive()
    spotify.release()
    waiting.join()
    assert spotify.requests("token")[1]["status"] == 200


def test_bodies_and_headers_can_be_enormous(spotify):
    spotify.answers("me", {"huge": 5_000_000}, {"gzip_bomb": 20_000_000},
                    {"name": "expired_token_401", "header_flood": 101})
    assert len(ask(spotify, "GET", "/v1/me").body) == 5_000_000
    bomb = ask(spotify, "GET", "/v1/me")
    assert bomb.headers["Content-Encoding"] == "gzip"
    assert len(bomb.body) < 100_000
    assert len(gzip.decompress(bomb.body)) == 20_000_000
    with contextlib.closing(connect(spotify)) as connection:
        connection.request("GET", "/v1/me")
        with pytest.raises(http.client.HTTPException, match="100 headers"):
            connection.getresponse()


def test_a_client_that_leaves_early_disturbs_nobody(spotify):
    host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
    spotify.answers("me", {"huge": 50_000_000}, {"delay": 0.2})
    for data in (b"", b"GE", b"GET /v1/me HTTP/1.1\r\n\r\n" * 2,
                 b"POST /api/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
                 b"\x16\x03\x01\r\n\r\n"):
        with socket.create_connection((host, int(port)), 60) as wire:
            wire.sendall(data)
    time.sleep(0.3)
    assert ask(spotify, "GET", "/").status == 200


def test_half_a_request_is_none(spotify):
    host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
    with socket.create_connection((host, int(port)), 60) as wire:
        wire.sendall(b"POST /api/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nab")
        wire.shutdown(socket.SHUT_WR)
        assert wire.recv(100).startswith(b"HTTP/1.1 400 ")
    assert spotify.requests() == []
