# SPDX-License-Identifier: ISC
"""What the package's script does with a site when the package is removed. All
of the package is in test_debian.py."""

import subprocess

import pytest

from installation import REPOSITORY

PRERM = REPOSITORY / "conf/debian/prerm"


@pytest.fixture(name="etc")
def fixture_etc(tmp_path):
    """The directory, with what nginx has there."""
    for name in ("nginx/sites-enabled", "nginx/conf.d", "spotify-fcgi"):
        (tmp_path / "etc" / name).mkdir(parents=True)
    return tmp_path / "etc"


def remove(etc):
    """What it says, without systemd."""
    script = PRERM.read_text("ascii").replace("/run/systemd", "/nowhere")
    return subprocess.run(
        ["sh", "-c", script.replace("/etc/", f"{etc}/"), "prerm", "remove"],
        text=True, capture_output=True, check=True).stdout


def test_a_site_is_kept_where_the_configuration_is(etc):
    site = etc / "nginx/sites-enabled/spotify-fcgi"
    site.write_text("of today", "ascii")
    said = remove(etc)
    assert not site.exists() and "nginx-site" in said
    assert (etc / "spotify-fcgi/nginx-site").read_text("ascii") == "of today"


def test_a_configuration_that_is_gone_keeps_nobody_from_removing(etc):
    (etc / "spotify-fcgi").rmdir()
    test_a_site_is_kept_where_the_configuration_is(etc)


def test_what_was_kept_before_is_kept(etc):
    (etc / "spotify-fcgi/nginx-site-shop").write_text("of once", "ascii")
    for place in ("sites-enabled/spotify-fcgi-shop",
                  "conf.d/spotify-fcgi-shop.conf"):
        (etc / "nginx" / place).write_text(place, "ascii")
    remove(etc)
    assert {path.read_text("ascii") for path in
            (etc / "spotify-fcgi").iterdir()} == {
                "of once", "sites-enabled/spotify-fcgi-shop",
                "conf.d/spotify-fcgi-shop.conf"}
