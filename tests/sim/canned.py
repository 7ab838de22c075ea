# SPDX-License-Identifier: ISC
"""Canned answers: what a test wants to be said instead of the usual.

An answer may replace the normal one, or let it happen and only change its
timing and its bytes ("pass"). The difference matters: a token answer that is
lost on the way has still spent the refresh token.
"""

import base64
import json
import threading
import time

from .errors import API_JSON, ERRORS
from .wire import Answer

CONTENT = {"status", "body", "body_base64", "name", "huge", "gzip_bomb", "raw"}
MEMBERS = CONTENT | {
    "headers", "held", "delay", "pass", "after_commit_delay", "cut", "drip",
    "drip_chunk", "chunked", "header_flood", "status_line", "close", "hang_up"}
HELD_S = 60     # what a held answer waits at most
NUMBERS = {"delay", "after_commit_delay", "cut", "drip", "drip_chunk", "huge",
           "gzip_bomb", "header_flood", "status"}


def check(answer):
    """Refuse what we would not understand, in words. A bare string names a
    ready-made answer."""
    if isinstance(answer, str):
        answer = {"name": answer}
    if not isinstance(answer, dict):
        raise ValueError("an answer is a name or a JSON object")
    unknown = sorted(set(answer) - MEMBERS)
    if unknown:
        raise ValueError(f"unknown members {', '.join(unknown)}; known are "
                         + ", ".join(sorted(MEMBERS)))
    for name in NUMBERS & set(answer):
        if isinstance(answer[name], bool) \
                or not isinstance(answer[name], (int, float)):
            raise ValueError(f"{name} is a number")
    if answer.get("drip", 1) <= 0:
        raise ValueError("drip is more than 0 bytes a second")
    if "name" in answer and answer["name"] not in ERRORS:
        raise ValueError(f"unknown answer {answer['name']!r}; known are "
                         + ", ".join(sorted(ERRORS)))
    base64.b64decode(answer.get("body_base64", ""), validate=True)
    return answer


def passes(answer):
    """True when the normal thing happens too: asked for, or nothing else is."""
    if "pass" in answer:
        return bool(answer["pass"])
    return "after_commit_delay" in answer or not CONTENT & set(answer)


def body_of(answer):
    """The body in bytes: base64 for any bytes, a string as it is, anything
    else as JSON."""
    if "body_base64" in answer:
        return base64.b64decode(answer["body_base64"])
    body = answer.get("body", "")
    if not isinstance(body, str):
        body = json.dumps(body)
    return body.encode("utf-8", "surrogatepass")


def merged(answer):
    """A named answer with the test's own members over it."""
    base = ERRORS.get(answer.get("name"), {})
    headers = {**base.get("headers", {}), **answer.get("headers", {})}
    return {**base, **answer, "headers": headers}


def compose(answer, normal):
    """The answer to send; normal is None unless it happened."""
    answer = merged(answer)
    result = normal or Answer(answer.get("status", 200), b"", API_JSON)
    result.status = int(answer.get("status", result.status))
    if "body" in answer or "body_base64" in answer:
        result.body = body_of(answer)
    for name, value in answer["headers"].items():
        result.set_header(name, value)
    result.faults = answer
    return result


def error(name):
    """The answer of that name in the table of errors, or one made of it, sent
    without faults."""
    answer = compose(name if isinstance(name, dict) else {"name": name}, None)
    answer.faults = {}
    return answer


class Gate:
    """Where held answers wait until the test lets all of them go."""

    def __init__(self):
        self._opened = threading.Event()

    def arrive(self):
        """What a request waits for that has just come: the next release()."""
        return self._opened

    def release(self):
        """Those who have arrived go on; those who come later wait again."""
        opened, self._opened = self._opened, threading.Event()
        opened.set()


GATE = Gate()


def play(answer, handle, gate):
    """Wait, let the normal thing happen if it should, wait, compose. Nobody
    holds a lock while we sleep."""
    time.sleep(max(0, answer.get("delay", 0)))
    normal = handle() if passes(answer) else None
    if answer.get("held"):
        gate.wait(HELD_S)
    time.sleep(max(0, answer.get("after_commit_delay", 0)))
    return compose(answer, normal)
