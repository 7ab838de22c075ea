# SPDX-License-Identifier: ISC
"""Adds up what tests/run has run: count.py BUILD prints "N passed, N failed".

make check leaves a .trs file per test program, and its output beside it in a
.log: a program of cmocka counts as its tests, one whose output ends with
"N passed, N failed" as what it says, any other as one. tests/analyze says it
in analyze.log, and pytest leaves junit's XML. A step that failed without a
failed test counts as one failure: an empty run must not look like success.
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree

CMOCKA = re.compile(r"^\[ *(OK|FAILED|SKIPPED) *\] (\w+)$", re.M)
SUM = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
WORDS = {"OK": "passed", "PASS": "passed", "XFAIL": "passed",
         "SKIPPED": "skipped", "SKIP": "skipped"}


def count_make(folder, total):
    """The test programs of make check."""
    for trs in folder.rglob("*.trs"):
        log = trs.with_suffix(".log")
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        result = re.search(r"^:global-test-result: (\w+)",
                           trs.read_text("utf-8"), re.M)
        single = CMOCKA.findall(text)   # failures come twice, in a list as well
        words = [WORDS[word] for word, _ in single if word != "FAILED"]
        words += ["failed"] * len({n for word, n in single if word == "FAILED"})
        for passed, failed, skipped in SUM.findall(text):
            words += ["passed"] * int(passed) + ["failed"] * int(failed)
            words += ["skipped"] * int(skipped or 0)
        whole = WORDS.get(result[1], "failed") if result else "failed"
        if not words or whole == "failed" and "failed" not in words:
            words.append(whole)
        total.update(words)


def count_analyze(path, total):
    """The analyzers; one that has said nothing has not passed."""
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    passed, failed, skipped = (SUM.findall(text) or [(0, 1, 0)])[-1]
    total["passed"] += int(passed)
    total["failed"] += int(failed)
    total["skipped"] += int(skipped or 0)


def count_pytest(path, total):
    """The tests of pytest."""
    if not path.exists():
        total["failed"] += 1
        return
    for suite in xml.etree.ElementTree.parse(path).iter("testsuite"):
        get = {name: int(suite.get(name, 0))
               for name in ("tests", "failures", "errors", "skipped")}
        failed = get["failures"] + get["errors"]
        total["failed"] += failed
        total["skipped"] += get["skipped"]
        total["passed"] += get["tests"] - failed - get["skipped"]


def main(build):
    """The sum; 1 if anything failed."""
    total = collections.Counter()
    count_make(build / "tests", total)
    count_analyze(build / "analyze.log", total)
    count_pytest(build / "pytest.xml", total)
    failed_steps = build / "failed"
    if failed_steps.exists():
        steps = failed_steps.read_text("utf-8").splitlines()
        print("failed steps: " + "; ".join(steps))
        if total["failed"] == 0:
            total["failed"] = len(steps)
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"{total['passed']} passed, {total['failed']} failed{skipped}")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
