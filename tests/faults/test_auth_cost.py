# SPDX-License-Identifier: ISC
"""What the question for a visitor costs, which comes with every request to a
protected page: one reading of the session's record, no lock, nothing written,
and nobody asked; with a token that lives, too."""

import re

from stack import Client
from stack.fixtures import start_stack
from tools import fastcgi
from tools.spotify import count
from tools.store import stored

from tracing import calls_of, needs_strace

FILES = re.compile(r"open|stat|^p?read|^p?write|close|lock|fcntl|utime|link|"
                   r"rename|sync|creat|sendto|connect|socket$")


def calls_of_a_request(stack, program, ask):
    """What a thread of the program calls for files and locks, from the request
    on, as [(name, the rest)]."""
    def ask_well():
        assert ask().status == 204
    ask()
    return [(name, rest) for name, rest in calls_of(stack.pids(program)[0],
                                                    ask_well)
            if FILES.search(name) and str(stack.session_dir) in rest]


@needs_strace
def test_who_is_logged_in_costs_one_reading_and_no_lock():
    with start_stack(conf={"workers": "1",
                           "auth_pass": "id name email token"}) as stack:
        stack.reset()
        client = Client(stack)
        client.login()
        before = count(stack.spotify, "token"), count(stack.spotify, "me")
        record, = stored(stack)
        found = calls_of_a_request(stack, "auth",
                                   lambda: fastcgi.auth(client))
        names = [name for name, _ in found]
        assert [n for n in names if n in ("open", "openat")] == ["openat"]
        assert record.name in found[0][1]
        assert set(names) <= {"openat", "fstat", "newfstatat",
                              "pread64", "close"}, found
        # The same as the program without a network.
        assert names == [name for name, _ in calls_of_a_request(
            stack, "session", lambda: fastcgi.vouch(client))]
        assert before == (count(stack.spotify, "token"),
                          count(stack.spotify, "me"))
        assert stack.stop() == []
