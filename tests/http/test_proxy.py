# SPDX-License-Identifier: ISC
"""Through an egress proxy, if the configuration names one; the environment
is not asked."""

import contextlib
import socket
import threading

import pytest

from tools.answers import Browser, refused


class Proxy:
    """Tunnels (CONNECT), and remembers what it was asked."""

    def __init__(self, answer=b"HTTP/1.1 200 OK\r\n\r\n"):
        self.answer, self.heads = answer, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client],
                                 daemon=True).start()

    def _serve(self, client):
        head = b""
        with client, contextlib.suppress(OSError):
            while b"\r\n\r\n" not in head:
                if not (piece := client.recv(65536)):
                    return
                head += piece
            self.heads.append(head.decode("latin-1"))
            client.sendall(self.answer)
            if b" 200 " not in self.answer:
                return
            host, port = head.split()[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port))) as server:
                threading.Thread(target=self._copy, args=[server, client],
                                 daemon=True).start()
                self._copy(client, server)

    @staticmethod
    def _copy(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        """No more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def make_proxy():
    """A factory."""
    made = []

    def make(*arguments):
        made.append(Proxy(*arguments))
        return made[-1]
    yield make
    for proxy in made:
        proxy.close()


def test_everything_goes_through_it_and_it_sees_nothing(make_stack,
                                                        make_proxy):
    proxy = make_proxy()
    stack = make_stack(spotify_tls=True, conf={"proxy": proxy.url})
    browser = Browser(stack)
    browser.login()
    assert browser.fetch("artists").json["total"] == 120
    host = stack.spotify.url.partition("//")[2]
    # One connection for callback, one for artists.
    assert len(proxy.heads) == 2
    for head in proxy.heads:
        assert head.startswith(f"CONNECT {host} HTTP/1.1\r\n")
        assert "uthorization" not in head


def test_a_proxy_that_refuses_is_trouble_upstream(make_stack, make_proxy):
    proxy = make_proxy(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n"
                       b"Set-Cookie: a=b\r\nRetry-After: 77777\r\n\r\n")
    stack = make_stack(spotify_tls=True, conf={"proxy": proxy.url})
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    reply = refused(browser.finish(url), 502, "upstream_failed")
    assert reply.header("Retry-After") == "5"
    assert stack.spotify.requests("token") == []


def test_the_environment_is_not_asked(make_stack, make_proxy, tmp_path):
    proxy, keys = make_proxy(), tmp_path / "keys"
    stack = make_stack(spotify_tls=True, environment={
        **{name: proxy.url for name in (
            "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY",
            "all_proxy", "HTTP_PROXY")},
        "SSLKEYLOGFILE": str(keys), "SSL_CERT_FILE": "/dev/null",
        "SSL_CERT_DIR": "/nothing", "CURL_CA_BUNDLE": "/dev/null",
        "HOME": str(tmp_path)})
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    (tmp_path / ".curlrc").write_text(f"proxy = {proxy.url}")
    browser = Browser(stack)
    browser.login()
    assert browser.fetch("artists").json["total"] == 120
    assert proxy.heads == [] and not keys.exists()
    assert all(dict(request["headers"])["Authorization"].startswith(
        ("Basic c2ltdWxh", "Bearer ")) for request in stack.spotify.requests()
        if request["target"] in ("token", "me", "following"))
