# SPDX-License-Identifier: ISC
"""POST /api/token: codes and refresh tokens in, tokens out."""

import base64
import binascii
import hmac
import json
import secrets
import urllib.parse

from . import canned
from .errors import JSON
from .grants import Refused
from .settings import MISSING
from .wire import Answer


def cookies():
    """The real endpoint sets two; a client with a cookie engine shows up."""
    return [("Set-Cookie", f"__Host-device_id={secrets.token_urlsafe(24)}"
             ";Version=1;Path=/;Max-Age=2147483647;Secure;HttpOnly"
             ";SameSite=Lax"),
            ("Set-Cookie", "sp_tr=false;Version=1;Domain=accounts.spotify.com"
             ";Path=/;Secure;SameSite=Lax")]


def basic(header):
    """Id and secret of a Basic header, each form-encoded before base64 (RFC
    6749 2.3.1)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise Refused("invalid_client")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("invalid_client") from None
    name, colon, secret = text.partition(":")
    if not colon:
        raise Refused("invalid_client")
    return urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(secret)


def authenticate(request, fields, client, entry):
    """Refuse all but the registered client. Credentials in the body work too
    but leave a note in the log, because ours must never do that."""
    header = request.header("authorization")
    if header is not None:
        name, secret = basic(header)
    elif "client_secret" in fields:
        name, secret = fields.get("client_id", ""), fields["client_secret"]
    else:
        raise Refused("invalid_client")
    if "client_secret" in fields:
        entry["note"] = "client_secret in body"
    if name != client.id or fields.get("client_id", name) != name:
        raise Refused("invalid_client_unknown")
    if not hmac.compare_digest(secret.encode("utf-8", "surrogatepass"),
                               client.secret.encode()):
        raise Refused("invalid_client_secret")


def need(fields, name, error):
    """A parameter that must be there and not be empty."""
    if not fields.get(name):
        raise Refused(error)
    return fields[name]


def count(table, account):
    """One more for an account."""
    table[account] = table.get(account, 0) + 1


def exchange(world, fields):
    """A code for tokens; returns the grant and the refresh token or None."""
    code = need(fields, "code", "invalid_request_code")
    uri = need(fields, "redirect_uri", "invalid_request_redirect")
    verifier = fields.get("code_verifier")
    if verifier:
        world.journal.secret("code_verifier", verifier, None)
    oldest = world.now() - world.settings["code_lifetime"]
    grant = world.grants.redeem(code, uri, verifier, oldest)
    if world.settings["one_authorization"]:
        world.grants.expire("refresh", grant.account, world.now())
    count(world.grants.exchanges, grant.account)
    length = world.settings["refresh_length"]
    token = world.grants.issue_refresh(grant, length)
    omitted = world.settings["omit_initial_refresh"]
    return grant, MISSING if omitted else token


def rotated(world, token, record):
    """What a refresh says about the refresh token, by the rotation setting."""
    how = world.settings["rotation"]
    if how in ("rotate", "strict"):
        record.revoked = how == "strict"
        return world.grants.issue_refresh(record.grant,
                                          world.settings["refresh_length"])
    return {"omit": MISSING, "same": token, "empty": "", "null": None}[how]


def refresh(world, fields):
    """A refresh token for an access token."""
    token = need(fields, "refresh_token", "invalid_request_refresh")
    oldest = world.now() - world.settings["refresh_lifetime"]
    record = world.grants.lookup_refresh(token, oldest)
    count(world.grants.refreshes, record.grant.account)
    return record.grant, rotated(world, token, record)


def success(world, grant, refresh_token):
    """The members of a good answer; a setting may bend or drop any of them."""
    options = world.settings
    access = world.grants.issue_access(
        grant, options["token_length"],
        world.now() + options["access_lifetime"])
    scope = grant.scope if options["scope"] is None else options["scope"]
    body = {"access_token": access, "token_type": "Bearer",
            "expires_in": options["expires_in"],
            "refresh_token": refresh_token, "scope": scope,
            **options["token_override"]}
    return {name: value for name, value in body.items() if value != MISSING}


def fields_of(request):
    """The form; refused when it is none or says something twice."""
    pairs = request.form
    if pairs is None:
        raise Refused("invalid_request_form")
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("invalid_request_repeated")
    return fields


def decide(request, world, entry):
    """The good answer's body, or Refused. One hold of the lock: of two who
    show the same code, one wins."""
    fields = fields_of(request)
    authenticate(request, fields, world.client, entry)
    kinds = {"authorization_code": exchange, "refresh_token": refresh}
    kind = kinds.get(fields.get("grant_type"))
    if kind is None:
        raise Refused("unsupported_grant_type")
    with world.lock:
        return success(world, *kind(world, fields))


def handle(request, world, entry):
    """POST /api/token."""
    try:
        answer = Answer(200, json.dumps(decide(request, world, entry)), JSON)
    except Refused as refused:
        answer = canned.error(refused.name)
    answer.headers += [("Cache-Control", "no-store"), *cookies()]
    return answer
