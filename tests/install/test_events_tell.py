# SPDX-License-Identifier: ISC
"""The script that tells the site's events, with a server that takes them and a
sendmail that is made up."""

import base64
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import pytest

from installation import REPOSITORY

TELL = REPOSITORY / "conf" / "events" / "tell"
EVENT = {"event": "login", "time": 1795000000, "account": {
    "id": "eve", "account_id": None, "display_name": "\u202eÖ\"`id`$(id)\n.\n"
    + "x" * 3000}, "request_id": "r"}
FIRST = "event-0-first-" + "0" * 32 + ".json"
LOGIN = "event-1795000000000-0123456789abcdef.json"
LOGIN_KEY = "event-0123456789abcdef.json"   # of whichever time it is told


class Taker(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent; refuses names that it is told to."""

    def do_POST(self):  # pylint: disable=invalid-name
        """One event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.headers["Idempotency-Key"]
        refused = name in self.server.refused
        status = self.server.status if refused else 204
        if not refused:
            self.server.taken.append((name, dict(self.headers), body))
        self.send_response(status)
        self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        """Nothing."""


@pytest.fixture(name="taker")
def fixture_taker():
    """A real server on the loopback."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.taken, server.refused, server.status = [], set(), 503
    server.url = f"http://127.0.0.1:{server.server_port}/events?key=abc"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(name="out")
def fixture_out(tmp_path):
    """Two events, one that is being written, and things that are none."""
    path = tmp_path / "out"
    path.mkdir()
    for name in (FIRST, LOGIN):
        (path / name).write_text(json.dumps(EVENT) + "\n", "utf-8")
    (path / ".temp-0123456789abcdef").write_bytes(b"{")
    (path / "other").write_bytes(b"x")
    return path


def left(out):
    """The events that are still there."""
    assert {"other", ".temp-0123456789abcdef"} <= set(os.listdir(out))
    return sorted(set(os.listdir(out)) & {FIRST, LOGIN})


def tell(out, **environment):
    """Run it as the unit does."""
    return subprocess.run([str(TELL), str(out)], check=False, text=True,
                          capture_output=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", **environment})


def sendmail(folder, status=0):
    """One that keeps a mail in a file of its own."""
    path = folder / "sendmail"
    path.write_text("#!/bin/sh\n"
                    f'n=$(ls {folder} | grep -c "^mail-")\n'
                    f'cat >{folder}/mail-$n\n[ "$*" = "-t -i" ] || exit 9\n'
                    f"exit {status}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_events_are_posted_and_removed(out, taker):
    done = tell(out, POST_URL=taker.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert left(out) == []
    assert [name for name, _, _ in taker.taken] == [FIRST, LOGIN_KEY]
    for _, headers, body in taker.taken:
        assert json.loads(body) == EVENT
        assert headers["Content-Type"] == "application/json"
        assert "Authorization" not in headers


def test_an_event_that_comes_twice_has_one_key(out, taker):
    """By which whoever takes it knows it again; another's is another."""
    for name in ("1795000000001-0123456789abcdef", "1795000000001-" + "0" * 16):
        (out / f"event-{name}.json").write_bytes((out / LOGIN).read_bytes())
    assert tell(out, POST_URL=taker.url).returncode == 0
    assert sorted(name for name, _, _ in taker.taken) == sorted([
        LOGIN_KEY, LOGIN_KEY, FIRST, "event-" + "0" * 16 + ".json"])


def test_a_token_goes_with_them(out, taker):
    assert tell(out, POST_URL=taker.url, POST_TOKEN="word").returncode == 0
    assert {headers["Authorization"] for _, headers, _ in taker.taken} \
        == {"Bearer word"}


def test_what_is_refused_stays_and_holds_nothing_up(out, taker):
    taker.refused.add(LOGIN_KEY)
    done = tell(out, POST_URL=taker.url)
    assert done.returncode == 1 and "503" in done.stderr
    assert left(out) == [LOGIN] and len(taker.taken) == 1
    taker.refused.clear()
    assert tell(out, POST_URL=taker.url).returncode == 0
    assert left(out) == [] and len(taker.taken) == 2


@pytest.mark.parametrize("status", [301, 308, 400, 500])
def test_only_who_says_so_has_taken_it(out, taker, status):
    """A redirect, to https say, is followed by nobody."""
    taker.refused.add(LOGIN_KEY)
    taker.status = status
    done = tell(out, POST_URL=taker.url)
    assert done.returncode == 1 and str(status) in done.stderr
    assert left(out) == [LOGIN]


@pytest.mark.parametrize("name", [
    "event-1-2.json", "event-x\nX-Injected: yes.json", "event-`id`.json"])
def test_what_is_no_event_is_not_told_and_makes_the_unit_wait(out, taker,
                                                              name):
    if name == "event-1-2.json":
        (out / name).symlink_to("/etc/passwd")
    else:
        (out / name).write_bytes(b"x")
    done = tell(out, POST_URL=taker.url)
    assert done.returncode == 1 and "no event" in done.stderr
    assert [told for told, _, _ in taker.taken] == [FIRST, LOGIN_KEY]
    assert os.path.lexists(out / name)


@pytest.mark.parametrize("environment, said", [
    ({"POST_URL": 'http://127.0.0.1:1/"x'}, "backslash"),
    ({"POST_URL": "http://127.0.0.1:1/", "POST_TOKEN": "a\\b"}, "backslash"),
    ({"POST_URL": "http://127.0.0.1:1/\noutput = x"}, "one line"),
    ({"POST_URL": "http://127.0.0.1:1/", "POST_TOKEN": "a\nb"}, "one line"),
    ({"MAIL_TO": "a@b.example\nBcc: c@d.example"}, "one line")])
def test_no_setting_says_more_to_curl_or_in_a_mail(
        out, tmp_path, environment, said):
    done = tell(out, SENDMAIL=sendmail(tmp_path), **environment)
    assert done.returncode == 1 and said in done.stderr
    assert left(out) == sorted([FIRST, LOGIN])


def test_nobody_who_listens_takes_nothing(out):
    assert tell(out, POST_URL="http://127.0.0.1:1/").returncode == 1
    assert left(out) == sorted([FIRST, LOGIN])


def test_events_are_mailed(out, tmp_path):
    done = tell(out, MAIL_TO="admin@music.example",
                SENDMAIL=sendmail(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert left(out) == []
    for number in (0, 1):
        head, body = (tmp_path / f"mail-{number}").read_text(
            "ascii").split("\n\n")
        assert "To: admin@music.example\n" in head
        assert "Subject: Log in with Spotify (out)\n" in head
        assert "Content-Transfer-Encoding: base64" in head
        assert max(len(line) for line in body.split("\n")) <= 76
        assert json.loads(base64.b64decode(body)) == EVENT


def both(out, taker, tmp_path, status=0):
    """Its status where it posts and mails."""
    return tell(out, MAIL_TO="x@y.example", POST_URL=taker.url,
                SENDMAIL=sendmail(tmp_path, status)).returncode


def events(out):
    """Those that are there, by whatever name."""
    return sorted(path.name for path in out.glob("event-*.json"))


def test_what_has_been_posted_is_only_mailed_then(out, tmp_path, taker):
    """Or who is posted to would be so each minute, for a week."""
    for _ in range(2):
        assert both(out, taker, tmp_path, 75) == 1
        assert events(out) == sorted(name.replace(".json", ".posted.json")
                                     for name in (FIRST, LOGIN))
        assert len(taker.taken) == 2
    assert both(out, taker, tmp_path) == 0
    assert events(out) == [] and len(taker.taken) == 2


def test_what_has_been_mailed_is_only_posted_then(out, tmp_path, taker):
    """By the key that it would have had before."""
    taker.refused.add(LOGIN_KEY)
    taker.refused.add(FIRST)
    for _ in range(2):
        assert both(out, taker, tmp_path) == 1
        assert events(out) == sorted(name.replace(".json", ".mailed.json")
                                     for name in (FIRST, LOGIN))
    taker.refused.clear()
    assert both(out, taker, tmp_path) == 0
    assert events(out) == [] and len(list(tmp_path.glob("mail-*"))) == 2
    assert [name for name, _, _ in taker.taken] == [FIRST, LOGIN_KEY]


def test_what_neither_has_taken_is_told_to_both(out, tmp_path, taker):
    taker.refused |= {LOGIN_KEY, FIRST}
    assert both(out, taker, tmp_path, 75) == 1
    assert left(out) == sorted([FIRST, LOGIN])


@pytest.mark.parametrize("way", ["post", "mail"])
def test_what_cannot_be_read_is_not_told_as_nothing(taker, way):
    """As where the directory lacks the set-group-ID bit."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        out = place / "out"
        out.mkdir()
        (out / LOGIN).write_text("{}\n", "utf-8")
        (out / LOGIN).chmod(0)
        for path in (place, out):
            path.chmod(0o777)
        script = shutil.copy(TELL, place)
        done = subprocess.run(
            [script, str(out)], check=False, text=True, capture_output=True,
            timeout=60, **({"user": 65534, "group": 65534, "extra_groups": []}
                           if os.geteuid() == 0 else {}),
            env={"PATH": "/usr/bin:/bin", **(
                {"POST_URL": taker.url} if way == "post" else
                {"MAIL_TO": "a@b.example", "SENDMAIL": sendmail(place)})})
        assert done.returncode == 1 and "read" in done.stderr
        assert taker.taken == [] and not list(place.glob("mail-*"))
        assert (out / LOGIN).exists()


def test_who_is_told_nothing_takes_nothing(out):
    done = tell(out)
    assert done.returncode == 1 and "MAIL_TO" in done.stderr
    assert left(out) == sorted([FIRST, LOGIN])


def test_nothing_to_tell_is_no_failure(tmp_path):
    assert tell(tmp_path, POST_URL="http://127.0.0.1:1/").returncode == 0
    assert tell(tmp_path / "x", POST_URL="http://127.0.0.1:1/").returncode == 1
