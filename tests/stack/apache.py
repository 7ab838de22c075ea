# SPDX-License-Identifier: ISC
"""Apache from the files that are shipped: copies in which nothing but places,
names and ports differs."""

import os
import pathlib
import shutil
import signal
import subprocess

from . import processes
from .error import StackError
from .ports import reserve
from .webserver import PAGE, REPOSITORY, WebServer, change

SHIPPED = REPOSITORY / "conf" / "apache"
MODULES = pathlib.Path("/usr/lib/apache2/modules")
READY_S = 60
# Those that Debian has in use from the start, and those of the "a2enmod"
# lines; lua and cgid only where they are asked for.
LOADED = ("mpm_event authz_core authz_host mime dir alias env headers "
          "setenvif deflate filter reqtimeout allowmethods proxy proxy_fcgi "
          "proxy_http unique_id socache_shmcb ssl http2 rewrite").split()

# User: a worker is not root even where the tests are. Our directory and the
# sockets can be entered by root's group; see write().
FRAME = """ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/apache.pid
ServerName 127.0.0.1
{user}
{modules}
StartServers 1
KeepAliveTimeout 60
ServerLimit 4
ThreadsPerChild 64
MaxRequestWorkers 256
TypesConfig /etc/mime.types
AddOutputFilterByType DEFLATE text/html application/json text/css
Define APACHE_LOG_DIR {folder}/log
ErrorLog {folder}/log/error.log
<Directory />
	AllowOverride None
	Require all denied
</Directory>
{base}
{site}
"""

# Development over http, on loopback: what site.conf.example has for the rest.
LOOPBACK_SITE = """Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
	ServerName 127.0.0.1
	TraceEnable Off
	CustomLog {folder}/log/spotify-fcgi.log spotify_fcgi
	Include {folder}/apache/spotify-fcgi.page
	Include {folder}/apache/{programs}
	Include {folder}/apache/health.example
	{members}
	{application}
</VirtualHost>
"""


def find_apache():
    """/usr/sbin is not in everybody's PATH."""
    found = shutil.which("apache2") or shutil.which("apache2",
                                                    path="/usr/sbin")
    if found is None:
        raise StackError("Apache is missing: apt-get install apache2")
    return found


