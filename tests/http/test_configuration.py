# SPDX-License-Identifier: ISC
"""Configurations that cannot work are refused at start, with all that is
wrong, and without a word of a secret."""

import os
import re
import subprocess
import tempfile
import time

import pytest

from configured import Setup
from stack import PROGRAMS
from tools.amounts import DAY


def touched(path):
    """The path of a new file."""
    path.touch(mode=0o600)
    return path


def ago(age_s):
    """For os.utime()."""
    return (time.time() - age_s,) * 2


@pytest.fixture
def setup(tmp_path):
    """A good one."""
    tmp_path.chmod(0o755)
    return Setup(tmp_path)


# Good ones

@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_in_force_is_printed(setup, program):
    done = setup.run(program)
    assert (done.returncode, done.stderr) == (0, "")
    keys = re.findall(r"^(\w+) = (.*)$", done.stdout, re.M)
    found = dict(keys)
    assert len(found) == len(keys)
    assert found == {
        "client_id": "an-id", "client_secret_file": "client_secret",
        "server_key_file": "server_key",
        "redirect_uri": "https://music.example/callback",
        "scope": "user-read-email user-follow-read", "after_login": "/",
        "session_dir": f"{setup.folder}/store", "workers": "0",
        "idle_limit": "604800s", "absolute_limit": "2592000s",
        "artists_max_age": "600s", "quota_per_day": "0", "auth_pass": "id",
        "events_email": "no",
        "api_max_age": "0s",
        "authorize_url": "https://accounts.spotify.com/authorize",
        "token_url": "https://accounts.spotify.com/api/token",
        "api_url": "https://api.spotify.com/v1", "store": "files",
        "store_replicas": "0", "log_level": "info"}
    assert "#\thttps://music.example/callback\n" in done.stdout


@pytest.mark.parametrize("redirect_uri, home", [
    ("https://music.example/callback", "/"),
    ("https://music.example/spotify/callback", "/spotify/"),
    ("https://music.example:8443/a/b/back", "/a/b/"),
    ("http://127.0.0.1:8080/spotify/callback", "/spotify/")])
def test_a_login_ends_where_the_programs_are(setup, redirect_uri, home):
    setup.conf(redirect_uri=redirect_uri)
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert f"\nafter_login = {home}\n" in done.stdout
    setup.conf(redirect_uri=redirect_uri, after_login="/")
    assert "\nafter_login = /\n" in setup.run().stdout


def test_the_print_is_a_configuration(setup):
    printed = setup.run().stdout
    setup.write("c.conf", printed)
    assert setup.run().stdout == printed


@pytest.mark.parametrize("limits, kept_s", [
    ({}, 8 * DAY), ({"idle_limit": "20d"}, 21 * DAY),
    ({"idle_limit": "60s"}, DAY + 60),
    ({"absolute_limit": "300s"}, DAY + 300)], ids=str)
def test_the_clean_up_that_is_printed_cleans_up(setup, limits, kept_s):
    """By what the configuration says, and nothing that it allows."""
    setup.conf(**limits)
    command = re.search(r"^#\t(.* -c .*)$", setup.run().stdout, re.M)[1]
    store, number = setup.folder / "store", 0
    left, names = set(), ["lock", "limit-api-rate", "session-x"]
    for age_s in (0, kept_s - 60, kept_s + 60, kept_s + 400 * DAY):
        for kind in ("session-", "copy-", "part-", "change-", "command-",
                     "answers-"):
            number += 1
            names.append(f"{kind}{number:064x}")
            os.utime(touched(store / names[-1]), ago(age_s))
            if age_s < kept_s:
                left.add(names[-1])
    for name in names[:3]:
        os.utime(touched(store / name), (0, 0))
    done = subprocess.run(["sh", "-c", command], check=True, text=True,
                          capture_output=True)
    assert {path.name for path in store.iterdir()} == left | set(names[:3])
    assert done.stdout == f"{store}: 12 files removed, 12 left\n"
    assert done.stderr == ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_cleans_up_and_reads_no_secret(setup, program):
    for name in ("client_secret", "server_key"):
        (setup.folder / name).unlink()
    old = touched(setup.folder / "store" / f"session-{7:064x}")
    os.utime(old, ago(9 * DAY))
    done = setup.run(program, "-c", "-f", str(setup.folder / "c.conf"))
    assert (done.returncode, done.stderr) == (0, "")
    assert not old.exists()


@pytest.mark.parametrize("changes", [
    {"idle_limit": "20"}, {"session_dir": None}, {"colour": "blue"}], ids=str)
