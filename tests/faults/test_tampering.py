# SPDX-License-Identifier: ISC
"""Session files that are not as we wrote them: nobody is logged in by them,
and nothing breaks."""

import base64
import os
import pathlib
import socket
import stat

import pytest

from stack import Client
from tools import fastcgi
from tools.parallel import timed
from tools.steps import is_logged_in, let_tokens_end, refresh
from tools.store import session_bytes, stored

AT_ONCE_S = 10


class Asker:
    """Is the visitor with this cookie logged in, as the store is now?"""

    def __init__(self, stack, client):
        self.stack = stack
        self.params = fastcgi.params_of(
            stack, "session", SPOTIFY_FCGI_REQUIRE="1", HTTP_COOKIE=
            f"{client.session_cookie_name}={client.session_cookie}")

    def status(self):
        """204 or 401."""
        return fastcgi.ask(self.stack, "session", self.params).status


@pytest.fixture
def scene(stack, client):
    """(path of a session's file, its bytes, who asks)."""
    client.login()
    [path] = stored(stack)
    asker = Asker(stack, client)
    assert asker.status() == 204
    return path, path.read_bytes(), asker


def test_a_file_cut_at_any_length_is_no_session(scene):
    """Nor is one with bytes behind its end."""
    path, good, asker = scene
    for length in range(len(good)):
        path.write_bytes(good[:length])
        assert asker.status() == 401, length
    for extra in (b"\0", b"x" * 1024, good):
        path.write_bytes(good + extra)
        assert asker.status() == 401
    path.write_bytes(good)
    assert asker.status() == 204


def test_a_file_with_any_bit_flipped_is_no_session(scene):
    """Every single bit, the header's too."""
    path, good, asker = scene
    with open(path, "r+b", buffering=0) as file:
        for place in range(len(good)):
            for bit in range(8):
                os.pwrite(file.fileno(), bytes([good[place] ^ 1 << bit]),
                          place)
                assert asker.status() == 401, (place, bit)
            os.pwrite(file.fileno(), good[place:place + 1], place)
    assert asker.status() == 204
    print(f"{len(good)} truncations and {8 * len(good)} bit flips: 401")


def test_sessions_whose_files_were_swapped_are_none(stack):
    """The content is bound to its name and to the cookie: of three sessions,
    each pair is exchanged."""
    clients = [Client(stack) for _ in range(3)]
    for client, account in zip(clients, ("wizzler", "grace.many", "özkant")):
        client.login(account)
    good = session_bytes(stack)
    folder = pathlib.Path(stack.session_dir)
    names = list(good)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        (folder / names[one]).write_bytes(good[names[other]])
        (folder / names[other]).write_bytes(good[names[one]])
        assert sum(is_logged_in(c) for c in clients) == 1
        for name in (names[one], names[other]):
            (folder / name).write_bytes(good[name])
        assert all(is_logged_in(c) for c in clients)


def test_an_older_file_of_a_session_brings_back_its_older_tokens(stack, client):
    """Whoever writes to the store can do that, and a seal does not tell."""
    client.login()
    file = next(pathlib.Path(stack.session_dir).glob("session-*"))
    old = file.read_bytes()
    let_tokens_end(stack)
    assert refresh(client).json["refreshed"]
    assert refresh(client).json["refreshed"] is False
    file.write_bytes(old)
    assert refresh(client).json["refreshed"]


def test_a_copy_of_another_session_is_not_believed(stack, spotify):
    """The artists' copy is sealed for its session, too."""
    one, other = Client(stack), Client(stack)
    one.login("wizzler")
    first = one.fetch("artists").json
    [mine] = stored(stack, "copy-")
    other.login("grace.many")
    other.fetch("artists")
    [theirs] = set(stored(stack, "copy-")) - {mine}
    mine.write_bytes(theirs.read_bytes())
    since = spotify.requests()[-1]["n"]
    assert one.fetch("artists").json["artists"] == first["artists"]
    assert spotify.requests("following", since)


def make_link(path, spare):
    """To a good file."""
    os.rename(path, spare)
    os.symlink(spare, path)


def make_fifo(path, _):
    """Opening it would wait for ever."""
    path.unlink()
    os.mkfifo(path, 0o600)


def make_directory(path, _):
    """Opens, and cannot be read."""
    path.unlink()
    path.mkdir(mode=0o700)


