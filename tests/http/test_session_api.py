# SPDX-License-Identifier: ISC
"""session: what it says of the calls that a page may make."""

import pytest

from tools.answers import Browser

ROWS = ("top-artists library-contains library-save library-remove search "
        "pause")
WIDE = ("user-follow-read user-follow-modify user-top-read "
        "user-modify-playback-state")


def said(site, account=None):
    """The two members, None where there is none."""
    browser = Browser(site)
    browser.login(account)
    answer = browser.fetch("session").json
    return answer.get("api"), answer.get("scope")


def test_nothing_is_said_where_nothing_is_turned_on(stack):
    assert said(stack) == (None, None)


def test_a_page_learns_what_it_may_call(make_stack):
    """Of what is turned on, that for which the user has given permission;
    of calls for several kinds of things, one kind is enough."""
    site = make_stack(conf={"api_allow": ROWS, "scope": WIDE})
    rows, scope = said(site)
    assert (sorted(rows), scope) == (sorted(ROWS.split()), WIDE)
    for granted, less in (
            ("user-follow-read user-follow-modify user-top-read", {"pause"}),
            ("user-follow-read user-top-read",
             {"pause", "library-save", "library-remove"}),
            ("user-follow-read playlist-modify-public",
             {"pause", "top-artists"})):
        site.spotify.settings(scope=granted)
        rows, scope = said(site)
        assert (set(rows), scope) == (set(ROWS.split()) - less, granted)


@pytest.mark.parametrize("name", ["reading", "artist"])
def test_a_name_for_many_stands_for_each_of_them(make_stack, name):
    site = make_stack(conf={"api_allow": name, "scope":
                            "user-top-read playlist-read-private "
                            "user-library-read user-read-recently-played "
                            "user-read-currently-playing user-follow-read "
                            "user-read-playback-state"})
    rows, _ = said(site)
    assert "reading" not in rows and "artist" in rows
    assert "library-save" not in rows
    assert (len(rows) > 10) == (name == "reading")


def test_following_is_offered_to_who_may_do_all_of_it(make_stack):
    """Three calls have that name; two of them take another permission."""
    site = make_stack(conf={"api_allow": "follow", "scope":
                            "user-follow-read user-follow-modify"})
    assert said(site)[0] == ["follow"]
    site.spotify.settings(scope="user-follow-read")
    assert said(site)[0] == []
