# SPDX-License-Identifier: ISC
"""What the programs tell the site's own code."""

import json
import re

NAME = re.compile(r"event-([0-9]{13}-[0-9a-f]{16}|0-first-[0-9a-f]{32})\.json")


class Outbox:
    """The directory for events of a stack, made by make_outbox(). What was
    taken from it is kept where the stack looks for secrets."""

    def __init__(self, path, stack):
        self.path, self._seen = path, stack.folder / "events-seen"

    def files(self):
        """Of events that nobody has taken, by their names."""
        return sorted(path for path in self.path.iterdir()
                      if not path.name.startswith("."))

    def take(self):
        """All events, of which the files are removed. Each is whole, for its
        group and nobody else, and has the members that it should have."""
        return [self._take(path) for path in self.files()]

    def _take(self, path):
        assert NAME.fullmatch(path.name), path.name
        status, content = path.stat(), path.read_bytes()
        assert status.st_mode & 0o7777 == 0o640
        with open(self._seen, "ab") as seen:
            seen.write(content)
        path.unlink()
        assert content.endswith(b"}\n")
        event = json.loads(content.decode("utf-8"))
        assert list(event) == ["event", "time", "account", "request_id"]
        account = event["account"]
        assert list(account)[:3] == ["id", "account_id", "display_name"]
        assert list(account)[3:] in ([], ["email"])
        assert ("first" in path.name) == (event["event"] == "first_login")
        return event

    def kinds(self):
        """The words of all events, which are taken."""
        return sorted(event["event"] for event in self.take())


def make_outbox(parent):
    """An empty one, for a configuration."""
    path = parent / "out"
    path.mkdir()
    path.chmod(0o2770)
    return path
