# SPDX-License-Identifier: ISC
"""Sentinels, which watch over an engine and make its replica the master."""

import signal
import socket

from .engine import EngineError, decode, encode
from .ports import free_port
from .processes import Spawner, end, wait_until

NAME = "mymaster"
CONF = """port {port}
bind 127.0.0.1
dir {folder}
logfile {folder}/sentinel-{port}.log
sentinel monitor {name} 127.0.0.1 {master} 2
sentinel down-after-milliseconds {name} 1000
sentinel failover-timeout {name} 5000
{more}
"""


class Sentinels:
    """Three of them for an Engine of the kind "replica", which has to live
    longer: the files are in its folder."""

    def __init__(self, engine, more=""):
        self._spawner = Spawner()
        self._processes = []
        self.ports = []
        try:
            for _ in range(3):
                port = free_port()
                file = engine.folder / f"sentinel-{port}.conf"
                file.write_text(CONF.format(
                    port=port, folder=engine.folder, name=NAME,
                    master=engine.port, more=more), "utf-8")
                self._processes.append(self._spawner.start(
                    [engine.server, str(file), "--sentinel"]))
                self.ports.append(port)
            wait_until(self._know_each_other, 60, "the sentinels do not meet")
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, port, *words):
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            connection.sendall(encode(words))
            with connection.makefile("rb") as file:
                return decode(file)

    def _know_each_other(self):
        try:
            for port in self.ports:
                reply = self._ask(port, "SENTINEL", "MASTER", NAME)
                if isinstance(reply, EngineError):
                    return "NOAUTH" in str(reply)
                fields = dict(zip(reply[::2], reply[1::2]))
                if (fields[b"num-slaves"], fields[b"num-other-sentinels"]) \
                        != (b"1", b"2"):
                    return False
            return True
        except OSError:
            return False

    @property
    def hosts(self):
        """As in "store"."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    @property
    def url(self):
        """The value of the key "store" that leads to the master by them."""
        return f"valkey+sentinel://{self.hosts}/{NAME}"

    def stop(self, number):
        """End one of them, 0 to 2, at once."""
        end(self._processes[number], signal.SIGKILL)

    def close(self):
        """End all."""
        for process in self._processes:
            if process.poll() is None:
                end(process, signal.SIGKILL)
        self._spawner.close()
