# SPDX-License-Identifier: ISC
"""Apache with mod_auth_openidc, which serves visitors itself.

Everything is what Debian's packages configure, but for places, names, ports,
the access log (none: neither have the others) and the number of requests on
one connection. The id token tells who has logged in, so that no call to /me
is made: a provider's userinfo endpoint would cost a second connection.
"""

import os
import pathlib
import secrets
import shutil
import tempfile

from stack import apache

from .base import BasePeer

TEMPLATE = pathlib.Path(__file__).parent / "apache.conf"
AVAILABLE = pathlib.Path("/etc/apache2/mods-available")
MODULE = pathlib.Path("/usr/lib/apache2/modules/mod_auth_openidc.so")
# What "a2query -m" says after apt-get install libapache2-mod-auth-openidc.
ENABLED = ("access_compat alias auth_basic auth_openidc authn_core authn_file "
           "authz_core authz_host authz_user autoindex deflate dir env filter "
           "mime mpm_event negotiation reqtimeout setenvif status").split()


class Peer(BasePeer):
    """With Debian's bundle of certificate authorities."""

    name = "Apache + mod_auth_openidc"
    kind = "server"
    note = ("as Debian configures it; sessions in shared memory; "
            "no call to /me")
    login_path = session_path = "/"
    artists_path = None

    def __init__(self, folder, upstream, cpu):
        super().__init__(folder, upstream, cpu)
        self._public = None
        self._holder = apache.reserve(0)
        self.url = f"http://127.0.0.1:{self._holder.getsockname()[1]}"

    def available(self):
        """The module brings Apache with it."""
        if not MODULE.exists() or not AVAILABLE.is_dir():
            return ("mod_auth_openidc is missing: "
                    "apt-get install apache2 libapache2-mod-auth-openidc")
        return super().available()

    def ca_file(self):
        """For connections to the token endpoint."""
        return self.upstream.ca_file

    def _modules(self):
        files = [AVAILABLE / f"{name}.{kind}" for kind in ("load", "conf")
                 for name in ENABLED]
        return "\n".join(f"Include {file}" for file in files if file.exists())

    def _public_copy(self, file):
        """Its workers are not root and read the file for each connection:
        ours may lie where nobody else can enter."""
        self._public = tempfile.TemporaryDirectory(prefix="bench-apache.")
        os.chmod(self._public.name, 0o755)
        return shutil.copy(file, f"{self._public.name}/ca.pem")

    def launch(self):
        """One configuration file, one process group."""
        upstream = self.upstream
        configuration = self.folder / "apache.conf"
        configuration.write_text(TEMPLATE.read_text("utf-8").format(
            folder=self.folder, modules=self._modules(), url=self.url,
            listen=self.url.partition("//")[2], issuer=upstream.issuer,
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            authorize=upstream.authorize_url, token=upstream.token_url,
            client=upstream.client_id, secret=upstream.client_secret,
            key=secrets.token_hex(32),
            ca=self._public_copy(self.ca_file())), "utf-8")
        self.run("apache2", [apache.find_apache(), "-f", str(configuration),
                             "-DFOREGROUND"],
                 env={"PATH": "/usr/bin:/bin"})

    def stop(self):
        """The port is kept: a peer can be started again."""
        super().stop()
        if self._public is not None:
            self._public.cleanup()
            self._public = None
