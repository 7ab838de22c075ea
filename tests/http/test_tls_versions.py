# SPDX-License-Identifier: ISC
"""Which TLS is good enough for Spotify, even where the system's OpenSSL would
take any."""

import contextlib
import socket
import ssl
import threading

import pytest

from tools.answers import Browser, refused

LAX = """openssl_conf = all
[all]
ssl_conf = modules
[modules]
system_default = lax
[lax]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


class OldServer:
    """Speaks no TLS newer than the version, and answers nothing good; what
    it was told is in .heard, by whom it was greeted in .greeted."""

    def __init__(self, port, folder, version):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "leaf.pem",
                                      folder / "leaf.key")
        self._context.set_ciphers("ALL:@SECLEVEL=0")
        self._context.minimum_version = ssl.TLSVersion.TLSv1
        self._context.maximum_version = version
        self._listener = socket.create_server(("127.0.0.1", port))
        self.heard, self.greeted = b"", 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                plain.settimeout(60)
                self.greeted += 1
                with plain, contextlib.suppress(OSError), \
                        self._context.wrap_socket(plain, True) as channel:
                    self.heard += channel.recv(65536)
                    channel.sendall(b"HTTP/1.1 500 Old\r\n"
                                    b"Content-Length: 0\r\n\r\n")

    def close(self):
        """No more visits."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version, good", [
    (ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False),
    (ssl.TLSVersion.TLSv1_2, True)], ids=lambda value: getattr(
        value, "name", None))
def test_an_old_tls_gets_no_secret(make_stack, tmp_path, version, good):
    """With 1.2 it arrives, or the refusals would mean nothing."""
    (tmp_path / "lax.cnf").write_text(LAX, "utf-8")
    stack = make_stack(spotify_tls=True, environment={
        "OPENSSL_CONF": str(tmp_path / "lax.cnf")})
    browser = Browser(stack)
    url = browser.approve(browser.start_login())
    port = int(stack.spotify.url.rpartition(":")[2])
    stack.spotify.stop()
    server = OldServer(port, stack.folder / "tls", version)
    try:
        refused(browser.finish(url), 502, "upstream_failed")
        assert server.greeted >= 1
        assert (b"Authorization: Basic " in server.heard) == good
        assert good or server.heard == b""
    finally:
        server.close()
