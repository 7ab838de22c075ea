# SPDX-License-Identifier: ISC
"""The ground that the other tests stand on, and what tests/demo runs."""

import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

import pytest

from rawhttp import Raw
from stack import PROGRAMS, Client, Stack, StackError, nginx
from stack.cookies import CookieJar
from stack.engine import find_server
from stack.fixtures import BUILD_DIR, SERVER
from stack.processes import wait_until
from tools.processes import stopped, told_of_all

TESTS = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(name="demo")
def fixture_demo():
    """Starts the demo. Its directories are in one that is ours, short enough
    for sockets, which pytest's own are not."""
    running = []
    folder = tempfile.mkdtemp(prefix="sf-", dir="/tmp")

    def start(*arguments):
        process = subprocess.Popen(
            ["/usr/bin/python3", "-B", "-m", "stack.demo", str(BUILD_DIR),
             *arguments], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(TESTS),
                 "TMPDIR": folder})
        running.append(process)
        return process
    yield start
    for process in running:
        process.terminate()
        process.wait(60)
        process.stdout.close()
        process.stderr.close()
    shutil.rmtree(folder)


def read_until(process, word):
    """Its output up to the line with this word."""
    lines = []
    while word not in "".join(lines):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        lines.append(line)
    return "".join(lines)


def processes_in(folder):
    """Command lines that name this folder."""
    return [line for _, line in told_of_all("cmdline") if str(folder) in line]


@pytest.mark.parametrize("server, number", [
    ("nginx", signal.SIGINT), ("nginx", signal.SIGTERM),
    ("apache", signal.SIGINT)])
def test_the_demo_starts_and_leaves_nothing(demo, server, number):
    process = demo(server, "0", "files", "", "", "")
    text = read_until(process, "Stop with Ctrl-C")
    folder = re.search(r"Logs are in (\S+)/log", text)[1]
    assert len(processes_in(folder)) >= len(PROGRAMS) + 1
    process.send_signal(number)
    assert process.wait(60) == 0
    assert processes_in(folder) == [] and not os.path.exists(folder)


@pytest.mark.skipif(find_server() is None,
                    reason="needs valkey-server or redis-server")
def test_the_demo_brings_an_engine_of_its_own(demo):
    """In which the sessions are, and which goes with it."""
    process = demo("nginx", "0", "valkey", "", "", "")
    text = read_until(process, "Stop with Ctrl-C")
    path = re.search(r"-cli -s (\S+)$", text, re.M)[1]
    folder = re.search(r"Logs are in (\S+)/log", text)[1]
    conf = pathlib.Path(folder, "spotify-fcgi.conf").read_text("utf-8")
    assert f"store = valkey+unix://{path}\n" in conf
    url = re.search(r"http://127\.0\.0\.1:\d+/", text)[0]
    with urllib.request.urlopen(url + "session", timeout=60) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert processes_in(folder) == [] and not os.path.exists(path)


@pytest.mark.parametrize("store", ["files", pytest.param(
    "valkey", marks=pytest.mark.skipif(
        find_server() is None, reason="needs valkey-server or redis-server"))])
def test_nothing_outlives_a_killed_process(demo, store):
    process = demo("nginx", "0", store, "", "", "")
    text = read_until(process, "Stop with Ctrl-C")
    folder = re.search(r"Logs are in (\S+)/log", text)[1]
    path = re.search(r"-cli -s (\S+)$|$", text, re.M)[1]
    spotify = re.search(r"simulated \((\S+)\)", text)[1].rpartition(":")[2]
    process.kill()
    process.wait()
    left = []

    def is_empty():
        left[:] = processes_in(folder)
        return not left
    try:
        wait_until(is_empty, 60, "processes did not end")
    finally:
        print(left)

    def is_closed():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", int(spotify))) != 0
    wait_until(is_closed, 60, "the simulated Spotify did not end")

    def is_left():
        with socket.socket(socket.AF_UNIX) as probe:
            return path is None or probe.connect_ex(path) != 0
    wait_until(is_left, 60, "the engine did not end")


def test_a_port_in_use_is_one_line(demo, stack):
    process = demo("nginx", str(stack.port), "files", "", "", "")
    assert process.wait(60) == 1
    assert re.fullmatch(rf"demo: port {stack.port} .*in use.*\n",
                        process.stderr.read())


def test_a_port_in_use_is_told_before_the_build():
    """Which would take a while, and is ended here if it begins."""
    with socket.create_server(("127.0.0.1", 0)) as taken, subprocess.Popen(
            [str(TESTS / "demo"), "--port", str(taken.getsockname()[1])],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True) as process:
        line = process.stdout.readline()
        if line:
            os.killpg(process.pid, signal.SIGTERM)
        assert (line, process.wait(60)) == ("", 1)
        assert re.fullmatch(r"demo: port \d+ .*in use.*\n",
                            process.stderr.read())


