# SPDX-License-Identifier: ISC
"""The two other ways of Apache: mod_fcgid and plain CGI. Apache starts the
programs as its own user, who then owns the store and the secrets."""

import os
import shutil

import pytest

from stack import Client
from stack import stack as stack_module
from stack.apache import MODULES, Apache
from stack.fixtures import start_stack
from tools.answers import Unjudged


class Spawning(Apache):
    """Apache with programs of its own, in a place where it may start them."""

    def places(self, text):
        """The programs and their configuration, too."""
        return super().places(text).replace(
            "/usr/libexec/spotify-fcgi", f"{self.folder}/cgi-bin").replace(
            "/etc/spotify-fcgi/${spotify_fcgi_site}.conf",
            f"{self.folder}/spotify-fcgi.conf").replace(
            "FcgidInitialEnv", "FcgidInitialEnv SPOTIFY_FCGI_TEST_CLOCK "
            f"{self.folder}/clock\nFcgidInitialEnv")


class Fcgid(Spawning):
    """mod_fcgid."""

    programs, modules = "fcgid.example", ("fcgid",)

    def _frame(self):
        return super()._frame() + (
            f"FcgidIPCDir {self.folder}/fcgid\n"
            f"FcgidProcessTableFile {self.folder}/fcgid_shm\n")


class Cgi(Spawning):
    """Plain CGI."""

    programs, modules = "cgi.example", ("cgid",)


@pytest.fixture(name="site", scope="module", params=[Fcgid, Cgi],
                ids=["fcgid", "cgi"])
def fixture_site(request):
    """A stack whose own programs are not asked."""
    kind = request.param
    if not (MODULES / f"mod_{kind.modules[0]}.so").exists():
        pytest.skip("needs libapache2-mod-fcgid")
    stack_module.SERVERS[kind.__name__] = kind
    with start_stack(server=kind.__name__, conf={"workers": "1"}) as stack:
        stack.wait_for_start()
        shutil.copytree(stack.build_dir / "cgi-bin", stack.folder / "cgi-bin",
                        ignore=shutil.ignore_patterns("*.o", ".*"))
        if os.geteuid() == 0:
            for name in ("sessions", "client_secret", "server_key",
                         "spotify-fcgi.conf", "clock"):
                path = stack.folder / name
                if path.exists():
                    shutil.chown(path, "www-data")
            for path in (stack.folder / "sessions").iterdir():
                shutil.chown(path, "www-data")
        for name in stack.programs:     # so that nobody else can answer
            stack.down(name)
        yield stack


def test_a_person_logs_in_sees_artists_and_logs_out(site):
    client = Client(site)
    site.spotify.settings(consent="agree")
    assert client.fetch("session").json == {"logged_in": False}
    assert client.login().location == f"{site.url}/"
    assert client.fetch("session").json["logged_in"] is True
    reply = client.fetch("artists")
    assert len(reply.json["artists"]) == reply.json["total"] > 50
    again = client.fetch("artists", headers={
        "If-None-Match": reply.header("ETag")})
    assert (again.status, again.body) == (304, b"")
    assert client.fetch("refresh", "POST").json["refreshed"] is False
    assert client.fetch("logout", "POST", body="a=b").status == 204
    assert client.fetch("artists").code == "not_logged_in"


def test_arguments_do_not_come_from_the_query(site):
    for query in ("-n", "-f+/etc/passwd", "-s+/tmp/x", "-v"):
        reply = Client(site).fetch(f"session?{query}")
        assert reply.json == {"logged_in": False}


def test_only_the_exact_path_reaches_a_program(site):
    for path in ("/session/", "/session/x", "/sessionx", "/SESSION"):
        assert Client(site).get(path).status == 404, path


def test_errors_are_those_of_the_programs_or_look_like_them(site):
    client = Client(site)
    assert client.fetch("artists").code == "not_logged_in"
    assert client.fetch("logout").status == 405
    assert client.fetch("logout", "POST", body="x" * 20000).code == "too_large"
    program = site.folder / "cgi-bin" / "refresh"
    program.unlink()
    program.write_bytes(b"#!/bin/false\n")
    program.chmod(0o755)
    reply = Unjudged(site, client.cookies).fetch("refresh", "POST")
    assert reply.status in (500, 503) and reply.code == "busy"
    assert reply.header("Retry-After") == "2"
    assert reply.header("Cache-Control") == "no-store"
