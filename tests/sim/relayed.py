# SPDX-License-Identifier: ISC
"""The calls of the Web API that a page makes through api: each answers in the
shape that Spotify's own description gives it (operations.json), with invented
values that are the same each time."""

import json
import pathlib
import re

from . import api, canned
from .catalogue import Dice, artist, artist_id, dump
from .errors import API_JSON
from .grants import Refused
from .wire import Answer

TABLE = json.loads((pathlib.Path(__file__).parent / "operations.json")
                   .read_text("utf-8"))
LIMIT = 5
TOP = 50
ARTIST = "spotify:artist:"
MARK = "{id}"
ID = re.compile(r"[0-9A-Za-z]{22}")


def merged(shape):
    """A shape by its name, and one out of several as one."""
    if isinstance(shape, str):
        return merged(TABLE["schemas"][shape])
    if "any" in shape:
        return merged(shape["any"][0])
    if "all" not in shape:
        return shape
    members, required = {}, []
    for part in map(merged, shape["all"]):
        members.update(part.get("members", {}))
        required += part.get("required", [])
    return {"type": "object", "members": members, "required": required}


def text(name, seed):
    """A text for a member of that name."""
    if name == "id":
        return artist_id(seed, 0)
    if name in ("href", "url", "next", "spotify", "preview_url"):
        return f"https://api.spotify.com/v1/{artist_id(seed, 1)}"
    if name == "uri":
        return f"spotify:track:{artist_id(seed, 0)}"
    if name == "release_date":
        return "1981-12-15"
    if name in ("added_at", "played_at"):
        return "2026-11-01T12:00:00Z"
    return f"{name} {Dice(seed).roll(1000)}"


def value(shape, name, seed, limit):
    """A value of a shape. Lists have so many elements on top, and two within;
    what may be missing is there."""
    shape = merged(shape)
    kind = shape.get("type")
    if "enum" in shape:
        return shape["enum"][0]
    if kind == "object":
        return {key: value(member, key, f"{seed}/{key}", limit)
                for key, member in shape.get("members", {}).items()}
    if kind == "array":
        inner = min(limit, 2)
        return [value(shape["items"], name, f"{seed}/{n}", inner)
                for n in range(limit)]
    if kind == "integer":
        return Dice(seed).roll(100)
    if kind == "number":
        return Dice(seed).roll(100) / 10
    return True if kind == "boolean" else text(name, seed)


def check(query, operation):
    """As strict as the real one: what it does not know it ignores."""
    for name, facts in operation["query"].items():
        if name not in query:
            if facts.get("required"):
                raise Refused("missing_type_400")
            continue
        if facts["type"] == "integer" and not (
                query[name].isdecimal()
                and facts.get("minimum", 0) <= int(query[name])
                <= facts.get("maximum", 10 ** 15)):
            raise Refused("invalid_limit_400")


def check_body(request, operation):
    """JSON that says what it must, and no more than that is known of it."""
    shape = operation.get("body")
    if shape is None or not (request.body or shape.get("required")):
        return
    try:
        said = json.loads(request.text)
    except ValueError:
        said = None
    if request.header("content-type") != "application/json" or \
            not isinstance(said, dict) or \
            not set(shape.get("required", ())) <= set(said) \
            <= set(shape["members"]):
        raise Refused("bad_body_400")


def uris(query):
    """Of what a call is about; the older one has ids of artists."""
    if "ids" in query:
        return [ARTIST + one for one in query["ids"].split(",")]
    return query["uris"].split(",") if "uris" in query else []


def contains(query, account, world):
    """Of artists what the list says; of the rest the last click, or what is
    the same each time."""
    ids = set(api.followed(account, world, world.base).ids)
    return [uri.removeprefix(ARTIST) in ids if uri.startswith(ARTIST)
            else world.clicks.get((account["id"], uri),
                                  Dice(uri).roll(2) == 1)
            for uri in uris(query)]


def top(account, base, start, limit):
    """Those heard most: every other one was followed from the beginning."""
    seeds = [account["id"] if n % 2 and n < account["follows"] else "top"
             for n in range(start, min(start + limit, TOP))]
    return [artist(artist_id(seed, n), base, True)
            for n, seed in enumerate(seeds, start)]


def body(path, query, operation, account):
    """What is answered."""
    limit = int(query.get("limit", LIMIT))
    result = value(operation["answer"], "", f"{account['id']}{path}", limit)
    if "offset" in query and isinstance(result, dict) and "items" in result:
        result["offset"] = int(query["offset"])
    if path == "/search":
        wanted = {kind + "s" for kind in query["type"].split(",")}
        result = {k: v for k, v in result.items() if k in wanted}
    return result


def may(scopes, granted):
    """One of several is enough where URIs, or playlists, decide which."""
    one_will_do = len(scopes) > 2 or "playlist-modify-public" in scopes
    return not scopes or (any if one_will_do else all)(
        scope in granted for scope in scopes)


def change(request, world, account, scopes):
    """Remember what an account has saved, or taken away."""
    query = dict(request.query)
    wanted = request.method == "PUT"
    wish = world.setting("artist_scope") if "uris" in query else "any"
    artists = [uri for uri in uris(query) if uri.startswith(ARTIST)]
    if artists and wish not in ("any", "ignored", *scopes):
        raise Refused("scope_403")
    for uri in uris(query):
        world.clicks[account["id"], uri] = wanted
        if uri in artists and wish != "ignored":
            world.follow(account["id"], uri.removeprefix(ARTIST), wanted)


def handle(operation):
    """The handler of an operation."""
    def answer(request, world, _):
        try:
            grant, account = api.bearer(request, world)
            if not may(operation["scopes"], grant.scope.split()):
                raise Refused("scope_403")
            query = dict(request.query)
            check(query, operation)
            check_body(request, operation)
            if operation["answer"] is None:
                change(request, world, account, grant.scope.split())
        except Refused as refused:
            return canned.error(refused.name)
        if operation["answer"] is None:
            return Answer(int(operation["statuses"][0]), b"", API_JSON,
                          api.HEADERS)
        path = request.path.removeprefix("/v1")
        if path.endswith("/contains"):
            result = contains(query, account, world)
        else:
            result = body(path, query, operation, account)
        if path == "/me/top/artists":
            result["items"] = top(account, world.base_for(request),
                                  int(query.get("offset", "0")),
                                  int(query.get("limit", LIMIT)))
        return Answer(int(operation["statuses"][0]), dump(result),
                      API_JSON, api.HEADERS)
    return answer


HANDLERS = {}
for _method in ("GET", "PUT", "POST", "DELETE"):
    for _path, _operation in [*TABLE[_method].items(),
                              *TABLE["deprecated"].get(_method, {}).items()]:
        HANDLERS.setdefault(_path, {})[_method] = handle(_operation)


def find(path):
    """The target "api" and the handlers of a path; None if it is none of
    these."""
    path = path.removeprefix("/v1")
    if path in HANDLERS and MARK not in path:
        return "api", HANDLERS[path]
    for template, handlers in HANDLERS.items():
        head, mark, tail = template.partition(MARK)
        if mark and path.startswith(head) and path.endswith(tail) and \
                ID.fullmatch(path[len(head):len(path) - len(tail)]):
            return "api", handlers
    return None
