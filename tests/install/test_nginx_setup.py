# SPDX-License-Identifier: ISC
"""What conf/nginx/setup reads and writes, below another root; what it does for
a real nginx is in test_nginx_site.py."""

import os
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

    def conf(self, uri, site="main"):
        """The line of a configuration."""
        (self.root / f"etc/spotify-fcgi/{site}.conf").write_text(
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


# Two hosts of one file; one of them has a site of ours at its root.
TWO = """server {
	server_name other.example;	# { a brace of a comment
	location / {
		return 404;
	}
%s}

server {
	server_name music.example;
%s}
"""
ANSWERS = "\tinclude /usr/share/spotify-fcgi/nginx/spotify-fcgi.answers;\n"


@pytest.mark.parametrize("other, ours, answers", [
    ("", "", 1), (ANSWERS, "", 1), ("", ANSWERS, 0), (ANSWERS, ANSWERS, 0),
    ("", "#" + ANSWERS, 1),
    ("", ANSWERS.replace("answers", "locations"), 0)])
def test_answers_are_left_out_where_the_server_block_has_them(host, other, ours,
                                                              answers):
    (host.root / "etc/nginx/sites-enabled/hosts").write_text(
        TWO % (other, ours), "ascii")
    (host.root / "etc/nginx/sites-enabled/folder").mkdir()
    done = host.setup("-l", "-u", "https://music.example/shop/callback")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("/spotify-fcgi.answers;") == answers


def test_a_directory_that_is_not_there_is_told(host):
    done = host.setup("-o", str(host.root / "none/at/all"))
    assert done.returncode == 1
    assert done.stderr.endswith("none/at/all cannot be written\n")


def test_a_file_that_is_there_keeps_mode_and_owner(host):
    assert host.setup().returncode == 0
    host.site.write_text(host.site.read_text("ascii") + "# mine\n", "ascii")
    host.site.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(host.site, 12, 34)
    before = host.site.stat()
    assert host.setup().returncode == 0
    after = host.site.stat()
    assert before.st_ino != after.st_ino
    for what in ("st_mode", "st_uid", "st_gid"):
        assert getattr(before, what) == getattr(after, what), what


@pytest.mark.parametrize("site, said, page, part", [
    ("main", "step 3 of README.md", "README.md", "\n3. "),
    ("shop", '"Another site" in OPERATING.md', "conf/OPERATING.md",
     "\n## Another site\n")])
def test_who_has_no_configuration_is_told_where_one_is_made(host, site, said,
                                                            page, part):
    (host.root / "etc/spotify-fcgi/main.conf").unlink()
    done = host.setup("-s", site)
    assert done.returncode == 1 and f"{site}.conf cannot" in done.stderr
    assert done.stderr.endswith(f"({said})\n")
    assert part in (REPOSITORY / page).read_text("utf-8")


@pytest.mark.parametrize("folder, last, first", [
    ("sites-enabled", "spotify-fcgi-shop", "spotify-fcgi"),
    ("conf.d", "spotify-fcgi_shop.conf", "spotify-fcgi.conf")])
def test_what_all_sites_need_is_in_the_file_that_nginx_reads_first(
        host, folder, last, first):
    """Or nginx would not start: it is told before the file is written, where
    the site called main is the second one."""
    place = host.root / "etc/nginx" / folder
    shutil.rmtree(host.site.parent)
    place.mkdir()
    host.conf("https://shop.example/callback", "shop")
    assert host.setup("-s", "shop").returncode == 0
    done = host.setup()
    assert done.returncode == 1 and not (place / first).exists()
    assert f"{last}, which has what all sites need, after\n" in done.stderr
    (place / last).unlink()
    for arguments in ((), ("-s", "shop"), ("-s", "shop"), ()):
        assert host.setup(*arguments).returncode == 0
    assert sorted(path.name for path in place.iterdir()) == [first, last]
    assert [(place / name).read_text("ascii").count("\ninclude ")
            for name in (first, last)] == [1, 0]


def test_a_name_of_an_earlier_build_is_not_kept_beside_the_new_one(host):
    shutil.rmtree(host.site.parent)
    place = host.root / "etc/nginx/conf.d"
    place.mkdir()
    host.conf("https://shop.example/callback", "shop")
    assert host.setup().returncode == host.setup("-s", "shop").returncode == 0
    older = place / "spotify-fcgi-shop.conf"
    shutil.copy(place / "spotify-fcgi_shop.conf", older)
    done = host.setup("-s", "shop")
    assert done.returncode == 1 and "once more: remove it" in done.stderr
    (place / "spotify-fcgi_shop.conf").unlink()
    assert host.setup("-s", "shop").returncode == 0 and not older.exists()
    # Of what is only printed, nothing is renamed.
    (place / "spotify-fcgi_shop.conf").rename(older)
    assert host.setup("-s", "shop", "-l", "-u",
                      "https://music.example/x/callback").returncode == 0
    assert older.exists()
