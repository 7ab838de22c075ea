# SPDX-License-Identifier: ISC
"""Is it well? Asked of each program by itself (-p), over its socket by
whoever has no such program, and over HTTP."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from wellness import ask, status_of
from stack import Client, PROGRAMS
from stack.fixtures import REPOSITORY, start_stack
from stack.processes import wait_until


def probe(stack, program, *arguments):
    """What program -p says."""
    return subprocess.run(
        [str(stack.build_dir / "cgi-bin" / program), "-p", *arguments],
        env=stack.environment, capture_output=True, text=True, check=False,
        timeout=60)


def log_lines(stack, program):
    """Those that there are."""
    return stack.programs[program].log().splitlines()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_that_serves_says_so_and_logs_nothing(stack, program):
    ask(stack, program)     # it may just have been started
    before = log_lines(stack, program)
    calls = len(stack.spotify.requests())
    done = probe(stack, program, "-s", stack.socket(program))
    assert (done.returncode, done.stdout, done.stderr) == (
        0, f"{program}: serves\n", "")
    reply = ask(stack, program)
    assert (reply.status, reply.body) == (200, b"")
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

    def serve(listener):
        with contextlib.suppress(OSError), listener.accept()[0] as peer:
            peer.recv(4096)
            peer.sendall(answer)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        done = probe(stack, "session", "-s", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_store_that_takes_no_file_is_not_well(make_stack):
    stack = make_stack()
    stack.wait_for_start()
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
        assert reply.status != 200 or reply.body


# For a load balancer: health.example of nginx and Apache.

def test_a_load_balancer_is_told_over_http(stack, client, spotify):
    before = len(spotify.requests())
    assert status_of(client) == 200
    assert client.request("HEAD", "/health").status == 200
    assert len(spotify.requests()) == before


def test_what_a_client_sends_changes_nothing(stack, client):
    for path, headers in (("/health?SPOTIFY_FCGI_REQUIRE=1", {}),
                          ("/health", {"SPOTIFY-FCGI-REQUIRE": "1"}),
                          ("/health", {"Cookie": "a=b" * 100})):
        reply = client.request("GET", path, headers=headers)
        assert (reply.status, reply.body) == (200, b"")
    for path in ("/healthy", "/health/session"):
        assert client.request("GET", path).status == 404


def test_a_store_that_takes_no_file_is_told_to_strangers_by_a_number(
        make_stack):
    stack = make_stack()
    client = Client(stack)
    stack.wait_for_start()
    away = stack.session_dir.with_name("away")
    stack.session_dir.rename(away)
    shutil.rmtree(away)
    wait_until(lambda: status_of(client) == 503, 60, "still well")
    stack.session_dir.mkdir(mode=0o700)


@contextlib.contextmanager
def in_place_of(stack, program, serve):
    """Somebody else at its socket, while the program is down: he is given each
    connection, and says whether he wants more."""
    path = stack.socket(program)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(8)

        def run():
            with contextlib.suppress(OSError):
                while serve(listener.accept()[0]):
                    pass
        server = threading.Thread(target=run, daemon=True)
        server.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join()
            os.unlink(path)


def reload(stack):
    """The web server, which has then read its configuration again."""
    stack.server.reload()
    if "apache" in stack.server.binary:
        wait_until(lambda: stack.log("error").count(
            "resuming normal operations") > 1, 60, "Apache goes on")


@pytest.mark.parametrize("server, hanging", [("nginx", 503), ("apache", 504)])
def test_a_program_that_does_not_answer_is_503_and_not_a_word(server, hanging):
    """No page of the web server's, whatever it calls the trouble; for one
    that hangs Apache cannot say another number."""
    kept = []

    def hang_up(peer):
        peer.close()
        return True

    def hang(peer):
        kept.append(peer)
        return True
    with start_stack(server=server) as stack:
        client = Client(stack)
        assert status_of(client) == 200
        stack.down("session")
        assert status_of(client) == 503
        assert client.request("HEAD", "/health").status == 503
        with in_place_of(stack, "session", hang_up):
            assert status_of(client) == 503
        # As after 20 s.
        snippet = stack.folder / server / "health.example"
        text = re.sub("(timeout[ =])20", r"\g<1>1",
                      snippet.read_text("ascii"))
        snippet.write_text(text, "ascii")
        reload(stack)
        with in_place_of(stack, "session", hang):
            assert status_of(client) == hanging
        for peer in kept:
            peer.close()
        stack.up("session")
        wait_until(lambda: status_of(client) == 200, 60, "unwell")


def test_who_asks_often_costs_no_file_each_time(make_stack):
    """While the store is away, a second's answers are one try, and one line
    of the log."""
    stack = make_stack()
    client = Client(stack)
    stack.wait_for_start()
    shutil.rmtree(stack.session_dir)
    wait_until(lambda: status_of(client) == 503, 60, "still well")

    def tries():
        return [event["call"] for event in stack.events("session")
                if event["event"] == "store_failed"].count("create")

    def asks_without_trying():
        """For two seconds, in which a machine may do nothing at all."""
        asked, before, began = 0, tries(), time.monotonic()
        while time.monotonic() - began < 2:
            client.request("GET", "/health")
            asked += 1
        tried = tries() - before
        assert tried <= time.monotonic() - began + 3
        return asked > 2 * tried
    wait_until(asks_without_trying, 60, "it tries each time")
    stack.session_dir.mkdir(mode=0o700)


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
