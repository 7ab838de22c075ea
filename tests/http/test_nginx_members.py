# SPDX-License-Identifier: ISC
"""conf/nginx/members.example: a part of the site for those who are logged
in, with an application behind it that learns who they are."""

import http.server
import json
import threading

import pytest

from stack import Client
from stack.fixtures import SERVER
from tools.amounts import DAY
from tools.store import stored

pytestmark = pytest.mark.skipif(SERVER != "nginx", reason="about nginx")


class Application(http.server.BaseHTTPRequestHandler):
    """Tells what it was sent."""

    def do_GET(self):
        """The headers, as JSON; any method."""
        length = int(self.headers.get("Content-Length", 0))
        body = json.dumps({"method": self.command,
                           "headers": self.headers.items(),
                           "body": self.rfile.read(length).decode()}).encode()
        if self.path.startswith("/members/refused"):
            self.send_response(401)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"mine")
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format, *args):   # pylint: disable=redefined-builtin
        """Quiet."""


@pytest.fixture(scope="module")
def application():
    """Its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(name="site", params=[False, True], ids=["http", "tls"])
def fixture_site(request, make_stack, application):
    """A site with members."""
    return make_stack(tls=request.param, members=application)


def account_ids(reply):
    """What the application was told, in every spelling."""
    return [value for name, value in reply.json["headers"]
            if name.lower().replace("_", "-") == "x-spotify-account-id"]


def test_a_stranger_is_sent_to_log_in_and_comes_back(site):
    client = Client(site)
    reply = client.get("/members/page?a=b")
    assert (reply.status, reply.location) == (303,
                                              "/login?return_to=/members/")
    login = client.get(reply.location, link=True)
    done = client.finish(client.approve(login.location))
    assert done.location == f"{site.url}/members/"
    assert client.get("/members/").status == 200


def test_the_application_learns_who_it_is(site):
    client = Client(site)
    client.login()
    account = client.fetch("session").json["account"]
    assert account_ids(client.get("/members/")) == [account["account_id"]]


def test_what_a_client_says_about_itself_is_overwritten(site):
    client = Client(site)
    client.login()
    told = account_ids(client.get("/members/", {
        "X-Spotify-Account-Id": "forged", "X_Spotify_Account_Id": "forged"}))
    assert len(told) == 1 and told != ["forged"]


def test_a_post_reaches_the_application_with_its_body(site):
    client = Client(site)
    client.login()
    reply = client.post("/members/", {"a": "b"})
    assert reply.status == 200
    assert (reply.json["method"], reply.json["body"]) == ("POST", "a=b")


def test_without_the_session_program_nobody_gets_in(site):
    client = Client(site)
    client.login()
    site.down("session")
    reply = client.get("/members/")
    assert (reply.status, reply.code) == (503, "busy")


def test_the_question_cannot_be_asked_from_outside(site):
    client = Client(site)
    client.login()
    assert client.get("/spotify-fcgi-required").status == 404


def test_who_visits_the_members_every_day_stays_logged_in(site):
    """It is use, though the browser asks none of the programs; the file is
    written to once a minute at most."""
    client = Client(site)
    client.login()
    for _ in range(10):
        site.clock.advance(DAY)
        assert client.get("/members/").status == 200
    file, = stored(site)
    used = file.stat().st_mtime
    site.clock.advance(30)
    assert client.get("/members/").status == 200
    assert file.stat().st_mtime == used
    site.clock.advance(7 * DAY + 1)
    assert client.get("/members/").status == 303
