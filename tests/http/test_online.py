# SPDX-License-Identifier: ISC
"""-n -o asks Spotify whether it knows the client, before anybody visits."""

import subprocess

import pytest

from stack.stack import SANITIZERS
from tools.spotify import count

CALLERS = ("callback", "artists", "refresh", "api")


def ask(stack, program="callback", **changes):
    """Status, what was printed and what was complained of; the configuration
    has the changes."""
    path = stack.conf_file.with_name("online.conf")
    text = stack.conf_file.read_text("utf-8")
    for key, value in changes.items():
        text = "".join(line for line in text.splitlines(True)
                       if not line.startswith(f"{key} ="))
        text += f"{key} = {value}\n"
    path.write_text(text, "utf-8")
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin" / program), "-n", "-o", "-f",
         str(path)], capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": "/usr/bin:/bin", **SANITIZERS})
    path.unlink()
    assert "Sanitizer" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("program", CALLERS)
def test_a_known_client_is_told_so(stack, spotify, program):
    status, printed, complaints = ask(stack, program)
    assert status == 0 and "# Spotify knows this client_id" in printed
    assert complaints.count("\n") == 1 and "error=invalid_grant" in complaints
    assert count(spotify, "token") == 1


@pytest.mark.parametrize("answer", ["invalid_client", "invalid_client_secret"])
def test_an_unknown_client_is_a_mistake(stack, spotify, answer):
    spotify.answers("token", answer)
    status, printed, complaints = ask(stack)
    assert (status, printed) == (2, "")
    assert "online: Spotify does not know this client_id" in complaints
    assert "1 mistake;" in complaints


@pytest.mark.parametrize("answer", ["server_error_500", {"cut": 10},
                                    "rate_limited_429", "oauth_server_error"])
def test_another_answer_proves_nothing(stack, spotify, answer):
    spotify.answers("token", answer)
    status, _, complaints = ask(stack)
    assert status == 2 and "online: Spotify " in complaints
    assert "does not know" not in complaints


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:1/api/token",         # nobody listens
    "https://name.invalid/api/token"])      # no such name
def test_who_cannot_be_reached_is_told_with_the_cause(stack, url):
    status, _, complaints = ask(stack, token_url=url)
    assert status == 2 and "event=upstream_error" in complaints
    assert "could not be asked" in complaints


@pytest.mark.parametrize("program", ["login", "session", "logout"])
def test_who_calls_nobody_asks_nobody(stack, spotify, program):
    status, printed, _ = ask(stack, program)
    assert status == 0 and "knows this client" not in printed
    assert count(spotify, "token") == 0


def test_without_it_nobody_is_asked(stack, spotify):
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin/callback"), "-n", "-f",
         str(stack.conf_file)], capture_output=True, text=True, check=True)
    assert "-n -o asks" in done.stdout
    assert count(spotify, "token") == 0


def test_it_goes_with_a_check_only(stack):
    done = subprocess.run(
        [str(stack.build_dir / "cgi-bin/callback"), "-o", "-f",
         str(stack.conf_file)], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "usage:" in done.stderr
