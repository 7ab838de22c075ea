# SPDX-License-Identifier: ISC
"""What people really write, and whether the answer tells them what is wrong:
which line, and what to do."""

import datetime
import re
import subprocess

import pytest

from configured import Setup
from sim.scopes import SCOPES
from stack import certificates

QUOTES, END = "quotes are not needed", "leave the sign at its end out"
PATH, DURATION = "~ and $ are not replaced", "a number and one letter"
SEPARATE = "separate scopes by one blank"


@pytest.fixture
def setup(tmp_path):
    """A good configuration."""
    tmp_path.chmod(0o755)
    return Setup(tmp_path)


def complaints(setup, program="callback"):
    """All of them, without the count."""
    done = setup.run(program)
    assert (done.returncode, done.stdout) == (2, "")
    return [line for line in done.stderr.splitlines()
            if not re.search(r": \d+ mistakes?; nothing was started", line)]


ROWS = [(key, value, words) for key, rows in {
    "client_id": (("'an-id'", QUOTES), ("an-id;", END), ("an-id,", END),
                  ("your id", "copy it from Spotify's dashboard")),
    "client_secret_file": (
        ("~/secret", PATH), ("$HOME/secret", PATH), ("'client_secret'", QUOTES),
        ("client_secret;", END), ("dir", "is not a regular file"),
        ("{folder}/none", "does not exist"),
        ("none", "a plain name is looked for with the service manager's"),
        ("abcdef0123456789abcdef0123456789", "put the secret into a file")),
    "server_key_file": (("~/key", PATH), ("${X}/key", PATH),
                        ("c0ffee" * 10 + "cafe", "put the secret into a file")),
    "redirect_uri": (
        ("https://music.example/callback#", "has a fragment"),
        ("https://me@music.example/callback", "has a user"),
        ("music.example/callback", "begin with https://"),
        ("https:/music.example/callback", "begin with https://"),
        ("https://music.example/call back", "has a blank"),
        ("https://music.example:70000/callback", "a port from 1 to 65535"),
        ("https://music.example:callback", "a port from 1 to 65535"),
        ("https://localhost/callback", "Spotify refuses localhost"),
        ("http://localhost:8080/callback", "Spotify refuses localhost"),
        ("https://music.example./callback", "dot at the end of the host"),
        ("https://music.example/*", "no wildcard"),
        ("https://music.example/callback;", END)),
    "scope": (("user-follow-read, user-read-email", SEPARATE),
              ("user-follow-read;user-read-email", SEPARATE),
              ("user-follow-read+user-read-email", SEPARATE),
              ("user-follow-read%20user-read-email", SEPARATE),
              ("user-follow-read\tuser-read-email", SEPARATE),
              ("USER-FOLLOW-READ", "lower case, with hyphens"),
              ("user_follow_read", "lower case, with hyphens"),
              ("user-read-email", "user-follow-read is needed")),
    "after_login": (("/my page", "write other characters as %XX"),
                    ("/wëlcome", "write other characters as %XX"),
                    ("https://music.example/", "a path on this site"),
                    ("'/'", QUOTES)),
    "session_dir": (("~/store", PATH), ("$HOME/store", PATH),
                    ("/srv/$X", PATH), ("store", "absolute path"),
                    ("{folder}/c.conf", "is not a directory")),
    "workers": (("1000", "from 0 to 512"), ("auto", "must be a number"),
                ("16 threads", "must be a number"), ("'8'", QUOTES)),
    "proxy": (("none", "leave the line out"), ("off", "leave the line out"),
              ("proxy.example:3128", "scheme, host and port"),
              ("http://proxy.example", "scheme, host and port"),
              ("socks5://proxy:1080", "scheme, host and port")),
    "idle_limit": (("7 days", DURATION), ("1w", DURATION), ("7 d", DURATION),
                   ("30min", DURATION), ("never", DURATION),
                   ("0", "from 60 s to 180 d"), ("365d", "from 60 s to 180 d"),
                   ("7d;", END)),
    "absolute_limit": (("1y", DURATION), ("200d", "from 300 s to 180 d")),
    "artists_max_age": (("2d", "from 0 to 1 d"), ("off", DURATION)),
    "api_max_age": (("2d", "from 0 to 1 d"), ("off", DURATION)),
    "allowed_origins": (
        ("https://a.example, https://b.example", "blanks between"),
        ("https://a.example/", "scheme and host only"),
        ("https://*.example", "scheme and host only")),
    "api_url": (("https://api.spotify.com/v1/", "slash at the end"),
                ("https://api.spotify.com/v1?x", "a query"),
                ("api.spotify.com/v1", "begin with https://")),
    "token_url": (("accounts.spotify.com", "begin with https://"),
                  ("https://u@accounts.spotify.com/", "has a user")),
    "authorize_url": (("https://accounts.spotify.com/#", "has a fragment"),),
    "ca_file": (("~/ca.pem", PATH), ("ca.pem", "absolute path"),
                ("/etc/ssl/certs", "is a directory"),
                ("{folder}/none.pem", "does not exist"),
                ("{folder}/c.conf", "no certificate in PEM form")),
    "log_level": (("warning", "error, warn, info or debug"),
                  ("INFO", "error, warn, info or debug"), ("'info'", QUOTES)),
}.items() for value, words in rows]


