# SPDX-License-Identifier: ISC
"""conf/container, as an engine of containers would run it: its first process,
as user 65532 of a read-only root, with secrets and volumes in the forms that
Docker and Kubernetes give them. There is no engine here, only its namespaces;
what Containerfile does at its end is done in the root."""

import http.client
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

import pytest

from installation import REPOSITORY
from sim.client import Simulation
from stack import ALL_PROGRAMS
from stack.ports import free_port, listens
from stack.processes import wait_until
from tools.parallel import Later
from tools.processes import told_of_all

NEW_CONTAINER = pathlib.Path(__file__).with_name("new-container")
CONTAINER = REPOSITORY / "conf" / "container"
HOST = "music.test"
VISIT = {"Host": HOST, "X-Forwarded-Proto": "https",
         "X-Forwarded-For": "198.51.100.7", "Accept": "text/html",
         "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FETCH = {"Host": HOST, "X-Forwarded-Proto": "https",
         "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
ENDS_S = 60

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None
    or shutil.which("nginx", path="/usr/sbin") is None,
    reason="needs root, unshare and nginx")


def last_step():
    """What the Containerfile runs in the finished image."""
    text = (CONTAINER / "Containerfile").read_text("utf-8")
    return re.findall(r"^RUN ((?:.*\\\n)*.*)", text, re.M)[-1]


def needed(program):
    """The Debian packages of the libraries that it names, libc aside."""
    said = subprocess.run(["readelf", "-d", str(program)], text=True,
                          capture_output=True, check=True).stdout
    names = set(re.findall(r"NEEDED.*\[(.*)\]", said)) - {"libc.so.6"}
    said = subprocess.run(["dpkg", "-S", *(f"*/{name}" for name in names)],
                          text=True, capture_output=True, check=True).stdout
    return {line.partition(":")[0] for line in said.splitlines()}


