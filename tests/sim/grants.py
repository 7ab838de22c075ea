# SPDX-License-Identifier: ISC
"""Codes and tokens: what was issued, to whom, and what it is still worth.

The rules are Spotify's (README.md, "Tokens"): a code is good once and for ten
minutes; a refresh token ends six months after the user's consent, however
often it is used, and may rotate in six ways.
"""

import base64
import hashlib
import secrets

ISSUED_MAX = 200_000


class Refused(Exception):
    """The name of the answer (errors.py) that says why not."""

    def __init__(self, name):
        super().__init__(name)
        self.name = name


class Grant:
    """One consent: everything that descends from one authorization code."""

    def __init__(self, account, scope, redirect_uri, challenge, now):
        self.account = account
        self.scope = scope
        self.redirect_uri = redirect_uri
        self.challenge = challenge
        self.authorized_at = now
        self.code_spent = False


class Access:
    """An access token: a bearer of a grant until a moment."""

    def __init__(self, grant, expires_at):
        self.grant = grant
        self.expires_at = expires_at


class Refresh:
    """A refresh token; revoked ones stay known, to answer as Spotify does."""

    def __init__(self, grant):
        self.grant = grant
        self.revoked = False


def opaque(prefix, length):
    """A random string in the manner of Spotify's, exactly that long."""
    return (prefix + secrets.token_urlsafe(length))[:length]


def challenge_of(verifier):
    """RFC 7636, S256."""
    digest = hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def keep(table, token, record):
    """Store a record; the oldest goes when a soak has issued too many."""
    table[token] = record
    if len(table) > ISSUED_MAX:
        del table[next(iter(table))]


class Grants:
    """All that was issued. The caller holds the world's lock and says what
    time it is."""

    def __init__(self, remember):
        self.codes = {}
        self.access = {}
        self.refresh = {}
        self.exchanges = {}
        self.refreshes = {}
        self.remember = remember

    def issue_code(self, grant, length):
        """A new authorization code for a consent."""
        code = opaque("AQD", length)
        keep(self.codes, code, grant)
        self.remember("code", code, grant.account)
        return code

    def redeem(self, code, redirect_uri, verifier, oldest):
        """Spend a code. It is spent by the first authenticated client that
        shows it, whether or not the rest is right: a retry must not help."""
        grant = self.codes.get(code)
        if grant is None or grant.code_spent:
            raise Refused("invalid_grant_code")
        if grant.authorized_at < oldest:
            raise Refused("invalid_grant_code_expired")
        grant.code_spent = True
        if redirect_uri != grant.redirect_uri:
            raise Refused("invalid_grant_redirect")
        if grant.challenge and not verifier:
            raise Refused("invalid_request_verifier")
        if verifier and challenge_of(verifier) != grant.challenge:
            raise Refused("invalid_grant_verifier")
        return grant

    def lookup_refresh(self, token, oldest):
        """The record of a refresh token that is still good."""
        record = self.refresh.get(token)
        if record is None:
            raise Refused("invalid_grant_refresh")
        if record.revoked:
            raise Refused("invalid_grant_revoked")
        if record.grant.authorized_at < oldest:
            raise Refused("invalid_grant_expired")
        return record

    def issue_access(self, grant, length, expires_at):
        """A new access token; earlier ones stay good, as they do there."""
        token = opaque("BQ", length)
        keep(self.access, token, Access(grant, expires_at))
        self.remember("access_token", token, grant.account)
        return token

    def issue_refresh(self, grant, length):
        """A new refresh token of a grant."""
        token = opaque("AQC", length)
        keep(self.refresh, token, Refresh(grant))
        self.remember("refresh_token", token, grant.account)
        return token

    def expire(self, what, account, now):
        """End tokens from now on; returns how many."""
        ended = 0
        if what in ("access", "all"):
            for record in self._of(self.access, account):
                if record.expires_at > now:
                    record.expires_at = now
                    ended += 1
        if what in ("refresh", "all"):
            for record in self._of(self.refresh, account):
                ended += not record.revoked
                record.revoked = True
        return ended

    @staticmethod
    def _of(table, account):
        return [record for record in table.values()
                if account in (None, record.grant.account)]

    def counts(self, now, code_oldest, refresh_oldest):
        """How much of it is good at this moment."""
        return {
            "codes": sum(not g.code_spent and g.authorized_at >= code_oldest
                         for g in self.codes.values()),
            "access": sum(r.expires_at > now for r in self.access.values()),
            "refresh": sum(not r.revoked
                           and r.grant.authorized_at >= refresh_oldest
                           for r in self.refresh.values())}
