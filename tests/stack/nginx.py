# SPDX-License-Identifier: ISC
"""nginx from the files that are shipped: copies in which nothing but places,
names and ports differs."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

from . import processes
from .error import StackError
from .ports import reserve
from .webserver import PAGE, REPOSITORY, WebServer, change

SHIPPED = REPOSITORY / "conf" / "nginx"
READY_S = 60

# user: the master is root in a container, and a worker of another user could
# not enter our private directory. Who is not root must leave it out.
FRAME = """daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/log/error.log warn;
events {{ worker_connections 1024; }}
http {{
	include /etc/nginx/mime.types;
	default_type application/octet-stream;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	access_log off;
	# As in Debian's nginx.conf, and more so: what must not be compressed
	# has to say so itself.
	gzip on;
	gzip_types application/json application/problem+json;
{site}
}}
"""

# Development over http, on loopback: what site.conf.example has for the rest.
LOOPBACK_SITE = """
	include nginx/spotify-fcgi.http;
	server {{
		listen 127.0.0.1:{port};
		server_name 127.0.0.1;
		server_tokens off;
		access_log {folder}/log/spotify-fcgi.log spotify_fcgi;
		large_client_header_buffers 4 64k;
		error_page 494 =431 @spotify_fcgi_cookies_page;
		include nginx/spotify-fcgi.page;
		include nginx/spotify-fcgi.locations;
		include nginx/health.example;
		{members}
		{application}
	}}
"""


def find_nginx():
    """/usr/sbin is not in everybody's PATH."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise StackError("nginx is missing: apt-get install nginx-light")
    return found


def bind(port):
    """A listening socket on the loopback."""
    listener = reserve(port)
    try:
        listener.listen(511)
    except OSError as error:
        listener.close()
        raise StackError(f"port {port} of 127.0.0.1: {error.strerror}; "
                         "choose another one with --port") from None
    return listener


