# SPDX-License-Identifier: ISC
"""README.md's fifth step: nginx as Debian and nginx.org have it, with the real
units behind it, on a machine of its own. nginx says nothing, and people get to
the programs."""

import pathlib
import re
import shutil
import subprocess

import pytest

from installation import REPOSITORY, run
from machine import CONF
from stack.processes import wait_until
from withnginx import (SETUP, SITE, STAND_INS,
                       fixture_machine, machine_test)  # noqa: F401

LETS_ENCRYPT = "/etc/letsencrypt/live/music.example"
# What else there is on the port, with a name for all and the usual buffers.
OTHER = """server {
	listen 443 ssl default_server;
	listen [::]:443 ssl default_server;
	server_name _;
	ssl_certificate /etc/ssl/other.pem;
	ssl_certificate_key /etc/ssl/other.key;
	return 200 other;
}
"""


def make_certificate(machine, certificate, key):
    """Somebody else's."""
    machine.run("openssl", "req", "-x509", "-newkey", "ec", "-nodes",
                "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj",
                "/CN=other", "-out", certificate, "-keyout", key)


@machine_test
def test_from_nothing_to_an_answer(machine):
    """With Debian's own site left as it is, and no certificate anywhere."""
    said = machine.setup()
    assert said.startswith(f"{SITE}: https://music.example/,")
    machine.start()
    status, text = machine.curl("https://music.example/session")
    assert status == "2 200" and '"logged_in":false' in text
    assert machine.curl("https://music.example/login")[0] == "2 303"
    assert "<title>" in machine.curl("https://music.example/")[1]
    # Where certbot answers, then where everybody is sent to TLS.
    challenge = machine.path("/var/www/html/.well-known/acme-challenge")
    challenge.mkdir(parents=True)
    (challenge / "token").write_text("proof", "ascii")
    assert machine.curl("http://music.example/.well-known/acme-challenge/"
                        "token") == ("1.1 200", "proof")
    assert "Location: https://music.example/x?y" in machine.curl(
        "http://music.example/x?y", "--include")[1]
    assert machine.curl("http://other.example/", name="other.example"
                        )[1] == "welcome"
    # Nobody gets there by another name.
    status, _ = machine.try_run(
        "curl", "-sk", "--resolve", "evil.example:443:127.0.0.1",
        "https://evil.example/session")
    assert status != 0


