# SPDX-License-Identifier: ISC
"""api_max_age: answers that are kept for who asks the same again."""

import pytest

from calls import ID, fixture_member, fixture_site  # noqa: F401
from stack import Engine
from stack.fixtures import start_stack
from tools.answers import Browser, refused
from tools.parallel import Later
from tools.store import stored

SCOPE = ("user-follow-read user-top-read user-read-playback-state "
         "user-read-currently-playing user-read-recently-played "
         "user-library-read user-library-modify playlist-read-private "
         "user-modify-playback-state")
CONF = {"api_allow": "reading library-save pause", "scope": SCOPE,
        "api_max_age": "1h"}
TOP = "api/me/top/artists?limit=5"
SAVE = f"api/me/library?uris=spotify:track:{ID}"
PAUSE = "api/me/player/pause"
# What a change of the library can make untrue, and what it cannot.
OWN = ("api/me/tracks", "api/me/albums", "api/me/playlists",
       f"api/playlists/{ID}", f"api/playlists/{ID}/items")
OTHERS = (TOP, "api/me/top/tracks", f"api/artists/{ID}",
          f"api/artists/{ID}/albums", f"api/albums/{ID}", f"api/tracks/{ID}",
          "api/search?q=a&type=artist")
NEVER = ("api/me/player", "api/me/player/currently-playing",
         "api/me/player/devices", "api/me/player/queue",
         "api/me/player/recently-played",
         f"api/me/library/contains?uris=spotify:track:{ID}")
SCRIPT = {"X-Requested-With": "fetch"}


@pytest.fixture(scope="module", params=["files", "engine"], name="open_stack")
def fixture_open_stack(request):
    """A site that keeps answers, in either store; two processes answer."""
    if request.param == "files":
        with start_stack(conf=CONF, processes={"api": 2}) as running:
            yield running
            assert running.stop() == []
        return
    with Engine() as engine:
        with start_stack(conf={**CONF, **engine.conf(engine.socket_url)},
                         processes={"api": 2}) as running:
            def empty(files=running.empty_store):
                files()
                engine.command("FLUSHALL")
            running.engine, running.empty_store = engine, empty
            yield running
            assert running.stop() == []


def asked(site):
    """How many calls Spotify has had."""
    return len(site.spotify.requests("api"))


def kept_places(site):
    """The names of what holds answers."""
    if hasattr(site, "engine"):
        return [key for key in site.engine.command("KEYS", "*")
                if key.decode().endswith(":a")]
    return stored(site, "answers-")


def test_who_asks_the_same_again_gets_what_was_kept(site, member):
    """Of whichever process; with its age, and until it is too old."""
    first = member.fetch(TOP)
    assert first.header("Age") == "0" and asked(site) == 1
    site.clock.advance(100)
    for _ in range(6):
        again = member.fetch(TOP)
        assert again.body == first.body
        assert 100 <= int(again.header("Age")) < 200
        assert again.header("ETag") == first.header("ETag")
    assert asked(site) == 1
    assert member.fetch("api/me/top/artists?limit=6").header("Age") == "0"
    assert member.fetch("api/me/top/tracks?limit=5").header("Age") == "0"
    assert asked(site) == 3
    site.clock.advance(3500)
    assert member.fetch(TOP).header("Age") == "0"
    assert asked(site) == 4


def test_a_browser_that_has_it_is_told_so(site, member):
    tag = member.fetch(TOP).header("ETag")
    assert tag.startswith('W/"')
    reply = member.fetch(TOP, headers={"If-None-Match": tag})
    assert (reply.status, reply.body) == (304, b"")
    assert reply.header("ETag") == tag and int(reply.header("Age")) >= 0
    assert reply.header("Content-Type") is None
    reply = member.fetch(TOP, headers={"If-None-Match": 'W/"other"'})
    assert reply.status == 200
    assert asked(site) == 1
    head = member.fetch(TOP, "HEAD")
    assert head.status == 200 and head.header("ETag") == tag


def test_what_changes_by_itself_is_never_kept(site, member):
    for path in NEVER:
        for _ in range(2):
            reply = member.fetch(path)
            assert reply.status in (200, 204), reply
            assert reply.header("Cache-Control") == "no-store"
    assert asked(site) == 2 * len(NEVER)
    assert kept_places(site) == []


