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

    def _said(self, status, last, program, environment):
        """On the standard error, without the names in front, before a last
        line that matches; no password anywhere."""
        done = self.run(program, **environment)
        said = done.stderr.splitlines()
        assert PASSWORD not in done.stdout + done.stderr
        assert done.returncode == (status if said else 0), said
        if not said:
            return []
        assert re.search(last, said.pop())
        begin = re.compile(re.escape(f"{self.folder}/c.conf")
                           + r":\d+: store(_from)?: ")
        assert all(begin.match(line) for line in said), said
        return [begin.sub("", line) for line in said]

    def complaints(self, program="callback", **environment):
        """What is wrong, and has to be changed."""
        return self._said(2, r": \d mistakes?; nothing was started$", program,
                          environment)

    def passing(self, program="callback", **environment):
        """What is wrong, may pass by itself, and hinders no start."""
        return self._said(3, r": no mistake was found, but the engine cannot "
                          "be used now; programs start, ", program,
                          environment)

    def either(self):
        """The first or the second of those: how a peer hangs up is luck."""
        done = self.run()
        assert done.returncode in (2, 3), done
        return done.stderr.splitlines()[:-1]

    def doubts(self, program="callback", **environment):
        """What it says of the store and takes."""
        done = self.run(program, **environment)
        assert (done.returncode, done.stderr) == (0, "")
        return re.findall(r"^# store: (.*)$", done.stdout, re.M)


def one(said, *words):
    """There is one line with these words."""
    found = [line for line in said if all(word in line for word in words)]
    assert len(found) == 1, said