def test_no_clean_up_with_a_mistake(setup, changes):
    """Perhaps it is in idle_limit."""
    setup.conf(**changes)
    old = touched(setup.folder / "store" / f"session-{7:064x}")
    os.utime(old, (0, 0))
    done = setup.run("logout", "-c", "-f", str(setup.folder / "c.conf"))
    assert (done.returncode, done.stdout) == (2, "")
    assert old.exists()


def test_a_clean_up_and_a_check_are_two(setup):
    done = setup.run("logout", "-c", "-n")
    assert done.returncode == 2 and "usage: logout" in done.stderr


@pytest.mark.parametrize("text", [
    "# a comment\n\n   \n\t# another\n", "log_level = debug # why\n",
    "   log_level   =   debug   \n", "log_level=debug\n",
    "log_level = debug\r\n", "log_level = debug"])
def test_how_a_file_may_be_written(setup, text):
    setup.conf(more=text)
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert ("log_level = debug" in done.stdout) == ("debug" in text)


@pytest.mark.parametrize("changes", [
    {"redirect_uri": "http://127.0.0.1:8080/callback"},
    {"redirect_uri": "http://[::1]:8080/x/y/back"},
    {"redirect_uri": "https://music.example:8443/spotify/callback"},
    {"redirect_uri": "https://music.example/x/relogin"},
    {"idle_limit": "60"}, {"idle_limit": "60s"}, {"absolute_limit": "300s"},
    {"idle_limit": "180d", "absolute_limit": "180d"}, {"workers": "512"},
    {"auth_pass": "id name email token"}, {"auth_pass": "token"},
    {"artists_max_age": "0"}, {"artists_max_age": "24h"},
    {"api_max_age": "10m"}, {"api_max_age": "1d"},
    {"quota_per_day": "600"}, {"quota_per_day": "10000000"},
    {"allowed_origins": "https://a.example https://b.example:8443"},
    {"allowed_origins": "https://a.example",
     "after_login": "https://a.example/welcome"},
    {"after_login": "/x?y=z"}, {"scope": "user-follow-read"},
    {"api_allow": "artist artist-albums  search"},
    {"api_allow": "top-artists library-contains",
     "scope": "user-follow-read user-top-read"},
    {"token_url": "http://127.0.0.1:1/t"}, {"proxy": "http://proxy:3128"},
    {"ca_file": "/etc/ssl/certs/ca-certificates.crt"}], ids=str)
def test_good_values(setup, changes):
    setup.conf(**changes)
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_perhaps_not_meant_is_said(setup):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as store:
        setup.conf(redirect_uri="https://music.example/x/back",
                   session_dir=store)
        printed = setup.run().stdout
    assert "has to send /x/back to callback" in printed
    assert "a reboot logs all out" in printed
    assert "has 28 characters; Spotify's have 32" in printed
    setup.write("client_secret", "0123456789abcdef" * 2)
    setup.conf(client_id="0a" * 16)
    for word in ("/callback to", "reboot", "characters"):
        assert word not in setup.run().stdout


def test_the_calls_that_are_open_are_printed_with_what_they_need(setup):
    """By every program; and a scope that nobody is asked for is missed."""
    assert "# Pages may call nothing through api.\n" in setup.run().stdout
    setup.conf(api_allow="artist library-contains queue top-tracks",
               scope="user-follow-read user-top-read")
    for program in PROGRAMS:
        done = setup.run(program)
        assert done.returncode == 2
        assert ("api_allow: allows queue; for that, scope needs "
                "user-read-currently-playing\n") in done.stderr
        assert done.stderr.count("api_allow") == 1
    setup.conf(api_allow="library-contains", scope="user-top-read")
    assert ("api_allow: allows library-contains; for that, scope needs one of "
            "user-library-read") in setup.run().stderr
    setup.conf(api_allow="artist library-contains top-tracks",
               scope="user-follow-read user-top-read")
    printed = setup.run().stdout
    calls = re.search(r"^# Pages may call, through api:\n((?:#\t.*\n)+)",
                      printed, re.M)[1].split("\n")
    assert calls[:3] == [
        "#\ttop-tracks: GET /me/top/tracks; counts as top; scope "
        "user-top-read",
        "#\tartist: GET /artists/{id}; counts as artist; no scope",
        "#\t\tIn development mode Spotify has refused it after about 600 "
        "calls a day."]
    assert calls[3].startswith("#\tlibrary-contains: GET ") and \
        calls[3].endswith("; by the URIs, scope user-library-read "
                          "user-follow-read playlist-read-private")


