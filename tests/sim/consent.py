# SPDX-License-Identifier: ISC
"""The consent page: who logs in, what the application may see, yes or no."""

import html
import urllib.parse

from .scopes import SCOPES
from .style import STYLE
from .wire import Answer

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Simulated Spotify: log in</title>
<style>{style}</style>
</head>
<body>
<p class="banner" role="note"><strong>Simulated Spotify</strong> &ndash; nobody
at Spotify sees this</p>
<main>
<h1>Let this application use your account?</h1>
<form method="post" action="/authorize/decision">
{hidden}
<fieldset>
<legend>{legend}</legend>
{accounts}
</fieldset>
<section aria-labelledby="wants">
<h2 id="wants">It will be able to</h2>
<ul class="scopes">
{scopes}
</ul>
</section>
<div class="buttons">
<button id="agree" name="decision" value="agree">Agree</button>
<button id="cancel" name="decision" value="cancel">Cancel</button>
</div>
</form>
<p class="after">Afterwards you go to
<span class="uri">{redirect_uri}</span></p>
</main>
</body>
</html>
"""

ACCOUNT = """<label class="account">
<input type="radio" name="account" value="{id}"{checked}>
{picture}
<span class="who"><span class="name">{name}</span>
<span class="about">{about}</span></span>
</label>"""


def picture(account):
    """The account's own image, or its first letter on a disc."""
    if account["image"]:
        path = urllib.parse.quote(account["id"], safe="")
        return (f'<img class="face" alt="" width="44" height="44" '
                f'src="/account-image/{path}/64.svg">')
    letter = (account["display_name"] or account["id"])[:1].upper()
    return ('<span class="face letter" aria-hidden="true">'
            f"{html.escape(letter)}</span>")


def about(account):
    """What a tester wants to know before choosing: the size of the list, and
    whether this account will be refused after the login."""
    follows = account["follows"]
    words = {0: "follows nobody yet", 1: "follows 1 artist"}.get(
        follows, f"follows {follows:,} artists")
    if not account["allowlisted"]:
        words += ", not on the app\u2019s allowlist"
    return words


def choice(account, current):
    """One account as a radio button."""
    return ACCOUNT.format(
        id=html.escape(account["id"]), picture=picture(account),
        name=html.escape(account["display_name"] or account["id"]),
        about=html.escape(about(account)),
        checked=" checked" if account["id"] == current else "")


def scope_items(scope):
    """The scopes in words; without any, what everybody can see anyway."""
    names = dict.fromkeys(scope.split())
    if not names:
        return "<li>See your public profile only</li>"
    return "\n".join(f"<li>{html.escape(SCOPES[name])} "
                     f"<code>{name}</code></li>" for name in names)


def page(fields, accounts, current):
    """The whole page. No form-action in its policy: browsers apply that to
    the redirect after the form as well, and it would never arrive."""
    hidden = "\n".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
        for name, value in fields.items())
    body = PAGE.format(
        style=STYLE, hidden=hidden,
        legend="Log in as" if len(accounts) == 1
        else "Log in as (not you? choose another)",
        accounts="\n".join(choice(a, current) for a in accounts),
        scopes=scope_items(fields.get("scope", "")),
        redirect_uri=html.escape(fields["redirect_uri"]))
    policy = ("default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
              "base-uri 'none'; frame-ancestors 'none'")
    return Answer(200, body, "text/html; charset=utf-8", [
        ("Cache-Control", "no-store"), ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer")])
