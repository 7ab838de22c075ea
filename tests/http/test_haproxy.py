# SPDX-License-Identifier: ISC
"""The lines for HAProxy of spotify-fcgi(8), in front of the programs."""

import http.client
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from stack.ports import free_port, listens
from stack.processes import Spawner, wait_until
from tools.parallel import together

MANUAL = (pathlib.Path(__file__).resolve().parents[2]
          / "cgi-bin" / "spotify-fcgi.8")
KEPT = "http-response set-status 303 if { status 302 }"

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None,
                                reason="needs haproxy")


def example(stack, port):
    """The manual's, without TLS and with places of here."""
    text = re.search(r"^fcgi-app.*?(?=^\.Ed)", MANUAL.read_text("utf-8"),
                     re.M | re.S)[0]
    text, count = re.subn(r"bind .*", f"bind 127.0.0.1:{port}", text)
    assert count == 1 and KEPT in text
    return ("defaults\n\ttimeout connect 5s\n\ttimeout client 30s\n"
            "\ttimeout server 30s\n" + text.replace(
                "/run/spotify-fcgi/main/login.sock", stack.socket("login")))


@pytest.fixture(name="start")
def fixture_start(stack, tmp_path):
    """Starts HAProxy with a configuration; its port."""
    spawner = Spawner()
    running = []

    def start(change):
        port = free_port()
        file = tmp_path / "haproxy.cfg"
        file.write_text(change(example(stack, port)), "utf-8")
        running.append(spawner.start(
            ["haproxy", "-db", "-f", str(file)], signal.SIGKILL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

        wait_until(lambda: listens(port), 60, "haproxy did not listen")
        return port
    yield start
    for process in running:
        process.kill()
        process.wait()
    spawner.close()


def login(port):
    """The answer to /login, on one connection twice."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(2):
        connection.request("GET", "/login")
        reply = connection.getresponse()
        reply.read()
    connection.close()
    return reply


def test_the_lines_of_the_manual_lead_to_spotify_by_303(stack, start):
    reply = login(start(str))
    assert reply.status == 303
    assert reply.getheader("Location").startswith(stack.spotify.url)


def test_without_the_line_it_would_be_another_status(start):
    """If this fails, the manual has a line too many; HAProxy 3 would do
    without it."""
    version = subprocess.run(["haproxy", "-v"], capture_output=True, text=True,
                             check=True).stdout
    if not re.search(r"version 2\.", version):
        pytest.skip("about HAProxy 2")
    assert login(start(lambda text: text.replace(KEPT, ""))).status == 302


@pytest.mark.parametrize("option", [
    "get-values", "mpxs-conns\n\toption max-reqs 20",
    "get-values\n\toption max-reqs 20"])
def test_what_it_asks_of_a_program_is_answered(start, option):
    """libfcgi, which has no say in that any more, let such clients wait."""
    port = start(lambda text: text.replace(
        "docroot /", f"docroot /\n\toption {option}"))
    answers = together(lambda: login(port).status for _ in range(20))
    assert set(answers) == {303}
