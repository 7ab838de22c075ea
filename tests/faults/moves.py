# SPDX-License-Identifier: ISC
"""The way of sessions from files to an engine and back, step by step."""

import re
import subprocess
import time

from tools.store import stored

PROGRAMS = ("callback", "artists", "refresh", "session", "logout", "api",
            "auth")
WAIT_S = 60
DIRECTIONS = ("into the engine", "into files")


def run(command, stack):
    """To its end, with what it says."""
    return subprocess.run(command, env=stack.environment, text=True,
                          capture_output=True, check=False, timeout=WAIT_S)


class Site:
    """A stack, an engine, and the way that sessions take between them."""

    def __init__(self, stack, engine, direction):
        self.stack, self.engine = stack, engine
        self.into_engine = direction == DIRECTIONS[0]
        url = engine.socket_url
        self.old, self.new = ("files", url) if self.into_engine \
            else (url, "files")

    def configure(self, store, store_from=None):
        """Change both keys in the file; programs do not see that yet."""
        text = re.sub(r"(?m)^store(_from)? = .*\n", "",
                      self.stack.conf_file.read_text("utf-8"))
        text += f"store = {store}\n"
        if store_from is not None:
            text += f"store_from = {store_from}\n"
        self.stack.write_conf(text)

    def restart(self, *programs):
        """One after the other, as an operator does; returns when they have
        read the file, which may change then."""
        for name in programs or PROGRAMS:
            program = self.stack.programs[name]
            program.settle(program.restart)

    def knows_both(self):
        """The first step: nothing moves yet, but all know the new place."""
        self.configure(self.old, self.new)
        self.restart()

    def begins(self):
        """The second."""
        self.configure(self.new, self.old)
        self.restart()

    def is_over(self):
        """The last."""
        self.configure(self.new)
        self.restart()

    def command(self):
        """The third, for a shell."""
        return [str(self.stack.build_dir / "cgi-bin" / "logout"), "-m", "-f",
                str(self.stack.conf_file)]

    def move(self):
        """(exit status, what was moved, what was over, what is left)."""
        done = run(self.command(), self.stack)
        numbers = re.fullmatch(
            r".+: (\d+) sessions moved, (\d+) over, (\d+) left\n"
            r"(All have moved\.\n)?", done.stdout)
        assert numbers, (done.stdout, done.stderr)
        return (done.returncode, *map(int, numbers.groups()[:3]))

    def in_files(self):
        """Names of the records there."""
        return {path.name.removeprefix("session-")
                for path in stored(self.stack)}

    def in_engine(self):
        """The same."""
        return {re.search(rb"\{(.*)\}", key)[1].decode()
                for key in self.engine.command("KEYS", "*:s")}

    def in_old(self):
        """Where they leave."""
        return self.in_files() if self.into_engine else self.in_engine()

    def in_new(self):
        """Where they go."""
        return self.in_engine() if self.into_engine else self.in_files()

    def fill(self, count):
        """Add sessions of people who are away; their names."""
        names = {f"{number:064x}" for number in range(count)}
        if self.into_engine:
            for name in names:
                path = self.stack.session_dir / f"session-{name}"
                path.write_bytes(name.encode() * 16)
                path.chmod(0o600)
            return names
        key = self.engine.command("KEYS", "*:s")[0].decode()
        prefix = key[:key.index("{")]
        value = f"{int(time.time()):010d}"
        self.engine.commands(*(
            ("SET", f"{prefix}{{{name}}}:s", value + name * 16, "PX",
             "100000000") for name in names))
        return names
