# SPDX-License-Identifier: ISC
"""Two sites of one machine, each with its own client at Spotify, its own store
and keys, below one host: "main" at /one/, "shop" at /two/, and what one has
never reaches the other."""

import re
import subprocess

import pytest

from stack.fixtures import REPOSITORY, start_stack
from stack.processes import wait_until
from tools.admin import admin
from tools.answers import Browser, refused
from tools.prometheus import families

SETUP = REPOSITORY / "conf" / "nginx" / "setup"
# As conf/OPERATING.md has it.
APACHE = """	Define spotify_fcgi_site shop
	Define spotify_fcgi_base /two/
	Include {folder}/apache/spotify-fcgi.programs
"""


def parts(folder):
    """(in front of the server block, in it): what setup prints, as an operator
    puts it there; the first site includes already what all need."""
    # What this machine has in /etc is none of it.
    script = folder / "setup"
    script.write_text(SETUP.read_text("ascii").replace(
        "/etc/", f"{folder}/etc/").replace(
        'here=$(dirname "$0")', f"here={SETUP.parent}"), "ascii")
    text = subprocess.run(
        ["sh", str(script), "-s", "shop", "-l", "-u",
         "https://music.example/two/callback"], text=True, check=True,
        capture_output=True).stdout
    for installed, ours in (("/run/spotify-fcgi/", "run/"),
                            ("/usr/share/spotify-fcgi/nginx/", "nginx/"),
                            ("/usr/share/spotify-fcgi/www", "www")):
        text = text.replace(installed, f"{folder}/{ours}")
    front, block = text.split("# In the server block:\n")
    front, n = re.subn(r"^include \S+/spotify-fcgi\.http;\n", "", front,
                       flags=re.M)
    assert n == 1
    return front, block


def add_shop(one):
    """The second site in the web server of the first."""
    text = one.server.conf.read_text("utf-8")
    front, block = parts(one.folder)
    if one.options["server"] == "nginx":
        text, n = re.subn(r"^\tserver \{", lambda found: front + found[0],
                          text, flags=re.M)
        assert n == 1
    pattern, more = {
        "nginx": (r"include nginx/spotify-fcgi\.locations;\n", block),
        "apache": (r"\tInclude \S+/spotify-fcgi\.programs\n",
                   APACHE.format(folder=one.folder))
        }[one.options["server"]]
    text, n = re.subn(pattern, lambda found: found[0] + more, text)
    assert n == 1
    one.server.conf.write_text(text, "utf-8")
    one.server.reload()


@pytest.fixture(name="sites", scope="module", params=["nginx", "apache"])
def fixture_sites(request):
    """Both, behind the web server of the first."""
    with start_stack(prefix="/one/", server=request.param) as one, \
            start_stack(prefix="/two/", origin=one.url, server="nginx",
                        client_id="another-client") as two:
        for folder in (two.folder, two.folder / "run",
                       two.folder / "run/main"):
            folder.chmod(0o710)
        (one.folder / "run/shop").symlink_to(two.folder / "run/main")
        add_shop(one)
        wait_until(lambda: Browser(two).fetch("session").status == 200, 60,
                   "the second site does not answer")
        yield one, two
        assert one.complaints() + two.complaints() == []
        assert one.stop() + two.stop() == []


@pytest.fixture(name="both")
def fixture_both(sites):
    """The browsers of one person, who sees both sites: one jar of cookies."""
    for site in sites:
        site.reset()
    one, two = map(Browser, sites)
    two.cookies = one.cookies
    return one, two


def is_in(browser):
    """Whether the site knows who that is."""
    return browser.fetch("session").json["logged_in"]


def test_each_site_is_another_client_at_spotify(both):
    for browser in both:
        spotify = browser.stack.spotify
        assert f"client_id={spotify.client_id}" in browser.start_login()
        browser.login()
        assert spotify.requests("token")
    first, second = (b.stack.spotify.client_id for b in both)
    assert first != second


def test_a_login_at_one_is_none_at_the_other(both):
    one, two = both
    one.login()
    assert is_in(one) and not is_in(two)
    refused(two.fetch("artists"), 401, "not_logged_in")
    two.login()
    assert is_in(one) and is_in(two)
    for browser in both:
        assert browser.fetch("artists").status == 200
        assert browser.fetch("refresh", "POST").status == 200


def test_a_logout_of_one_leaves_the_other(both):
    one, two = both
    one.login()
    two.login()
    assert two.fetch("logout", "POST").status == 204
    assert is_in(one) and not is_in(two)
    two.login()
    assert one.fetch("logout", "POST").status == 204
    assert is_in(two) and not is_in(one)


def test_many_logins_begun_at_one_do_not_end_one_begun_at_the_other(both):
    """More of them than a site keeps, and each of them could be the oldest."""
    for begins, crowds in (both, both[::-1]):
        back = begins.approve(begins.start_login())
        for _ in range(8):
            crowds.start_login()
        assert begins.finish(back).status == 303
        assert is_in(begins)


def logins_of(both, folder):
    """{site: how many} of what both print, put together as node_exporter does
    with the files of a directory."""
    found = {}
    for name, browser in zip(("main", "shop"), both):
        # As beside each other; in its own folder each has the same name.
        file = folder / f"{name}.conf"
        file.write_bytes(browser.stack.conf_file.read_bytes())
        file.chmod(0o600)
        for family, (_, samples) in families(admin(
                browser.stack, "-f", str(file), "metrics").stdout).items():
            together = found.setdefault(family, {})
            assert not samples.keys() & together.keys()
            together.update(samples)
    return {dict(labels)["site"]: number for labels, number
            in found["spotify_fcgi_logins_total"].items()
            if ("outcome", "ok") in labels}


def test_each_site_counts_for_itself(both, tmp_path):
    one, two = both
    before = logins_of(both, tmp_path)
    one.login()
    one.login()
    two.login()
    after = logins_of(both, tmp_path)
    assert {site: after[site] - before[site] for site in after} == {
        "main": 2, "shop": 1}


def test_a_cookie_of_one_says_nothing_at_the_other(both):
    """Nor under the name that the other one looks for."""
    one, two = both
    one.login()
    two.session_cookie = one.session_cookie
    refused(two.fetch("artists"), 401, "not_logged_in")
    back = one.approve(one.start_login())
    assert two.finish(back.replace("/one/", "/two/")).status == 400
    assert not is_in(two)
    assert is_in(one)


def test_the_log_says_of_which_site_a_request_was(both):
    """As the last word of its line."""
    one, two = both
    for browser, path, site in ((one, "/one/session", "main"),
                                (two, "/two/session", "shop"),
                                (one, "/one/app.js", "main")):
        assert browser.get(path.split("/")[-1]).status == 200

        def seen(path=path):
            return [line for line in one.stack.server.log("access")
                    .splitlines() if f" {path} " in line and " 200 " in line]
        lines = wait_until(seen, 60, "not in the log")
        assert {line.split()[-1] for line in lines} == {site}, lines
