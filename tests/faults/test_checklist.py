# SPDX-License-Identifier: ISC
"""CHECKLIST.md has every row of the security review, each with tests that
exist or with a reason in writing; and THREATS.md names tests that exist."""

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
# The review's rows, A1 to A7 and so on, by subject as in CHECKLIST.md.
LAST = {"A": 7, "S": 10, "C": 18, "T": 9, "D": 16, "K": 7, "L": 7, "R": 10,
        "P": 9, "O": 6, "G": 5, "F": 11, "U": 5, "X": 3, "B": 3, "Y": 4}
IDS = [f"{letter}{n}" for letter, last in LAST.items()
       for n in range(1, last + 1)]
ROW = re.compile(r"^\| ([A-Z]+\d+) \| (.*) \| (.*) \|$", re.M)
NAME = re.compile(r"([\w/]+(?:\.py|\.c)?)::(\w+)")
REASON = re.compile(r"Not met: (.{40,})")
ATTACKER = re.compile(r"^### (.*)\n((?:(?!^#).*\n)*)", re.M)


def pattern_of(file, name):
    """What a file has to hold for a test to be run, or None for a file that
    has no tests: a table decides for those in C."""
    folder, _, base = file.rpartition("/")
    if file == "house":
        return rf"^def {name}\("
    if folder.startswith("unit/") and name not in ("", "NULL"):
        return rf"\bTEST\({name}\)"
    if folder == "fuzz":
        return rf"^{name}\(struct str \w+\)"
    if base.startswith("test_") and name.startswith("test_"):
        return rf"^\s*def {name}\("
    return None


def exists(file, name):
    """Whether there is such a test."""
    wanted, path = pattern_of(file, name), TESTS / file
    if wanted is None or not path.is_file():
        return False
    if file.startswith("fuzz/") and not re.search(
            rf"\b{name} \}}", (TESTS / "fuzz/fuzz.c").read_text("utf-8")):
        return False
    return re.search(wanted, path.read_text("utf-8"), re.M) is not None


def missing_tests(text):
    """A complaint for each name of a test in the text that is none's."""
    return [f"{file}::{name} does not exist"
            for file, name in NAME.findall(text) if not exists(file, name)]


def check_row(ident, promise, tests):
    """Complaints about one row."""
    names = [name.strip() for name in tests.split(",") if name.strip()]
    for name in names:
        if not NAME.fullmatch(name):
            yield f"{ident}: {name} is no name of a test"
    if len(set(names)) != len(names):
        yield f"{ident} names a test twice"
    if not names and not REASON.search(promise):
        yield f"{ident} has neither a test nor a reason"
    if len(promise) < 10:
        yield f"{ident} promises nothing"


def check_table(text):
    """Complaints about CHECKLIST.md."""
    rows = ROW.findall(text)
    seen = [ident for ident, _, _ in rows]
    for ident in IDS:
        if seen.count(ident) != 1:
            yield f"{ident} is there {seen.count(ident)} times"
    for ident in seen:
        if ident not in IDS:
            yield f"{ident} is no row of the review"
    if len(rows) != len(re.findall(r"^\| *[A-Z]+\d", text, re.M)):
        yield "a row does not have its three columns"
    for row in rows:
        yield from check_row(*row)
    yield from missing_tests(text)


def check_threats(text):
    """Complaints about THREATS.md."""
    attackers = ATTACKER.findall(text)
    if len(attackers) < 12:
        yield f"there are only {len(attackers)} attackers"
    for title, body in attackers:
        if not NAME.search(body):
            yield f"{title}: no test is named"
        for word in ("Stopped by", "Remains"):
            if word not in body:
                yield f"{title}: nothing is said to be \"{word}\""
    yield from missing_tests(text)


def read_table():
    """Of all files of the table."""
    return "\n".join(path.read_text("utf-8")
                     for path in sorted(TESTS.glob("CHECKLIST*.md")))


def test_there_are_130_rows():
    assert len(IDS) == len(set(IDS)) == 130


def test_every_row_has_tests_that_exist_or_a_reason():
    assert list(check_table(read_table())) == []


def test_the_rows_are_in_order():
    assert [i for i, _, _ in ROW.findall(read_table()) if i in IDS] == IDS


def test_every_attacker_is_met_by_tests_that_exist():
    assert list(check_threats((ROOT / "THREATS.md").read_text("utf-8"))) == []


# The check itself: what it has to find

GOOD = "http/test_login.py::test_every_attempt_is_new"


@pytest.mark.parametrize("change, found", [
    (lambda row: "", "S3 is there 0 times"),
    (lambda row: row + "\n" + row, "S3 is there 2 times"),
    (lambda row: row + "\n" + row.replace("S3", "S11"),
     "S11 is no row of the review"),
    (lambda row: row + "\n" + row.replace("S3", "Z1"),
     "Z1 is no row of the review"),
    (lambda row: "| S3 | a promise without a test |  |",
     "S3 has neither a test nor a reason"),
    (lambda row: "| S3 | a promise. Not met: no. |  |",
     "S3 has neither a test nor a reason"),
    (lambda row: "| S3 | a promise without a test |",
     "a row does not have its three columns"),
    (lambda row: f"| S3 | a promise | {GOOD}x |", f"{GOOD}x does not exist"),
    (lambda row: "| S3 | a promise | http/test_none.py::test_x |",
     "http/test_none.py::test_x does not exist"),
    (lambda row: f"| S3 | a promise | {GOOD}, {GOOD} |",
     "S3 names a test twice"),
    (lambda row: f"| S3 | a promise | {GOOD.replace('::', ':')} |",
     f"S3: {GOOD.replace('::', ':')} is no name of a test"),
    (lambda row: "| S3 | a promise | see above |",
     "S3: see above is no name of a test"),
    (lambda row: "| S3 | a promise | unit/base/seal.c::no_such_thing |",
     "unit/base/seal.c::no_such_thing does not exist"),
    (lambda row: "| S3 | a promise | unit/session/pending.c::begin |",
     "unit/session/pending.c::begin does not exist"),
    (lambda row: "| S3 | a promise | fuzz/cookie.c::count |",
     "fuzz/cookie.c::count does not exist"),
    (lambda row: "| S3 | a promise | house::rule_x |",
     "house::rule_x does not exist"),
    (lambda row: "| S3 | a promise | http/helpers.py::refused |",
     "http/helpers.py::refused does not exist")])
def test_the_check_finds_what_is_wrong(change, found):
    good = read_table()
    row = re.search(r"^\| S3 \|.*$", good, re.M)[0]
    assert found in list(check_table(good.replace(row, change(row), 1)))


def test_a_reason_in_writing_does_instead_of_a_test():
    good = read_table()
    row = re.search(r"^\| S3 \|.*$", good, re.M)[0]
    assert list(check_table(good.replace(
        row, "| S3 | a promise. Not met: " + "because " * 6 + "|  |", 1))) == []


@pytest.mark.parametrize("spoil, found", [
    (lambda text: text.replace("::test_", "::tast_", 1), "does not exist"),
    (lambda text: text.replace("Remains", "Ends"), "Remains"),
    (lambda text: NAME.sub("nothing", text), "no test is named"),
    (lambda text: text.replace("\n### ", "\n#### "), "only 0 attackers")])
def test_the_check_of_the_threats_finds_what_is_wrong(spoil, found):
    text = (ROOT / "THREATS.md").read_text("utf-8")
    assert any(found in complaint for complaint in check_threats(spoil(text)))