@pytest.mark.parametrize("key, value, words", ROWS, ids=lambda v: str(v)[:40])
def test_the_answer_says_what_is_wrong(setup, key, value, words):
    """Once, and at its line."""
    (setup.folder / "dir").mkdir()
    setup.conf(**{key: value})
    said = complaints(setup)
    lines = (setup.folder / "c.conf").read_text("utf-8").splitlines()
    ours = [line for line in said if f": {key}: " in line]
    assert len(ours) == 1 and words in ours[0], said
    number = int(re.search(r"c\.conf:(\d+):", ours[0])[1])
    assert lines[number - 1].startswith(key)
    assert [line for line in said if "event=" not in line] == ours


@pytest.mark.parametrize("name, meant", [
    ("redirect_url", "redirect_uri"), ("redirect_uris", "redirect_uri"),
    ("CLIENT_ID", "client_id"), ("client-id", "client_id"),
    ("client_secret", "client_secret_file"), ("server_key", "server_key_file"),
    ("scopes", "scope"), ("sesion_dir", "session_dir"),
    ("redirect_rui", "redirect_uri"), ("workesr", "workers"),
    ("log", "log_level"), ("idle", "idle_limit"),
    ("max_age", None), ("x", None), ("_", None)])
def test_an_unknown_key_that_is_nearly_one(setup, name, meant):
    setup.conf(more=f"{name} = 0123456789abcdef0123456789\n")
    said = complaints(setup)
    assert len(said) == 1 and f"c.conf:6: {name}: unknown key; " in said[0]
    assert ("is meant" in said[0]) == (meant is not None)
    assert meant is None or f"perhaps {meant} is meant" in said[0]


def test_a_file_that_is_no_list_of_keys(setup):
    for text in ("[section]", "; comment", "// comment", "client_id: x"):
        setup.conf(more=text + "\n")
        said = complaints(setup)
        assert len(said) == 1
        assert 'c.conf:6: no "=": write key = value; comments begin with #' \
            in said[0]


def test_what_spotify_does_not_have_is_doubted(setup):
    assert "client_id has 5 characters; Spotify's have 32" in \
        setup.run().stdout
    setup.conf(client_id="0a" * 16)
    assert "client_id has" not in setup.run().stdout
    setup.conf(token_url="https://accounts.spotify.com/authorize")
    assert "token_url is not the address that Spotify documents" in \
        setup.run().stdout


# Certificates

