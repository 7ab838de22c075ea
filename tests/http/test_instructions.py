# SPDX-License-Identifier: ISC
"""What a request costs in instructions of ours and of the libraries, counted
by callgrind: it is the same in each run, however busy the machine is. What
was reached is in instructions.json, for the libraries of each Debian, known by
its C library; who makes something better writes the new numbers there (pytest
-s prints them)."""

import json
import pathlib
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess

import pytest

from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools import fastcgi

LIBC = " ".join(platform.libc_ver())
RECORDED = json.loads((pathlib.Path(__file__).parent / "instructions.json")
                      .read_text("utf-8"))
NAMES = list(RECORDED["glibc 2.36"])
GROWTH_MAX = 1.15
LOGIN_MAX = 100_000
MANY = 20
TRIES = 20
PAGES = 2
# One instruction that fills or copies a whole buffer (rep stosb, rep movsb)
# would count as one for each byte: glibc is told never to use it.
TUNABLES = ("glibc.cpu.x86_rep_stosb_threshold=1000000000:"
            "glibc.cpu.x86_rep_movsb_threshold=1000000000")

pytestmark = [
    pytest.mark.skipif(LIBC not in RECORDED,
                       reason=f"nothing is recorded for {LIBC}"),
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="no valgrind"),
    pytest.mark.skipif(" avx2 " not in pathlib.Path("/proc/cpuinfo")
                       .read_text("utf-8"),
                       reason="recorded on a processor with AVX2")]


class Counted:
    """A program under callgrind, with the stack's configuration. What it has
    counted it writes to a file whenever it begins with a request."""

    def __init__(self, stack, program):
        self.path = str(stack.folder / "run" / "counted.sock")
        self._output = stack.session_dir / "callgrind.out"
        self._process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--dump-before=dispatch",
             f"--callgrind-out-file={self._output}",
             str(stack.build_dir / "cgi-bin" / program), "-w", "1", "-f",
             str(stack.conf_file), "-s", self.path],
            stderr=subprocess.PIPE, text=True,
            env=stack.environment | {"GLIBC_TUNABLES": TUNABLES})
        wait_until(self._listens, 120, f"{program} did not start")

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.path) == 0

    def ask(self, data):
        """The status of the answer."""
        answer, _ = fastcgi.split(fastcgi.send(self.path, data,
                                               timeout=120))
        return fastcgi.parse(answer[fastcgi.STDOUT]).status

    def cost(self, number):
        """Of the request of this number, once the next has been answered."""
        text = pathlib.Path(f"{self._output}.{number + 1}").read_text("utf-8")
        return int(re.search(r"^(?:totals|summary): (\d+)$", text, re.M)[1])

    def end(self):
        """Politely, and without a trace in the store."""
        self._process.send_signal(signal.SIGTERM)
        said = self._process.communicate(timeout=120)[1]
        for path in self._output.parent.glob(self._output.name + "*"):
            path.unlink()
        assert self._process.returncode == 0, said


def per_request(stack, program, status=200, **params):
    """From the beginning of one to that of the next. Those until the first
    that is answered well are left out: they make what all others find made,
    which valgrind slows down so much that the time for them may be over."""
    counted = Counted(stack, program)
    data = (fastcgi.begin() + fastcgi.stream(fastcgi.PARAMS, fastcgi.pairs(
        fastcgi.params_of(stack, program, **params)))
        + fastcgi.record(fastcgi.STDIN))
    try:
        begun = [counted.ask(data)]
        while begun[-1] != status and len(begun) < TRIES:
            begun.append(counted.ask(data))
        assert begun[-1] == status and set(begun[:-1]) <= {503, 504}, begun
        for _ in range(MANY + 1):
            assert counted.ask(data) == status
        return statistics.median(counted.cost(len(begun) + 1 + n)
                                 for n in range(MANY))
    finally:
        counted.end()


def log_in(stack, follows):
    """Who follows so many: the Cookie header, and the list's tag."""
    name = f"person {follows}"
    stack.spotify.account(name, follows=follows)
    client = Client(stack)
    client.login(name)
    tag = client.fetch("artists").header("etag")
    return {"HTTP_COOKIE": client.cookies.text(stack.url + "/session")}, tag


def measure(name, stack):
    """One of the figures."""
    if name == "login":
        return per_request(stack, "login", 303)
    if name == "session":
        return per_request(stack, "session", **log_in(stack, 1)[0])
    if name == "auth":
        return per_request(stack, "auth", 204, **log_in(stack, 1)[0])
    cookie, tag = log_in(stack, 50)
    if name == "artists, 50 from the copy":
        return per_request(stack, "artists", **cookie)
    return per_request(stack, "artists", 304, **cookie,
                       HTTP_IF_NONE_MATCH=tag)


@pytest.fixture(scope="module")
def plain(release_build):
    """A stack of programs as users build them."""
    with start_stack(release_build) as stack:
        yield stack
        assert stack.stop() == []


def check(name, cost):
    """Against what was recorded; a new number is easily taken over."""
    print(f"{name}: {cost:,.0f} instructions")
    recorded = RECORDED[LIBC][name]
    assert cost <= recorded * GROWTH_MAX, (
        f"{name}: {cost:.0f} instructions, {recorded} were recorded")


@pytest.mark.parametrize("name", [n for n in NAMES if "Spotify" not in n])
def test_a_request_costs_what_it_did(plain, name):
    cost = measure(name, plain)
    check(name, cost)
    if name == "login":
        assert cost <= LOGIN_MAX


def test_a_page_of_artists_costs_what_it_did(release_build):
    """The difference between a longer list and a shorter one."""
    name = "artists, a page from Spotify"
    with start_stack(release_build, conf={"artists_max_age": "0"}) as stack:
        costs = [per_request(stack, "artists", **log_in(stack, 50 * pages)[0])
                 for pages in (1, 1 + PAGES)]
        assert stack.stop() == []
    check(name, (costs[1] - costs[0]) / PAGES)


def test_a_call_for_a_page_costs_what_it_did(release_build):
    name = "api, a search at Spotify"
    with start_stack(release_build, conf={"api_allow": "search"}) as stack:
        cost = per_request(stack, "api", **log_in(stack, 1)[0],
                           SCRIPT_NAME=f"{stack.prefix}api/search",
                           QUERY_STRING="q=a&type=artist&limit=10")
        assert stack.stop() == []
    check(name, cost)
