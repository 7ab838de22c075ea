# SPDX-License-Identifier: ISC
"""Which request goes where; the log and the canned answers apply here."""

from . import (api, authorize, canned, control, home, pictures, relayed,
               tokens)
from .errors import TEXT
from .wire import Answer

# path: (target in the log, {method: handler}); handlers get request, world
# and the entry of the log.
TABLE = {
    "/": ("home", {"GET": lambda r, w, e: home.page(w)}),
    "/favicon.ico":
        ("home", {"GET": lambda r, w, e: Answer(204)}),
    "/authorize": ("authorize", {"GET": lambda r, w, e: authorize.show(r, w)}),
    "/authorize/decision":
        ("decision", {"POST": lambda r, w, e: authorize.decide(r, w)}),
    "/api/token": ("token", {"POST": tokens.handle}),
    "/v1/me": ("me", {"GET": lambda r, w, e: api.me(r, w)}),
    "/v1/me/following":
        ("following", {"GET": lambda r, w, e: api.following(r, w),
                       **relayed.HANDLERS["/me/following"]}),
}
IMAGE = ("image", {"GET": lambda r, w, e: pictures.handle(r, w)})
NOTHING = ("other", {})


def find(path):
    """The target and the handlers of a path."""
    if path.startswith(("/image/", "/account-image/")):
        return IMAGE
    return TABLE.get(path) or relayed.find(path) or NOTHING


def normal(request, world, entry, methods):
    """The usual behaviour: a handler's answer, or 404, or 405."""
    if not methods:
        return canned.error("not_found_404")
    handler = methods.get(request.method)
    if handler is None:
        answer = canned.error("method_405")
        answer.headers.append(("Allow", ", ".join(methods)))
        return answer
    return handler(request, world, entry)


def answer(request, world):
    """The answer to any request."""
    if request.path.startswith("/control/"):
        return control.handle(request, world)
    target, methods = find(request.path)
    with world.lock:
        entry = world.journal.open(request, target)
        request.gate = canned.GATE.arrive()
        plan = world.next_answer(target)

    def usual():
        return normal(request, world, entry, methods)
    result = usual() if plan is None else canned.play(plan, usual, request.gate)
    entry["status"] = result.status
    return result


def broken(status):
    """The answer to what is not HTTP."""
    return Answer(status, "Bad request", TEXT, [("Connection", "close")])
