# SPDX-License-Identifier: ISC
"""The six programs behind nginx, from the files that are shipped, and in the
same nginx what they are compared with: a program that does nothing, and an
answer of nginx's own."""

import pathlib
import re
import shutil

from stack import Stack
from stack import stack as stack_module
from stack.nginx import Nginx
from stack.webserver import change
from stack.processes import Program, wait_until

from .machine import on_cpu, with_children

THREADS = "2"       # as many as login has unless configured
STATIC = """
	location = /static {{
		return 302 https://accounts.spotify.com/authorize?state=A;
	}}
	# Bodies that login does not read, past the limit that is shipped.
	location = /large {{
		include nginx/spotify-fcgi-params;
		client_max_body_size 1m;
		fastcgi_keep_conn on;
		fastcgi_pass unix:{folder}/run/$spotify_fcgi_site/login.sock;
	}}
"""


class BenchNginx(Nginx):
    """The shipped files, with room for many visitors and without a log: the
    peers have none, either."""

    def _http(self, text):
        """Two more upstreams as that of login."""
        login = re.search(r"^upstream \S*/login\.sock \{.*?^\}\n", text,
                          re.M | re.S)
        return super()._http(text) + "".join(
            login[0].replace("/login.sock", f"/{name}.sock")
            for name in HELLOS)

    def _locations(self, text):
        """Some more, which differ from /login in the upstream and in whether
        connections are kept."""
        login = re.search(r"^location = /login \{.*?^\}\n", text, re.M | re.S)
        more = ""
        for path, (upstream, snippet) in LOCATIONS.items():
            more += login[0].replace("= /login", f"= {path}").replace(
                "/login.sock", f"/{upstream}.sock").replace(
                "spotify-fcgi-people", snippet)
        return super()._locations(text) + more

    def _write_closing(self):
        """What the location of login includes, but for keeping."""
        folder = self.folder / "nginx"
        text = (folder / "spotify-fcgi-people").read_text("utf-8")
        program = (folder / "spotify-fcgi-program").read_text("utf-8")
        text = change(text, "^include .*/spotify-fcgi-program;", program,
                      "spotify-fcgi-program")
        (folder / "spotify-fcgi-closing").write_text(change(
            text, "fastcgi_keep_conn on", "fastcgi_keep_conn off",
            "fastcgi_keep_conn"), "utf-8")

    def _bare_auth(self):
        """What asks auth, but for whom it asks."""
        text = (self.folder / "nginx" / "auth.example").read_text("utf-8")
        block = re.search(r"^location = /spotify-fcgi-auth \{.*?^\}\n", text,
                          re.M | re.S)[0]
        return block.replace("= /spotify-fcgi-auth", "= /bare-auth").replace(
            "/auth.sock", "/empty.sock")

    def write(self, pictures):
        """Change what was written for the tests."""
        super().write(pictures)
        self._write_closing()
        for path in [self.conf, *(self.folder / "nginx").iterdir()]:
            text = path.read_text("utf-8")
            path.write_text(re.sub(r"^(\s*access_log) .*;", r"\1 off;", text,
                                   flags=re.M), "utf-8")
        text = self.conf.read_text("utf-8")
        page = PAGE if PAGE.exists() else self.folder / "www" / "index.html"
        shutil.copy(page, self.folder / "www" / "page.html")
        for old, new in (
                (r"worker_connections 1024", "worker_connections 8192"),
                (r"^worker_processes 1;",
                 "worker_processes 1;\nworker_rlimit_nofile 16384;"),
                (r"gzip on;", "gzip off;\n\tkeepalive_requests 1000000;"),
                (r"(?<=listen )(127\.0\.0\.1:\d+);",
                 f"127.0.0.1:{self.ports[0]} backlog=4096;"),
                (r"(?<=include nginx/spotify-fcgi.locations;)",
                 STATIC.format(folder=self.folder) +
                 GUARDED.format(folder=self.folder) + self._bare_auth())):
            text = change(text, old, new, new)
        self.conf.write_text(text, "utf-8")


