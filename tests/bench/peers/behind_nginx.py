# SPDX-License-Identifier: ISC
"""An application server on a unix socket, behind an nginx with one worker."""

import os
import secrets

from stack import nginx
from stack.error import StackError

from .base import BasePeer

# What an administrator would set for answers of a megabyte and many visitors;
# neither a log nor compression, as in the nginx before our own programs.
CONFIGURATION = """daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 8192; }}
http {{
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	access_log off;
	keepalive_requests 1000000;
	upstream application {{
		server unix:{folder}/socket;
		{keepalive}
	}}
	server {{
		listen 127.0.0.1:{port} backlog=4096;
		location / {{
			proxy_pass http://application;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $remote_addr;
			proxy_set_header X-Forwarded-Proto $scheme;
			proxy_buffer_size 16k;
			proxy_buffers 64 16k;
			proxy_busy_buffers_size 64k;
			proxy_read_timeout 120s;
		}}
	}}
}}
"""


class ApplicationPeer(BasePeer):
    """Subclasses have run_application()."""

    kind = "application"
    keepalive = "keepalive 64;"     # of nginx towards the application

    def __init__(self, folder, upstream, cpu):
        super().__init__(folder, upstream, cpu)
        self._listener = nginx.bind(0)
        port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.socket = self.folder / "socket"
        if len(os.fsencode(self.socket)) > 107:
            raise StackError(f"{self.socket}: too long for a unix socket")

    def available(self):
        """nginx too."""
        try:
            nginx.find_nginx()
        except StackError as error:
            return str(error)
        return super().available()

    def environment(self, **more):
        """What the applications read; nothing of ours but this."""
        upstream = self.upstream
        return {"PATH": "/usr/local/bin:/usr/bin:/bin",
                "AUTHORIZE_URL": upstream.authorize_url,
                "TOKEN_URL": upstream.token_url,
                "API_BASE": upstream.api_base,
                "CLIENT_ID": upstream.client_id,
                "CLIENT_SECRET": upstream.client_secret,
                "REDIRECT_URI": self.url + self.callback_path,
                "SESSION_KEY": secrets.token_hex(32),
                "SOCKET": str(self.socket), **more}

    def run_application(self):
        """run() it."""
        raise NotImplementedError

    def launch(self):
        """The application, and nginx with the socket that it inherits."""
        self.socket.unlink(missing_ok=True)
        self.run_application()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            folder=self.folder, port=self.url.rpartition(":")[2],
            keepalive=self.keepalive,
            user="user root;" if os.geteuid() == 0 else ""), "utf-8")
        listener = self._listener.fileno()
        self.run("nginx", [nginx.find_nginx(), "-p", str(self.folder),
                           "-c", str(configuration),
                           "-e", str(self.folder / "nginx.log")],
                 env={"PATH": "/usr/bin:/bin", "NGINX": f"{listener};"},
                 pass_fds=[listener])

    def stop(self):
        """The port is kept: a peer can be started again."""
        super().stop()
        self.socket.unlink(missing_ok=True)
