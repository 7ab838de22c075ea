# SPDX-License-Identifier: ISC
"""A machine with nginx, for README.md's fifth step."""

import os
import re
import shutil

import pytest

from machine import Machine, configure
from stack.processes import wait_until

SETUP = "/usr/share/spotify-fcgi/nginx/setup"
SITE = "/etc/nginx/sites-enabled/spotify-fcgi"
# What README.md's fifth step calls besides. Certbot asks as Let's Encrypt does,
# and puts the certificate where it always does.
STAND_INS = """set -e
sudo() { [ "$1" = apt-get ] || "$@"; }
certbot() {
	case "$*" in
	"certonly --webroot -w /var/www/html -d "*.example" --deploy-hook "*) ;;
	*) return 1 ;;
	esac
	live=/etc/letsencrypt/live/$6
	mkdir -p /var/www/html/.well-known/acme-challenge $live
	echo proof >/var/www/html/.well-known/acme-challenge/token
	curl --silent --fail --resolve $6:80:127.0.0.1 \
		http://$6/.well-known/acme-challenge/token | grep -q proof
	openssl req -x509 -newkey ec -nodes -subj /CN=real \
		-pkeyopt ec_paramgen_curve:prime256v1 \
		-keyout $live/privkey.pem -out $live/fullchain.pem 2>/dev/null
}
"""
# As the packages of nginx.org have them.
NGINX_ORG = """user  nginx;
worker_processes  auto;
error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;
events {
    worker_connections  1024;
}
http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;
    access_log  /var/log/nginx/access.log;
    include /etc/nginx/conf.d/*.conf;
}
"""
needs_machine = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(shutil.which("unshare") is None
                       or not os.path.exists("/lib/systemd/systemd"),
                       reason="needs unshare and systemd"),
    pytest.mark.skipif(not os.path.exists("/etc/nginx/sites-available"),
                       reason="needs Debian's nginx")]


def add_nginx(target):
    """To an installation, what apt-get makes of nginx: its directories, and
    Debian's default site."""
    for name in ("var/log/nginx", "var/lib/nginx", "var/www/html",
                 "etc/letsencrypt/live"):
        (target / name).mkdir(parents=True)
    etc = target / "etc/nginx"
    shutil.copytree("/etc/nginx", etc, symlinks=True)
    shutil.rmtree(etc / "modules-enabled")
    shutil.rmtree(etc / "sites-enabled")
    (etc / "sites-enabled").mkdir()
    (etc / "sites-enabled/default").symlink_to("../sites-available/default")
    (target / "var/www/html/index.html").write_text("welcome", "ascii")
    return target


class WithNginx(Machine):
    """nginx as it is after apt-get install."""

    @staticmethod
    def make(installed, folder):
        """As the operator leaves both."""
        return add_nginx(configure(installed, folder))

    def as_of_nginx_org(self):
        """The directories and the user that the packages of nginx.org have."""
        self.run("useradd", "--system", "--user-group", "nginx")
        for name in ("sites-enabled", "sites-available", "snippets"):
            shutil.rmtree(self.path(f"/etc/nginx/{name}"))
        self.path("/etc/nginx/nginx.conf").write_text(NGINX_ORG, "ascii")

    def setup(self, *arguments):
        """Has to succeed; what it said."""
        return self.run(SETUP, *arguments)

    def start(self):
        """nginx is content without a word of warning, and runs."""
        said = self.run("nginx", "-t")
        assert "test is successful" in said
        assert not re.search(r"\[\w+\]", said), said
        if self.try_run("pidof", "nginx")[0] == 0:
            self.run("nginx", "-s", "reload")
        else:
            self.run("nginx")

    def curl(self, url, *options, name="music.example"):
        """(status, what curl shows), once nginx listens."""
        def ask():
            code, said = self.try_run(
                "curl", "--silent", "--insecure", "--http2", "--resolve",
                f"{name}:443:127.0.0.1", "--resolve", f"{name}:80:127.0.0.1",
                "--write-out", "\n%{http_version} %{http_code}", *options,
                url)
            return said if code == 0 else None
        text, _, status = wait_until(ask, 60, f"no answer of {url}"
                                     ).rpartition("\n")
        return status, text


@pytest.fixture(name="machine")
def fixture_machine(installed, tmp_path_factory):
    """Of each test: they change it for good."""
    machine = WithNginx(installed, tmp_path_factory.mktemp("machine"))
    yield machine
    machine.stop()


def machine_test(test):
    """Marks a test that needs a machine."""
    for mark in needs_machine:
        test = mark(test)
    return test
