# SPDX-License-Identifier: ISC
"""The simulated Spotify: how tests control it, and the process."""

import contextlib
import http.client
import pathlib
import re
import signal
import subprocess
import urllib.parse

import pytest

from sim_client import (  # noqa: F401
    CALLBACK, CHALLENGE, Reply, SECRET, Simulation, VERIFIER, ask, connect,
    exchange, fixture_running, fixture_spotify, get, login, new_code)
from stack.processes import wait_until


# Control

def test_the_log_shows_every_request_but_those_of_control(spotify):
    login(spotify)
    with contextlib.closing(connect(spotify)) as connection:
        for _ in range(2):
            connection.request("GET", "/v1/me?a=1&a=%20&b=",
                               headers={"X-Test": "Value"})
            connection.getresponse().read()
    log = spotify.requests()
    assert [e["target"] for e in log] == ["authorize", "token", "me", "me"]
    token, first, second = log[1:]
    assert token["method"] == "POST" and token["status"] == 200
    assert ["grant_type", "authorization_code"] in token["form"]
    assert token["body"].startswith("grant_type=authorization_code&code=AQD")
    assert first["path"] == "/v1/me" and first["raw_query"] == "a=1&a=%20&b="
    assert first["query"] == [["a", "1"], ["a", " "], ["b", ""]]
    assert ["X-Test", "Value"] in first["headers"] and first["form"] is None
    assert first["connection"] == second["connection"] != token["connection"]
    assert spotify.requests("me", since=first["n"]) == [second]
    spotify.clear_requests()
    assert spotify.requests() == []


def test_secrets_are_listed_for_ever(spotify):
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = new_code(spotify, **pkce)
    tokens = exchange(spotify, code, code_verifier=VERIFIER).json
    spotify.reset()
    known = {(s["kind"], s["value"]) for s in spotify.secrets()}
    assert {("code", code), ("code_verifier", VERIFIER),
            ("client_secret", SECRET),
            ("access_token", tokens["access_token"]),
            ("refresh_token", tokens["refresh_token"])} <= known
    assert get(spotify, "/v1/me", tokens["access_token"]).status == 401


def test_a_reset_brings_the_defaults_back(spotify):
    before = spotify.settings()
    spotify.settings(rotation="strict", evil_items=True)
    spotify.account("fan", follows=1)
    spotify.answers("any", "quota", repeat=True)
    spotify.clock(99)
    login(spotify)
    spotify.reset()
    assert spotify.settings() == before
    assert "fan" not in [a["id"] for a in spotify.accounts()]
    state = spotify.state()
    assert state["tokens"] == {"codes": 0, "access": 0, "refresh": 0}
    assert state["clock_offset"] == 0 and state["requests"] == 0


@pytest.mark.parametrize("call", [
    lambda s: s.settings(rotatoin="strict"),
    lambda s: s.settings(rotation="sometimes"),
    lambda s: s.settings(account="nobody"),
    lambda s: s.answers("token", {"statsu": 500}),
    lambda s: s.answers("token", "no_such_name"),
    lambda s: s.answers("tokens", "quota"),
    lambda s: s.answers("token", {"delay": "3"}),
    lambda s: s.account("x", followers=3),
    lambda s: s.expire("everything"), lambda s: s.clock("noon"),
    lambda s: s.control("POST", "nothing")])
def test_a_mistake_in_a_test_is_refused_in_words(spotify, call):
    with pytest.raises(ValueError, match="is|known|there are"):
        call(spotify)


def test_what_is_not_there_is_404_and_wrong_methods_are_405(spotify):
    assert ask(spotify, "GET", "/v1/artists/1").json == {
        "error": {"status": 404, "message": "Service not found"}}
    wrong = ask(spotify, "PUT", "/v1/me")
    assert wrong.status == 405 and wrong.headers["Allow"] == "GET"
    assert ask(spotify, "GET", "/api/token").status == 405
    head = ask(spotify, "HEAD", "/v1/me")
    assert head.status == 405 and head.body == b""


def test_200_connections_are_served_side_by_side(spotify):
    spotify.account("fan", follows=2000)
    access = login(spotify, "fan")["access_token"]
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(contextlib.closing(connect(spotify)))
                 for _ in range(200)]
        for _ in range(2):
            for line in lines:
                line.request("GET", "/v1/me/following?type=artist&limit=50",
                             headers={"Authorization": f"Bearer {access}"})
            for line in lines:
                assert Reply(line.getresponse()).status == 200
        assert spotify.state()["connections"]["open"] >= 200


# The process

def test_it_speaks_tls_and_counts_handshakes_that_fail(tmp_path):
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
         "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True)
    with Simulation(cert=cert, key=key) as spotify:
        assert spotify.url.startswith("https://127.0.0.1:")
        host, port = urllib.parse.urlsplit(spotify.url).netloc.split(":")
        strict = http.client.HTTPSConnection(host, int(port), timeout=60)
        with pytest.raises(OSError, match="certificate"):
            strict.request("GET", "/")
        strict.close()
        wait_until(lambda: spotify.state()["connections"]["tls_failed"] == 1,
                   60, "the handshake was not counted")
        assert spotify.state()["requests"] == 0
        assert spotify.stderr() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_while_requests_wait(number):
    with Simulation() as spotify:
        spotify.answers("me", {"delay": 30})
        with contextlib.closing(connect(spotify)) as connection:
            connection.request("GET", "/v1/me")
            spotify.wait_for("me")
            spotify.send_signal(number)
            with pytest.raises(OSError):
                connection.getresponse()
        assert spotify.wait() == 0
        assert spotify.stderr() == ""


def test_the_ready_line_is_in_the_ready_file_too(tmp_path):
    secret, ready = tmp_path / "secret", tmp_path / "ready"
    secret.write_text("s\n", "utf-8")
    program = pathlib.Path(__file__).parent.parent / "simulated-spotify"
    with subprocess.Popen(
            [program, "--client-id", "c", "--client-secret-file", secret,
             "--redirect-uri", CALLBACK, "--ready-file", ready],
            stdout=subprocess.PIPE) as process:
        line = process.stdout.readline().decode()
        assert re.fullmatch(r"ready http://127\.0\.0\.1:[0-9]+\n", line)
        process.terminate()
        assert process.wait(60) == 0 and process.stdout.read() == b""
    assert ready.read_text("utf-8") == line


def test_it_stops_when_its_parent_is_gone():
    with Simulation() as spotify:
        spotify.close_stdin()
        assert spotify.wait() == 0
