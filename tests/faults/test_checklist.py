# SPDX-License-Identifier: ISC
"""CHECKLIST.md names tests that exist, and every row of the review."""

import pathlib
import re

TESTS = pathlib.Path(__file__).resolve().parent.parent
TEXT = (TESTS / "CHECKLIST.md").read_text("utf-8")
ROWS = {"D": 16, "L": 7, "R": 10, "T": 9, "U": 5}


def test_every_row_is_there_once_and_names_a_test():
    """In order, too."""
    wanted = [f"{letter}{n}" for letter, last in ROWS.items()
              for n in range(1, last + 1)]
    rows = re.findall(r"^\| ([A-Z]\d+) \|(.*)$", TEXT, re.M)
    assert [name for name, _ in rows] == wanted
    assert all("::test_" in rest for _, rest in rows)


def test_the_tests_that_it_names_exist():
    """A test that was renamed is renamed there."""
    named = re.findall(r"(\S+\.py)::(\w+)", TEXT)
    assert len(named) > 60
    for file, test in named:
        code = (TESTS / file).read_text("utf-8")
        assert re.search(rf"^\s*def {test}\(", code, re.M), (file, test)
