# SPDX-License-Identifier: ISC
"""All that takes part, running."""

import contextlib
import importlib
import os
import pathlib
import resource
import shutil
import tempfile
import urllib.parse

from stack.error import StackError

from . import machine
from .figures import progress
from .load import Load, with_cpu
from .ours import Ours
from .peers import NAMES
from .upstream import Upstream

FILES = 16384       # open at a time: a thousand users have several thousand


class Setting:
    """A context manager.

    .ours .peers        {module name: Peer}: those that run
    .absent             {name: why it does not}
    .names              {module name: as people call it}
    .upstream .load .folder .build_dir .cpu
    .rounds .seconds    how often and how long to measure
    .full               whether there is time for what takes long
    """

    def __init__(self, build_dir, *, rounds, seconds, full):
        self.build_dir = pathlib.Path(build_dir)
        self.rounds, self.seconds, self.full = rounds, seconds, full
        self.load = Load(build_dir)
        self.cpu = machine.server_cpu()
        self.cpus = os.sched_getaffinity(0)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sb-"))
        self.upstream = self.ours = None
        self.peers, self.absent, self.names = {}, {}, {}

    def __enter__(self):
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = FILES if allowed < 0 else min(FILES, allowed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, allowed))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _start(self):
        self._stay_aside()
        self.upstream = Upstream(
            self.folder / "upstream",
            self.build_dir / "tests" / "bench" / "upstream")
        progress("starts the programs")
        self.ours = Ours(self.build_dir, self.upstream, self.cpu)
        for name in NAMES:
            self._start_peer(name)

    def _stay_aside(self):
        """Load, upstream and this program leave the servers' CPU alone."""
        if self.cpu is not None:
            os.sched_setaffinity(0, {min(self.cpus)})

    @contextlib.contextmanager
    def on_all_cpus(self):
        """Meanwhile ours, load and upstream run wherever there is time: where
        many wait for many, one CPU alone would be all that is measured."""
        others = [os.getpid(), self.upstream.pid]
        machine.move(self.ours.pids() + others, self.cpus)
        try:
            yield
        finally:
            if self.cpu is not None:
                machine.move(self.ours.pids(), {self.cpu})
                machine.move(others, {min(self.cpus)})

    def _start_peer(self, name):
        """One that cannot run is told of at the end."""
        progress(f"starts {name}")
        peer = None
        try:
            module = importlib.import_module(f".peers.{name}", __package__)
            self.names[name] = module.Peer.name
            peer = module.Peer(self.folder, self.upstream, self.cpu)
            reason = peer.available()
            if reason is None:
                peer.start()
                peer.port = urllib.parse.urlsplit(peer.url).port
                self.peers[name] = peer
        except (StackError, OSError, ImportError) as error:
            reason = str(error)
        if reason is not None:
            self.absent[self.names.get(name, name)] = reason
            if peer is not None:
                peer.stop()

    def services(self):
        """{name: service}, ours first."""
        return {"ours": self.ours, **self.peers}

    def requests(self, service, path, **keywords):
        """Load on a path of a service, with its CPU time."""
        return with_cpu(lambda: self.load.requests(
            service.port, path, **keywords), service.pids, service.front_pids)

    def logins(self, service, paths=(), **keywords):
        """Whole logins, and other paths after each."""
        return with_cpu(lambda: self.load.logins(
            service.port, [service.login_path, *paths], **keywords),
            service.pids, service.front_pids)

    def stop(self):
        """Idempotent."""
        for peer in self.peers.values():
            peer.stop()
        self.peers = {}
        for part in (self.ours, self.upstream):
            if part is not None:
                part.stop()
        self.ours = self.upstream = None
        shutil.rmtree(self.folder, ignore_errors=True)
