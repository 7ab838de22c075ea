# SPDX-License-Identifier: ISC
"""artists when many long lists are wanted at once: what large buffers may
have together is limited, and who comes too late hears so; nobody is killed."""

from tools.answers import Browser, refused
from tools.parallel import together
from tools.processes import status
from tools.spotify import json_answer

PAGES, ON_A_PAGE = 14, 800
BUDGET = 384 << 20      # lib/base/buf.h
HIGHEST_KIB = 520 << 10     # with all that a process has besides


def page(n):
    """A page of nearly a mebibyte: every name is as long as it may be."""
    items = [{"id": f"{n * ON_A_PAGE + i:022d}", "name": "x" * 1024,
              "type": "artist"} for i in range(ON_A_PAGE)]
    after = items[-1]["id"] if n < PAGES - 1 else None
    return json_answer({"artists": {"items": items, "next": None,
                                    "cursors": {"after": after}}})


def test_sixty_long_lists_at_once_kill_nobody(make_stack):
    stack = make_stack(environment={
        "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:quarantine_size_mb=1"})
    browser = Browser(stack)
    browser.login()
    for n in range(PAGES):
        stack.spotify.answers("following", page(n))
    first = browser.fetch("artists")
    assert first.json["total"] == PAGES * ON_A_PAGE
    assert len(first.body) * 60 > 3 * BUDGET / 2
    pids = stack.pids("artists")
    replies = together(lambda b=browser.copy(): b.fetch("artists")
                       for _ in range(60))
    assert {reply.status for reply in replies} <= {200, 503}
    good = [reply for reply in replies if reply.status == 200]
    assert good and all(reply.body == first.body for reply in good)
    for reply in replies:
        if reply.status == 503:
            assert refused(reply, 503, "busy").header("Retry-After")
    highest = max(status(pid, "VmHWM") for pid in pids)
    print(f"{len(good)} of 60 good; {highest >> 10} MiB at most")
    assert highest < HIGHEST_KIB
    assert stack.pids("artists") == pids
    assert browser.fetch("artists").body == first.body
