# SPDX-License-Identifier: ISC
"""Two machines behind the HAProxy of conf/MACHINES.md, each with web server,
programs and directory of its own, and one Spotify."""

import contextlib
import pathlib
import re
import signal
import subprocess

from stack.fixtures import start_stack
from stack.ports import free_port, listens
from stack.processes import Spawner, wait_until
from tools.answers import Browser

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "conf" / "MACHINES.md"
        ).read_text("utf-8")
STICKY = "cookie machine insert indirect nocache httponly secure"
HOST = "music.test"


def lines_of(begin):
    """The indented lines of the page from one that begins so on."""
    found = re.search(rf"^ +{begin}.*\n((?: {{7}}.*)?\n)*", PAGE, re.M)
    return found[0]


def change(text, *pairs):
    """Each of these is there, and becomes the other."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Site:
    """The machines, and a balancer before them; what a Client wants to know
    of a stack is that of the first machine, but where the site is."""

    def __init__(self, conf=None):
        self.port = free_port()
        self.balancer = None
        self._spawner = Spawner()
        origin = f"https://{HOST}:{self.port}"
        self.one = start_stack(tls=True, origin=origin, conf=conf)
        own = self.one.folder
        self.two = start_stack(tls=True, origin=origin, conf={
            **(conf or {}), "client_secret_file": own / "client_secret",
            "server_key_file": own / "server_key",
            "authorize_url": self.one.spotify.url + "/authorize",
            "token_url": self.one.spotify.url + "/api/token",
            "api_url": self.one.spotify.url + "/v1"},
            environment={"SPOTIFY_FCGI_TEST_CLOCK": str(own / "clock")})
        self.machines = {"one": self.one, "two": self.two}
        for machine in self.machines.values():
            machine.reset()
            text = machine.server.conf.read_text("utf-8")
            machine.server.conf.write_text(change(text, (
                "default_type", change(lines_of("set_real_ip_from"), (
                    "192.0.2.1;", "127.0.0.1;")) + "\tdefault_type"),
                ("nginx/spotify-fcgi.locations;",
                 "nginx/spotify-fcgi.locations;\n\tinclude "
                 f"{machine.folder}/nginx/health.example;")), "utf-8")
            machine.server.reload()
            machine.wait_for_start()

    def balance(self, text):
        """Start HAProxy with the page's lines, in which places are ours. A
        machine may be slow more often before it is given up, as it is where
        tests run beside each other."""
        pem, ca_file = (self.one.folder / name for name in ("site.pem", "ca"))
        pem.write_text("".join(
            (self.one.folder / "tls" / name).read_text("utf-8")
            for name in ("leaf.pem", "leaf.key")), "utf-8")
        ca_file.write_text("".join(
            machine.ca_file.read_text("utf-8")
            for machine in self.machines.values()), "utf-8")
        file = self.one.folder / "haproxy.cfg"
        file.write_text(change(
            text, (":443 ssl crt /etc/haproxy/music.example.pem",
                   f"127.0.0.1:{self.port} ssl crt {pem}"),
            (" fall 2 ", " fall 5 "), ("music.example", HOST),
            ("/etc/haproxy/ca.pem", str(ca_file)),
            ("192.0.2.11:443", f"127.0.0.1:{self.one.port}"),
            ("192.0.2.12:443", f"127.0.0.1:{self.two.port}")), "utf-8")
        done = subprocess.run(["haproxy", "-c", "-f", str(file)], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        self.balancer = self._spawner.start(
            ["haproxy", "-db", "-f", str(file)], signal.SIGKILL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), 60, "haproxy did not listen")

    def browser(self):
        """Somebody who comes to the balancer."""
        return Browser(self.one)

    def lose(self, name):
        """A machine at which nothing answers any more."""
        machine = self.machines[name]
        for program in machine.programs:
            machine.kill(program)
        machine.server.close()

    def stop(self):
        """All of it; complaints."""
        if self.balancer is not None:
            self.balancer.kill()
            self.balancer.wait()
        self._spawner.close()
        return self.two.stop() + self.one.stop()


@contextlib.contextmanager
def running(edit=str, conf=None):
    """A site with the page's lines, edited, and keys of a configuration for
    both machines."""
    site = Site(conf)
    try:
        site.balance(edit(lines_of("frontend music")))
        yield site
        complaints = site.stop()
    finally:
        site.stop()
    assert not complaints
