# SPDX-License-Identifier: ISC
"""The examples of the manual pages are run, as they are printed there: only
places, and who does it, are replaced."""

import os
import pathlib
import re
import signal
import subprocess

import pytest
from configured import GOOD, Setup
from stack.fixtures import BUILD_DIR
from stack.ports import listens
from stack.processes import wait_until
from stack.stack import SANITIZERS

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "cgi-bin" / "spotify-fcgi.8"
FILE = ROOT / "conf" / "spotify-fcgi.conf.5"


def examples(page):
    """The displays of the section, in order."""
    section = page.read_text("utf-8").split(".Sh EXAMPLES\n")[1]
    section = section.split("\n.Sh ")[0]
    found = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)\n\.Ed|^\.Dl ([^\n]*)$",
                       section, re.S | re.M)
    return [(block or line).replace(r"\e", "\\") for block, line in found]


def example(page, word):
    """The only one with a word in it."""
    found = [text for text in examples(page) if word in text]
    assert len(found) == 1, (page.name, word, found)
    return found[0]


def run(script, folder, **environment):
    """By a shell, for a user without sudo; folder stands for places."""
    script = script.replace("sudo -u spotify-fcgi ", "")
    script = script.replace("sudo ", "").replace(" -o spotify-fcgi", "")
    script = script.replace("/usr/libexec/spotify-fcgi", f"{BUILD_DIR}/cgi-bin")
    script = script.replace("/tmp/session.sock", f"{folder}/session.sock")
    script = script.replace("/etc/spotify-fcgi", str(folder))
    return subprocess.run(
        ["/bin/sh", "-euc", script], capture_output=True, text=True,
        check=False, timeout=60, env={"PATH": "/usr/bin:/bin", **SANITIZERS,
                                      **environment})


def test_no_example_is_left_out():
    """Whoever adds one has to add its test."""
    assert (len(examples(PROGRAMS)), len(examples(FILE))) == (5, 5)


@pytest.mark.parametrize("page", [PROGRAMS, FILE], ids=lambda p: p.name)
def test_the_check_prints_what_holds(tmp_path, page):
    """callback -n, of both pages."""
    setup = Setup(tmp_path)
    done = run(example(page, "callback -n"), tmp_path,
               SPOTIFY_FCGI_CONF=str(setup.folder / "c.conf"))
    assert (done.returncode, done.stderr) == (0, "")
    assert GOOD["redirect_uri"] in done.stdout


def test_a_program_started_by_hand_answers_cgi_fcgi(stack, tmp_path):
    """By the socket of -s, and as plain CGI."""
    command = example(PROGRAMS, "session -s").replace(
        "/usr/libexec/spotify-fcgi", f"{BUILD_DIR}/cgi-bin").replace(
        "/tmp/session.sock", f"{tmp_path}/session.sock").split()
    environment = {"SPOTIFY_FCGI_CONF": str(stack.conf_file)}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env={
            "PATH": "/usr/bin:/bin", **SANITIZERS, **environment}) as program:
        try:
            wait_until(lambda: listens(tmp_path / "session.sock"), 60,
                       "no socket")
            asked = run(example(PROGRAMS, "cgi-fcgi"), tmp_path)
        finally:
            program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0
    plain = run(example(PROGRAMS, "GATEWAY_INTERFACE"), tmp_path,
                **environment)
    for done in (asked, plain):
        assert done.returncode == 0, done.stderr
        assert '{"logged_in":false}' in done.stdout


def test_a_running_site_answers_curl(stack, tmp_path):
    """Each line as the text above it says."""
    lines = example(PROGRAMS, "curl").replace(
        "https://example.com", stack.url).splitlines()
    session, login, artists = (run(line, tmp_path) for line in lines)
    assert session.stdout == '{"logged_in":false}\n'
    assert login.stdout.lower().startswith(
        f"location: {stack.spotify.url}/authorize?")
    assert " 401 " in artists.stdout.splitlines()[0]
    assert '"code":"not_logged_in"' in artists.stdout


@pytest.mark.parametrize("word", [
    "0123456789abcdef", "/music/callback", "http://127.0.0.1:8080/callback"])
def test_a_configuration_of_the_manual_is_accepted(tmp_path, word):
    """With the rest filled in, and a directory of ours."""
    values = dict(re.findall(r"^(\w+) += (.*)$", example(FILE, word), re.M))
    values.pop("session_dir", None)
    setup = Setup(tmp_path)
    for name in ("client_secret", "server_key"):
        if f"{name}_file" in values:
            (tmp_path / name).rename(tmp_path / values[f"{name}_file"])
    setup.conf(**values)
    done = run("/usr/libexec/spotify-fcgi/callback -n", tmp_path,
               SPOTIFY_FCGI_CONF=str(setup.folder / "c.conf"))
    assert done.returncode == 0, done.stderr
    for key, value in values.items():
        assert f"{key} = {value}\n" in done.stdout


def test_the_two_secrets_are_made_as_the_programs_want_them(tmp_path):
    """The editor is the only thing that a person does."""
    setup = Setup(tmp_path)
    script = example(FILE, "openssl").replace(
        "sudoedit main.client_secret",
        "echo 0123456789abcdef0123 >main.client_secret")
    umask = os.umask(0o022)
    try:
        done = run(script, tmp_path)
    finally:
        os.umask(umask)
    assert (done.returncode, done.stderr) == (0, "")
    setup.conf(client_secret_file="main.client_secret",
               server_key_file="main.server_key")
    checked = setup.run("login")
    assert checked.returncode == 0, checked.stderr
