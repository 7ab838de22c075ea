# SPDX-License-Identifier: ISC
"""Each cell of the manual's table of faults, for files and for an engine, has
tests that exist: FAULTS.md names them. Those of an engine are tests with a
real one."""

import re

import pytest

from test_checklist import ROOT, TESTS, read_tests

MANUAL = ROOT / "cgi-bin" / "spotify-fcgi.8"
BEGIN = "What is promised when something breaks"
ITEM = re.compile(r"^\.It (.*)\n((?:(?!\.It |\.El).*\n)*)", re.M)
ROW = re.compile(r"^### (.*)\n((?:(?!###).*\n)*)", re.M)
KINDS = ("Files", "Engine")
# Whoever has no engine skips, and says so by this.
REAL = ("find_server", "engines_store")


def cells_of_manual(text):
    """[(fault, the kinds of store that it promises something of)]."""
    table = text[text.index(BEGIN):].partition("\n.El\n")[0] + "\n"
    return [(fault, {kind for kind in KINDS if re.search(
        rf"^(?:{kind}|Both):", body, re.M)})
        for fault, body in ITEM.findall(table)]


def cells_of_list(text):
    """[(fault, {kind: lines of its tests})]."""
    rows = []
    for fault, body in ROW.findall(text):
        cells, kind = {}, None
        for line in body.strip("\n").split("\n"):
            if line.rstrip(":") in KINDS and line.endswith(":"):
                kind = line[:-1]
                cells[kind] = []
            else:
                cells.setdefault(kind, []).append(line)
        rows.append((fault, cells))
    return rows


def check(manual, listed):
    """Complaints."""
    promised, named = cells_of_manual(manual), cells_of_list(listed)
    if len(promised) < 15:
        yield f"the manual has only {len(promised)} faults"
    if [fault for fault, _ in promised] != [fault for fault, _ in named]:
        yield "the faults are others, or in another order"
    for fault, kinds in promised:
        cells = dict(named).get(fault, {})
        if not kinds or kinds != set(cells):
            yield f"{fault}: promised of {sorted(kinds)}, " \
                f"tested of {sorted(map(str, cells))}"
        for kind, lines in cells.items():
            tests, complaints = read_tests(lines)
            yield from (f"{fault}: {complaint}" for complaint in complaints)
            if not tests:
                yield f"{fault}: {kind} has no test"
            if kind == "Engine" and not any(is_real(f) for f, _ in tests):
                yield f"{fault}: no test has an engine"


def is_real(file):
    """Whether its tests start an engine."""
    path = TESTS / file
    return path.is_file() and any(word in path.read_text("utf-8")
                                  for word in REAL)


def texts():
    """Of the manual and of the list."""
    return MANUAL.read_text("utf-8"), (TESTS / "FAULTS.md").read_text("utf-8")


def test_every_cell_of_the_table_of_faults_has_tests():
    assert list(check(*texts())) == []


@pytest.mark.parametrize("which, old, new, found", [
    (0, ".It The engine evicts\nEngine:", ".It The engine evicts\n",
     "The engine evicts: promised of []"),
    (0, ".It The engine evicts\n", ".It The engine dances\n", "are others"),
    (0, ".It The engine evicts\nEngine:", ".It The engine evicts\nBoth:",
     "promised of ['Engine', 'Files']"),
    (1, "### The engine evicts\nEngine:\n", "### The engine evicts\n",
     "tested of ['None']"),
    (1, "  - test_an_engine_that_evicts", "  - test_an_engine_that_dances",
     "does not exist"),
    (1, "### A machine dies\nFiles:\n", "### A machine dies\nFiles:\nEngine:\n",
     "Files has no test"),
    (1, "Engine:\n- faults/test_machines.py\n  - test_a_machine_that_dies"
     "_delays_the_others_by_its_lease\n",
     "Engine:\n- faults/test_lock.py\n  - test_a_waiter_that_is_killed"
     "_delays_nobody\n", "A machine dies: no test has an engine")])
def test_the_check_of_the_table_finds_what_is_wrong(which, old, new, found):
    both = list(texts())
    assert old in both[which]
    both[which] = both[which].replace(old, new, 1)
    assert any(found in complaint for complaint in check(*both))
