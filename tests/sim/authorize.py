# SPDX-License-Identifier: ISC
"""GET /authorize and the decision that follows.

Two kinds of errors exist and a client sees only one of them: what is wrong
with the client or its redirect URI ends on a page here and never comes back.
"""

import re
import urllib.parse

from . import consent
from .grants import Grant
from .scopes import SCOPES
from .wire import Answer

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
LOOPBACK = re.compile(
    r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/.*)?")
COOKIE = "simulated_spotify_account"
PARAMETERS = ("client_id", "response_type", "redirect_uri", "state", "scope",
              "show_dialog", "code_challenge_method", "code_challenge")


def problem(text):
    """A page that the client's callback never hears of."""
    return Answer(400, text, "text/plain; charset=utf-8",
                  [("Cache-Control", "no-store")])


def is_secure(uri):
    """https, or http on a loopback literal; "localhost" is not one."""
    scheme = uri.partition(":")[0].lower()
    return scheme != "http" or bool(LOOPBACK.fullmatch(uri))


def is_registered(uri, registered):
    """Byte for byte; a loopback literal registered without a port accepts
    any port."""
    if uri in registered:
        return True
    found = LOOPBACK.fullmatch(uri)
    return bool(found) and found[1] + (found[2] or "") in registered


def complaint(fields, client):
    """What is wrong with an authorization request, None if nothing."""
    scopes = fields.get("scope", "").split()
    if fields.get("client_id") != client.id:
        return "INVALID_CLIENT: Invalid client"
    uri = fields.get("redirect_uri", "")
    if not is_registered(uri, client.redirect_uris):
        return "INVALID_CLIENT: Invalid redirect URI"
    if not is_secure(uri):
        return "INVALID_CLIENT: Insecure redirect URI"
    if fields.get("response_type") != "code":
        return "response_type must be code"
    if any(scope not in SCOPES for scope in scopes):
        return "Illegal scope"
    if ("code_challenge" in fields) != ("code_challenge_method" in fields):
        return "code_challenge and code_challenge_method go together"
    if fields.get("code_challenge_method", "S256") != "S256":
        return "code_challenge_method must be S256"
    if not CHALLENGE.fullmatch(fields.get("code_challenge", "A" * 43)):
        return "code_challenge must be base64url of a SHA-256 digest"
    return None


def fields_of(pairs):
    """The known parameters; None when one of them is repeated."""
    known = [pair for pair in pairs if pair[0] in PARAMETERS]
    fields = dict(known)
    return fields if len(fields) == len(known) else None


def back(world, fields, values, status):
    """The redirect to the client, with state if there was one."""
    if "state" in fields:
        values["state"] = fields["state"]
    for name, value in world.setting("redirect_override").items():
        values[name] = value
        if value == "__missing__":
            del values[name]
    uri = fields["redirect_uri"]
    uri += ("&" if "?" in uri else "?") + urllib.parse.urlencode(values)
    return Answer(status, b"", None, [("Location", uri),
                                      ("Cache-Control", "no-store")])


def agree(world, fields, account, status=302):
    """Record the consent and send a code back."""
    scope = " ".join(fields.get("scope", "").split())
    with world.lock:
        grant = Grant(account, scope, fields["redirect_uri"],
                      fields.get("code_challenge"), world.now())
        code = world.grants.issue_code(grant, world.settings["code_length"])
        world.approved.setdefault(account, set()).update(scope.split())
    return back(world, fields, {"code": code}, status)


def deny(world, fields):
    """The user said no."""
    return back(world, fields, {"error": world.setting("deny_error")}, 302)


def signed_in(world, request):
    """The account that this browser is logged in with at Spotify: the
    setting if there is one, else our cookie. None if neither."""
    with world.lock:
        if world.settings["account"]:
            return world.settings["account"]
        for part in (request.header("cookie") or "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == COOKIE:
                account = urllib.parse.unquote(value)
                return account if account in world.accounts else None
    return None


def is_approved(world, fields, account):
    """True if no dialog is needed: the same person agreed to this before."""
    if fields.get("show_dialog", "").lower() == "true":
        return False
    with world.lock:
        asked = set(fields.get("scope", "").split())
        return (world.settings["auto_approve"] and account in world.approved
                and asked <= world.approved[account])


def show(request, world):
    """GET /authorize."""
    fields = fields_of(request.query)
    if fields is None:
        return problem("A parameter is repeated")
    wrong = complaint(fields, world.client)
    if wrong:
        return problem(wrong)
    account = signed_in(world, request)
    with world.lock:
        first = next(iter(world.accounts))
        accounts = [dict(a) for a in world.accounts.values()]
    wish = world.setting("consent")
    if wish == "agree":
        return agree(world, fields, account or first)
    if wish == "deny":
        return deny(world, fields)
    if is_approved(world, fields, account):
        return agree(world, fields, account, 303)
    return consent.page(fields, accounts, account or first)


def decide(request, world):
    """POST /authorize/decision: checked again, for the fields came by way of
    the browser."""
    form = request.form or []
    fields = fields_of(form)
    if fields is None:
        return problem("A parameter is repeated")
    wrong = complaint(fields, world.client)
    if wrong:
        return problem(wrong)
    chosen = dict(form)
    if chosen.get("decision") != "agree":
        return deny(world, fields)
    account = chosen.get("account", "")
    if not world.account(account):
        return problem("No such account")
    answer = agree(world, fields, account)
    answer.headers.append(("Set-Cookie", f"{COOKIE}="
                           f"{urllib.parse.quote(account)}; Path=/authorize; "
                           "HttpOnly; SameSite=Lax"))
    return answer
