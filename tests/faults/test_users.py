# SPDX-License-Identifier: ISC
"""Nobody ever sees another's name, artists or token: many users through one
worker, and a random walk."""

import random

import pytest

from stack import Client, Stack
from tools.amounts import scaled
from tools.parallel import together
from tools.steps import is_logged_in, let_tokens_end, logout, refresh
from tools.store import stored

import walk


@pytest.fixture(scope="module")
def one_worker_of_module():
    """Every program with one process and one thread; not reset."""
    from stack.fixtures import start_stack
    with start_stack(conf={"workers": "1"}) as running:
        yield running
        assert running.stop() == []


@pytest.fixture
def narrow(one_worker_of_module):
    """Fresh for a test."""
    one_worker_of_module.reset()
    yield one_worker_of_module
    assert one_worker_of_module.complaints() == []


def make_people(stack, count):
    """{name: a client that is logged in}, each with artists of its own."""
    people = {}
    for number in range(count):
        name = f"person{number:02}"
        stack.spotify.account(name, display_name=f"Name of {name}",
                              follows=number + 1)
        people[name] = Client(stack)
        people[name].login(name)
    return people


def check(name, reply, follows):
    """It is this person's."""
    assert reply.status == 200, reply
    data = reply.json
    if "account" in data:
        assert data["account"]["id"] == name
        assert data["account"]["display_name"] == f"Name of {name}"
    elif "artists" in data:
        assert data["total"] == len(data["artists"]) == follows


def bearers(stack):
    """{access token: account} as Spotify has issued them."""
    return {s["value"]: s["account"] for s in stack.spotify.secrets()
            if "access" in s["kind"]}


def test_two_users_in_turn_in_one_worker_never_meet(narrow):
    """The same thread serves both, fifty times each."""
    people = make_people(narrow, 2)
    for number in range(50):
        for index, (name, client) in enumerate(people.items()):
            if number % 10 == 5:
                let_tokens_end(narrow)
            check(name, client.fetch("session"), index + 1)
            check(name, client.fetch("artists?fresh=1"), index + 1)
            check(name, refresh(client), index + 1)


def test_fifty_users_at_random_through_one_worker(narrow, record_property):
    """And each call to Spotify carries the token of whom it is for."""
    seed = random.randrange(10 ** 6)
    record_property("seed", seed)
    print(f"seed {seed}")
    chance = random.Random(seed)
    people = make_people(narrow, 50)
    names = list(people)
    for _ in range(scaled(600, 6000)):
        name = chance.choice(names)
        follows = names.index(name) + 1
        ask = chance.choice(["session", "artists", "artists?fresh=1",
                             "refresh", "expire", "again"])
        if ask == "expire":
            narrow.clock.advance(chance.choice([60, 1800, 3600]))
        elif ask == "again":
            if chance.random() < 0.3:
                logout(people[name])
                assert not is_logged_in(people[name])
                people[name].login(name)
        elif ask == "refresh":
            check(name, refresh(people[name]), follows)
        else:
            check(name, people[name].fetch(ask), follows)
    assert len(stored(narrow)) == 50


def test_fifty_users_at_the_same_moment(stack):
    """Over all processes; Spotify sees each token from its own user."""
    people = make_people(stack, 50)
    names = list(people)
    for _ in range(scaled(3, 20)):
        let_tokens_end(stack)
        done = together(lambda c=client: c.fetch("artists?fresh=1")
                        for client in people.values())
        for number, reply in enumerate(done):
            check(names[number], reply, number + 1)
    owners = bearers(stack)
    assert owners
    told = together(lambda c=client: c.fetch("session")
                    for client in people.values())
    for number, reply in enumerate(told):
        check(names[number], reply, number + 1)


def test_every_login_gets_a_fresh_secret(stack):
    """43 characters, all different, no place with few values."""
    count = scaled(300, 10_000)
    values = set()
    client = Client(stack)
    for _ in range(count):
        client.login()
        assert len(client.session_cookie) == 43
        values.add(client.session_cookie)
    assert len(values) == count
    for place in range(42):
        assert len({value[place] for value in values}) > 40
    assert len(stored(stack)) == 1       # each has ended the one before


def test_a_cookie_of_the_browsers_own_making_is_never_adopted(stack):
    """Neither one that was chosen nor one that is good becomes the new
    session's."""
    client = Client(stack)
    client.session_cookie = chosen = "A" * 43
    client.login()
    first = client.session_cookie
    client.login()
    assert len({chosen, first, client.session_cookie}) == 3
    thief = Client(stack)
    for value in (chosen, first):
        thief.session_cookie = value
        assert refresh(thief).status == 401
    assert len(stored(stack)) == 1


def test_a_random_walk_finds_nothing_amiss():
    """walk.py: three browsers, four processes, whatever comes; 30 seconds on
    each run."""
    from stack.fixtures import BUILD_DIR
    seed = random.randrange(10 ** 6)
    print(f"seed {seed}")
    with Stack(BUILD_DIR, processes=walk.PROCESSES) as stack:
        stack.reset()
        steps = walk.run(stack, seed, scaled(30, 300))
        assert stack.complaints() == []
    print(f"{steps} steps")
    assert steps > 100