class Apache(WebServer):
    """The process, its ports, its directory."""

    programs = "spotify-fcgi.programs"
    modules = ()

    def __init__(self, folder, spawner, port=0, **options):
        if options["rate_limits"]:
            raise StackError("Apache by itself does not limit requests")
        self.folder = pathlib.Path(folder)
        self.options = options
        self._spawner = spawner
        self._process = None
        self._pictures = ""
        self.binary = find_apache()
        self._holders = [reserve(port)]
        if options["tls"]:
            self._holders.append(reserve(0))
        self.ports = [h.getsockname()[1] for h in self._holders]
        self.conf = self.folder / "apache.conf"

    # The configuration

    def places(self, text):
        """Directories of an installed system become ours."""
        for installed, ours in (
                ("/run/spotify-fcgi/", "run/"),
                ("/usr/share/spotify-fcgi/apache/", "apache/"),
                ("/usr/share/spotify-fcgi/www", "www")):
            text = text.replace(installed, f"{self.folder}/{ours}")
        return text

    def _page(self, text):
        """Pictures of a simulated Spotify come from where it lives."""
        return change(text, "(?<=img-src 'self') ",
                      f" {self._pictures} ".replace("  ", " "), "img-src")

    def _members(self, text):
        text = change(text, "http://127.0.0.1:3000",
                      self.options["members"] or "http://127.0.0.1:9",
                      "application")
        return change(text, "/login", f"{self.options['prefix']}login",
                      "login")

    def _application(self, text):
        text = change(text, "http://127.0.0.1:3001",
                      self.options["application"] or "http://127.0.0.1:9",
                      "application")
        return change(text, "/login", f"{self.options['prefix']}login",
                      "login")

    def _write_snippets(self):
        edit = {"spotify-fcgi.headers": self._page,
                "members.example": self._members,
                "auth.example": self._application}
        for path in SHIPPED.iterdir():
            if path.is_file():
                text = path.read_text("utf-8")
                text = edit.get(path.name, lambda text: text)(text)
                (self.folder / "apache" / path.name).write_text(
                    self.places(text), "utf-8")

    def _tls_site(self):
        """site.conf.example with its name, ports and certificate changed."""
        text = (SHIPPED / "site.conf.example").read_text("utf-8")
        host = f"127.0.0.1:{self.ports[0]}"
        text = change(text, r"VirtualHost \*:443", f"VirtualHost {host}",
                      "TLS port")
        text = change(text, r"VirtualHost \*:80",
                      f"VirtualHost 127.0.0.1:{self.ports[1]}", "http port")
        text = change(text, r"/etc/letsencrypt/live/music\.example/fullchain",
                      f"{self.folder}/tls/leaf", "certificate")
        text = change(text, r"/etc/letsencrypt/live/music\.example/privkey.pem",
                      f"{self.folder}/tls/leaf.key", "key")
        text = change(text, r"https://music\.example/",
                      f"https://music.test:{self.ports[0]}/", "redirect")
        text = change(text, r"music\.example", "music.test", "name")
        if self.options["members"]:
            text = change(text, r"#(?=Include .*/members)", "",
                          "members.example")
        if self.options["application"]:
            text = change(text, r"#(?=Include .*/auth)", "",
                          "auth.example")
        if self.options["front"]:
            text = change(text, r"#(?=RemoteIP)", "", "front")
            text = change(text, r"192\.0\.2\.0/24", "127.0.0.1", "front")
        return "".join(f"Listen 127.0.0.1:{port}\n" for port in self.ports
                       ) + self.places(text)

    def _behind_site(self):
        """behind.conf.example, the same."""
        text = (SHIPPED / "behind.conf.example").read_text("utf-8")
        host = f"127.0.0.1:{self.ports[0]}"
        text = change(text, r"VirtualHost \*:80", f"VirtualHost {host}",
                      "http port")
        text = change(text, r"music\.example", "music.test", "name")
        text = change(text, r"192\.0\.2\.0/24", "127.0.0.1", "front")
        if self.options["members"]:
            text = change(text, r"#(?=Include .*/members)", "",
                          "members.example")
        return f"Listen {host}\n" + self.places(text)

    def _site(self):
        if self.options["front"] and not self.options["tls"]:
            return self._behind_site()
        if self.options["tls"]:
            return self._tls_site()
        return LOOPBACK_SITE.format(
            port=self.ports[0], folder=self.folder, programs=self.programs,
            members=f"Include {self.folder}/apache/members.example"
            if self.options["members"] else "",
            application=f"Include {self.folder}/apache/auth.example"
            if self.options["application"] else "")

    def _frame(self):
        """The whole configuration."""
        names = [*LOADED, *self.modules]
        if self.options["members"] or self.options["application"]:
            names.append("lua")
        if self.options["front"]:
            names.append("remoteip")
        prefix = self.options["prefix"]
        return FRAME.format(
            folder=self.folder, site=self._site(),
            user="User www-data\nGroup root" if os.geteuid() == 0 else "",
            modules="\n".join(f"LoadModule {name}_module "
                              f"{MODULES}/mod_{name}.so" for name in names),
            base=f"Define spotify_fcgi_base {prefix}" if prefix != "/" else "")

    def write(self, pictures):
        """The directory from which Apache runs; pictures: an origin that the
        page may show pictures of, or nothing."""
        self._pictures = pictures
        for name in ("apache", "log", "www"):
            (self.folder / name).mkdir(exist_ok=True)
        if os.geteuid() == 0:
            self.folder.chmod(0o710)
            for name in ("run", "run/main"):
                (self.folder / name).chmod(0o710)
        self._write_snippets()
        page = self.folder / "www" / self.options["prefix"].strip("/")
        shutil.copytree(PAGE, page, dirs_exist_ok=True)
        self.conf.write_text(self._frame(), "utf-8")

    # The process

    def start(self):
        """Start and wait until it serves."""
        with open(self.folder / "log" / "apache.out", "ab") as output:
            self._process = self._spawner.start(
                [self.binary, "-d", str(self.folder), "-f", str(self.conf),
                 "-DFOREGROUND"], signal.SIGTERM, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
                env={"PATH": "/usr/bin:/bin", "LANG": "C"})
        processes.wait_until(self._is_ready, READY_S, "Apache did not start")

    def _is_ready(self):
        if self._process.poll() is not None:
            lines = (self.log("error") + (
                self.folder / "log" / "apache.out").read_text("utf-8"))
            raise StackError("Apache: " + (lines.strip() or "failed"))
        return "resuming normal operations" in self.log("error")

    def reload(self):
        """Read the configuration again."""
        self._process.send_signal(signal.SIGUSR1)
