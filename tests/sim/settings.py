# SPDX-License-Identifier: ISC
"""The switches of the simulation: one table, so that a test's typing mistake
is refused instead of silently testing nothing."""

from . import canned

MISSING = "__missing__"


def flag(value):
    """True or false, nothing that merely looks like it."""
    return isinstance(value, bool)


def number(value):
    """A plain number, as seconds or characters."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def count(value):
    """A whole number from zero."""
    return number(value) and isinstance(value, int) and value >= 0


def anything(_):
    """Whatever JSON can say: it goes into an answer as it is."""
    return True


def text_or_none(value):
    """Text, or null for the default behaviour."""
    return value is None or isinstance(value, str)


def flag_or_text(value):
    """On with the usual value, or on with the value given."""
    return isinstance(value, (bool, str))


def mapping(value):
    """A JSON object."""
    return isinstance(value, dict)


def one_of(*words):
    """One of a few words."""
    return lambda value: value in words


def failing_pages(value):
    """{"4": answer}: page numbers from 1, each with a canned answer."""
    if not isinstance(value, dict):
        return False
    for page, answer in value.items():
        canned.check(answer)
        if not page.isdecimal() or int(page) < 1:
            return False
    return True


TABLE = {
    # name: (default, test of a value)
    "consent": ("ask", one_of("ask", "agree", "deny")),
    "account": (None, text_or_none),
    "auto_approve": (True, flag),
    "deny_error": ("access_denied", lambda v: isinstance(v, str)),
    "redirect_override": ({}, mapping),
    "code_length": (660, count),
    "code_lifetime": (600, number),
    "rotation": ("omit", one_of("omit", "same", "empty", "null", "rotate",
                                "strict")),
    # A new authorization ends the account's earlier ones.
    "one_authorization": (False, flag),
    # What the library takes for an artist: a scope, any of its three, no
    # scope, or whatever it is and does nothing with it.
    "artist_scope": ("any", one_of("any", "user-follow-modify",
                                   "user-library-modify", "none", "ignored")),
    "omit_initial_refresh": (False, flag),
    "token_length": (582, count),
    "refresh_length": (131, count),
    "expires_in": (3600, anything),
    "access_lifetime": (3600, number),
    "refresh_lifetime": (180 * 86400, number),
    "scope": (None, anything),
    "token_override": ({}, mapping),
    "send_email": (True, flag),
    "extended": (False, flag),
    "me_override": ({}, mapping),
    "owner_premium": (True, flag),
    "artist_fields": ("development", one_of("development", "full")),
    "null_items": (False, flag),
    "null_name": (False, flag),
    "duplicate_items": (False, flag),
    "repeat_cursor": (False, flag),
    "wrong_total": (False, anything),
    "evil_items": (False, flag),
    "evil_next": (False, flag_or_text),
    "evil_after": (False, anything),
    "fail_page": ({}, failing_pages),
    # So many lists' pages in so many seconds; then a 429 until they are over.
    "page_rate": ({}, mapping),
    # The largest limit that is taken; more is a 400.
    "page_max": (50, count),
    # A page with the artist at "at" (null: any), and more than "most", is a
    # 502.
    "heavy": ({}, mapping),
}


def defaults():
    """A fresh set of settings."""
    return {name: default for name, (default, _) in TABLE.items()}


def check(changes):
    """Refuse unknown names and impossible values, all of them at once."""
    if not isinstance(changes, dict):
        raise ValueError("settings are a JSON object")
    unknown = sorted(set(changes) - set(TABLE))
    if unknown:
        raise ValueError(f"unknown settings {', '.join(unknown)}; known are "
                         + ", ".join(sorted(TABLE)))
    wrong = [name for name, value in changes.items()
             if not TABLE[name][1](value)]
    if wrong:
        raise ValueError("a value is impossible: " + ", ".join(
            f"{name} = {changes[name]!r}" for name in sorted(wrong)))
