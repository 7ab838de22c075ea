# SPDX-License-Identifier: ISC
"""artists when a list takes long and many ask for it: those who wait never
take all threads, and one visitor's do not take those of the others. Each
process counts for itself; here there is one."""

from stack.processes import wait_until
from tools.answers import Browser, refused
from tools.parallel import Later, timed
from tools.spotify import count

THREADS = 64
# The third page: of those who follow more than 100.
SLOW = {"3": {"held": True, "pass": True}}


def visitor(stack, name, follows):
    """A browser of somebody who follows so many."""
    stack.spotify.account(name, follows=follows)
    browser = Browser(stack)
    browser.login(account=name)
    return browser


def visits(browser, times, path="artists"):
    """So many requests of one browser, under way."""
    return [Later(lambda b=browser.copy(): b.fetch(path))
            for _ in range(times)]


def all_of(stack, under_way):
    """What comes of them when Spotify's answers are let go."""
    stack.spotify.settings(fail_page={})
    stack.spotify.release()
    return [one.result() for one in under_way]


def crowd_of(stack, times):
    """So many requests for one list, which Spotify holds back."""
    noisy = visitor(stack, "noisy", 120)
    stack.spotify.clear_requests()
    stack.spotify.settings(fail_page=SLOW)
    return visits(noisy, times)


def let_others_go(crowd, few):
    """Wait until only a few still wait."""
    wait_until(lambda: sum(one.under_way() for one in crowd) <= few, 12,
               "the others' answers")


def test_one_visitor_does_not_take_the_threads_of_others(make_stack):
    stack = make_stack()
    reader, quick = visitor(stack, "reader", 60), visitor(stack, "quick", 70)
    assert reader.fetch("artists").json["total"] == 60
    crowd = crowd_of(stack, THREADS + 10)
    stack.spotify.wait_for("following", 3)
    for browser, total in ((reader, 60), (quick, 70)):
        seconds, reply = timed(lambda b=browser: b.fetch("artists"))
        assert reply.json["total"] == total
        # Spotify holds the crowd for 15.
        assert seconds < 7
    assert any(one.under_way() for one in crowd)
    replies = all_of(stack, crowd)
    assert {reply.status for reply in replies} <= {200, 503}
    assert [reply.status for reply in replies].count(200) >= 3
    for reply in replies:
        if reply.status == 503:
            assert refused(reply, 503, "busy").header("Retry-After") == "2"


def test_a_few_wait_for_a_slow_list_and_the_others_hear_soon(make_stack):
    """Three, and the one who fetches if it is another one."""
    stack = make_stack()
    crowd = crowd_of(stack, THREADS + 10)
    let_others_go(crowd, 4)
    assert count(stack.spotify, "following") <= 4
    replies = all_of(stack, crowd)
    assert [reply.status for reply in replies].count(200) in (3, 4)


def test_who_does_not_wait_gets_the_old_copy(make_stack):
    stack = make_stack()
    noisy = visitor(stack, "noisy", 120)
    assert noisy.fetch("artists").json["total"] == 120
    stack.clock.advance(700)
    stack.spotify.account("noisy", follows=121)
    stack.spotify.settings(fail_page=SLOW)
    crowd = visits(noisy, 10)
    let_others_go(crowd, 4)
    found = [reply.json for reply in all_of(stack, crowd)]
    assert {(one["total"], one["stale"]) for one in found} == {
        (120, True), (121, False)}
    assert sum(one["stale"] for one in found) in (6, 7)


def test_many_visitors_with_slow_lists_leave_some_for_copies(make_stack):
    """Eight threads: four may ask Spotify, and one is left in any case."""
    stack = make_stack(conf={"workers": "8"})
    spotify = stack.spotify
    reader = visitor(stack, "reader", 60)
    assert reader.fetch("artists").json["total"] == 60
    slow = [visitor(stack, f"slow{n}", 120) for n in range(10)]
    spotify.clear_requests()
    spotify.settings(fail_page=SLOW)
    crowd = [visits(one, 1)[0] for one in slow]
    spotify.wait_for("following", 3 * 4)
    assert reader.fetch("artists").json["total"] == 60
    let_others_go(crowd, 4)
    assert count(spotify, "following") <= 4 * 4
    assert reader.fetch("artists").json["total"] == 60
    statuses = [reply.status for reply in all_of(stack, crowd)]
    assert sorted(statuses) == [200] * 4 + [503] * 6


def test_who_waits_for_a_token_leaves_places_as_well(make_stack):
    """Two visitors whose tokens are over, while Spotify is slow with new ones:
    a third, who has one, gets his list."""
    stack = make_stack()
    spotify = stack.spotify
    noisy = [visitor(stack, f"noisy{n}", 60) for n in range(2)]
    stack.clock.advance(3700)
    quick = visitor(stack, "quick", 70)
    spotify.clear_requests()
    spotify.answers("token", {"held": True, "pass": True}, repeat=True)
    crowd = [one for browser in noisy for one in visits(browser, THREADS)]
    spotify.wait_for("token", 2)
    wait_until(lambda: sum(one.under_way() for one in crowd) <= 2 * 4, 15,
               "the others' answers")
    reply = quick.fetch("artists")
    assert reply.json["total"] == 70
    assert any(one.under_way() for one in crowd)
    spotify.release()
    for one in crowd:
        one.result()
