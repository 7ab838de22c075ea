# SPDX-License-Identifier: ISC
"""Is it well? Asked of each program by itself (-p), over its socket by
whoever has no such program, and over HTTP."""

import re
import shutil
import socket
import subprocess
import threading

import pytest

from stack import PROGRAMS
from stack.fixtures import REPOSITORY
from tools import fastcgi


def probe(stack, program, *arguments):
    """What program -p says."""
    return subprocess.run(
        [str(stack.build_dir / "cgi-bin" / program), "-p", *arguments],
        env=stack.environment, capture_output=True, text=True, check=False,
        timeout=60)


def ask(stack, program, **params):
    """The question by itself."""
    return fastcgi.ask(stack, program, {"SPOTIFY_FCGI_REQUIRE": "health",
                                        **params})


def log_lines(stack, program):
    """How many there are."""
    return stack.programs[program].log().count("\n")


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_serves_says_so_and_logs_nothing(stack, program):
    before = log_lines(stack, program)
    calls = len(stack.spotify.requests())
    done = probe(stack, program, "-s", stack.socket(program))
    assert (done.returncode, done.stdout, done.stderr) == (
        0, f"{program}: serves\n", "")
    reply = ask(stack, program)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("Cache-Control") == "no-store"
    assert log_lines(stack, program) == before
    assert len(stack.spotify.requests()) == calls
    assert [path.name for path in stack.session_dir.iterdir()
            if path.name.startswith("temp-")] == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_program_where_nobody_listens(stack, tmp_path, program):
    done = probe(stack, program, "-s", str(tmp_path / "nothing"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"{program}: {tmp_path}/nothing: No such file or "
                           "directory\n")
    done = probe(stack, program)
    assert (done.returncode, done.stdout) == (1, "")
    assert f": /run/spotify-fcgi/main/{program}.sock: " in done.stderr
    done = probe(stack, program, "-s", "/" + "x" * 200)
    assert done.returncode == 1 and "File name too long" in done.stderr


@pytest.mark.parametrize("answer, said", [
    (b"", "closed without an answer"), (b"no FastCGI", "closed without"),
    (b"\1\6\0\1\0\5\0\0Hello\1\3\0\1\0\10\0\0" + bytes(8), "status 0;"),
    (b"\1\6\0\1\377\377\0\0Status: 204", "closed without an answer"),
    (b"\1\6\0\1\0\12\0\0Status: 20\1\3\0\1\0\10\0\0" + bytes(8), "status 20;"),
    (b"\1\6\0\1\0\22\0\0Status: \x1b[2J 204\r\n" + bytes(8), "status 0;"),
    (b"x" * 100_000, "too long")], ids=lambda v: str(v)[:30])
def test_whatever_else_listens_does_not_serve(stack, tmp_path, answer, said):
    path = str(tmp_path / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)

    def serve():
        peer = listener.accept()[0]
        peer.recv(4096)
        try:
            peer.sendall(answer)
        except OSError:
            pass
        peer.close()
    server = threading.Thread(target=serve)
    server.start()
    done = probe(stack, "session", "-s", path)
    server.join()
    listener.close()
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_store_that_takes_no_file_is_not_well(make_stack):
    stack = make_stack()
    away = stack.session_dir.with_name("away")
    stack.session_dir.rename(away)
    shutil.rmtree(away)
    for program in PROGRAMS:
        done = probe(stack, program, "-s", stack.socket(program))
        if program == "login":      # it has none
            assert done.returncode == 0
            continue
        assert done.returncode == 1
        assert "status 503; its log says why" in done.stderr
        assert "event=store_failed" in stack.programs[program].log()
    stack.session_dir.mkdir(mode=0o700)


@pytest.mark.parametrize("value", ["", "Health", "health ", "live", "0"])
def test_another_word_asks_nothing_of_it(stack, value):
    reply = ask(stack, "session", SPOTIFY_FCGI_REQUIRE=value,
                REQUEST_METHOD="GET", SCRIPT_NAME="/session")
    assert reply.status == 200 and reply.json == {"logged_in": False}


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_client_can_ask(stack, client, program):
    for headers in ({"Spotify-Fcgi-Require": "health"},
                    {"SPOTIFY_FCGI_REQUIRE": "health"}):
        reply = client.fetch(f"{program}?SPOTIFY_FCGI_REQUIRE=health",
                             headers=headers)
        assert reply.status != 204


def lines_of_the_manual():
    """{program: (arguments of curl, status)}, as its table has them."""
    text = (REPOSITORY / "cgi-bin/spotify-fcgi.8").read_text("utf-8")
    text = text[text.index(".Ss Healthy?"):]
    text = text[:text.index(".Ss", 4)]
    return {found[2].rpartition("/")[2]: (found[1], int(found[3]))
            for found in re.finditer(
                r"^code (.*?) ?(https://example\.com/\w+) +# (\d+)$", text,
                re.M)}


def test_the_curl_lines_of_the_manual(stack):
    lines = lines_of_the_manual()
    assert set(lines) == set(PROGRAMS)
    for program, (arguments, status) in lines.items():
        before = stack.programs[program].log()
        done = subprocess.run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
             *arguments.replace("'", "").replace(": ", ":").split(),
             f"{stack.url}{stack.prefix}{program}"], capture_output=True,
            text=True, check=True)
        assert done.stdout == str(status), program
        new = stack.programs[program].log()[len(before):]
        assert "level=warn" not in new and "level=error" not in new
