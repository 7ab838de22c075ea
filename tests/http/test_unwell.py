# SPDX-License-Identifier: ISC
"""What one program has found out tells against its machine (test_health.py):
with a client that Spotify refuses, a mistake in the configuration, or no CA
certificates visitors are turned away, though session is well itself."""

import concurrent.futures
import contextlib
import subprocess

import pytest

from wellness import ask, status_of
from stack import Client
from stack.fixtures import start_stack
from stack.processes import wait_until
from tools import fastcgi
from tools.admin import metrics, risen
from tools.spotify import json_answer


def test_a_refused_client_is_unwell_for_ten_minutes(make_stack):
    """In all programs, though one was told."""
    stack = make_stack()
    client = Client(stack)
    assert status_of(client) == 200
    stack.spotify.answers("token", json_answer({"error": "invalid_client"},
                                               400))
    assert client.finish(client.approve(client.start_login())).status == 503
    assert status_of(client) == 503
    assert ask(stack, "artists").status == 503
    stack.clock.advance(540)
    assert status_of(client) == 503
    stack.clock.advance(61)
    assert status_of(client) == 200


def test_a_client_that_is_accepted_again_is_well(make_stack):
    stack = make_stack()
    client = Client(stack)
    stack.spotify.answers("token", json_answer({"error": "invalid_client"},
                                               400))
    client.finish(client.approve(client.start_login()))
    assert status_of(client) == 503
    client.login()
    assert status_of(client) == 200


def test_what_one_test_has_made_wrong_is_right_for_the_next(stack):
    """Of those that share a stack, as nearly all do: a configuration that is
    wrong for one of them is told for ten minutes."""
    client = Client(stack)
    with without(stack, "client_secret"):
        status, _, _ = fastcgi.run_cgi(stack, "callback", fastcgi.params_of(
            stack, "callback"))
    assert status == 2 and status_of(client) == 503
    before = metrics(stack)
    stack.reset()
    assert status_of(client) == 200
    assert risen(before, metrics(stack), "answers_total") == {}


@contextlib.contextmanager
def without(stack, name):
    """A file of the stack's is empty meanwhile; in the same place, for a
    program may just be reading it."""
    path = stack.folder / name
    content = path.read_bytes()
    path.write_bytes(b"")
    yield
    path.write_bytes(content)


def begin_with_a_mistake(stack, program, path):
    """What the program answers to whoever starts it, as with systemd's sockets:
    it begins anew for each request, and ends by itself."""
    stack.kill(program)
    client = Client(stack)
    with without(stack, "client_secret"), \
            concurrent.futures.ThreadPoolExecutor(1) as pool:
        answer = pool.submit(client.get, path)

        def is_answered():
            stack.start(program)
            return answer.done()
        wait_until(is_answered, 60, "no answer")
        wait_until(lambda: stack.pids(program) == [], 60, "no end")
    assert set(stack.complaints()) == {f"{program} ended by itself: 2"}
    return answer.result()


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_a_program_that_begins_with_a_mistake_is_told_by_the_others(server):
    """session opens no client secret, so it is well itself; it says that the
    machine is not, until callback begins without a mistake."""
    with start_stack(server=server) as stack:
        client = Client(stack)
        stack.wait_for_start()
        assert status_of(client) == 200
        reply = begin_with_a_mistake(stack, "callback", "/callback")
        assert reply.status == 503 and "misconfigured" in reply.text
        assert status_of(client) == 503
        # Another one has not seen what callback saw.
        stack.restart("artists")
        assert ask(stack, "artists").status == 503
        assert status_of(client) == 503
        stack.start("callback")
        assert ask(stack, "callback").status == 200
        assert status_of(client) == 200
        assert stack.stop() == []


def test_a_program_that_begins_no_more_is_forgotten_after_ten_minutes(
        make_stack):
    """Whoever switches it off does not have to tell anybody."""
    stack = make_stack()
    client = Client(stack)
    stack.wait_for_start()
    assert begin_with_a_mistake(stack, "api", "/api/me").status == 503
    stack.down("api")
    assert status_of(client) == 503
    stack.clock.advance(601)
    assert status_of(client) == 200


def test_with_a_socket_of_its_own_it_is_told_as_well(make_stack, tmp_path):
    """Whoever starts it anew and anew has a site without logins, too."""
    stack = make_stack()
    stack.wait_for_start()
    with without(stack, "client_secret"):
        done = subprocess.run(
            [str(stack.build_dir / "cgi-bin/callback"), "-f",
             str(stack.conf_file), "-s", str(tmp_path / "socket")],
            env=stack.environment, capture_output=True, check=False,
            timeout=60)
    assert done.returncode == 2
    assert status_of(Client(stack)) == 503


def test_a_mistake_is_told_without_the_file_of_the_counts(make_stack):
    """Whoever begins makes another, and who runs finds it by himself."""
    stack = make_stack()
    client = Client(stack)
    stack.wait_for_start()
    (stack.session_dir / "metrics").unlink()
    begin_with_a_mistake(stack, "callback", "/callback")
    wait_until(lambda: status_of(client) == 503, 60, "still well")


def test_a_mistake_of_another_site_is_none_of_this_one(make_stack):
    stack, other = make_stack(), make_stack()
    other.wait_for_start()
    begin_with_a_mistake(other, "callback", "/callback")
    assert status_of(Client(other)) == 503
    assert status_of(Client(stack)) == 200


def test_without_certificates_it_is_unwell(make_stack):
    """They are read with the first call, and no program begins without a call
    that needs them; what was read once holds."""
    stack = make_stack(spotify_tls=True)
    client = Client(stack)
    ca_file = stack.folder / "tls/ca.pem"
    client.login()
    with without(stack, "tls/ca.pem"):
        assert status_of(client) == 200
        stack.clock.advance(61)
        client.login()
        assert status_of(client) == 200
        stack.restart("callback")
        reply = client.finish(client.approve(client.start_login()))
        assert (reply.status, reply.code) == (503, "misconfigured")
        stack.wait_for_event("callback", "ca_unreadable", file=str(ca_file))
        assert status_of(client) == 503
    client.login()
    assert status_of(client) == 200


def test_a_visitor_cannot_make_it_unwell(make_stack):
    """He can bring words of misconfiguration back from Spotify."""
    stack = make_stack()
    client = Client(stack)
    for error in ("invalid_request", "unauthorized_client", "invalid_scope"):
        back = client.deny(client.start_login())
        reply = client.finish(back.replace("access_denied", error))
        assert (reply.status, reply.code) == (503, "misconfigured")
        assert status_of(client) == 200
