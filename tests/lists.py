# SPDX-License-Identifier: ISC
"""Rules of tests/house: what the code has in a table, the documents have in a
list."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read(name):
    """A file's text."""
    return (ROOT / name).read_text("utf-8")


def section(page, begin, end):
    """The text of a page between two others."""
    return read(page).partition(begin)[2].partition(end)[0]


def rule_what_is_kept_of_the_calls_of_pages_is_said():
    """Whoever adds a call that reads decides it, and says it if it is not."""
    reading = set(re.findall(
        r'^\t\{ "([\w-]+)",(?:(?!^\t\{).)*?\bREADING,',
        read("lib/relay/rows.c"), re.M | re.S))
    kept = set(re.findall(r'"([\w-]+)"', section(
        "lib/relay/answers.c", "} kept[] = {", "};")))
    never = set(re.findall(r"[\w-]{3,}", section(
        "conf/spotify-fcgi.conf.5", "\nAnswers to\n", "are never kept"))
        ) - {"and"}
    for name in sorted(reading ^ (kept | never) | kept & never):
        yield (f"{name}: is it in kept[] of lib/relay/answers.c, or is it "
               "never kept by conf/spotify-fcgi.conf.5?")


def rule_every_event_is_documented():
    """Where it is said what it means, and where its like are listed."""
    words = {"first_login"} | set(re.findall(
        r'\] = "(\w+)",', section("lib/session/events.c", "words[] = {",
                                  "};")))
    manual = section("cgi-bin/spotify-fcgi.8", ".Sh EVENTS", ".El")
    for word in sorted(words ^ set(re.findall(r"^\.It Cm (\w+)", manual,
                                              re.M))):
        yield f"{word} is in lib/session/events.c or the manual only"
    for page in ("conf/spotify-fcgi.conf.example", "CHANGES.md"):
        for word in sorted(words):
            if not re.search(rf"\b{word}\b", read(page)):
                yield f"{page} lacks the event {word}"


def rule_every_word_of_the_log_is_documented():
    """Whoever finds one wants to know what to do about it."""
    code = "".join(path.read_text("utf-8") for path in
                   sorted((ROOT / "lib").rglob("*.c")))
    words = set(re.findall(r'LOG_LEVEL_\w+,\s*"([a-z_0-9]+)",\s*(?="|NULL)',
                           code))
    words |= set(re.findall(r'\b(?:log_event|log_errno|session_log)\('
                            r'[^;"]*"([a-z_0-9]+)"', code))
    words |= set(re.findall(r'\bevent = "(\w+)"', code))
    manual = set(re.findall(r"\w{3,}", " ".join(re.findall(
        r"^\.It Cm (.*)", section("cgi-bin/spotify-fcgi.8", ".Sh LOGGING",
                                  "\n.Sh "), re.M))))
    for word in sorted(words - manual):
        yield f"LOGGING of cgi-bin/spotify-fcgi.8 lacks {word}"
    for word in sorted(manual):
        if f'"{word}"' not in code:
            yield f"LOGGING has {word}, which no program says"


def rule_every_kind_of_pause_is_documented():
    """Whoever wants to end one looks for its file."""
    kinds = set(re.findall(r'"limit-([\w-]+)-rate"',
                           read("lib/spotify/pause.c")))
    manual = set(re.findall(r"^\.Ql ([\w-]+)", section(
        "cgi-bin/spotify-fcgi.8", "The kinds are\n", ".Pp"), re.M))
    for kind in sorted(kinds ^ manual):
        yield f"{kind} is in lib/spotify/pause.c or the manual only"


def rule_coverage_names_functions_where_they_are():
    """One that has moved, or gone, would be explained for nothing."""
    for file, names in re.findall(r"^- `(\S+)`: ((?:.+\n)+?)(?=[-\n#]|\Z)",
                                  read("tests/COVERAGE.md"), re.M):
        text = read(file) if (ROOT / file).is_file() else ""
        for name in re.findall(r"\w+", names):
            if not re.search(rf"^{name}\(", text, re.M):
                yield f"tests/COVERAGE.md: {name} is not in {file}"