def test_an_email_that_nobody_is_asked_for_is_missed(setup):
    """It works without, but passes none."""
    line = "# auth_pass has email; for that, scope needs user-read-email.\n"
    for scope, told in (("user-follow-read", True),
                        ("user-follow-read user-read-emails", True),
                        ("user-follow-read user-read-email", False)):
        setup.conf(auth_pass="id email", scope=scope)
        assert (line in setup.run().stdout) == told
    setup.conf(auth_pass="id name", scope="user-follow-read")
    assert line not in setup.run().stdout


def test_a_call_that_lacks_its_scope_is_named_with_it(setup):
    """Of what URIs or playlists decide, with all that may be needed."""
    for name, words in (("follow", "user-follow-modify"),
                        ("play", "user-modify-playback-state"),
                        ("transfer", "user-modify-playback-state"),
                        ("playlist-create", "one of playlist-modify-public "
                         "playlist-modify-private"),
                        ("playlist-add", "one of playlist-modify-public "
                         "playlist-modify-private"),
                        ("playlist-replace", "one of playlist-modify-public "
                         "playlist-modify-private"),
                        ("playlist-remove", "one of playlist-modify-public "
                         "playlist-modify-private")):
        setup.conf(api_allow=name, scope="user-follow-read")
        done = setup.run("api")
        assert done.returncode == 2
        assert done.stderr.count("api_allow") == 1
        assert f"allows {name}; for that, scope needs {words}" in done.stderr
    setup.conf(api_allow="follow playlist-add", scope="user-follow-read "
               "user-follow-modify playlist-modify-private")
    done = setup.run("api")
    assert done.returncode == 0, done.stderr
    for line in ("follow: PUT /follow/{id};", "follow: DELETE /follow/{id};",
                 "follow: GET /follow/{id};",
                 "playlist-add: POST /playlists/{id}/items;"):
        assert f"#\t{line}" in done.stdout


def test_a_program_does_not_start_with_a_call_that_cannot_work(setup):
    """As with any other mistake in the configuration."""
    setup.conf(api_allow="nonsense")
    done = setup.run("session", "-s", str(setup.folder / "s.sock"), "-f",
                     str(setup.folder / "c.conf"))
    assert done.returncode == 2
    assert "api_allow: write names of calls" in done.stderr


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_refused(setup, mode):
    """They could have the client secret sent elsewhere."""
    (setup.folder / "c.conf").chmod(mode)
    done = setup.run()
    assert done.returncode == 2
    assert "c.conf: can be written by others; chmod go-w it" in done.stderr


# Bad ones: the changes, and what the message must name

