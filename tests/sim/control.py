# SPDX-License-Identifier: ISC
"""/control/...: how tests set the scene and ask what happened. JSON in, JSON
out; a mistake in a test is a 400 with words, never ignored."""

import json

from . import canned
from .errors import JSON
from .wire import Answer
from .world import TARGETS


def data(request):
    """The JSON object of a request; none counts as an empty one."""
    value = json.loads(request.body or b"{}")
    if not isinstance(value, dict):
        raise ValueError("a JSON object is expected")
    return value


def reset(_, world):
    """Everything to the defaults; the list of secrets stays."""
    world.reset()
    canned.GATE.release()
    return {}


def show_settings(_, world):
    """All settings as they stand."""
    with world.lock:
        return dict(world.settings)


def change_settings(request, world):
    """Merge some settings; answers with all of them."""
    return world.change_settings(data(request))


def show_accounts(_, world):
    """All accounts."""
    with world.lock:
        return {"accounts": [dict(a) for a in world.accounts.values()]}


def change_account(request, world):
    """Create or change one account; answers with it."""
    return world.change_account(data(request))


def delete_account(request, world):
    """Remove one account, {"id": ...}; its tokens stop working."""
    name = data(request).get("id")
    with world.lock:
        if name in world.accounts and len(world.accounts) == 1:
            raise ValueError("somebody must be left to log in")
        return {"removed": world.accounts.pop(name, None) is not None}


def queue_answers(request, world):
    """Put canned answers in a target's queue."""
    wish = data(request)
    unknown = set(wish) - {"target", "answers", "repeat"}
    answers = wish.get("answers")
    if unknown or wish.get("target") not in TARGETS \
            or not isinstance(answers, list) or not answers:
        raise ValueError(f"target (one of {', '.join(TARGETS)}), answers (a "
                         "list) and repeat are expected")
    checked = [canned.check(answer) for answer in answers]
    world.queue(wish["target"], checked, bool(wish.get("repeat")))
    return {"queued": len(checked)}


def release(_, world):
    """Let the answers go that are held."""
    with world.lock:
        canned.GATE.release()
    return {}


def clear_answers(_, world):
    """Forget all canned answers."""
    world.clear_answers()
    return {}


def expire(request, world):
    """End tokens now: {"what": "access"|"refresh"|"all", "account": ...}."""
    wish = data(request)
    what = wish.get("what")
    if what not in ("access", "refresh", "all"):
        raise ValueError("what is access, refresh or all")
    with world.lock:
        return {"ended": world.grants.expire(what, wish.get("account"),
                                             world.now())}


def clock(request, world):
    """Set the offset of the simulated clock to the real one."""
    offset = data(request).get("offset")
    if isinstance(offset, bool) or not isinstance(offset, (int, float)):
        raise ValueError("offset is a number of seconds")
    with world.lock:
        world.offset = offset
    return {"offset": offset}


def show_requests(request, world):
    """The request log, of one target if ?target=, behind ?since=N."""
    query = dict(request.query)
    with world.lock:
        return {"requests": world.journal.select(
            query.get("target"), int(query.get("since", "0")))}


def clear_requests(_, world):
    """Empty the request log."""
    with world.lock:
        world.journal.requests.clear()
    return {}


def show_secrets(_, world):
    """Every code, token and verifier since the program started."""
    with world.lock:
        return {"secrets": list(world.journal.secrets)}


def show_state(_, world):
    """Counts."""
    return world.state()


ROUTES = {
    ("POST", "/control/reset"): reset,
    ("GET", "/control/settings"): show_settings,
    ("POST", "/control/settings"): change_settings,
    ("GET", "/control/accounts"): show_accounts,
    ("POST", "/control/accounts"): change_account,
    ("DELETE", "/control/accounts"): delete_account,
    ("POST", "/control/answers"): queue_answers,
    ("DELETE", "/control/answers"): clear_answers,
    ("POST", "/control/release"): release,
    ("POST", "/control/expire"): expire,
    ("POST", "/control/clock"): clock,
    ("GET", "/control/requests"): show_requests,
    ("DELETE", "/control/requests"): clear_requests,
    ("GET", "/control/secrets"): show_secrets,
    ("GET", "/control/state"): show_state,
}


def reply(status, value):
    """Any value as JSON; ASCII, so that odd strings survive the way."""
    return Answer(status, json.dumps(value), JSON,
                  [("Cache-Control", "no-store")])


def handle(request, world):
    """Any request to /control/."""
    action = ROUTES.get((request.method, request.path))
    if action is None:
        return reply(404, {"error": "no such control; there are " + ", ".join(
            f"{method} {path}" for method, path in ROUTES)})
    try:
        return reply(200, action(request, world))
    except (ValueError, TypeError) as error:
        return reply(400, {"error": str(error)})
