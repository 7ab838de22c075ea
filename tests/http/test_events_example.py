# SPDX-License-Identifier: ISC
"""The code of conf/OPERATING.md that makes profiles, as it stands there."""

import pathlib
import re
import sqlite3
import subprocess
import sys

from tools.answers import Browser
from tools.events import make_outbox
from tools.spotify import json_answer

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "conf/OPERATING.md"
CODE = re.search(r"^```python\n(import email.*?)^```",
                 DOCUMENT.read_text("utf-8"), re.M | re.S)[1]
OUT, SENDMAIL = "/var/lib/spotify-fcgi-events/main", "/usr/sbin/sendmail"


def run(folder, out, refused="nobody"):
    """Its status, with a sendmail that keeps mails in a file, but for those to
    an address."""
    sendmail = folder / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat >{folder}/mail\n"
                        f"! grep -q 'To: {refused}' {folder}/mail || exit 75\n"
                        f"cat {folder}/mail >>{folder}/mails\n", "utf-8")
    sendmail.chmod(0o755)
    code = CODE
    for old, new in ((OUT, out), (SENDMAIL, sendmail)):
        assert code.count(old) == 1
        code = code.replace(old, str(new))
    return subprocess.run([sys.executable, "-c", code], cwd=folder,
                          check=False, timeout=60).returncode


def people(folder):
    """Whose profiles there are."""
    with sqlite3.connect(folder / "profiles.db") as profiles:
        return [row[0] for row in profiles.execute(
            "select account from profile order by account")]


def test_it_makes_a_profile_and_greets_once(make_stack, tmp_path):
    """However often an event comes."""
    assert len(CODE.splitlines()) <= 40
    out = make_outbox(tmp_path)
    stack = make_stack(conf={"events_dir": out, "events_email": "yes"})
    Browser(stack).login()
    first, = out.glob("event-0-first-*")
    again = first.read_bytes()
    assert run(tmp_path, out) == 0
    assert list(out.iterdir()) == []
    (out / first.name).write_bytes(again)
    Browser(stack).login()
    assert run(tmp_path, out) == 0
    assert people(tmp_path) == ["aB3dE5fG7h"]
    mails = (tmp_path / "mails").read_text("utf-8")
    assert mails.count("To: ada@example.com") == 1


def test_what_is_not_one_address_is_not_written_to(make_stack, tmp_path):
    """And holds nobody up."""
    out = make_outbox(tmp_path)
    stack = make_stack(conf={"events_dir": out, "events_email": "yes"})
    addresses = ["a@b.example, c@d.example", "a@b.example\nBcc: c@d.example",
                 "a@b@c", "a", "a@b.example c@d.example", "<a@b.example>",
                 "a:b@c.example;", "", '"a, b"@c.example']
    for number, address in enumerate(addresses):
        stack.spotify.answers("me", json_answer({
            "id": f"eve{number}", "account_id": f"eve{number}",
            "email": address}))
        Browser(stack).login()
    assert run(tmp_path, out) == 0
    assert list(out.iterdir()) == [] and not (tmp_path / "mails").exists()
    assert len(people(tmp_path)) == len(addresses)


def test_who_could_not_be_greeted_is_greeted_later_and_holds_nobody_up(
        make_stack, tmp_path):
    """He has his profile, and only he is left for the next call."""
    out = make_outbox(tmp_path)
    stack = make_stack(conf={"events_dir": out, "events_email": "yes"})
    names = ("eve", "bob", "joe")
    for name in names:
        stack.spotify.answers("me", json_answer({
            "id": name, "account_id": name, "email": f"{name}@b.example"}))
        Browser(stack).login()
    # One that nothing can be made of holds nobody up either.
    (out / "event-0-0.json").write_bytes(b"{}")
    for name in ("eve", "bob"):
        assert run(tmp_path, out, refused=name) == 1
        assert people(tmp_path) == sorted(names)
    (out / "event-0-0.json").unlink()
    assert run(tmp_path, out) == 0 and list(out.iterdir()) == []
    mails = (tmp_path / "mails").read_text("utf-8")
    for name in names:
        assert mails.count(f"To: {name}@b.example") == 1, name
