# SPDX-License-Identifier: ISC
"""Prometheus' text format, read as strictly as `promtool check metrics` does:
https://prometheus.io/docs/instrumenting/exposition_formats/"""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)+)\}})? (\d+)\Z")
TYPES = {"counter", "gauge"}


def sample(line):
    """(name, {label: value}, number) of a line that is no comment."""
    found = SAMPLE.match(line)
    assert found, f"no sample: {line!r}"
    pairs = re.findall(LABEL, found[2] or "")
    assert len(dict(pairs)) == len(pairs), f"a label twice: {line!r}"
    assert ",".join(f'{name}="{value}"' for name, value in pairs) == (
        found[2] or ""), line
    return found[1], dict(pairs), int(found[5])


def check_family(name, kind, text):
    """The rules of a family's name and its help."""
    assert re.fullmatch(NAME, name) and kind in TYPES, (name, kind)
    assert (kind == "counter") == name.endswith("_total"), (name, kind)
    assert text and "\\" not in text and text.isascii(), text
    assert name.startswith("spotify_fcgi_")


def families(text):
    """{name: (type, {labels: number})}, where labels are sorted pairs. Each
    family stands in one place, behind its two lines, and no sample comes
    twice; each says first of which site it is."""
    found, current = {}, None
    assert text.endswith("\n") and "\r" not in text
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("#"):
            helped = re.fullmatch(rf"# HELP ({NAME}) (.+)", line)
            typed = re.fullmatch(rf"# TYPE ({NAME}) (\w+)", next(lines))
            assert helped and typed and helped[1] == typed[1], line
            current = typed[1]
            assert current not in found, f"{current} comes twice"
            check_family(current, typed[2], helped[2])
            found[current] = (typed[2], {})
            continue
        name, labels, number = sample(line)
        assert name == current, f"{line!r} is in the family {current}"
        assert next(iter(labels)) == "site", f"of which site is {line!r}?"
        key = tuple(sorted(labels.items()))
        assert key not in found[current][1], f"{line!r} comes twice"
        found[current][1][key] = number
    return found
