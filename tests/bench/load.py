# SPDX-License-Identifier: ISC
"""The programs that make load: load.c, netloop.c, store.c, engine.c. Where
these run is up to whoever started us: the same CPU as the upstream."""

import json
import pathlib
import subprocess

from .machine import cpu_ns

PATIENCE_S = 600


class Load:
    """From a build."""

    def __init__(self, build_dir):
        self.folder = pathlib.Path(build_dir) / "tests" / "bench"

    def _run(self, program, *arguments):
        try:
            done = subprocess.run(
                [str(self.folder / program), *map(str, arguments)],
                text=True, capture_output=True, check=False,
                timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{program} took too long") from None
        if done.returncode != 0 or not done.stdout:
            raise RuntimeError(f"{program}: {done.stderr.strip() or 'failed'}")
        result = json.loads(done.stdout)
        result["words"] = done.stderr.strip()
        return result

    def requests(self, port, path, *, clients=1, seconds=None, count=None,
                 rate=None, headers=()):
        """GET a path again and again; see load.c."""
        return self._run("load", *options(
            c=clients, d=seconds, n=count, r=rate), *of_headers(headers),
            port, path)

    def logins(self, port, paths, *, clients=1, seconds=None, count=None,
               follows=50, accept="text/html", together=False):
        """Users log in at the first path, then get the others, if together not
        before all have logged in; accept as a browser's or a script's."""
        return self._run("load", "-l", *["-w"] * together, *options(
            c=clients, d=seconds, n=count, f=follows),
            *of_headers([f"Accept: {accept}"]), port, *paths)

    def network(self, upstream, follows, count):
        """Times of the network alone, in a dict."""
        return self._run("netloop", upstream.ca_only, upstream.api_url,
                         follows, count)

    def store(self, folder, count):
        """Times of the store and of the system below it."""
        return self._run("store", "measure", folder, count)

    def engine(self, address, folder, count):
        """Times of a store in an engine, and of the bare round trip."""
        return self._run("engine", "measure", address, folder, count)

    def fill_engine(self, address, folder, count):
        """Add sessions to it."""
        self._run("engine", "fill", address, folder, count)

    def fill_store(self, folder, count):
        """Add files that look like sessions."""
        subprocess.run([str(self.folder / "store"), "fill", str(folder),
                        str(count)], check=True, timeout=PATIENCE_S)


def options(**values):
    """-c 8 and so on, but for those that are None."""
    for letter, value in values.items():
        if value is not None:
            yield from (f"-{letter}", value)


def of_headers(headers):
    """-H for each."""
    for header in headers:
        yield from ("-H", header)


def flat(result, step=0):
    """With the times of one step among its own."""
    return {**result, **result["steps"][step]}


def with_cpu(run, pids, front_pids=lambda: []):
    """Run a load; adds the CPU time of the processes, and of those in front
    alone, in microseconds for each request or user that came through."""
    before = cpu_ns(pids()), cpu_ns(front_pids())
    result = run()
    after = cpu_ns(pids()), cpu_ns(front_pids())
    if result["done"] == 0:
        raise RuntimeError(result["words"] or "nothing came through")
    cpu, front = [(b - a) / 1000 / result["done"]
                  for a, b in zip(before, after)]
    return dict(result, cpu_us=cpu, front_us=front)