class Container:
    """A directory as the operator prepares it, and what runs of it."""

    def __init__(self, installed, kind):
        self.kind, self.port = kind, free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sf-"))
        self.spotify = Simulation(
            redirect_uris=[f"https://{HOST}/callback"])
        self.spotify.settings(consent="agree")
        self.volume = self.folder / "volume"
        self.volume.mkdir()
        self.image = self.folder / "image"
        shutil.copytree(installed, self.image, symlinks=True)
        self.conf = self.image / "etc" / "spotify-fcgi"
        self.write("main.conf", "".join(
            f"{key} = {value}\n" for key, value in {
                "client_id": self.spotify.client_id,
                "client_secret_file": "client_secret",
                "server_key_file": "server_key",
                "redirect_uri": f"https://{HOST}/callback",
                "session_dir": "/var/lib/spotify-fcgi/sessions",
                "authorize_url": self.spotify.url + "/authorize",
                "token_url": self.spotify.url + "/api/token",
                "api_url": self.spotify.url + "/v1"}.items()))
        self.write("client_secret", self.spotify.client_secret)
        self.write("server_key", secrets.token_hex(32))
        site = (REPOSITORY / "conf/nginx/behind.conf.example").read_text(
            "utf-8")
        for old, new in (("listen 80;", f"listen 127.0.0.1:{self.port};"),
                         ("\tlisten [::]:80;\n", ""),
                         ("music.example", HOST),
                         ("192.0.2.0/24", "127.0.0.1")):
            assert old in site
            site = site.replace(old, new)
        self.write("site.conf", site)
        self.log_file = self.folder / "log"
        self.process = None

    def write(self, name, text):
        """A file of the operator's."""
        (self.conf / name).write_text(text, "utf-8")
        (self.conf / name).chmod(0o644)

    def log(self):
        """What it said."""
        return self.log_file.read_text("utf-8", "replace")

    def start(self, *arguments):
        """The container."""
        root = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        with open(self.log_file, "ab") as log:
            # Its stderr is a file that this user may not open.
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(
                ["unshare", "--pid", "--fork", "--kill-child", "--mount",
                 "--ipc", str(NEW_CONTAINER), str(root), str(self.image),
                 last_step(), self.kind, str(self.volume), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_and_wait(self, *arguments):
        """Until it serves."""
        self.start(*arguments)
        wait_until(self._is_up, 60, "the container was not up")

    def _is_up(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.get("/session", FETCH)[0] == 200
        except OSError:
            return False

    def first(self):
        """Its first process, seen from here."""
        children = pathlib.Path(
            f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(wait_until(lambda: children.read_text("ascii").split(), 60,
                              "no first process")[0])

    def child(self, name):
        """One of the set."""
        for pid, text in told_of_all("status"):
            if (f"Name:\t{name}\n" in text
                    and f"PPid:\t{self.first()}\n" in text):
                return pid
        raise AssertionError(f"no {name}")

    def inside(self, path):
        """A file, as the container has it."""
        return pathlib.Path(f"/proc/{self.first()}/root{path}")

    def end(self, number=signal.SIGTERM):
        """The status with which it ends."""
        os.kill(self.first(), number)
        return self.process.wait(ENDS_S)

    def get(self, path, headers, cookie=None):
        """Status, headers and body of the answer to a visitor."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                timeout=60)
        try:
            connection.request("GET", path, headers={
                **headers, **({"Cookie": cookie} if cookie else {})})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def log_in(self):
        """All of a login: the session's cookie."""
        status, headers, _ = self.get("/login", VISIT)
        assert status == 303, self.log()
        cookie = headers["Set-Cookie"].partition(";")[0]
        there = urllib.parse.urlsplit(headers["Location"])
        spotify = http.client.HTTPConnection(there.netloc, timeout=60)
        spotify.request("GET", f"{there.path}?{there.query}")
        back = spotify.getresponse().headers["Location"]
        spotify.close()
        status, headers, _ = self.get(
            back.removeprefix(f"https://{HOST}"), VISIT, cookie)
        assert status == 303, self.log()
        return next(text.partition(";")[0]
                    for text in headers.get_all("Set-Cookie")
                    if text.startswith("__Host-spotify-session="))

    def close(self):
        """All of it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.spotify.stop()
        shutil.rmtree(self.folder)


@pytest.mark.skipif(
    "VERSION_CODENAME=bookworm\n" not in pathlib.Path(
        "/etc/os-release").read_text("utf-8"),
    reason="the image is Debian 12, whose packages have other names here")
def test_the_image_has_the_libraries_of_the_programs(installed):
    text = (CONTAINER / "Containerfile").read_text("utf-8")
    image = text.rpartition("\nFROM ")[2].split()
    for name in ALL_PROGRAMS:
        assert needed(installed / "usr/libexec/spotify-fcgi" / name) <= set(
            image)


@pytest.fixture(name="container", params=["docker", "kubernetes"])
def fixture_container(request, installed):
    """Not started."""
    made = Container(installed, request.param)
    yield made
    made.close()


def test_a_login_works_in_a_container(container):
    """And no process of it can do more than the first one."""
    container.start_and_wait("nginx")
    cookie = container.log_in()
    status, _, body = container.get("/session", FETCH, cookie)
    assert (status, b'"logged_in":true' in body) == (200, True)
    assert container.get("/artists", FETCH, cookie)[0] == 200
    for name in ("session", "callback", "nginx"):
        text = pathlib.Path(
            f"/proc/{container.child(name)}/status").read_text("utf-8")
        assert re.search(r"^Uid:(\t65532){4}$", text, re.M)
        assert "NoNewPrivs:\t1\n" in text
        assert re.search(r"^CapEff:\t0+$", text, re.M)
    wait_until(lambda: "198.51.100.7 [" in container.log(), 60, "no log")
    assert container.end() == 0
    for word in ("level=error", "[emerg]", "[alert]", "[crit]", "[error]",
                 cookie.partition("=")[2]):
        assert word not in container.log()


def test_sessions_outlive_the_container(container):
    """Also where the engine opens all files to the group at each start."""
    container.start_and_wait("nginx")
    cookie = container.log_in()
    assert container.end() == 0
    container.start_and_wait("nginx")
    assert b'"logged_in":true' in container.get("/session", FETCH, cookie)[2]
    for path in (container.volume / "sessions").rglob("*"):
        assert path.stat().st_mode & 0o77 == 0
    assert container.end() == 0


@pytest.mark.parametrize("name", ["artists", "login", "nginx"])
@pytest.mark.parametrize("container", ["docker"], indirect=True)
def test_with_one_of_the_set_the_container_ends(container, name):
    container.start_and_wait("nginx")
    os.kill(container.child(name), signal.SIGKILL)
    assert container.process.wait(ENDS_S) == 1
    assert "one of the set has ended" in container.log()


@pytest.mark.parametrize("container", ["docker"], indirect=True)
def test_what_has_begun_is_finished_before_the_end(container):
    container.start_and_wait("nginx")
    cookie = container.log_in()
    container.spotify.answers("following", {"held": True, "pass": True})
    asked = Later(lambda: container.get("/artists", FETCH, cookie))
    container.spotify.wait_for("following")
    os.kill(container.first(), signal.SIGTERM)
    wait_until(lambda: not listens(container.port), 60, "nginx still listens")
    container.spotify.release()
    assert asked.result()[0] == 200
    assert container.process.wait(ENDS_S) == 0


@pytest.mark.parametrize("container", ["docker"], indirect=True)
def test_the_programs_alone_have_their_sockets_on_a_volume(container):
    container.start("programs")
    names = ("login", "callback", "artists", "refresh", "session", "logout")
    wait_until(lambda: all(
        container.process.poll() is None and
        container.inside(f"/run/spotify-fcgi/main/{name}.sock").exists()
        for name in names), 60, "no sockets")
    for name in names:
        st = container.inside(f"/run/spotify-fcgi/main/{name}.sock").stat()
        assert (st.st_uid, st.st_gid, st.st_mode & 0o777) == (
            65532, 65532, 0o660)
    assert not listens(container.port)
    assert container.end() == 0


@pytest.mark.parametrize("container", ["docker"], indirect=True)
def test_a_mistake_is_said_before_anything_runs(container):
    container.write("client_secret", "short")
    container.start("nginx")
    assert container.process.wait(ENDS_S) == 2
    assert "client_secret_file: has too few characters" in container.log()
    assert "event=start" not in container.log()
    container.start("everything")
    assert container.process.wait(ENDS_S) == 2
    assert "usage: entry nginx|programs" in container.log()


@pytest.mark.parametrize("container", ["docker"], indirect=True)
def test_a_container_starts_without_its_engine(container):
    """It says so, and answers what needs none."""
    file = next(path for path in container.conf.glob("*.conf")
                if "session_dir" in path.read_text("utf-8"))
    container.write(file.name, file.read_text("utf-8")
                    + "store = valkey+unix:///run/nobody\n")
    container.start_and_wait("nginx")
    assert "the engine cannot be used now" in container.log()
    assert container.get("/session", FETCH,
                         "__Host-spotify-session=" + 43 * "A")[0] == 503
    assert container.end() == 0
