# SPDX-License-Identifier: ISC
"""The files with secrets: who may read them, what they may hold, and which
program opens which. None is ever printed, not even a broken one."""

import os
import re

import pytest

from configured import CLIENT_SECRET, SERVER_KEY, Setup, key
from stack import ALL_PROGRAMS


@pytest.fixture
def setup(tmp_path):
    """A good configuration."""
    tmp_path.chmod(0o755)
    return Setup(tmp_path)


def complaint(setup, program="callback", **environment):
    """What a refused configuration is told."""
    done = setup.run(program, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


@pytest.mark.parametrize("name, content", [
    ("client_secret", CLIENT_SECRET), ("server_key", SERVER_KEY)],
    ids=["client secret", "server key"])
@pytest.mark.parametrize("mode, good", [
    (0o600, True), (0o400, True), (0o640, False), (0o604, False),
    (0o660, False), (0o666, False), (0o601, False), (0o610, False)])
def test_nobody_else_may_read_a_secret(setup, name, content, mode, good):
    setup.write(name, content + "\n", mode)
    if good:
        assert setup.run().returncode == 0
    else:
        assert f": {name}_file: can be read by" in complaint(setup)
        assert "chmod 600" in complaint(setup)


def test_credentials_of_the_service_manager_may_have_a_group(setup):
    """systemd gives them to the group of the unit's user, by an ACL."""
    folder = setup.folder / "credentials"
    folder.mkdir(mode=0o700)
    other = "CREDENTIAL" + key(9)
    (folder / "client_secret").write_text(other)
    (folder / "client_secret").chmod(0o440)
    environment = {"CREDENTIALS_DIRECTORY": str(folder)}
    done = setup.run(**environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert other not in done.stdout
    (folder / "client_secret").chmod(0o444)
    assert "read by others" in complaint(setup, **environment)
    os.unlink(folder / "client_secret")
    assert setup.run(**environment).returncode == 0


@pytest.mark.parametrize("content", [
    "", "\n", "short", "x" * 15, "two lines\nof secret", "a b" * 10,
    CLIENT_SECRET + "\r\r\n", CLIENT_SECRET + "\n\n", " " + CLIENT_SECRET,
    CLIENT_SECRET + "\0", "ö" * 20, "x" * 5000])
def test_a_client_secret_that_is_none(setup, content):
    setup.write("client_secret", content)
    text = complaint(setup)
    assert ": client_secret_file: " in text
    assert content.strip() == "" or content.strip() not in text


@pytest.mark.parametrize("content", [
    "", "\n", SERVER_KEY[:63], SERVER_KEY + "0", "g" * 64, "0" * 64, "f" * 64,
    SERVER_KEY + "\n" + SERVER_KEY, SERVER_KEY + " " + SERVER_KEY,
    SERVER_KEY + "\n# comment\n", "0x" + SERVER_KEY[:62],
    "".join(key(n) + "\n" for n in range(60)),
    SERVER_KEY + "\n" + SERVER_KEY[:-1]])
def test_a_server_key_that_is_none(setup, content):
    setup.write("server_key", content)
    assert ": server_key_file: " in complaint(setup)


@pytest.mark.parametrize("content, line, words", [
    (SERVER_KEY + "\n\n" + SERVER_KEY[:-1], 3, "must be 64 random hex digits"),
    (SERVER_KEY + "\n" + SERVER_KEY, 2, "comes twice"),
    ("".join(key(n) + "\n" for n in range(9)), 9, "too many: eight may")],
    ids=["short", "twice", "nine"])
def test_a_server_key_is_named_by_its_line(setup, content, line, words):
    setup.write("server_key", content)
    assert re.search(rf": server_key_file: its line {line} .*{words}",
                     complaint(setup))


def test_half_a_client_secret_is_named(setup):
    setup.write("client_secret", "abc\n")
    assert ": client_secret_file: has too few characters" in complaint(setup)


@pytest.mark.parametrize("content", [
    SERVER_KEY, SERVER_KEY + "\n", SERVER_KEY.upper() + "\n\n",
    SERVER_KEY + "\n" + key(1) + "\n"])
def test_server_keys_that_are_good(setup, content):
    setup.write("server_key", content)
    assert setup.run().returncode == 0


@pytest.mark.parametrize("make", [
    lambda path: path.mkdir(), lambda path: os.mkfifo(path, 0o600),
    lambda path: path.symlink_to("/dev/zero")])
def test_a_secret_is_a_file(setup, make):
    path = setup.folder / "client_secret"
    path.unlink()
    make(path)
    assert ": client_secret_file: " in complaint(setup)


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o770, 0o777, 0o750])
def test_the_store_is_for_one_user(setup, mode):
    (setup.folder / "store").chmod(mode)
    assert "session_dir: is open to others; chmod 700" in complaint(setup)


def test_the_store_lies_where_nobody_can_exchange_it(setup):
    setup.folder.chmod(0o777)
    text = complaint(setup)
    assert "session_dir: lies below a directory that others" in text


@pytest.mark.parametrize("program", ALL_PROGRAMS)
def test_each_program_opens_only_what_it_needs(setup, program):
    """-n checks everything; to start, login wants the server key alone."""
    needs = {"login": {"server_key"}, "session": {"server_key", "store"},
             "logout": {"server_key", "store"}}.get(
                 program, {"client_secret", "server_key", "store"})
    for name in ("client_secret", "server_key", "store"):
        path = setup.folder / name
        path.rename(setup.folder / "away")
        assert name in complaint(setup, program) or name == "store"
        done = setup.run(program, "-f", str(setup.folder / "c.conf"),
                         GATEWAY_INTERFACE="CGI/1.1", REQUEST_METHOD="PUT",
                         SPOTIFY_FCGI_CONF=str(setup.folder / "c.conf"))
        (setup.folder / "away").rename(path)
        assert done.returncode == (2 if name in needs else 0), (name, done)


def test_a_daemon_without_a_socket_says_how_to_start_it(setup):
    done = setup.run("login", "-f", str(setup.folder / "c.conf"))
    assert done.returncode == 2 and done.stderr.startswith("usage: ")


@pytest.mark.parametrize("arguments", [
    ["-x"], ["-f"], ["-w", "0"], ["-w", "513"], ["-w", "x"], ["-n", "x"],
    ["-w", "-1"], ["x"]])
def test_a_bad_command_line_is_refused(setup, arguments):
    done = setup.run("session", *arguments)
    assert done.returncode == 2 and "usage: " in done.stderr


def test_the_version_is_told(setup):
    done = setup.run("session", "-v")
    assert done.returncode == 0
    assert done.stdout.startswith("spotify-fcgi ")


def test_the_path_of_the_configuration_may_be_in_the_environment(setup):
    done = setup.run("login", "-n",
                     SPOTIFY_FCGI_CONF=str(setup.folder / "c.conf"))
    assert done.returncode == 0