@machine_test
def test_the_fifth_step_as_it_is_written(machine):
    """With nginx as its unit starts it, and Debian's page on port 80."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    step = re.search(r"^5\. .*?\n\n((?: {7}[^\n]*\n)+)", text, re.M | re.S)[1]
    machine.run("systemctl", "start", "nginx")
    said = machine.run("sh", "-c", STAND_INS + step.replace(
        "YOUR.HOST", "music.example"))
    assert len(re.findall("test is successful", said)) == 2
    assert not re.search(r"\[\w+\]", said), said
    wait_until(lambda: "subject: CN=real" in machine.run(
        "sh", "-c", "curl -kvs --resolve music.example:443:127.0.0.1 "
        "https://music.example/session 2>&1"), 60, "an old certificate")
    assert machine.curl("https://music.example/session")[0] == "2 200"


@machine_test
def test_who_has_the_default_server_already_keeps_it(machine):
    """And its rules for headers are not those of our name."""
    make_certificate(machine, "/etc/ssl/other.pem", "/etc/ssl/other.key")
    machine.path("/etc/nginx/sites-enabled/other").write_text(OTHER, "ascii")
    machine.setup()
    machine.start()
    assert machine.curl("https://other.example/session", name="other.example"
                        )[1] == "other"
    cookies = [part for n in range(12)
               for part in ("-H", f"Cookie: c{n}=" + "x" * 4000)]
    for version in ("--http1.1", "--http2"):
        status, text = machine.curl("https://music.example/session", version,
                                    *cookies)
        assert status.endswith(" 200") and '"logged_in":false' in text


@machine_test
def test_a_certificate_comes_into_the_file_and_nothing_else_changes(machine):
    machine.setup()
    site = machine.path(SITE)
    own = site.read_text("ascii").replace(
        "listen 80;", "listen 80;\n\t# Mine.")
    site.write_text(own, "ascii")
    key = machine.path("/etc/ssl/spotify-fcgi/privkey.pem")
    assert key.stat().st_mode & 0o777 == 0o600
    first = key.read_bytes()
    machine.setup()
    assert site.read_text("ascii") == own and key.read_bytes() == first
    machine.path(LETS_ENCRYPT).mkdir()
    make_certificate(machine, f"{LETS_ENCRYPT}/fullchain.pem",
                     f"{LETS_ENCRYPT}/privkey.pem")
    for _ in range(2):
        machine.setup()
        assert site.read_text("ascii") == own.replace(
            "/etc/ssl/spotify-fcgi", LETS_ENCRYPT)
    # What the operator has put there stays, and no other is made for it.
    mine = own.replace("/etc/ssl/spotify-fcgi", "/etc/mine")
    site.write_text(mine, "ascii")
    shutil.rmtree(key.parent)
    machine.setup()
    assert site.read_text("ascii") == mine and not key.parent.exists()


@machine_test
def test_the_file_is_replaced_as_a_whole_or_not_at_all(machine):
    """On a disk that gets full, and where it is a link."""
    machine.run("sh", "-c", "mkdir -p /mnt && "
                "mount -t tmpfs -o size=64k none /mnt && "
                f"ln -s /mnt/site /tmp/link && {SETUP} -o /tmp/link && "
                "echo '# Mine.' >>/mnt/site && cat /mnt/site >/tmp/old && "
                "{ cat /dev/zero >/mnt/filler || :; } 2>/dev/null")
    said = machine.run("sh", "-c", f"{SETUP} -o /tmp/link 2>&1 && exit 1; "
                       "cmp /tmp/old /mnt/site && rm /mnt/filler")
    assert "cannot be written" in said
    machine.run("sh", "-c", f"{SETUP} -o /tmp/link && test -L /tmp/link && "
                "cmp /tmp/old /mnt/site && test $(ls -A /mnt) = site")


@machine_test
def test_another_nginx_is_told_in_its_own_words(machine):
    """After an upgrade from Debian 12 to 13, and back."""
    machine.setup()
    site = machine.path(SITE)
    text = site.read_text("ascii")
    spelling, = set(re.findall(r"listen-(1\.\d+);", text))
    other = {"1.22": "1.25", "1.25": "1.22"}[spelling]
    site.write_text(text.replace(f"listen-{spelling};", f"listen-{other};"),
                    "ascii")
    machine.setup()
    assert site.read_text("ascii") == text
    machine.start()


@machine_test
def test_the_user_of_nginx_org_is_let_in(machine):
    """setup says what is missing, and the command that it prints is enough."""
    machine.as_of_nginx_org()
    status, said = machine.try_run(SETUP)
    assert status == 1
    assert 'nginx runs as "nginx"' in said and "503" in said
    machine.start()
    assert machine.curl("https://music.example/session")[0] == "2 503"
    assert "Permission denied" in machine.path(
        "/var/log/nginx/error.log").read_text("utf-8")
    command = re.search(r"^\tusermod .*?(?= && systemctl)", said, re.M)[0]
    machine.run(*command.split())
    assert "/etc/nginx/conf.d/spotify-fcgi.conf" in machine.setup()
    machine.start()
    wait_until(lambda: machine.curl("https://music.example/session")[0]
               == "2 200", 60, "nginx is not let in")
    # An old worker, which is not, may still take one.
    wait_until(lambda: machine.curl("https://music.example/login")[0]
               == "2 303", 60, "nginx is not let in everywhere")


@machine_test
def test_below_a_directory_only_it_is_ours(machine):
    conf = machine.path(f"{CONF}/main.conf")
    conf.write_text(conf.read_text("utf-8").replace(
        "music.example/callback", "music.example/with/spotify/callback"),
        "utf-8")
    machine.setup()
    machine.start()
    for path, status in (("with/spotify/session", 200), ("session", 404),
                         ("with/spotify/login", 303), ("login", 404),
                         ("with/spotify/", 200), ("", 404),
                         ("with/spotify/app.js", 200), ("app.js", 404)):
        assert machine.curl(f"https://music.example/{path}")[0] == (
            f"2 {status}"), path


@machine_test
def test_a_site_for_another_address_is_not_taken_for_this_one(machine):
    machine.setup()
    text = machine.path(SITE).read_text("ascii")
    for uri, said in (("https://music.example/spotify/callback",
                       "not for /spotify/"),
                      ("https://other.example/callback",
                       "not for other.example"),
                      ("https://usic.example/callback",
                       "not for usic.example")):
        status, output = machine.try_run(SETUP, "-u", uri)
        assert status == 1 and said in output
        assert machine.path(SITE).read_text("ascii") == text
    machine.path(SITE).unlink()
    for _ in range(2):
        machine.setup("-u", "https://music.example/spotify/callback")
    status, output = machine.try_run(SETUP)
    assert status == 1 and "not for /:" in output


@machine_test
def test_a_site_of_an_earlier_version_is_left_to_its_owner(machine):
    old = machine.path("/etc/nginx/conf.d/spotify-fcgi.conf")
    for text in ("limit_req_zone $binary_remote_addr "
                 "zone=spotify_fcgi_login:2m rate=2r/s;\n",
                 "server { include snippets/spotify-fcgi.page; }\n"):
        old.write_text(text, "ascii")
        status, said = machine.try_run(SETUP)
        assert status == 1 and "earlier version: see CHANGES.md" in said
        assert not machine.path(SITE).exists()


@machine_test
def test_a_package_that_goes_takes_its_site_along(machine):
    """Otherwise nginx, and so all its sites, would not start any more. And of
    no site is a unit left in use."""
    dpkg = machine.path("/usr/local/bin/dpkg")      # of nothing installed
    dpkg.write_text("#!/bin/sh\nfind /usr/lib/systemd/system "
                    "-name 'spotify-fcgi*'\n", "ascii")
    dpkg.chmod(0o755)
    machine.run("systemctl", "enable", "spotify-fcgi@main.target",
                "spotify-fcgi@shop.target", "spotify-fcgi-auth@shop.socket")
    machine.run("systemctl", "start", "spotify-fcgi@shop.target")
    machine.setup()
    machine.setup("-s", "shop", "-u", "https://shop.example/callback")
    shop = machine.path(f"{SITE}-shop").read_text("ascii")
    prerm = machine.path("/tmp/prerm")
    prerm.write_text((REPOSITORY / "conf/debian/prerm").read_text("ascii"),
                     "ascii")
    site = machine.path(SITE).read_text("ascii")
    machine.run("sh", "/tmp/prerm", "upgrade")
    assert machine.path(SITE).read_text("ascii") == site
    machine.run("sh", "/tmp/prerm", "remove")
    shutil.rmtree(machine.path("/usr/share/spotify-fcgi"))
    assert machine.path(f"{CONF}/nginx-site").read_text("ascii") == site
    assert machine.path(f"{CONF}/nginx-site-shop").read_text("ascii") == shop
    assert not list(machine.path("/etc/systemd/system").rglob(
        "spotify-fcgi*@*"))
    wait_until(lambda: machine.run(
        "systemctl", "list-units", "--state=active", "--plain", "--no-legend",
        "spotify-fcgi*") == "", 60, "units are left")
    assert "test is successful" in machine.run("nginx", "-t")
    # As a2ensite has it for Apache: a link.
    apache = machine.path("/etc/apache2")
    (apache / "sites-enabled").mkdir(parents=True)
    (apache / "sites-available").mkdir()
    (apache / "sites-available/spotify-fcgi.conf").touch()
    link = apache / "sites-enabled/spotify-fcgi.conf"
    link.symlink_to("../sites-available/spotify-fcgi.conf")
    machine.run("sh", "/tmp/prerm", "remove")
    assert not link.is_symlink()
    assert (apache / "sites-available/spotify-fcgi.conf").exists()


@pytest.mark.parametrize("uri, said", [
    ("http://127.0.0.1:8080/callback", "not https"),
    ("https://music.example/", "end in /callback"),
    ("https://music.example/login", "end in /callback"),
    ("https://music.example", "end in /callback"),
    ("https://music.example:8443/callback", "has a port"),
    ("https://mus;ic.example/callback", "names no host"),
    ("https:///callback", "names no host"),
    ("https://[::1]/callback", "has a port"),
    ("https://music.example/a b/callback", "edit site.conf.example for it"),
    ("https://music.example/a;b/callback", "edit site.conf.example for it"),
    ("https://music.example/{/callback", "edit site.conf.example for it"),
    ("https://music.example//callback", "edit site.conf.example for it"),
    ("https://music.example/../callback", "edit site.conf.example for it"),
    ("https://music.example/$host/callback", "edit site.conf.example for it")])
def test_what_is_no_site_is_refused(tmp_path, uri, said):
    """Nothing of it gets into a configuration."""
    done = subprocess.run(
        [str(REPOSITORY / "conf/nginx/setup"), "-u", uri, "-o",
         str(tmp_path / "site")], text=True, capture_output=True, check=False)
    assert done.returncode == 1 and said in done.stderr
    assert not list(tmp_path.iterdir())


def test_nothing_of_what_is_included_is_edited():
    """Every file of ours is included from where an upgrade replaces it, by
    another one or by the lines that OPERATING.md has."""
    nginx = REPOSITORY / "conf/nginx"
    included = set()
    for path in (*nginx.iterdir(), REPOSITORY / "conf/OPERATING.md"):
        for name in re.findall(r"^\s*include (.*);", path.read_text("utf-8"),
                               re.M):
            assert name.startswith("/usr/share/spotify-fcgi/nginx/"), path
            included.add(pathlib.Path(name).name)
    assert included == {path.name for path in nginx.glob("spotify-fcgi*")} - {
        "spotify-fcgi.listen-1.25"}


@pytest.mark.skipif(shutil.which("shellcheck") is None,
                    reason="needs shellcheck")
def test_the_shell_finds_no_fault_with_setup():
    run("shellcheck", str(REPOSITORY / "conf/nginx/setup"))