@pytest.mark.parametrize("port", ["65536", "99999", "123456", "-1", "x", ""])
def test_a_port_that_cannot_be_one_is_one_line(port):
    done = subprocess.run([str(TESTS / "demo"), "--port", port], text=True,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (
        2, "", f"demo: --port: {port} is not a port\n")


def test_the_real_spotify_is_told_where_to_send_people(demo, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef\n", "utf-8")
    secret.chmod(0o644)     # as people leave them lying about
    process = demo("nginx", "0", "files", "", "an-id", str(secret))
    text = read_until(process, "Stop with Ctrl-C")
    url = re.search(r"http://127\.0\.0\.1:\d+/$", text, re.M)[0]
    # What there is to do comes first, and the address after it.
    before = text[:text.index(f"  {url}\n")]
    assert f"  {url}callback\n" in before
    assert "  http://127.0.0.1/callback\n" in before
    assert "Premium" in before and "User Management" in before
    done = subprocess.run(
        [sys.executable, "-c", "import http.client, sys\n"
         "c = http.client.HTTPConnection('127.0.0.1', sys.argv[1])\n"
         "c.request('GET', '/login')\n"
         "print(c.getresponse().getheader('Location'))",
         url.split(":")[2].strip("/")], text=True, capture_output=True,
        check=True)
    assert done.stdout.startswith("https://accounts.spotify.com/authorize?")
    assert "client_id=an-id" in done.stdout


def test_the_real_spotify_is_asked_only_for_who_agrees(demo, tmp_path):
    """A person is sent to it with the address that is registered; the site
    itself does not start until that is over."""
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef" * 2, "utf-8")
    process = demo("nginx", "0", "files", "", "an-id" + "0" * 27, str(secret),
                   "yes")
    text = read_until(process, "registered")
    url = re.search(r"http://127\.0\.0\.1:\d+/", text)[0]
    connection = http.client.HTTPConnection(url.split("/")[2], timeout=60)
    connection.request("GET", "/login")
    place = connection.getresponse().getheader("Location")
    connection.close()
    assert place.startswith("https://accounts.spotify.com/authorize?")
    assert urllib.parse.quote(url + "callback", safe="") in place
    process.send_signal(signal.SIGINT)
    left, said = process.communicate(timeout=60)
    assert (process.returncode, left, said) == (0, "\ndemo: stopped\n", "")


SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("text, words", [
    (f'"{SECRET}"\n', "quotes"), (f"'{SECRET}'\n", "quotes"),
    (f"{SECRET}'\n", "quotes"), ("\n", "empty"),
    (f"client_secret = {SECRET}\n", "more than one word"),
    (f"CLIENT_SECRET={SECRET}\n", "without a name"),
    (f"{SECRET[:9]}\r\n{SECRET[9:]}\r\n", "more than one word"),
    (f"\ufeff{SECRET}\n", "characters"), (f"{SECRET}\0\n", "characters"),
    ("an-id\n", "client id"), (SECRET.encode("utf-16"), "not plain text")])
def test_a_secret_that_cannot_be_one_is_refused(demo, tmp_path, text, words):
    secret = tmp_path / "secret"
    secret.write_bytes(text if isinstance(text, bytes) else text.encode())
    process = demo("nginx", "0", "files", "", "an-id", str(secret))
    assert process.wait(60) == 1
    said = process.stderr.read()
    assert re.fullmatch(rf"demo: {secret}: .*{words}.*\n", said)
    assert SECRET[:9] not in said


def test_a_client_id_in_quotes_is_refused(demo, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET, "utf-8")
    process = demo("nginx", "0", "files", "", "'an-id'", str(secret))
    assert process.wait(60) == 1
    assert process.stderr.read() == (
        "demo: --client-id: leave the quotes away\n")


def test_behind_a_development_server_its_origin_is_the_one(demo):
    origin = "http://127.0.0.1:5173"
    process = demo("nginx", "0", "files", origin, "", "")
    text = read_until(process, "Stop with Ctrl-C")
    assert f"  {origin}/\n" in text
    (paths,) = re.findall(r"pass ([\w,\s]+) on to http://127\.0\.0\.1:\d+;",
                          text)
    assert sorted(re.split(r", | and ", " ".join(paths.split()))) == \
        sorted(PROGRAMS)


@pytest.mark.parametrize("origin, words", [
    ("127.0.0.1:5173", "not a URL"), ("http://localhost:5173", "127.0.0.1"),
    ("http://127.0.0.1:5173/app", "has a path")])
def test_an_origin_that_cannot_be_one_is_refused(origin, words):
    done = subprocess.run([str(TESTS / "demo"), "--origin", origin], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 2 and words in done.stderr


def test_a_missing_program_is_one_line(tmp_path):
    with pytest.raises(StackError, match="login is missing: build"):
        Stack(tmp_path)


@pytest.mark.skipif(SERVER != "nginx", reason="about nginx")
def test_a_crowd_that_comes_at_one_moment_is_not_limited(stack):
    """However long a busy machine kept nginx from looking."""
    request = (f"GET /session HTTP/1.1\r\nHost: {stack.host}:{stack.port}\r\n"
               "Sec-Fetch-Site: same-origin\r\n\r\n")
    with contextlib.ExitStack() as made:
        crowd = [made.enter_context(Raw(stack.port)) for _ in range(100)]
        for one in crowd:       # nginx has accepted all of them
            one.send(request)
            assert one.answer().status == 200
        with stopped(stack.server.worker()):
            for one in crowd:
                one.send(request)
        assert [one.answer().status for one in crowd] == [200] * 100


def test_a_mistake_in_the_configuration_is_told():
    with pytest.raises(StackError, match="idle_limit"):
        Stack(BUILD_DIR, conf={"idle_limit": "soon"})


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_nginx_ends_that_has_only_begun(monkeypatch, tmp_path):
    """It forgets a TERM that comes between its pid file and its loop."""
    slow = tmp_path / "nginx"
    slow.write_text(
        "#!/bin/sh\nexec strace -D -o /dev/null -e trace=pwrite64 "
        "-e inject=pwrite64:delay_exit=500000 "
        f"{nginx.find_nginx()} \"$@\"\n", "utf-8")
    slow.chmod(0o755)
    monkeypatch.setattr(nginx, "find_nginx", lambda: str(slow))
    with Stack(BUILD_DIR, server="nginx") as site:
        state = pathlib.Path(f"/proc/{site.server.pid}/stat")
        os.kill(site.server.pid, signal.SIGTERM)
        wait_until(lambda: ") Z " in state.read_text("utf-8"), 60,
                   "nginx does not end")


def test_a_restart_loses_no_request(stack, client):
    client.login()
    failed, stopping = [], threading.Event()

    def ask():
        mine = client.copy()
        while not stopping.is_set():
            reply = mine.fetch("artists")
            if reply.status != 200:
                failed.append(reply)
    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    before = stack.pids("artists")
    for _ in range(3):
        stack.restart("artists")
    stopping.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(before) == 2 and not set(before) & set(stack.pids("artists"))


def test_a_killed_program_is_reported_and_comes_back(stack, client):
    os.kill(stack.pids("session")[0], signal.SIGKILL)
    wait_until(lambda: not stack.pids("session"), 60, "it did not die")
    assert stack.complaints() == ["session ended by itself: -9"]
    stack.up("session")
    assert client.fetch("session").status == 200


def test_both_clocks_move(stack, client):
    client.login()
    first = client.fetch("session").json["expires_in"]
    stack.clock.advance(600)
    assert 600 <= first - client.fetch("session").json["expires_in"] <= 660


URL = "https://music.test:1/spotify/callback"


@pytest.mark.parametrize("cookie, kept", [
    ("a=1; Path=/", True), ("a=1; Path=/other", False),
    ("a=1; Path=/spotify", True), ("a=1; Path=/spot", False),
    ("a=1; Max-Age=0; Path=/", False), ("a=1; Max-Age=60; Path=/", True),
    ("__Host-a=1; Path=/; Secure", True), ("__Host-a=1; Path=/", False),
    ("__Host-a=1; Path=/spotify; Secure", False),
    ("__Secure-a=1; Path=/", False),
    ("a=1; Path=/; SameSite=None", False)])
def test_the_clients_jar_keeps_cookies_as_a_browser(cookie, kept):
    jar = CookieJar()
    jar.accept(cookie, URL)
    assert bool(jar.text(URL)) is kept
    assert jar.text(URL.replace("music.test", "other.test")) == ""


def test_the_clients_jar_knows_secure_and_same_site():
    jar = CookieJar()
    jar.accept("s=1; Path=/; Secure; SameSite=Strict", URL)
    jar.accept("l=1; Path=/; Secure", URL)
    assert jar.text(URL) == "s=1; l=1"
    assert jar.text(URL, "cross-site", top_get=True) == "l=1"
    assert jar.text(URL, "cross-site", top_get=False) == ""
    assert jar.text(URL.replace("https", "http")) == ""
    jar.accept("n=1; Secure", URL.replace("https", "http"))
    assert jar.get("n") is None
    jar.accept("l=; Max-Age=0; Path=/", URL)
    assert jar.names() == ["s"]


def test_a_cookie_that_has_expired_does_not_come_back():
    """When the clock is set back: browsers have forgotten it."""
    offset = 0
    jar = CookieJar(lambda: offset)
    jar.accept("a=1; Max-Age=600", URL)
    assert jar.get("a") == "1"
    offset = 601
    assert jar.get("a") is None
    offset = 0
    assert jar.get("a") is None


def test_clients_are_different_browsers(stack, client):
    client.login()
    assert Client(stack).fetch("session").json == {"logged_in": False}
    assert client.copy().fetch("session").json["logged_in"] is True