def make_device(path, _):
    """The null device; a terminal would be worse."""
    path.unlink()
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("making a device takes root outside a container")


def make_no_device(path, _):
    """A driver that does not exist: the open itself fails."""
    path.unlink()
    try:
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(250, 250))
    except PermissionError:
        pytest.skip("making a device takes root outside a container")


def make_hard_link(path, spare):
    """Somebody else has a name for it."""
    os.link(path, spare)


def make_large(path, _):
    """10 MB, the beginning good."""
    with open(path, "ab") as file:
        file.truncate(10 << 20)


def make_socket(path, _):
    """Cannot be opened at all."""
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)   # its name alone is short enough
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def make_open(path, _):
    """Readable by others."""
    path.chmod(0o604)


def make_foreign(path, _):
    """Of another user."""
    if os.geteuid() != 0:
        pytest.skip("giving a file away takes root")
    os.chown(path, 65534, 65534)


@pytest.mark.parametrize("change", [
    make_link, make_fifo, make_directory, make_device, make_no_device,
    make_hard_link, make_large, make_socket, make_open, make_foreign],
    ids=lambda change: change.__name__[5:])
def test_what_is_no_plain_file_of_ours_is_no_session(stack, client, change):
    """401 at once on every endpoint, no file followed or waited for."""
    client.login()
    [path] = stored(stack)
    spare = stack.folder / "spare"
    change(path, spare)
    try:
        assert fastcgi.vouch(client).status == 401
        for path_, method in (("artists", "GET"), ("refresh", "POST")):
            seconds, reply = timed(lambda p=path_, m=method: client.fetch(
                p, m))
            assert reply.status == 401 and seconds < AT_ONCE_S, reply
            assert reply.header("Set-Cookie") is None
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        path.unlink(missing_ok=True)
        spare.unlink(missing_ok=True)
    client.login()
    assert is_logged_in(client)


def encodings(value):
    """As it could be found in a file."""
    raw = value.encode()
    return {raw, raw.hex().encode(), base64.b64encode(raw).rstrip(b"="),
            base64.urlsafe_b64encode(raw).rstrip(b"=")}


def test_the_store_shows_no_token_and_no_user(stack, client, spotify):
    """Sealed, and padded so that the size tells nothing: short and long tokens
    make files of one size."""
    client.login()
    spotify.settings(token_length=60, refresh_length=40)
    other = Client(stack)
    other.login()
    client.fetch("artists")
    wanted = set()
    for secret in spotify.secrets():
        wanted |= encodings(secret["value"])
    for word in ("wizzler", "Ada", "ada@example.com", "aB3dE5fG7h",
                 client.session_cookie):
        wanted |= encodings(word) if len(word) > 3 else {word.encode() * 2}
    sizes = set()
    for path in stack.session_dir.rglob("*"):
        if path.is_file():
            text = path.name.encode() + b"\n" + path.read_bytes()
            assert not [w for w in wanted if w in text], path.name
            if path.name.startswith("session-"):
                sizes.add(path.stat().st_size)
    assert len(sizes) == 1


def test_a_file_name_is_no_way_into_the_session(stack, client):
    """It holds nothing of the cookie, and is none itself."""
    client.login()
    name = stored(stack)[0].name.removeprefix("session-")
    raw = base64.urlsafe_b64decode(client.session_cookie + "=")
    for text in (client.session_cookie, raw.hex(), raw.hex()[:8],
                 client.session_cookie[:8]):
        assert text not in name
    thief = Client(stack)
    for value in (name, name[:43], base64.urlsafe_b64encode(
            bytes.fromhex(name)).decode().rstrip("=")):
        thief.session_cookie = value
        assert refresh(thief).status == 401


def test_every_file_is_private_whatever_the_umask(make_stack):
    stack = make_stack()
    for program in stack.programs.values():
        program.command = ["/bin/sh", "-c", "umask 000; exec \"$0\" \"$@\"",
                           *program.command]
        program.restart()
    client = Client(stack)
    client.login()
    client.fetch("artists")
    stack.clock.advance(3600)
    refresh(client)
    found = [p for p in stack.session_dir.rglob("*")
             if p.lstat().st_mode & 0o077]
    assert not found and len(list(stack.session_dir.iterdir())) >= 4
