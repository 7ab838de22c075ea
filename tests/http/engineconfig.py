# SPDX-License-Identifier: ISC
"""A configuration that names an engine, and what -n says of it."""

import re

from configured import Setup
from stack.engine import PASSWORD
from stack.fixtures import REPOSITORY

MANUAL = (REPOSITORY / "cgi-bin" / "spotify-fcgi.8").read_text("utf-8")
# The line of the manual, without its indentation.
ACL = " ".join(re.search(r"^(ACL SETUSER spotify .*\n(?: .*\n)+)", MANUAL,
                         re.M)[1].split())

class Site(Setup):
    """A configuration with an engine."""

    def engine(self, engine, url=None, **changes):
        """Name it."""
        self.conf(**engine.conf(url) | changes)

    def complaints(self, program="callback", **environment):
        """What is wrong, without the names in front, and nothing else is on
        the standard error; no password anywhere."""
        done = self.run(program, **environment)
        said = done.stderr.splitlines()
        assert PASSWORD not in done.stdout + done.stderr
        assert done.returncode == (2 if said else 0), said
        if not said:
            return []
        assert re.search(r": \d mistakes?; nothing was started$", said.pop())
        begin = f"{self.folder}/c.conf: store: "
        assert all(line.startswith(begin) for line in said), said
        return [line[len(begin):] for line in said]

    def doubts(self, program="callback", **environment):
        """What it says of the store and takes."""
        done = self.run(program, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        return re.findall(r"^# store: (.*)$", done.stdout, re.M)


def one(said, *words):
    """There is one line with these words."""
    found = [line for line in said if all(word in line for word in words)]
    assert len(found) == 1, said
