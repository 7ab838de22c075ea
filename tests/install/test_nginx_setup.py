# SPDX-License-Identifier: ISC
"""What conf/nginx/setup reads and writes, below another root; what it does for
a real nginx is in test_nginx_site.py."""

import shutil
import subprocess

import pytest

from installation import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("nginx", path=(
    "/usr/sbin:/usr/bin")) is None, reason="needs nginx")


class Host:
    """A root directory with the script and what it makes a site of."""

    def __init__(self, root):
        self.root = root
        self.nginx = root / "share/nginx"
        shutil.copytree(REPOSITORY / "conf/nginx", self.nginx)
        self.script = self.nginx / "setup"
        self.script.write_text(self.script.read_text("ascii").replace(
            "/etc/", f"{root}/etc/").replace("/var/www", f"{root}/www"))
        for name in ("nginx/sites-enabled", "spotify-fcgi"):
            (root / "etc" / name).mkdir(parents=True)
        (root / "etc/nginx/nginx.conf").write_text("user www-data;\n")
        self.site = root / "etc/nginx/sites-enabled/spotify-fcgi"
        self.conf("https://music.example/callback")

    def conf(self, uri):
        """The line of a configuration."""
        (self.root / "etc/spotify-fcgi/main.conf").write_text(
            f"redirect_uri = {uri}\n", "ascii")

    def setup(self, *arguments):
        """How it ended."""
        return subprocess.run([str(self.script), *arguments], text=True,
                              capture_output=True, check=False)


@pytest.fixture(name="host")
def fixture_host(tmp_path):
    """Of each test."""
    return Host(tmp_path)


def test_a_comment_behind_the_value_is_none_of_it(host):
    host.conf("https://music.example/callback # ours")
    done = host.setup()
    assert done.returncode == 0, done.stderr
    assert "server_name music.example" in host.site.read_text("ascii")
    assert host.site.stat().st_mode & 0o777 == 0o644


def test_an_address_is_named_as_one_in_the_certificate(host):
    host.conf("https://192.0.2.7/callback")
    for _ in range(2):      # the second time it is there
        assert host.setup().returncode == 0
    certificate = host.root / "etc/ssl/spotify-fcgi/fullchain.pem"
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-checkip", "192.0.2.7", "-in",
         str(certificate)], text=True, capture_output=True, check=True).stdout
    assert "does match" in said


@pytest.mark.parametrize("part", ["site.conf.example", "spotify-fcgi.http",
                                  "spotify-fcgi.locations"])
def test_a_site_is_not_made_of_what_is_missing(host, part):
    (host.nginx / part).unlink()
    for arguments in ((), ("-l", "-u", "https://music.example/a/callback")):
        done = host.setup(*arguments)
        assert done.returncode == 1 and done.stdout == ""
        assert f"{part} cannot be read" in done.stderr
    assert not host.site.exists()


def test_nobody_else_says_where_it_writes(host):
    victim = host.root / "victim"
    victim.write_text("mine", "ascii")
    (host.site.parent / ".spotify-fcgi.new").symlink_to(victim)
    assert host.setup().returncode == 0
    assert victim.read_text("ascii") == "mine"
    assert [path.name for path in host.site.parent.iterdir()
            if path.is_file() and not path.is_symlink()] == ["spotify-fcgi"]
