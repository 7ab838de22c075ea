#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A crowd at the door: some hundred connections at once, of good, slow,
aborted and hostile clients, each from an address of its own, so that the
limits per address are those that are shipped.

It is a process of its own, which test_load.py starts: what to do comes as
JSON to its standard input, what happened goes to its standard output.
"""

import asyncio
import collections
import json
import random
import re
import sys
import time
import urllib.parse

import hostile
from connection import Line, code_of, request

ANSWER_S = 45       # the longest that a good client waits for an answer
SLOW_S = 1          # between two bytes of a slow client
FORM = "application/x-www-form-urlencoded"
COOKIE = re.compile(r"(spotify-[\w-]+)=([^;]*)")


class Wrong(Exception):
    """What must not happen to a good client."""


class Crowd:
    """What all of them share."""

    def __init__(self, plan):
        self.plan = plan
        self.url, self.spotify = plan["url"], plan["spotify"]
        self.port = urllib.parse.urlsplit(self.url).port
        self.until = time.monotonic() + plan["seconds"]
        self.counts = collections.defaultdict(collections.Counter)
        self.failures = []
        self.secrets = {"cookie": [], "state": []}
        self.chance = random.Random(plan["seed"])
        self.most = 0
        self.number = 0

    def is_over(self):
        """Time to go home."""
        return time.monotonic() >= self.until

    def source(self):
        """An address of its own for each client."""
        self.number += 1
        return f"127.7.{self.number // 250}.{self.number % 250 + 1}"

    def count(self, kind, what):
        """One more."""
        self.counts[kind][str(what)] += 1

    async def pause(self, least, most):
        """As people do."""
        await asyncio.sleep(self.chance.uniform(least, most))


class Person:
    """A good client: a browser and who sits before it."""

    def __init__(self, crowd, name, follows, kind="good"):
        self.crowd, self.name, self.follows = crowd, name, follows
        self.kind = kind
        self.source = crowd.source()
        self.line = Line(crowd.port, self.source)
        self.cookies = {}

    def headers(self, extra=None):
        """Of a script of the page."""
        sent = {"Host": f"127.0.0.1:{self.crowd.port}",
                "Origin": self.crowd.url, "Sec-Fetch-Site": "same-origin",
                "X-Requested-With": "fetch",
                "Cookie": "; ".join(f"{name}={value}" for name, value in
                                    self.cookies.items()), **(extra or {})}
        return {name: value for name, value in sent.items() if value}

    def keep(self, answer):
        """Its cookies."""
        for name, value in answer.headers:
            if name == "set-cookie":
                key, content = COOKIE.match(value).groups()
                self.cookies[key] = content
                if content:
                    self.crowd.secrets["cookie"].append(content)
                else:
                    del self.cookies[key]

    async def once(self, method, path, extra):
        """An answer; a kept connection may have been closed by the server."""
        for fresh in (False, True):
            try:
                await self.line.send(request(method, path,
                                             self.headers(extra)))
                return await asyncio.wait_for(self.line.receive(method),
                                              ANSWER_S)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self.line.close()
                if fresh:
                    raise Wrong(f"{path}: no answer, {error!r}") from None
                self.crowd.count(self.kind, "opened again")
            except asyncio.TimeoutError:
                raise Wrong(f"{path}: no answer in time") from None
        return None

    async def ask(self, method, path, extra=None, wanted=(200,)):
        """As often as it takes: who is told to come again comes again."""
        limit = time.monotonic() + ANSWER_S
        while time.monotonic() < limit:
            answer = await self.once(method, path, extra)
            self.keep(answer)
            if answer.status not in (429, 503):
                break
            self.crowd.count(self.kind, f"told to wait: {code_of(answer)}")
            await asyncio.sleep(int(answer.header("retry-after")))
        if answer.status not in wanted:
            raise Wrong(f"{path.partition('?')[0]}: {answer.status} "
                        f"{answer.body[:200]}")
        self.crowd.count(self.kind, path.partition("?")[0].strip("/"))
        return answer

    async def agree(self, url):
        """At Spotify, as this person; the path to come back to."""
        parts = urllib.parse.urlsplit(url)
        fields = dict(urllib.parse.parse_qsl(parts.query))
        self.crowd.secrets["state"].append(fields["state"])
        body = urllib.parse.urlencode(
            {**fields, "account": self.name, "decision": "agree"}).encode()
        line = Line(parts.port, self.source)
        await line.send(request("POST", "/authorize/decision", {
            "Host": parts.netloc, "Content-Type": FORM,
            "Connection": "close"}, body))
        answer = await line.receive()
        line.close()
        return answer.header("location").removeprefix(self.crowd.url)

    async def begin(self):
        """To Spotify; the path of the callback."""
        answer = await self.ask("GET", "/login", wanted=(303,))
        if not answer.header("location").startswith(self.crowd.spotify):
            raise Wrong("/login: leads elsewhere")
        return await self.agree(answer.header("location"))

    async def login(self):
        """The whole way."""
        path = await self.begin()
        answer = await self.ask("GET", path, wanted=(303,))
        if answer.header("location") != self.crowd.url + "/":
            raise Wrong("/callback: " + answer.header("location"))

    def check(self, right, what):
        """It is this person's."""
        if not right:
            raise Wrong(f"{what}: not what belongs to {self.name}")

    async def visit(self):
        """Everything that the page does, from login to logout."""
        await self.login()
        told = (await self.ask("GET", "/session")).json
        self.check(told["logged_in"] and told["account"]["id"] == self.name
                   and told["account"]["display_name"]
                   == f"Name of {self.name}", "session")
        answer = await self.ask("GET", "/artists")
        told = answer.json
        self.check(told["total"] == len(told["artists"]) == self.follows
                   and told["complete"], "artists")
        await self.crowd.pause(0.1, 0.5)
        again = await self.ask("GET", "/artists", {
            "If-None-Match": answer.header("etag")}, wanted=(304,))
        self.check(again.body == b"", "artists, 304")
        told = (await self.ask("POST", "/refresh")).json
        # Who has logged in within this second sees no difference.
        self.check(0 < told["expires_in"] <= 200, "refresh")
        self.crowd.count("good", f"refreshed: {told['refreshed']}")
        await self.crowd.pause(0.1, 1)
        old = dict(self.cookies)
        await self.ask("POST", "/logout", wanted=(204,))
        self.check(self.cookies == {}, "logout")
        told = (await self.ask("GET", "/session", {"Cookie": "; ".join(
            f"{name}={value}" for name, value in old.items())})).json
        self.check(told == {"logged_in": False}, "session after logout")
        self.crowd.count("good", "whole visits")

    async def run(self):
        """Visit after visit."""
        await self.line.open()
        while not self.crowd.is_over():
            await self.visit()
        self.line.close()


