# SPDX-License-Identifier: ISC
"""CHECKLIST.md has every row of the security review, each with tests that
exist or with a reason in writing; THREATS.md names tests that exist; and the
pages for people fit a screen."""

import pathlib
import re

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
# The review's rows, A1 to A7 and so on, by subject as in CHECKLIST.md.
LAST = {"A": 7, "S": 10, "C": 18, "T": 9, "D": 17, "K": 7, "L": 9, "R": 10,
        "P": 9, "O": 6, "E": 10, "G": 5, "F": 16, "U": 6, "X": 3, "B": 3,
        "Y": 4, "N": 6, "W": 5, "M": 5}
IDS = [f"{letter}{n}" for letter, last in LAST.items()
       for n in range(1, last + 1)]
# Promises beyond those of the review, which are of the whole.
IDS_OF_THE_WHOLE = ["C.7", "restart", "nginx"]
ROW = re.compile(r"^### (.*)\n((?:(?!##).*\n)*)", re.M)
FILE = re.compile(r"- (house|[\w/]+\.(?:py|c))")
TEST = re.compile(r"  - (\w+)")
ELSEWHERE = re.compile(r"\w::\w")
LIST_OF_TESTS = re.compile(r"^- Tests:\n((?:  .*\n)*)", re.M)
REASON = re.compile(r"Not met: (.{40,})")
ATTACKER = re.compile(r"^### (.*)\n((?:(?!^#).*\n)*)", re.M)
# The pages for people, of which some must be there.
PAGES = ["*.md", "tests/*.md", "tests/bench/*.md"]
KNOWN_PAGES = {"README.md", "THREATS.md", "tests/CHECKLIST.md",
               "tests/bench/README.md"}
WIDTH = 80
ONE_URL = re.compile(r"\s*(?:[-*] )?<?https?://\S+>?")
# Rows of tables that may be wider, for a table cannot break a line: {page:
# how they begin}.
WIDE_ROWS = {}


def pattern_of(file, name):
    """What a file has to hold for a test to be run, or None for a file that
    has no tests: a table decides for those in C."""
    folder, _, base = file.rpartition("/")
    if file == "house":
        return rf"^def {name}\("
    if f"{folder}/".startswith("unit/") and name not in ("", "NULL"):
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


def read_tests(lines):
    """Pairs of file and name from a list of files with their tests below
    them, and complaints."""
    tests, files, complaints = [], [], []
    for line in lines:
        file, test = FILE.fullmatch(line), TEST.fullmatch(line)
        if file:
            files.append(file[1])
        elif test and files:
            tests.append((files[-1], test[1]))
        else:
            complaints.append(f"{line} is no name of a test")
    for file in files:
        if files.count(file) > 1:
            complaints.append(f"{file} is there twice")
        if file not in [one for one, _ in tests]:
            complaints.append(f"{file} is there without a test")
    complaints += [f"{name} is there twice" for name in {
        name for file, name in tests if tests.count((file, name)) > 1}]
    complaints += [f"{file}::{name} does not exist"
                   for file, name in tests if not exists(file, name)]
    return tests, complaints


def read_rows(text):
    """[(id, promise, lines of its tests)]: the promise ends where the list
    begins."""
    rows = []
    for ident, body in ROW.findall(text):
        lines = body.strip("\n").split("\n")
        first = next((number for number, line in enumerate(lines)
                      if line.lstrip().startswith("- ")), len(lines))
        rows.append((ident, " ".join(lines[:first]), lines[first:]))
    return rows


def check_row(ident, promise, lines):
    """Complaints about one row."""
    tests, complaints = read_tests(lines)
    for complaint in complaints:
        yield f"{ident}: {complaint}"
    if not tests and not REASON.search(promise):
        yield f"{ident} has neither a test nor a reason"
    if len(promise) < 10:
        yield f"{ident} promises nothing"


def check_checklist(text):
    """Complaints about CHECKLIST.md."""
    rows = read_rows(text)
    seen = [ident for ident, _, _ in rows]
    for ident in IDS + IDS_OF_THE_WHOLE:
        if seen.count(ident) != 1:
            yield f"{ident} is there {seen.count(ident)} times"
    for ident in seen:
        if ident not in IDS + IDS_OF_THE_WHOLE:
            yield f"{ident} is no row of the review"
    for row in rows:
        yield from check_row(*row)
    if ELSEWHERE.search(text):
        yield "a test is named outside of the lists"