def test_after_a_change_what_it_can_have_changed_is_asked_for_anew(site,
                                                                   member):
    """By the session that has made it, and nothing else is."""
    other = Browser(site)
    other.login()
    for path in (*OWN, *OTHERS):
        assert member.fetch(path).status == 200
    assert other.fetch(OWN[0]).status == 200
    assert member.fetch(SAVE, "PUT", SCRIPT).status == 204
    before = asked(site)
    for path in OTHERS:
        assert member.fetch(path).status == 200
    assert other.fetch(OWN[0]).status == 200
    assert asked(site) == before
    for path in (*OWN, *OWN):
        assert member.fetch(path).status == 200
    assert asked(site) == before + len(OWN)


def test_a_change_that_cannot_be_noted_leaves_nothing_kept(site, member):
    """There is something in the way where it would be noted."""
    if hasattr(site, "engine"):
        pytest.skip("what is in the way is a directory")
    assert member.fetch(TOP).status == 200
    answers, = kept_places(site)
    place = site.session_dir / answers.name.replace("answers-", "change-")
    (place / "in-the-way").mkdir(parents=True)
    assert member.fetch(PAUSE, "PUT", SCRIPT).status == 204
    assert kept_places(site) == [answers]
    assert member.fetch(SAVE, "PUT", SCRIPT).status == 204
    assert kept_places(site) == []


def test_a_command_to_the_player_voids_nothing_that_is_kept(site, member):
    """None of its own answers is ever kept."""
    for path in (*OWN, *OTHERS, "artists"):
        assert member.fetch(path).status == 200
    site.spotify.clear_requests()
    assert member.fetch(PAUSE, "PUT", SCRIPT).status == 204
    for path in (*OWN, *OTHERS, "artists"):
        assert member.fetch(path).status == 200
    call, = site.spotify.requests()
    assert call["path"] == "/v1/me/player/pause"


def test_what_plays_is_not_shared_after_a_command(site, member):
    """Whichever of the processes has heard the one, and the other."""
    site.spotify.answers("api", {"held": True, "pass": True})
    old = Later(lambda: member.copy().fetch("api/me/player"))
    site.spotify.wait_for("api", 1)
    assert member.fetch(PAUSE, "PUT", SCRIPT).status == 204
    for _ in range(6):
        assert member.fetch("api/me/player").status == 200
    assert asked(site) == 8
    site.spotify.release()
    assert old.result().status == 200


def test_nobody_gets_what_is_somebody_elses(site, member):
    member.fetch(TOP)
    other = Browser(site)
    other.login(account="wizzler")
    assert other.fetch(TOP).header("Age") == "0"
    assert asked(site) == 2


def test_who_logs_in_meanwhile_gets_nothing_of_who_was_there(site):
    """In the same browser, while Spotify is slow to answer. What is under way
    belongs to the login that has asked, and so does what is kept."""
    for name in ("ada", "bob"):
        site.spotify.account(name)
    browser = Browser(site)
    browser.login("ada")
    site.spotify.clear_requests()
    site.spotify.answers("api", {"held": True, "pass": True})
    old = Later(lambda tab=browser.copy(): tab.fetch(TOP))
    site.spotify.wait_for("api", 1)
    browser.post("logout")
    browser.login("bob")
    replies = [browser.fetch(TOP) for _ in range(4)]
    assert asked(site) == 2
    site.spotify.release()
    of_ada = old.result()
    replies += [browser.fetch(TOP) for _ in range(4)]
    assert of_ada.status == 200 and asked(site) == 2
    assert {reply.body for reply in replies} == {replies[0].body}
    assert replies[0].body != of_ada.body
    assert len(kept_places(site)) == 1


def test_it_goes_with_the_session(site, member):
    member.fetch(TOP)
    assert len(kept_places(site)) == 1
    stolen = member.copy()
    assert member.post("logout").status == 303
    assert kept_places(site) == []
    refused(stolen.fetch(TOP), 401, "not_logged_in")


def test_without_the_scope_it_is_not_given(site, member):
    """Spotify may grant less when a token is renewed."""
    member.fetch(TOP)
    site.spotify.settings(scope="user-follow-read")
    site.clock.advance(3590)
    assert member.fetch("refresh", "POST").json["refreshed"] is True
    refused(member.fetch(TOP), 403, "scope_missing")
    assert asked(site) == 1


def test_failures_are_not_kept(site, member):
    site.spotify.answers("api", {"status": 500, "body": "{}"})
    assert member.fetch(TOP).status == 502
    assert kept_places(site) == []
    assert member.fetch(TOP).status == 200


def test_at_first_nothing_is_kept(make_stack):
    stack = make_stack(conf={**CONF, "api_max_age": None})
    client = Browser(stack)
    client.login()
    for _ in range(2):
        reply = client.fetch(TOP)
        assert reply.header("ETag") is None
        assert reply.header("Cache-Control") == "no-store"
    assert asked(stack) == 2 and kept_places(stack) == []