BAD = [({key: value}, key) for key, values in {
    "client_id": (None, "", "a b", "a:b", "x" * 256, "ö", '"x"'),
    "client_secret_file": (None, "", "nothing", "/nothing/at/all", "."),
    "server_key_file": (None, "", "nothing", "client_secret"),
    "redirect_uri": (
        None, "", "x", "/callback", "callback", "http://music.example/c",
        "http://localhost/callback", "http://127.0.0.2/callback",
        "https://music.example", "https://music.example/",
        "https://music.example/x/", "https://music.example/c?x=y",
        "https://music.example/c#x", "https://Music.example/callback",
        "HTTPS://music.example/callback", "https://music.example:443/c",
        "http://127.0.0.1:80/c", "https://user@music.example/c",
        "https://user:pass@music.example/c", "https://music.example:0/c",
        "https://music.example:65536/c", "https://music.example:x/c",
        "ftp://music.example/c", "https:///callback",
        "https://music.example\\c/d", "https://mus ic.example/c",
        "https://my_site.example/callback", "https://müsic.example/callback",
        "https://music.example//callback", "https://music.example/../callback",
        "https://music.example/login", "https://music.example/x/session",
        "https://music.example/api"),
    "scope": ("user-read-email", "user-follow-read,user-read-email",
              "user-follow-read  user-read-email", "x\\y user-follow-read",
              "user-follow-readx", "ö user-follow-read"),
    "after_login": ("x", "//evil.example", "/\\evil.example", "https://x/",
                    "/" + "x" * 600, "javascript:alert(1)", ".."),
    "session_dir": (None, "store", "./store", "/nothing/at/all",
                    "{folder}/c.conf", "/tmp", "/"),
    "events_dir": ("out", "", "/nothing/at/all", "~/out"),
    "events_email": ("yes", "true", "1", ""),
    "auth_pass": ("all", "id,name", "id  name", "id id", "ID", "token name x"),
    "workers": ("x", "-1", "513", "1.5", "99999999999999999999"),
    "idle_limit": ("59", "59s", "181d", "x", "-1", "7w", "1e3", "7 d",
                   "99999999999999999999d", "d", "0"),
    "absolute_limit": ("299", "181d", "x"),
    "artists_max_age": ("86401", "25h", "x", "-1"),
    "api_max_age": ("86401", "25h", "x", "-1"),
    "quota_per_day": ("-1", "10000001", "x", "600/d", "", "1e3"),
    "allowed_origins": (
        "*", "null", "http://a.example", "https://a.example/",
        "https://A.example", "https://a.example:443", "a.example",
        "https://a.example,https://b.example", "https://*.example",
        "https://a.example https://b.example/x"),
    "authorize_url": ("x", "http://accounts.example/", "ftp://x/",
                      "http://localhost/"),
    "issuer": ("x", "http://accounts.example", "https://a.example/?x", ""),
    "token_url": ("x", "http://accounts.example/", "https://u:p@x/"),
    "api_url": ("x", "http://api.example/"),
    "ca_file": ("nothing", "/nothing/at/all", "/dev/null", "{folder}/c.conf"),
    "store": ("", "file", "valkey://a", "valkey://user:word@a:1",
              "valkey+cluster://a:1", "memcached://a:1"),
    "store_from": ("files", "file", "valkey://a"),
    "store_user": ("somebody",),
    "store_password_file": ("client_secret", "nothing"),
    "store_ca_file": ("x", "/etc/ssl/certs/ca-certificates.crt"),
    "store_cert_file": ("x", "/x"), "store_key_file": ("x", "/x"),
    "store_replicas": ("1", "9", "-1", "x"),
    "log_level": ("loud", "INFO", "0", ""),
    "proxy": ("", "x", "http://user:pass@proxy:3128", "proxy:3128"),
    "api_allow": ("", "top_artists", "*", "artist,search", "/me", "x" * 99,
                  "reading", "top-artists", "artist library-contains-x"),
    "colour": ("blue",), "Client_ID": ("x",), "client_id2": ("x",),
}.items() for value in values]


@pytest.mark.parametrize("changes, named", BAD, ids=lambda v: str(v)[:60])
def test_bad_values(setup, changes, named):
    setup.conf(**changes)
    done = setup.run()
    assert (done.returncode, done.stdout) == (2, "")
    name = re.escape(f"{setup.folder}/c.conf")
    found = re.search(rf"^{name}(?::([0-9]+))?: {named}: .{{8,}}",
                      done.stderr, re.M)
    assert found, done.stderr
    lines = (setup.folder / "c.conf").read_text("utf-8").splitlines()
    there = [n for n, line in enumerate(lines, 1) if line.startswith(named)]
    assert (found[1] or "") == "".join(map(str, there))
    assert re.search(rf"^{name}: [1-9][0-9]? mistakes?;", done.stderr, re.M)


def test_all_mistakes_are_listed_with_their_lines(setup):
    setup.write("c.conf", "\n# a comment\ncolour = blue\nworkers = many\n"
                "nonsense\nworkers = 3\nlog_level =\nclient_id = \"x\"\n")
    done = setup.run()
    name = f"{setup.folder}/c.conf"
    assert done.returncode == 2
    for line, word in ((3, "colour"), (4, "workers"), (5, 'no "="'),
                       (6, "workers"), (7, "log_level"), (8, "client_id")):
        assert f"{name}:{line}: {word}: " in done.stderr
    for word in ("client_secret_file", "server_key_file", "redirect_uri",
                 "session_dir"):
        assert f"{name}: {word}: is required and missing\n" in done.stderr
    assert re.search(r"1[0-9] mistakes", done.stderr)


@pytest.mark.parametrize("content", [
    b"\0", b"a\0b = c\n", b"\xff\xfe", b"= x\n", b"=\n", b"x" * 70_000,
    b"client_id = a\nclient_id = a\n", b"\xef\xbb\xbfclient_id = x\n",
    b"%s %s %n %x = %s%n\n", b"\x1b[2J = x\n"], ids=lambda c: str(c)[:30])
def test_files_that_are_none(setup, content):
    setup.write("c.conf", content)
    done = setup.run()
    assert done.returncode == 2
    assert "\x1b" not in done.stderr and done.stderr.count("\n") >= 1


@pytest.mark.parametrize("path", ["/nothing", "/", "/dev/null", "/dev/zero"])
def test_a_file_that_is_not_there(setup, path):
    done = setup.run("login", "-n", "-f", path)
    assert done.returncode == 2 and path in done.stderr
