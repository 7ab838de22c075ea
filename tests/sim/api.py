# SPDX-License-Identifier: ISC
"""The Web API: GET /v1/me and GET /v1/me/following."""

import math
import urllib.parse

from . import canned, defects
from .catalogue import artist, dump
from .errors import API_JSON
from .grants import Refused
from .settings import MISSING
from .wire import Answer

HEADERS = [("Cache-Control", "private, max-age=0"),
           ("Access-Control-Allow-Origin", "*"),
           ("X-Content-Type-Options", "nosniff"),
           ("Strict-Transport-Security", "max-age=31536000")]


def bearer(request, world):
    """The grant behind a request and its account. The order of the checks is
    the real one: token, then application, then account."""
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("no_token_401")
    with world.lock:
        record = world.grants.access.get(token)
        if record is None:
            raise Refused("invalid_token_401")
        if record.expires_at <= world.now():
            raise Refused("expired_token_401")
        account = world.account(record.grant.account)
        if account is None:
            raise Refused("invalid_token_401")
        if not world.settings["owner_premium"]:
            raise Refused("premium_403")
        if not account["allowlisted"]:
            raise Refused("not_registered_403")
        return record.grant, account


def portrait(account, base):
    """The account's images."""
    if not account["image"]:
        return []
    name = urllib.parse.quote(account["id"], safe="")
    return [{"url": f"{base}/account-image/{name}/{size}.svg",
             "height": size, "width": size} for size in (300, 64)]


def profile(account, grant, options, base):
    """What development mode shows, and the rest if asked."""
    path = urllib.parse.quote(account["id"], safe="")
    result = {
        "account_id": account["account_id"],
        "display_name": account["display_name"],
        "external_urls": {
            "spotify": f"https://open.spotify.com/user/{path}"},
        "href": f"https://api.spotify.com/v1/users/{path}",
        "id": account["id"], "images": portrait(account, base),
        "type": "user", "uri": f"spotify:user:{path}"}
    if options["send_email"] and "user-read-email" in grant.scope.split():
        result["email"] = account["email"]
    if options["extended"]:
        result.update(
            country="DE", product="premium",
            explicit_content={"filter_enabled": False, "filter_locked": False},
            followers={"href": None, "total": 42})
    result.update(options["me_override"])
    return {k: v for k, v in result.items() if v != MISSING}


def me(request, world):
    """GET /v1/me."""
    try:
        grant, account = bearer(request, world)
    except Refused as refused:
        return canned.error(refused.name)
    with world.lock:
        options = dict(world.settings)
    body = dump(profile(account, grant, options, world.base_for(request)))
    return Answer(200, body, API_JSON, HEADERS)


def page_query(request, largest):
    """after and limit of a request, checked."""
    query = dict(request.query)
    if "type" not in query:
        raise Refused("missing_type_400")
    if query["type"] != "artist":
        raise Refused("invalid_type_400")
    limit = query.get("limit", "20")
    if not (limit.isascii() and limit.isdecimal()
            and 1 <= int(limit[:9]) <= largest):
        raise Refused("invalid_limit_400")
    return query.get("after", ""), int(limit)


def items_text(catalogue, start, limit, options):
    """The elements of a page as text; the quick way if nothing is bent."""
    end = start + limit
    if not defects.any_items(options):
        return "[" + ",".join(catalogue.texts[start:end]) + "]"

    def make(identity):
        return artist(identity, catalogue.base, catalogue.full)
    before = make(catalogue.ids[start - 1]) if start else None
    items = [make(identity) for identity in catalogue.ids[start:end]]
    return dump(defects.bent_items(items, before, options))


def addresses(request, base, after, asked, limit):
    """href and next. next mirrors Accept-Language as it came, commas and
    semicolons included, as the real one does."""
    path = f"{base}/v1/me/following?type=artist"
    href = path + (f"&after={urllib.parse.quote(asked, safe='')}"
                   if asked else "") + f"&limit={limit}"
    if after is None:
        return href, None
    language = request.header("accept-language")
    locale = f"&locale={language}" if language else ""
    return href, f"{path}&after={after}&limit={limit}{locale}"


def page_body(request, catalogue, asked, limit, options):
    """One page as JSON."""
    start = catalogue.position(asked)
    last = start + limit >= len(catalogue.ids)
    after = None if last else catalogue.ids[start + limit - 1]
    after = defects.bent_cursor(after, asked, options)
    href, following = addresses(request, catalogue.base, after, asked, limit)
    rest = dump({"next": defects.bent_next(following, options),
                 "total": defects.bent_total(len(catalogue.ids), options),
                 "cursors": {"after": after}, "limit": limit, "href": href})
    items = items_text(catalogue, start, limit, options)
    return f'{{"artists":{{"items":{items},{rest[1:]}}}'


def too_many(world, rate):
    """Whether a page has to wait, and how many seconds. The lock is held."""
    if not rate:
        return 0
    now, given = world.now(), world.pages_given
    while given and given[0] <= now - rate["seconds"]:
        given.popleft()
    if len(given) < rate["calls"]:
        given.append(now)
        return 0
    return max(1, math.ceil(given[0] + rate["seconds"] - now))


def is_heavy(start, limit, heavy):
    """Whether the page that begins there is too much for the servers."""
    return bool(heavy) and limit > heavy["most"] and (
        heavy["at"] is None or start <= heavy["at"] < start + limit)


def followed(account, world, base, full=False):
    """The catalogue of an account as it is now."""
    return world.catalogues.get(account["id"], account["follows"], base, full,
                                *world.follow_changes(account["id"]))


def following(request, world):
    """GET /v1/me/following?type=artist."""
    try:
        grant, account = bearer(request, world)
        if "user-follow-read" not in grant.scope.split():
            raise Refused("scope_403")
        with world.lock:
            options = dict(world.settings)
            wait_s = too_many(world, options["page_rate"])
        if wait_s:
            return canned.error({"name": "rate_limited_no_header_429",
                                 "headers": {"Retry-After": str(wait_s)}})
        asked, limit = page_query(request, options["page_max"])
    except Refused as refused:
        return canned.error(refused.name)
    catalogue = followed(account, world, world.base_for(request),
                         options["artist_fields"] == "full")
    if is_heavy(catalogue.position(asked), limit, options["heavy"]):
        return canned.error("bad_gateway_502_json")
    page = str(catalogue.position(asked) // limit + 1)
    if page in options["fail_page"]:
        plan = canned.check(options["fail_page"][page])
        return canned.play(plan, lambda: Answer(200, page_body(
            request, catalogue, asked, limit, options), API_JSON, HEADERS),
                           request.gate)
    return Answer(200, page_body(request, catalogue, asked, limit, options),
                  API_JSON, HEADERS)
