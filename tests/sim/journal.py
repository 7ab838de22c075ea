# SPDX-License-Identifier: ISC
"""What was asked of us: the request log, the connections, the secrets.

Tests assert the bytes that travelled upstream, so a request is written down
when it has arrived, before anything is decided: a client that is killed while
it waits has still asked. The status is filled in when we know it.
"""

import collections
import time

REQUESTS_MAX = 100_000
SECRETS_MAX = 200_000


class Journal:
    """Bounded memories. The caller holds the world's lock."""

    def __init__(self):
        self.requests = collections.deque(maxlen=REQUESTS_MAX)
        self.secrets = collections.deque(maxlen=SECRETS_MAX)
        self.verifiers = set()
        self.number = 0
        self.connections = {"open": 0, "total": 0, "tls_failed": 0,
                            "resumed": 0}

    def open(self, request, target):
        """Write a request down; the entry's status comes later."""
        self.number += 1
        entry = {
            "n": self.number, "time": time.time(), "target": target,
            "method": request.method, "path": request.path,
            "raw_query": request.raw_query, "query": request.query,
            "headers": request.headers, "body": request.text,
            "form": request.form, "connection": request.connection,
            "status": None, "note": None}
        self.requests.append(entry)
        return entry

    def select(self, target=None, since=0):
        """Entries in order, copied, of one target or all."""
        return [dict(entry) for entry in self.requests
                if entry["n"] > since and target in (None, entry["target"])]

    def secret(self, kind, value, account):
        """Remember what must never be seen outside: leak tests search for it.
        A reset does not forget these."""
        if kind == "code_verifier":
            if value in self.verifiers or len(self.verifiers) > SECRETS_MAX:
                return
            self.verifiers.add(value)
        self.secrets.append({"kind": kind, "value": value, "account": account,
                             "time": time.time()})