class Nginx(WebServer):
    """The process, its listening sockets, its directory."""

    def __init__(self, folder, spawner, port=0, **options):
        self.folder = pathlib.Path(folder)
        self.options = options
        self._spawner = spawner
        self._process = None
        self._pictures = ""
        self.binary = find_nginx()
        self._holders = [bind(port)]
        if options["tls"]:
            self._holders.append(bind(0))
        self.ports = [l.getsockname()[1] for l in self._holders]
        self.conf = self.folder / "nginx.conf"

    # The configuration

    def _places(self, text):
        """Directories of an installed system become ours."""
        for installed, ours in (
                ("/run/spotify-fcgi/", "run/"), ("/var/log/nginx/", "log/"),
                ("/usr/share/spotify-fcgi/nginx/", "nginx/"),
                ("/usr/share/spotify-fcgi/www", "www")):
            text = text.replace(installed, f"{self.folder}/{ours}")
        return text

    def _locations(self, text):
        prefix = self.options["prefix"]
        if prefix != "/":   # as setup does it
            text = change(text, "^location = /", f"location = {prefix}",
                          "locations")
            text = change(text, r"^location ~ \^/", f"location ~ ^{prefix}",
                          "location of api")
        return text

    def _programs(self, text):
        if not self.options["rate_limits"]:
            # Many requests within a millisecond are a burst at any rate.
            text = change(text, r"burst=\d+", "burst=100000", "burst")
        return text

    def _http(self, text):
        """Tests ask more often than people, all from one address."""
        if not self.options["rate_limits"]:
            text = change(text, r"rate=\d+r/s", "rate=100000r/s", "rate")
        return text

    def _page(self, text):
        """Pictures of a simulated Spotify come from where it lives."""
        return change(text, "(?<=img-src 'self') ",
                      f" {self._pictures} ".replace("  ", " "), "img-src")

    def _members(self, text):
        text = change(text, "http://127.0.0.1:3000",
                      self.options["members"] or "http://127.0.0.1:9",
                      "application")
        prefix = self.options["prefix"]
        return change(text, "/login", f"{prefix}login", "login")

    def _application(self, text):
        text = change(text, "http://127.0.0.1:3001",
                      self.options["application"] or "http://127.0.0.1:9",
                      "application")
        return change(text, "/login", f"{self.options['prefix']}login",
                      "login")

    def _write_snippets(self):
        edit = {"spotify-fcgi.locations": self._locations,
                "spotify-fcgi-people": self._programs,
                "spotify-fcgi-scripts": self._programs,
                "spotify-fcgi.listen-1.22": self._listen,
                "spotify-fcgi.listen-1.25": self._listen,
                "spotify-fcgi.redirect": self._redirect,
                "spotify-fcgi.http": self._http,
                "spotify-fcgi.headers": self._page,
                "members.example": self._members,
                "auth.example": self._application}
        for path in SHIPPED.iterdir():
            if not path.name.endswith(".conf.example"):
                text = path.read_text("utf-8")
                text = edit.get(path.name, lambda text: text)(text)
                (self.folder / "nginx" / path.name).write_text(
                    self._places(text), "utf-8")

    def _spelling(self):
        """Which file of listen lines is right for this nginx, as in setup."""
        said = subprocess.run([self.binary, "-v"], text=True, check=True,
                              stderr=subprocess.PIPE).stderr
        version = re.search(r"/(\d+)\.(\d+)\.(\d+)", said).groups()
        return "1.25" if [*map(int, version)] >= [1, 25, 1] else "1.22"

    def _listen(self, text):
        text = change(text, r"^listen \[::\].*\n", "", "IPv6 listen")
        return change(text, "listen 443", f"listen 127.0.0.1:{self.ports[0]}",
                      "TLS port")

    def _redirect(self, text):
        return change(text, r"https://\$server_name",
                      f"https://music.test:{self.ports[0]}", "redirect")

    def _tls_site(self):
        """site.conf.example with its name, ports and certificate changed."""
        text = (SHIPPED / "site.conf.example").read_text("utf-8")
        text = change(text, r"(?<=listen-)1\.22", self._spelling(), "listen")
        text = change(text, r"^\s*listen \[::\].*\n", "", "IPv6 listen")
        text = change(text, r"listen 80;", f"listen 127.0.0.1:{self.ports[1]};",
                      "http port")
        text = change(text, r"/etc/letsencrypt/live/music\.example/fullchain",
                      f"{self.folder}/tls/leaf", "certificate")
        text = change(text, r"/etc/letsencrypt/live/music\.example/privkey.pem",
                      f"{self.folder}/tls/leaf.key", "key")
        text = change(text, r"music\.example", "music.test", "name")
        if self.options["members"]:
            text = change(text, r"#include \S*/members.conf;",
                          "include nginx/members.example;", "members.example")
        if self.options["application"]:
            text = change(text, r"#include \S*/auth.conf;",
                          "include nginx/auth.example;", "auth.example")
        if self.options["front"]:
            text = change(text, r"#(?=set_real_ip|real_ip)", "", "front")
            text = change(text, r"192\.0\.2\.0/24", "127.0.0.1", "front")
        return self._places(text)

    def _behind_site(self):
        """behind.conf.example, the same."""
        text = (SHIPPED / "behind.conf.example").read_text("utf-8")
        text = change(text, r"^\s*listen \[::\].*\n", "", "IPv6 listen")
        text = change(text, r"listen 80;", f"listen 127.0.0.1:{self.ports[0]};",
                      "http port")
        text = change(text, r"music\.example", "music.test", "name")
        text = change(text, r"192\.0\.2\.0/24", "127.0.0.1", "front")
        if self.options["members"]:
            text = change(text, r"#include \S*/members.conf;",
                          "include nginx/members.example;", "members.example")
        return self._places(text)

    def _site(self):
        if self.options["front"] and not self.options["tls"]:
            return self._behind_site()
        if self.options["tls"]:
            return self._tls_site()
        return LOOPBACK_SITE.format(
            port=self.ports[0], folder=self.folder,
            members="include nginx/members.example;"
            if self.options["members"] else "",
            application="include nginx/auth.example;"
            if self.options["application"] else "")

    def write(self, pictures):
        """The directory from which nginx runs; pictures: an origin that the
        page may show pictures of, or nothing."""
        self._pictures = pictures
        for name in ("nginx", "log", "www"):
            (self.folder / name).mkdir(exist_ok=True)
        self._write_snippets()
        page = self.folder / "www" / self.options["prefix"].strip("/")
        shutil.copytree(PAGE, page, dirs_exist_ok=True)
        self.conf.write_text(FRAME.format(
            user="user root;" if os.geteuid() == 0 else "",
            folder=self.folder, site=self._site()), "utf-8")

    # The process

    def start(self):
        """Start and wait until it serves."""
        listeners = [l.fileno() for l in self._holders]
        for listener in listeners:
            os.set_inheritable(listener, True)
        # nginx takes over listening sockets named here, as it does when its
        # program file is exchanged: so port 0 works, without a race.
        environment = {"PATH": "/usr/bin:/bin",
                       "NGINX": "".join(f"{fd};" for fd in listeners)}
        with open(self.folder / "log" / "nginx.out", "ab") as output:
            self._process = self._spawner.start(
                [self.binary, "-p", str(self.folder), "-c", str(self.conf),
                 "-e", f"{self.folder}/log/error.log"], signal.SIGTERM,
                stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env=environment, pass_fds=listeners,
                start_new_session=True)
        processes.wait_until(self._is_ready, READY_S, "nginx did not start")

    def _is_ready(self):
        if self._process.poll() is not None:
            lines = self.log("error").strip().splitlines()
            raise StackError("nginx: " + (lines[-1] if lines else "failed"))
        # It forgets a TERM that comes before it has a worker.
        return (self.folder / "nginx.pid").exists() and self._workers()

    def _workers(self):
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return children.read_text("ascii").split()

    def worker(self):
        """The process that serves, once the master has started it."""
        return int(processes.wait_until(
            self._workers, READY_S, "nginx has no worker")[0])

    def reload(self):
        """Read the configuration again, and wait until nobody serves new
        connections by the old one: a worker says in its title that it shuts
        down before it closes its listening sockets, and takes none between."""
        old = self._workers()
        self._process.send_signal(signal.SIGHUP)
        processes.wait_until(
            lambda: not any(self._is_serving(pid) for pid in old), READY_S,
            "nginx goes on with its old configuration")

    @staticmethod
    def _is_serving(pid):
        try:
            title = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return b"shutting down" not in title and title != b""
