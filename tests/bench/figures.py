# SPDX-License-Identifier: ISC
"""Rounds, what they come to, and the report."""

import dataclasses
import statistics
import sys


def progress(text):
    """For who waits."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


@dataclasses.dataclass
class Spread:
    """Values of several rounds."""

    values: list

    @property
    def median(self):
        """The middle one."""
        return statistics.median(self.values)

    def text(self):
        """Three digits are as many as there is to know."""
        if len(self.values) == 1:
            return digits(self.median)
        return (f"{digits(self.median)} ({digits(min(self.values))}–"
                f"{digits(max(self.values))})")


def digits(value):
    """A number as people write it."""
    places = 3
    for bound in (1, 10, 100):
        places -= abs(value) >= bound
    return f"{value:.{places}f}" if value else "0"


class Runs:
    """What several things came to in the same rounds: dicts of numbers."""

    def __init__(self):
        self.rounds = []    # {name: {key: number}}

    def names(self):
        """Of those that were there in every round."""
        return [name for name in self.rounds[0]
                if all(name in one for one in self.rounds)]

    def spread(self, name, key):
        """Of one figure."""
        self._need(name)
        return Spread([one[name][key] for one in self.rounds])

    def ratio(self, name, other, key, other_key=None):
        """One over the other, round by round."""
        self._need(name)
        self._need(other)
        return Spread([one[name][key] / one[other][other_key or key]
                       for one in self.rounds])

    def _need(self, name):
        if name not in self.names():
            raise RuntimeError(f"{name} did not run")

    def sum(self, name, key):
        """Over all rounds."""
        return sum(one[name][key] for one in self.rounds)


def interleave(rounds, things, what):
    """Run all things, {name: function}, once a round. One that fails is left
    out from then on; returns the runs and {name: reason}."""
    runs, failed = Runs(), {}
    for number in range(rounds):
        progress(f"{what}, round {number + 1} of {rounds}")
        one = {}
        for name, run in things.items():
            if name in failed:
                continue
            try:
                one[name] = run()
            except (ValueError, OSError, RuntimeError) as error:
                failed[name] = str(error)
        runs.rounds.append(one)
    return runs, failed


@dataclasses.dataclass
class Check:
    """One of the figures to be reached."""

    target: int
    text: str
    limit: float        # None: there are several
    at_most: bool
    figure: Spread = None
    reason: str = ""    # why there is none

    def row(self):
        """For the table of targets."""
        limit = "" if self.limit is None else \
            f"{'≤' if self.at_most else '≥'} {self.limit:.3g}"
        if self.figure is None:
            return [str(self.target), self.text, "–", limit,
                    f"not run: {self.reason}"]
        return [str(self.target), self.text, self.figure.text(), limit,
                "met" if self.met else "**missed**"]

    @property
    def met(self):
        """By the median."""
        return self.figure.median <= self.limit if self.at_most else \
            self.figure.median >= self.limit


class Report:
    """Collects, and writes Markdown."""

    def __init__(self):
        self.names = {}         # {peer: as people call it}
        self.checks = []
        self.tables = []        # (title, header, rows, note)
        self.not_run = {}

    def at_most(self, target, text, limit, figure):
        """A figure that may not be larger."""
        self.checks.append(Check(target, text, limit, True, figure))

    def at_least(self, target, text, limit, figure):
        """A figure that may not be smaller."""
        self.checks.append(Check(target, text, limit, False, figure))

    def compare(self, target, text, limit, runs, name, key):
        """Ours to a peer's, which may not be there."""
        text = f"{text} to {self.names.get(name, name)}"
        if name in runs.names():
            self.at_most(target, text, limit, runs.ratio("ours", name, key))
        else:
            self.missing(target, text, limit, "see below")

    def missing(self, target, text, limit, reason, at_most=True):
        """One that could not be had."""
        self.checks.append(Check(target, text, limit, at_most, None, reason))

    def table(self, title, header, rows, note=""):
        """Rows are lists of texts."""
        self.tables.append((title, header, rows, note))

    def markdown(self, head):
        """The whole."""
        lines = ["# Benchmark", "", head]
        for title, header, rows, note in self.tables:
            lines += ["", f"## {title}", "", *in_table(header, rows)]
            if note:
                lines += ["", note]
        checks = sorted(self.checks, key=lambda check: check.target)
        lines += ["", "## What was to be reached", "", *in_table(
            ["", "figure", "median (min–max)", "limit", ""],
            [check.row() for check in checks])]
        if self.not_run:
            lines += ["", "## What could not be run", ""]
            lines += [f"- {name}: {why}" for name, why
                      in self.not_run.items()]
        return "\n".join(lines) + "\n"


def in_table(header, rows):
    """Lines of Markdown."""
    return [f"| {' | '.join(row)} |" for row in
            [header, ["---"] * len(header), *rows]]