def check_threats(text):
    """Complaints about THREATS.md."""
    attackers = ATTACKER.findall(text)
    if len(attackers) < 12:
        yield f"there are only {len(attackers)} attackers"
    for title, body in attackers:
        lines = "".join(LIST_OF_TESTS.findall(body)).splitlines()
        tests, complaints = read_tests([line[2:] for line in lines])
        for complaint in complaints:
            yield f"{title}: {complaint}"
        if not tests:
            yield f"{title}: no test is named"
        for word in ("Stopped by", "Remains"):
            if word not in body:
                yield f"{title}: nothing is said to be \"{word}\""
    if ELSEWHERE.search(text):
        yield "a test is named outside of the lists"


def check_width(page, text, allowed):
    """Complaints about lines that are wider than a screen, but for one row
    of each beginning that is allowed, and about beginnings that nobody needs
    any more."""
    used = set()
    for number, line in enumerate(text.split("\n"), 1):
        if len(line.expandtabs(8)) <= WIDTH or ONE_URL.fullmatch(line):
            continue
        row = next((start for start in allowed if line.startswith(start)), "")
        if row in used or not row:
            yield f"{page}:{number} is wider than {WIDTH} columns"
        used.add(row)
    for row in set(allowed) - used:
        yield f"{page}: {row} need not be allowed to be wide"


def pages():
    """{name: text} of the pages for people."""
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
            for pattern in PAGES for path in sorted(ROOT.glob(pattern))}


def read_checklist():
    """Of all its files."""
    return "\n".join(path.read_text("utf-8")
                     for path in sorted(TESTS.glob("CHECKLIST*.md")))


def test_there_are_165_rows():
    assert len(IDS) == len(set(IDS)) == 165


def test_every_row_has_tests_that_exist_or_a_reason():
    assert list(check_checklist(read_checklist())) == []


def test_the_rows_are_in_order():
    assert [ident for ident, _, _ in read_rows(read_checklist())] == \
        IDS + IDS_OF_THE_WHOLE


def test_every_attacker_is_met_by_tests_that_exist():
    assert list(check_threats((ROOT / "THREATS.md").read_text("utf-8"))) == []


def test_the_pages_for_people_fit_a_screen():
    found = pages()
    assert KNOWN_PAGES <= set(found)
    assert [complaint for page, text in found.items()
            for complaint in check_width(
                page, text, WIDE_ROWS.get(page, []))] == []


# The checks themselves: what they have to find

FILE_OF_S3 = "- http/test_login_guards.py\n"
TEST_OF_S3 = "  - test_only_the_whole_state_is_the_state\n"


def change_s3(change):
    """The checklist with another row S3."""
    good = read_checklist()
    row = re.search(r"^### S3\n(?:(?!##).*\n)*", good, re.M)[0]
    assert FILE_OF_S3 + TEST_OF_S3 in row
    return good.replace(row, change(row), 1)


def with_tests(tests):
    """A row S3 with other tests."""
    return lambda row: "### S3\nA promise of S3.\n" + tests + "\n"


