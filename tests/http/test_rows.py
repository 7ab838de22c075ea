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
        return found[1], {"min": number(found[2]), "max": number(found[3])}
    if text == "MARKET":
        return "market", {"market": True}
    if text == "DEVICE":
        return "device_id", {}
    if text == "TYPES":
        return "additional_types", {"words": {"track", "episode"}}
    name = re.search(r'\.name = "(\w+)"', text)[1]
    facts = {"required": True} if ".required = true" in text else {}
    if words := re.search(r'\.words = "([^"]+)"', text):
        facts["words"] = set(words[1].split())
    if largest := re.search(r"\.max = (\w+)", text):
        facts.update(min=0, max=number(largest[1]))
    return name, facts


def parameters():
    """Name of an array: its parameters."""
    result = {}
    for name, body in re.findall(
            r"struct row_param (\w+)\[\] = \{(.*?)\};", TABLE, re.S):
        parts = re.findall(r"\{[^{}]*\}|\w+\([^()]*\)|\w+", body)
        result[name] = dict(parameter(part) for part in parts
                            if part != "END")
    return result


def table():
    """Method and path: (name, parameters, scopes)."""
    known = parameters()
    rows = re.findall(
        r'\{\s*"([\w-]+)",\s*"(/[^"]+)",\s*(\w+),\s*"([^"]*)",'
        r"(?:[^{}]*?)\b(?:METHOD_(PUT|POST|DELETE)|READING)\b", TABLE)
    return {(method or "GET", path): (name, known[params], scope.split())
            for name, path, params, scope, method in rows}


def test_every_row_is_a_call_that_spotify_describes():
    """All of the table was understood, and nothing of it is invented."""
    rows = table()
    header = (ROOT / "lib/relay/rows.h").read_text("utf-8")
    assert len(rows) == int(re.search(r"#define ROWS_N (\d+)", header)[1])
    assert set(rows) == {(method, path) for method in METHODS
                         for path in SPOTIFY[method]}


def test_a_row_needs_the_scopes_that_spotify_names():
    """Which are words of one list there, too."""
    for (method, path), (_, _, scopes) in table().items():
        assert sorted(scopes) == sorted(SPOTIFY[method][path]["scopes"]), path


def test_a_row_takes_the_parameters_that_spotify_names():
    """And takes of each no more than what Spotify takes."""
    for (method, path), (_, ours, _) in table().items():
        theirs = SPOTIFY[method][path]["query"]
        assert set(ours) == set(theirs) - LEFT_OUT, path
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
