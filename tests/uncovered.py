# SPDX-License-Identifier: ISC
"""What tests/coverage has found: uncovered.py JSON LINES BRANCHES prints, from
gcovr's JSON, a table of the files and the lines that were not executed, and
fails if less than so many per cent were, or if COVERAGE.md does not name a
function that has such lines."""

import json
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent
ROOT = TESTS.parent


def explained():
    """The functions that COVERAGE.md names, with their files."""
    rows = re.findall(r"^- `(\S+)`: ((?:.+\n)+?)(?=[-\n#]|\Z)",
                      (TESTS / "COVERAGE.md").read_text("utf-8"), re.M)
    return {(file, name) for file, names in rows
            for name in re.findall(r"\w+", names)}


def count(lines):
    """Lines, those executed, branches, those taken."""
    branches = [b["count"] > 0 for line in lines for b in line["branches"]]
    return (len(lines), sum(line["count"] > 0 for line in lines),
            len(branches), sum(branches))


def show(name, counts):
    """A row of the table; the two shares."""
    lines, executed, branches, taken = counts
    shares = (100 * executed / max(lines, 1), 100 * taken / max(branches, 1))
    print(f"{name:25} {lines:6} {shares[0]:6.1f} % "
          f"{branches:6} {shares[1]:6.1f} %")
    return shares


def missed(file, lines):
    """The lines that were not executed: function, number and text."""
    text = (ROOT / file["file"]).read_text("utf-8").split("\n")
    starts = sorted((f["lineno"], f["name"]) for f in file["functions"])
    for line in lines:
        number = line["line_number"]
        if line["count"] == 0:
            names = [name for start, name in starts if start <= number]
            yield names[-1] if names else "-", number, text[number - 1].strip()


def main(path, *wanted):
    """The report; 1 if it is not good enough."""
    total, found = (0, 0, 0, 0), []
    print(f"{'file':25} {'lines':>6} {'':8} {'branches':>6}")
    for file in json.loads(path.read_text("utf-8"))["files"]:
        lines = [line for line in file["lines"]
                 if not line.get("gcovr/noncode")]
        counts = count(lines)
        total = tuple(map(sum, zip(total, counts)))
        show(file["file"], counts)
        found += [(file["file"], *miss) for miss in missed(file, lines)]
    shares = show("all", total)
    print("\nnot executed:")
    for name, function, number, text in found:
        print(f"{name}:{number}: {function}: {text}")
    failed = [f"less than {least} %" for share, least in
              zip(shares, wanted) if share < float(least)]
    failed += [f"COVERAGE.md does not explain {name}: {function}"
               for name, function in sorted({miss[:2] for miss in found} -
                                            explained())]
    print("\n".join(["", *failed]))
    return 1 if failed or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
