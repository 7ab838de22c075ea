# SPDX-License-Identifier: ISC
"""Every error answer of the real Spotify that somebody has seen.

The table is the one place where their wording lives: the endpoints answer
from it, and tests ask for entries by name as canned answers.
"""

import json

JSON = "application/json"
API_JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

PREMIUM = ("Active premium subscription required for the owner of the app. "
           "When the subscription status changes, it can take a few hours "
           "before requests are allowed again.")
MAY_NOT = ("Check settings on developer.spotify.com/dashboard, the user may "
           "not be registered.")
BEARER = 'Bearer realm="spotify", error="{}", error_description="{}"'
NO_TOKEN = "Missing/invalid/expired access token"


def made(status, kind, body, **headers):
    """An entry: what canned answers are made of, nothing else."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "headers": {"Content-Type": kind, **fields},
            "body": body}


def oauth(error, description=None):
    """Of the token endpoint: HTTP 400 for all, invalid_client included."""
    body = {"error": error}
    if description:
        body["error_description"] = description
    return made(400, JSON, json.dumps(body, separators=(",", ":")))


def api(status, message, reason=None, **headers):
    """The normal form of api.spotify.com."""
    error = {"status": status, "message": message}
    if reason:
        error["reason"] = reason
    return made(status, API_JSON, json.dumps({"error": error}), **headers)


def html(status, title):
    """What a gateway in front of Spotify says when the thing behind is away."""
    return made(status, HTML, f"<html><head><title>{title}</title></head>"
                f"<body><h1>{title}</h1></body></html>")


ERRORS = {
    # the token endpoint
    "invalid_client": oauth("invalid_client"),
    "invalid_client_unknown": oauth("invalid_client", "Invalid client"),
    "invalid_client_secret": oauth("invalid_client", "Invalid client secret"),
    "invalid_grant_code": oauth("invalid_grant", "Invalid authorization code"),
    "invalid_grant_code_expired":
        oauth("invalid_grant", "Authorization code expired"),
    "invalid_grant_redirect": oauth("invalid_grant", "Invalid redirect URI"),
    "invalid_grant_verifier":
        oauth("invalid_grant", "code_verifier was incorrect"),
    "invalid_grant_revoked": oauth("invalid_grant", "Refresh token revoked"),
    "invalid_grant_expired": oauth("invalid_grant", "Refresh token expired"),
    "invalid_grant_refresh": oauth("invalid_grant", "Invalid refresh token"),
    "invalid_grant": oauth("invalid_grant"),
    # the rest of RFC 6749 5.2; the wording is ours
    "unsupported_grant_type":
        oauth("unsupported_grant_type", "grant_type parameter is missing or "
              "not one of authorization_code, refresh_token"),
    "invalid_request_form": oauth("invalid_request", "The body must be a form"),
    "invalid_request_repeated":
        oauth("invalid_request", "A parameter is repeated"),
    "invalid_request_code": oauth("invalid_request", "code must be supplied"),
    "invalid_request_redirect":
        oauth("invalid_request", "redirect_uri must be supplied"),
    "invalid_request_refresh":
        oauth("invalid_request", "refresh_token must be supplied"),
    "invalid_request_verifier":
        oauth("invalid_request", "code_verifier must be supplied"),
    "oauth_server_error": oauth("server_error"),
    "temporarily_unavailable": oauth("temporarily_unavailable"),
    # the Web API
    "expired_token_401": api(401, NO_TOKEN, www_authenticate=BEARER.format(
        "invalid_token", "The access token expired")),
    "invalid_token_401": api(401, NO_TOKEN, www_authenticate=BEARER.format(
        "invalid_token", "Invalid access token")),
    "no_token_401": api(401, NO_TOKEN, www_authenticate=BEARER.format(
        "missing_token", "No token provided")),
    "gateway_401": api(401, "Access token missing"),
    "scope_403": api(403, "Insufficient client scope"),
    "not_registered_403":
        made(403, TEXT, "User not registered in the Developer Dashboard"),
    "not_registered_2026_403":
        made(403, TEXT, "The user is not registered for this application. "
             "Please check your settings on "
             "https://developer.spotify.com/dashboard"),
    "may_not_be_registered_403": made(403, TEXT, MAY_NOT),
    "may_not_be_registered_json_403": api(403, MAY_NOT),
    "premium_403": made(403, TEXT, PREMIUM),
    "premium_required_403": api(403, "Player command failed: Premium required",
                                "PREMIUM_REQUIRED"),
    "no_active_device_404": api(404, "Player command failed: No active device "
                                "found", "NO_ACTIVE_DEVICE"),
    "forbidden_403": api(403, "Forbidden"),
    "forbidden_word_403": made(403, JSON, '{"error":"Forbidden"}'),
    "forbidden_empty_403": made(403, TEXT, ""),
    "forbidden_html_403": html(403, "403 Forbidden"),
    "invalid_limit_400": api(400, "Invalid limit"),
    "bad_body_400": api(400, "Error parsing JSON."),
    "missing_type_400": api(400, "Missing parameter type"),
    "invalid_type_400": api(400, "Invalid type"),
    "not_found_404": api(404, "Service not found"),
    "method_405": api(405, "Method not allowed"),
    "rate_limited_429": api(429, "API rate limit exceeded", retry_after="2"),
    "rate_limited_no_header_429": api(429, "API rate limit exceeded"),
    "quota_429": api(429, "Too many requests", "QUOTA_EXCEEDED",
                     retry_after="48925"),
    "text_429": made(429, TEXT, "Too many requests"),
    "server_error_500": api(500, "Server error."),
    "bad_gateway_502_json": api(502, "Failed to get followed artists"),
    "bad_gateway_502_html": html(502, "502 Bad Gateway"),
    "unavailable_503_html": html(503, "503 Service Temporarily Unavailable"),
    "unavailable_503_json": api(503, "Service unavailable"),
    "gateway_timeout_504_html": html(504, "504 Gateway Time-out"),
}

ERRORS["rate_limited"] = ERRORS["rate_limited_429"]
ERRORS["quota"] = ERRORS["quota_429"]
ERRORS["rate_limited_text"] = ERRORS["text_429"]