@pytest.mark.parametrize("change, found", [
    (lambda row: "", "S3 is there 0 times"),
    (lambda row: row.replace("### S3", "#### S3"), "S3 is there 0 times"),
    (lambda row: row.replace("### S3", "## S3"), "S3 is there 0 times"),
    (lambda row: row.replace("### S3", "**S3**"), "S3 is there 0 times"),
    (lambda row: row + row, "S3 is there 2 times"),
    (lambda row: row + row.replace("S3", "S11"),
     "S11 is no row of the review"),
    (lambda row: row + row.replace("S3", "Z1"), "Z1 is no row of the review"),
    (lambda row: row.replace("S3", "S3 "), "S3  is no row of the review"),
    (with_tests(""), "S3 has neither a test nor a reason"),
    (with_tests("Not met: no."), "S3 has neither a test nor a reason"),
    (with_tests(FILE_OF_S3), "S3 has neither a test nor a reason"),
    (lambda row: "### S3\n" + FILE_OF_S3 + TEST_OF_S3, "S3 promises nothing"),
    (with_tests(FILE_OF_S3 + "- fuzz/url.c\n  - fuzz_return_to\n"),
     "S3: http/test_login_guards.py is there without a test"),
    (with_tests(TEST_OF_S3),
     f"S3: {TEST_OF_S3.rstrip()} is no name of a test"),
    (with_tests(FILE_OF_S3 + "  - test_x\n"),
     "S3: http/test_login_guards.py::test_x does not exist"),
    (with_tests("- http/test_none.py\n  - test_x\n"),
     "S3: http/test_none.py::test_x does not exist"),
    (with_tests(FILE_OF_S3 + TEST_OF_S3 + TEST_OF_S3),
     f"S3: {TEST_OF_S3[4:-1]} is there twice"),
    (with_tests(FILE_OF_S3 + TEST_OF_S3 + FILE_OF_S3),
     "S3: http/test_login_guards.py is there twice"),
    (with_tests(FILE_OF_S3.replace("\n", "::test_x\n")),
     "S3: - http/test_login_guards.py::test_x is no name of a test"),
    (with_tests("See http/test_login_guards.py::test_x."),
     "a test is named outside of the lists"),
    (with_tests(FILE_OF_S3 + TEST_OF_S3 + "Differs: it is said too late.\n"),
     "S3: Differs: it is said too late. is no name of a test"),
    (with_tests(FILE_OF_S3 + TEST_OF_S3 + "- see above\n"),
     "S3: - see above is no name of a test"),
    (with_tests("- unit/base/seal.c\n  - no_such_thing\n"),
     "S3: unit/base/seal.c::no_such_thing does not exist"),
    (with_tests("- unit/session/pending.c\n  - begin\n"),
     "S3: unit/session/pending.c::begin does not exist"),
    (with_tests("- fuzz/cookie.c\n  - count\n"),
     "S3: fuzz/cookie.c::count does not exist"),
    (with_tests("- house\n  - rule_x\n"), "S3: house::rule_x does not exist"),
    (with_tests("- tools/answers.py\n  - refused\n"),
     "S3: tools/answers.py::refused does not exist")])
def test_the_check_finds_what_is_wrong(change, found):
    assert found in list(check_checklist(change_s3(change)))


@pytest.mark.parametrize("tests", [
    "Not met: " + "because " * 6 + "\n",
    "Not met: because\n" + "because " * 6 + "\n",
    FILE_OF_S3 + TEST_OF_S3])
def test_a_test_or_a_reason_in_writing_will_do(tests):
    assert list(check_checklist(change_s3(with_tests(tests)))) == []


@pytest.mark.parametrize("spoil, found", [
    (lambda text: text.replace("  - test_", "  - tast_", 1), "does not exist"),
    (lambda text: text.replace("    - ", "   - ", 1), "is no name of a test"),
    (lambda text: text.replace("Remains", "Ends"), "Remains"),
    (lambda text: LIST_OF_TESTS.sub("", text), "no test is named"),
    (lambda text: text.replace("- Tests:", "Tests:", 1), "no test is named"),
    (lambda text: text + "See house::rule_x.\n", "outside of the lists"),
    (lambda text: text.replace("\n### ", "\n#### "), "only 0 attackers")])
def test_the_check_of_the_threats_finds_what_is_wrong(spoil, found):
    text = (ROOT / "THREATS.md").read_text("utf-8")
    assert any(found in complaint for complaint in check_threats(spoil(text)))


LONG = "x" * WIDTH
WIDE = "wider than 80 columns"


@pytest.mark.parametrize("text, found", [
    (f"| a | b\n{LONG}\n| a | {LONG}", []),
    (f"| a | {LONG}\n- <https://{LONG}>\nhttps://{LONG}", []),
    (f"| a | {LONG}\n{LONG}x", [f"page:2 is {WIDE}"]),
    (f"| a | {LONG}\n\t{LONG[8:]}x", [f"page:2 is {WIDE}"]),
    (f"| a | {LONG}\nsee https://{LONG}", [f"page:2 is {WIDE}"]),
    (f"| a | {LONG}\nhttps://{LONG} too", [f"page:2 is {WIDE}"]),
    (f"| a | {LONG}\n| b | {LONG}", [f"page:2 is {WIDE}"]),
    (f"| a | {LONG}\n| a | {LONG}", [f"page:2 is {WIDE}"]),
    ("| a | b", ["page: | a | need not be allowed to be wide"])])
def test_the_check_of_the_width_finds_what_is_wrong(text, found):
    assert list(check_width("page", text, ["| a |"])) == found