MANY_THREADS = "64"     # as cgi-bin/artists.c
LIST_BYTES = 28_300     # of 50 artists
# {name: arguments of hello.c}
# The page that Apache serves beside us, if it is there.
PAGE = pathlib.Path("/usr/share/apache2/default-site/index.html")
# The same page three times: as it is, behind auth, and behind a program that
# says no more than "yes".
GUARDED = """
	location = /page {{
		default_type text/html;
		alias {folder}/www/page.html;
	}}
	location = /guarded {{
		auth_request /spotify-fcgi-auth;
	auth_request_set $spotify_account $upstream_http_x_spotify_account_id;
	auth_request_set $spotify_scope $upstream_http_x_spotify_scope;
		default_type text/html;
		alias {folder}/www/page.html;
	}}
	location = /open {{
		auth_request /bare-auth;
	auth_request_set $spotify_account $upstream_http_x_spotify_account_id;
	auth_request_set $spotify_scope $upstream_http_x_spotify_scope;
		default_type text/html;
		alias {folder}/www/page.html;
	}}
"""
HELLOS = {"hello": ["-k", "-t", THREADS], "lingering": ["-t", THREADS],
          "empty": ["-e", "-k", "-t", MANY_THREADS],
          "list": ["-k", "-b", str(LIST_BYTES), "-t", MANY_THREADS]}
# {path: (upstream, what is included)}
LOCATIONS = {"/hello": ("hello", "spotify-fcgi-people"),
             "/list": ("list", "spotify-fcgi-people"),
             "/closed/login": ("login", "spotify-fcgi-closing"),
             "/closed/hello": ("hello", "spotify-fcgi-closing"),
             "/lingering": ("lingering", "spotify-fcgi-closing")}
stack_module.SERVERS["bench"] = BenchNginx


class Ours:
    """As a peer: see peers/base.py."""

    name = "spotify-fcgi"
    login_path = "/login"
    session_path = "/session"
    artists_path = "/artists"

    def __init__(self, build_dir, upstream, cpu, conf=None):
        self._hellos = {}
        with on_cpu(cpu):
            self.stack = Stack(
                build_dir, server="bench",
                application="http://127.0.0.1:9",
                real_spotify=(upstream.client_id, upstream.secret_file),
                conf={"authorize_url": upstream.authorize_url,
                      "token_url": upstream.token_url,
                      "api_url": upstream.api_url,
                      "ca_file": upstream.ca_file, **(conf or {})})
            try:
                self._start_hellos(build_dir)
            except BaseException:
                self.stop()
                raise
        self.cpu = cpu
        self.url = self.stack.url
        self.port = self.stack.port

    def _start_hellos(self, build_dir):
        # pylint: disable=protected-access
        for name, arguments in HELLOS.items():
            self._hellos[name] = Program(
                name, [f"{build_dir}/tests/bench/hello", *arguments],
                self.stack.socket(name), self.stack.folder / "log" /
                f"{name}.log", self.stack._spawner, wanted=1, environment={})
            self._hellos[name].start()

    def pids(self, *programs):
        """Of some programs, of all unless said, and of nginx."""
        return self.front_pids() + [
            pid for name in programs or stack_module.PROGRAMS
            for pid in self.stack.pids(name)]

    def hello_pids(self, name):
        """Of a program that does nothing, and of nginx."""
        return self.front_pids() + self._hellos[name].pids()

    def front_pids(self):
        """nginx."""
        return with_children(self.stack.server.pid)

    def restart(self, program):
        """A fresh process with all its threads; returns its number."""
        def starts():
            return self.stack.log(program).count("event=started")
        before = starts()
        with on_cpu(self.cpu):
            self.stack.restart(program)
        wait_until(lambda: starts() > before, 10, f"{program} did not start")
        return self.stack.pids(program)[0]

    def start(self, program):
        """What is missing, at once."""
        with on_cpu(self.cpu):
            self.stack.start(program)

    def stop(self):
        """Idempotent."""
        for program in self._hellos.values():
            program.close(9)
        self._hellos = {}
        self.stack.stop()
