# SPDX-License-Identifier: ISC
"""The table of lib/relay/rows.c against Spotify's own description of its Web
API, of which tests/sim/operations.json has the facts."""

import json
import pathlib
import re

METHODS = ("GET", "PUT", "POST", "DELETE")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SPOTIFY = json.loads((ROOT / "tests/sim/operations.json").read_text("utf-8"))
TABLE = (ROOT / "lib/relay/rows.c").read_text("utf-8")

# What is left out on purpose: a language of its own, and something for players
# of files.
LEFT_OUT = {"fields", "include_external"}
# Members of bodies: what puts a playlist into another order, which is a second
# operation of the same address.
MEMBERS_LEFT_OUT = {"range_start", "insert_before", "range_length"}
MODIFY = re.search(r'#define TO_MODIFY "([^"]+)"', TABLE)[1]
# What a member of a body is to Spotify.
TYPES = {"NUMBER": "integer", "BOOL": "boolean", "LIST": "array",
         "OBJECT": "object"}


def defines():
    """Macros that stand for a parameter, and numbers."""
    return dict(re.findall(r"^#define (\w+) (NUMBER\(.*\)|\d+)(?:\s+/\*.*)?$",
                           TABLE, re.M))


def number(text):
    """A number or the name of one."""
    return int(defines().get(text, text))


def parameter(text):
    """Name and facts of one parameter as the table has it."""
    text = defines().get(text, text)
    if found := re.fullmatch(r'NUMBER\("(\w+)", (\w+), (\w+)\)', text):
        return found[1], {"kind": "NUMBER", "min": number(found[2]),
                          "max": number(found[3])}
    if found := re.fullmatch(r'LIST\("(\w+)",\s*\w+,\s*\w+,\s*(\w+)\)',
                             text):
        return found[1], {"kind": "LIST", "required": True,
                          "inside": found[2]}
    if text == "MARKET":
        return "market", {"market": True}
    if text == "DEVICE":
        return "device_id", {"kind": "DEVICE"}
    if text == "PLAYED":
        return "uri", {"kind": "URI"}
    if text == "TYPES":
        return "additional_types", {"words": {"track", "episode"}}
    name = re.search(r'\.name = "(\w+)"', text)[1]
    facts = {"required": True} if ".required = true" in text else {}
    facts["kind"] = re.search(r"\.kind = ROW_(\w+)", text)[1]
    if inside := re.search(r"\.inside = (\w+)", text):
        facts["inside"] = inside[1]
    if words := re.search(r'\.words = "([^"]+)"', text):
        facts["words"] = set(words[1].split())
    largest = re.search(r"\.max = (\w+)", text)
    if largest and facts["kind"] == "NUMBER":
        facts.update(min=0, max=number(largest[1]))
    return name, facts


def parameters():
    """Name of an array: its parameters."""
    result = {}
    for name, body in re.findall(
            r"struct row_param (\w+)\[\]\s+= \{(.*?)\};", TABLE, re.S):
        parts = re.findall(r"\{[^{}]*\}|\w+\([^()]*\)|\w+", body)
        result[name] = dict(parameter(part) for part in parts
                            if part != "END")
    return result


def table():
    """Method and path: (name, parameters, scopes)."""
    known = parameters()
    rows = re.findall(
        r'\{\s*"([\w-]+)",\s*"(/[^"]+)",\s*(\w+),\s*"([^"]*)",'
        r"(?:[^{}]*?)\b(?:METHOD_(PUT|POST|DELETE)|READING)\b"
        r"(?:[^{}]*?)\b(?:NULL|(\w+_body))\s*\}",
        TABLE.replace("TO_MODIFY", f'"{MODIFY}"'))  # none of ours: FOLLOW
    return {(method or "GET", path): (name, known[params], scope.split(), body)
            for name, path, params, scope, method, body in rows}


def bodies():
    """Name of a body: the name of its members."""
    return dict(re.findall(r"struct row_body (\w+) = \{ (\w+),", TABLE))


def test_every_row_is_a_call_that_spotify_describes():
    """All of the table was understood, and nothing of it is invented."""
    rows = table()
    header = (ROOT / "lib/relay/rows.h").read_text("utf-8")
    ours = TABLE.count("{ FOLLOW,")
    assert len(rows) + ours == int(
        re.search(r"#define ROWS_N (\d+)", header)[1])
    assert set(rows) == {(method, path) for method in METHODS
                         for path in SPOTIFY[method]}


def test_what_spotify_describes_is_a_row_or_left_out_for_a_reason():
    """All of its description, of which operations.json has the number, but for
    what is deprecated there."""
    left_out = [tuple(call.split(" ")) for calls in SPOTIFY["left_out"].values()
                for call in calls]
    assert len(table()) + len(left_out) == SPOTIFY["operations"]
    assert len({*table(), *left_out}) == SPOTIFY["operations"]


def test_a_row_needs_the_scopes_that_spotify_names():
    """Which are words of one list there, too."""
    for (method, path), (_, _, scopes, _) in table().items():
        assert sorted(scopes) == sorted(SPOTIFY[method][path]["scopes"]), path


def test_a_row_takes_the_parameters_that_spotify_names():
    """And takes of each no more than what Spotify takes."""
    for (method, path), (_, ours, _, _) in table().items():
        theirs = SPOTIFY[method][path]["query"]
        # What the body may say as well is said there.
        said = set(SPOTIFY[method][path].get("body", {}).get("members", ()))
        assert set(ours) == set(theirs) - LEFT_OUT - said, path
        for name, facts in ours.items():
            there = theirs[name]
            assert facts.get("required", False) \
                == there.get("required", False), (path, name)
            assert ("max" in facts) == (there["type"] == "integer")
            if "max" in facts:
                assert facts["min"] >= there.get("minimum", 0)
                assert facts["max"] <= there.get("maximum", facts["max"])
            if "enum" in there:
                assert facts["words"] == set(there["enum"])


def check_members(ours, theirs, known):
    """Members of one object."""
    described = theirs.get("members", {})
    if MEMBERS_LEFT_OUT & set(described):
        described = {name: facts for name, facts in described.items()
                     if name not in MEMBERS_LEFT_OUT | {"snapshot_id"}}
    assert set(ours) == set(described) or not described
    for name, facts in ours.items():
        there = described.get(name, {})
        if described:
            assert TYPES.get(facts["kind"], "string") == there["type"], name
            assert name not in theirs.get("required", ()) or \
                facts.get("required"), name
        if facts["kind"] == "OBJECT":
            check_members(known[facts["inside"]], there, known)
        elif facts["kind"] == "LIST":
            element, = known[facts["inside"]].values()
            assert TYPES.get(element["kind"], "string") \
                == there["items"]["type"]
            if element["kind"] == "OBJECT":
                check_members(known[element["inside"]], there["items"], known)


def test_a_body_has_the_members_that_spotify_names():
    """All of them, of these types; of one whose members are not described,
    what the words beside it name."""
    known = parameters()
    with_bodies = {key: row[3] for key, row in table().items() if row[3]}
    assert set(with_bodies) == {(method, path) for method in METHODS
                                for path, there in SPOTIFY[method].items()
                                if "body" in there}
    for (method, path), body in with_bodies.items():
        check_members(known[bodies()[body]], SPOTIFY[method][path]["body"],
                      known)