async def good(crowd, name, follows):
    """A person; what goes wrong is a failure of the test."""
    try:
        await Person(crowd, name, follows).run()
    except Exception as error:  # pylint: disable=broad-except
        crowd.failures.append(f"{name}: {error!r}")


async def trickle(crowd, line, data):
    """A byte a second; returns early when the server has had enough."""
    for at in range(len(data)):
        if crowd.is_over():
            return
        await line.send(data[at:at + 1])
        await asyncio.sleep(SLOW_S)


async def slow(crowd, number):
    """A slow header, a slow body, or a slow reader of a long list."""
    what = ("header", "body", "reader")[number % 3]
    person = Person(crowd, *crowd.plan["large"], kind="slow")
    line = person.line = Line(crowd.port, person.source, 4096)
    if what == "header":
        crowd.count("slow", what)
        await trickle(crowd, line, request("GET", "/session",
                                           person.headers()) + b"x" * 999)
    elif what == "body":
        crowd.count("slow", what)
        head = request("POST", "/logout", person.headers(), b"x" * 999)
        await line.send(head[:-999])
        await trickle(crowd, line, head[-999:])
    else:
        await person.login()
        # Not kept: nothing would come after a short answer, for a minute.
        await line.send(request("GET", "/artists", person.headers(
            {"Connection": "close"})))
        crowd.count("slow", what)
        while not crowd.is_over() and await line.reader.read(2048):
            await asyncio.sleep(SLOW_S)
    line.close()


async def aborted(crowd, number):
    """Gone in the middle, by a reset or by an end."""
    reset = crowd.chance.random() < 0.5
    person = Person(crowd, *crowd.chance.choice(crowd.plan["people"]),
                    kind="aborted")
    what = ("connect", "header", "body", "login", "callback", "answer",
            "refresh")[number % 7]
    line = person.line
    await line.open()
    if what == "header":
        await line.send(request("GET", "/login", person.headers())[:-9])
    elif what == "body":
        await line.send(request("POST", "/refresh", person.headers(),
                                b"x" * 99)[:-50])
    elif what == "login":
        await line.send(request("GET", "/login", person.headers()))
    elif what == "callback":
        path = await person.begin()
        await line.send(request("GET", path, person.headers()))
    elif what in ("answer", "refresh"):
        await person.login()
        method, path = ("GET", "/artists") if what == "answer" else (
            "POST", "/refresh")
        await line.send(request(method, path, person.headers()))
        await line.reader.read(100)
    await crowd.pause(0, 0.02)
    line.close(reset)
    crowd.count("aborted", what)
    await crowd.pause(0, 0.5)


async def attack(crowd, _):
    """One attempt from hostile.py; whatever comes back must not be a failure
    of the programs nor lead elsewhere."""
    what, data = hostile.attempt(crowd.chance, f"127.0.0.1:{crowd.port}")
    line = Line(crowd.port, crowd.source())
    await line.open()
    try:
        await line.send(data)
        answer = await asyncio.wait_for(line.receive(), 5)
    except (asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError,
            IndexError, asyncio.LimitOverrunError):
        crowd.count("hostile", "no answer")
        return
    finally:
        line.close()
    crowd.count("hostile", what)
    crowd.count("answers to hostile", answer.status)
    place = answer.header("location") or "/"
    if answer.status in (500, 502, 504) or not place.startswith(
            ("/", crowd.url, crowd.spotify)):
        crowd.failures.append(f"hostile {what}: {answer.status} {place}")
    await crowd.pause(0, 0.3)


async def again(crowd, kind, act, number):
    """One after the other from this place in the crowd."""
    while not crowd.is_over():
        try:
            await act(crowd, number)
        except (ConnectionError, asyncio.IncompleteReadError):
            crowd.count(kind, "cut off by the server")
        except Exception as error:  # pylint: disable=broad-except
            crowd.failures.append(f"{kind}: {error!r}")
        number += 1


async def watch(crowd):
    """How many connections there are at once."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        while not crowd.is_over():
            table.seek(0)
            crowd.most = max(crowd.most, sum(
                f":{crowd.port:04X} 01 " in line for line in table))
            await asyncio.sleep(1)


async def run(plan):
    """All of them, until it is time."""
    crowd = Crowd(plan)
    jobs = [good(crowd, *person) for person in plan["people"]]
    for kind, act in (("slow", slow), ("aborted", aborted),
                      ("hostile", attack)):
        jobs += [again(crowd, kind, act, number)
                 for number in range(plan[kind])]
    await asyncio.gather(*jobs, watch(crowd))
    return {"counts": crowd.counts, "failures": crowd.failures[:20],
            "most": crowd.most, "secrets": crowd.secrets}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
