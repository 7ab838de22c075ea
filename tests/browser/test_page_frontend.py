# SPDX-License-Identifier: ISC
"""What conf/frontend.md shows runs as it stands, on the site itself and on
another origin; and conf/nginx/members.example lets the right people in."""

import http.server
import pathlib
import re
import threading

import pytest

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "conf/frontend.md"
PAGE = ("<!doctype html><html lang=en><meta charset=utf-8><title>x</title>"
        "<link rel=icon href=/favicon.svg>"
        '<script type="module" src="{}"></script><body>')


def scripts():
    """Those of the document."""
    return re.findall(r"^```js\n(.*?)^```$", DOCUMENT.read_text("utf-8"),
                      re.M | re.S)


def example(base):
    """The first of them, for programs at that base."""
    script, count = re.subn(r"const base = '/';", f"const base = '{base}';",
                            scripts()[0])
    assert count == 1
    return script


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves what its server has in .files: path to type and text."""

    def do_GET(self):
        """A file, or a page that says who nginx says it is."""
        kind, text = self.server.files.get(self.path, (
            "text/html", "<link rel=icon href=/favicon.svg><p id=who>"
            + str(self.headers.get("X-Spotify-Account-Id"))))
        self.send_response(200)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format, *args):   # pylint: disable=redefined-builtin
        """Quiet."""


@pytest.fixture(name="other")
def fixture_other():
    """Another origin of this machine: .url, .files."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    server.files = {}
    thread = threading.Thread(target=server.serve_forever, args=(0.05,),
                              daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def serve_example(server, base):
    """The example as a page of that server."""
    server.files["/"] = ("text/html", PAGE.format("example.js"))
    server.files["/example.js"] = ("text/javascript", example(base))


def names(person):
    """What the example lists, once it has come."""
    person.find("ul li a")
    links = person.run("return [...document.querySelectorAll('ul li a')]"
                       ".map((link) => [link.href, link.textContent])")
    assert all(href.startswith("https://open.spotify.com/artist/")
               for href, _ in links)
    return [name for _, name in links]


def test_the_example_runs_on_the_site_itself(person):
    person.expected = {401}
    www = person.stack.folder / "www"
    (www / "example.html").write_text(PAGE.format("example.js"), "utf-8")
    (www / "example.js").write_text(example("/"), "utf-8")
    person.stack.spotify.settings(consent="agree")
    person.open("example.html")
    person.see("Log in", "body > a")
    person.click("body > a")
    person.see_list()
    person.open("example.html")
    assert len(names(person)) == 120


def test_the_second_example_shows_who_is_heard_most_and_follows(
        make_stack, anybody):
    site = make_stack(conf={
        "api_allow": "top-artists follow",
        "scope": "user-follow-read user-follow-modify user-top-read"})
    www = site.folder / "www"
    (www / "example.html").write_text(PAGE.format("example.js"), "utf-8")
    (www / "example.js").write_text(example("/") + scripts()[1], "utf-8")
    anybody.begin(site)
    anybody.expected = {401}
    anybody.open("example.html")
    anybody.see("Log in", "body > a")
    assert not anybody.run("return document.querySelector('ol')")
    anybody.log_in()
    anybody.open("example.html")
    anybody.until(lambda: len(anybody.all("ol button")) == 10, "ten buttons")
    labels = anybody.run("return [...document.querySelectorAll('ol button')]"
                         ".map((one) => one.getAttribute('aria-label'))")
    assert len(set(labels)) == 10 and labels[0].startswith("Follow ")
    for before, after, number in (("Follow", "Unfollow", 121),
                                  ("Unfollow", "Follow", 120)):
        button = anybody.find("ol li:first-child button")
        assert button.text == before
        button.click()
        anybody.until(lambda: button.text == after, after)
        anybody.open("example.html")
        anybody.until(lambda: len(anybody.all("ul li")) == number
                      and anybody.all("ol button"), f"{number} artists")
        assert anybody.text("ol li:first-child button") == after
    anybody.expected |= {502, 503}
    site.spotify.answers("api", "server_error_500", repeat=True)
    anybody.open("example.html")
    anybody.see("Spotify did not give a usable answer")


def test_the_example_runs_on_an_origin_that_is_allowed(
        make_stack, anybody, other):
    site = make_stack(conf={"allowed_origins": other.url,
                            "after_login": other.url + "/"})
    serve_example(other, site.url + "/")
    anybody.begin(site)
    anybody.expected = {401}
    anybody.driver.get(other.url + "/")
    anybody.click("body > a")
    anybody.until(lambda: anybody.driver.current_url == other.url + "/",
                  "the way back")
    assert len(names(anybody)) == 120


def test_an_origin_that_is_not_allowed_learns_nothing(
        make_stack, anybody, other):
    site = make_stack()
    serve_example(other, site.url + "/")
    anybody.begin(site)
    anybody.log_in()
    anybody.driver.get(other.url + "/")
    anybody.see("It did not work", "body > p")
    assert not anybody.all("li")
    lines = anybody.console()
    assert lines and all("CORS" in line or "403" in line
                         or "ERR_FAILED" in line for line in lines)
    anybody.begin(site)


def test_members_are_asked_to_log_in_and_come_in(make_stack, anybody, other):
    site = make_stack(members=other.url)
    anybody.begin(site)
    site.spotify.settings(consent="ask")
    anybody.open("/members/")
    anybody.click("#agree")
    anybody.at("/members/")
    anybody.see("aB3dE5fG7h", "#who")
    anybody.open()
    anybody.click("#logout")
    anybody.find("#login")
    site.spotify.settings(auto_approve=False)
    anybody.open("/members/")
    anybody.find("#agree")