def authority(folder, name, days):
    """The PEM text of one that was good for 1 day, so many days ago (or, if
    negative, will be)."""
    begin = (datetime.datetime.now(datetime.timezone.utc)
             - datetime.timedelta(days=days))
    end = begin + datetime.timedelta(days=1)
    folder.mkdir()
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nserial=serial\n"
        "new_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\n"
        "commonName=supplied\n[req]\ndistinguished_name=n\n[n]\n", "utf-8")
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    for command in (
            ["req", "-new", "-config", "ca.cnf", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key",
             "-subj", f"/CN={name}", "-out", "csr"],
            ["ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile",
             "key", "-in", "csr", "-out", "pem", "-notext",
             "-startdate", f"{begin:%Y%m%d%H%M%SZ}",
             "-enddate", f"{end:%Y%m%d%H%M%SZ}"]):
        subprocess.run(["openssl", *command], cwd=folder, check=True,
                       capture_output=True)
    return (folder / "pem").read_text("ascii"), begin, end


def test_a_certificate_that_has_expired_is_named(setup):
    good = certificates.make(setup.folder / "tls", ["x"]) / "ca.pem"
    old, _, end = authority(setup.folder / "old", "the old one", 400)
    setup.write("ca.pem", old, 0o644)
    setup.conf(ca_file="{folder}/ca.pem")
    said = complaints(setup)
    assert len(said) == 1
    assert "ca_file: all its certificates have expired, or begin later" in \
        said[0]
    setup.write("ca.pem", old + good.read_text("ascii"), 0o644)
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert f'# ca_file: "the old one" has expired on {end:%Y-%m-%d}\n' in \
        done.stdout
    setup.write("ca.pem", good.read_text("ascii"), 0o644)
    assert "expired" not in setup.run().stdout


def test_a_certificate_of_the_future_is_named(setup):
    good = certificates.make(setup.folder / "tls", ["x"]) / "ca.pem"
    new, begin, _ = authority(setup.folder / "new", "a\x1b new one", -40)
    setup.write("ca.pem", new + good.read_text("ascii"), 0o644)
    setup.conf(ca_file="{folder}/ca.pem")
    done = setup.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert f'# ca_file: "a? new one" begins on {begin:%Y-%m-%d}\n' in \
        done.stdout


@pytest.mark.parametrize("word, near", [
    ("user-read-emial", "user-read-email"),
    ("user-read-emails", "user-read-email"),
    ("user-top_read", "user-top-read"), ("Streaming", "streaming"),
    ("email", None), ("user-read", None)])
def test_a_scope_that_spotify_does_not_document_is_named(setup, word, near):
    """It may be new, so it is no mistake; if it is one, every login ends on a
    page of Spotify's, and no log here knows it."""
    setup.conf(scope=f"user-follow-read {word}")
    done = setup.run("login")
    assert (done.returncode, done.stderr) == (0, "")
    meant = f"; perhaps it is meant to be {near}" if near else ""
    assert (f"# scope: {word} is none that Spotify documents{meant}.\n"
            in done.stdout)


def test_what_the_simulated_spotify_takes_is_documented(setup):
    setup.conf(scope=" ".join(SCOPES))
    done = setup.run()
    assert done.returncode == 0 and "none that Spotify" not in done.stdout


def test_a_limit_that_never_comes_is_named(setup):
    line = "# absolute_limit is shorter than idle_limit, which never comes"
    setup.conf(absolute_limit="1d")
    assert line in setup.run().stdout
    setup.conf(absolute_limit="8d")
    assert line not in setup.run().stdout


def test_only_the_quotas_of_calls_that_are_made_are_printed(setup):
    def quotas():
        return re.findall(r"^# quota (.*): ", setup.run().stdout, re.M)
    setup.conf(quota_per_day="600")
    assert len(quotas()) == 2
    setup.conf(quota_per_day="600", api_allow="artist")
    assert "artist" in quotas()


@pytest.mark.parametrize("program", ["session", "login", "logout"])
def test_who_never_calls_spotify_says_who_asks(setup, program):
    line = "# -o: callback asks; this program never calls Spotify.\n"
    arguments = ("-n", "-f", str(setup.folder / "c.conf"))
    done = setup.run(program, "-o", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(line)
    assert line not in setup.run(program, *arguments).stdout
