# SPDX-License-Identifier: ISC
"""The page runs in browsers of 2021, as conf/frontend.md says: its code names
nothing that they lack, and in a Chromium without it everything still works."""

import pathlib
import re

import pytest

WWW = pathlib.Path(__file__).resolve().parents[2] / "conf" / "www"
DOCUMENT = WWW.parent / "frontend.md"
# What came to Chrome after 90, to Firefox after 89 or to Safari after 15.0, by
# name alone: a method of that name of our own would be found as well.
LATER = re.compile(r"""
    \.size\b | \.at\( | \bhasOwn\b | \bstructuredClone\b | \.showPicker\(
    | \.findLast(Index)?\( | \.to(Sorted|Reversed|Spliced)\( | \.with\(
    | \b(Object|Map)\.groupBy\b | \bArray\.fromAsync\b | \bnew\ Error\(.*,\ \{
    | \bPromise\.(withResolvers|try)\b | \brequestIdleCallback\b
    | \bAbortSignal\.(timeout|any|abort)\b | \.throwIfAborted\( | \.reason\b
    | \bURL\.(canParse|parse)\b | \brandomUUID\b | \bscheduler\.
    | \bnavigation\.
    | \bIntl\.(Segmenter|DurationFormat|supportedValuesOf)\b
    | \.(isWellFormed|toWellFormed|showModal|requestSubmit|checkVisibility)\(
    | \.(isSubsetOf|union|intersection|difference)\( | \.formatRange\(
    | \b(inert|popover|scrollend|beforetoggle|importmap)\b | <dialog\b
    | \bstatic\ \{ | ^\s*\#\w+\s*[=(;] | \(\?<[=!] | :has\( | ^await\b
    """, re.X)
# The same, taken away; BroadcastChannel is used where it is there.
AGE = """
for (const name of ['at', 'findLast', 'findLastIndex', 'toSorted', 'toReversed',
	'toSpliced', 'with'])
	delete Array.prototype[name];
for (const name of ['at', 'isWellFormed', 'toWellFormed'])
	delete String.prototype[name];
delete Object.groupBy;
/* The driver needs it for its own scripts, which come from no file. */
const has_own = Object.hasOwn;
Object.hasOwn = (...given) => {
	if (new Error().stack.includes('.js:'))
		throw new TypeError('Object.hasOwn is not a function');
	return has_own(...given);
};
for (const name of ['timeout', 'any', 'abort'])
	delete AbortSignal[name];
for (const name of ['canParse', 'parse'])
	delete URL[name];
for (const name of ['withResolvers', 'try'])
	delete Promise[name];
for (const name of ['structuredClone', 'BroadcastChannel', 'scheduler',
	'requestIdleCallback', 'navigation'])
	delete globalThis[name];
delete URLSearchParams.prototype.size;
delete AbortSignal.prototype.reason;
delete AbortSignal.prototype.throwIfAborted;
delete HTMLElement.prototype.inert;
delete HTMLElement.prototype.popover;
delete Element.prototype.checkVisibility;
delete Crypto.prototype.randomUUID;
delete Intl.Segmenter;
globalThis.is_old = !('size' in URLSearchParams.prototype)
	&& !('at' in Array.prototype) && !('BroadcastChannel' in globalThis);
"""


def code():
    """(where, line) of all that runs, without comments."""
    for path in (*sorted(WWW.glob("*.js")), WWW / "index.html"):
        text = re.sub(r"/\*.*?\*/", lambda found: "\n" * found[0].count("\n"),
                      path.read_text("utf-8"), flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{path.name}:{number}", line
    text = DOCUMENT.read_text("utf-8")
    for block in re.findall(r"^```js\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            yield "frontend.md", line


def test_the_page_names_nothing_that_browsers_of_2021_lack():
    lines = list(code())
    assert len(lines) > 800
    assert [(where, line) for where, line in lines if LATER.search(line)] == []


@pytest.mark.parametrize("line", [
    "return query.size > 0;", "?? sorted.at(-1))?.url;", "AbortSignal.any(x)",
    "if (Object.hasOwn(table, code))", "text.replace(/(?<=a)b/, '')",
    "document.querySelector('a:has(b)')", "await call('x')"])
def test_what_is_too_new_is_found(line):
    assert LATER.search(line)


@pytest.fixture(name="old_person")
def fixture_old_person(person):
    """In a browser without all that."""
    command = person.chromium.command
    script = command("Page.addScriptToEvaluateOnNewDocument", source=AGE)
    person.open()
    assert person.run("return is_old")
    yield person
    command("Page.removeScriptToEvaluateOnNewDocument", **script)


def test_in_an_old_browser_the_login_ends_where_it_began(old_person):
    old_person.log_in("?list=mine&x=%20#artists-title")
    old_person.at("/?list=mine&x=%20#artists-title")
    old_person.see("120 artists", "#count")
    assert old_person.run("return is_old")


def test_in_an_old_browser_another_account_can_be_used(old_person):
    old_person.log_in()
    old_person.click("#switch")
    old_person.click("input[value='özkant']")
    old_person.click("#agree")
    old_person.see("Özkan Neu", "#account-name")


def test_in_an_old_browser_all_buttons_work(old_person):
    old_person.log_in()
    old_person.click("#reload")
    old_person.see("newest list", "#artists-notice")
    old_person.find("#filter").send_keys("zzzz")
    old_person.see("No artist matches")
    old_person.click("#empty button")
    old_person.click("#refresh")
    old_person.see("Still fresh", "#notice")
    old_person.click("#logout")
    old_person.see("You are logged out", ".message")
    assert old_person.session_cookie() is None
