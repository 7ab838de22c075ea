# SPDX-License-Identifier: ISC
"""The application of conf/OPERATING.md, as it stands there."""

import pathlib
import re
import subprocess
import sys

import pytest

from application import server_or_skip, visitor
from stack.ports import free_port, listens
from stack.processes import wait_until

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "conf/OPERATING.md"
CODE = re.search(r"^```python\n(.*?)^```", DOCUMENT.read_text("utf-8"),
                 re.M | re.S)[1]


@pytest.mark.parametrize("server", ["nginx", "apache"])
def test_the_application_asks_spotify_for_its_visitor(make_stack, server):
    assert len(CODE.splitlines()) <= 20
    port = free_port()
    site = make_stack(server=server_or_skip(server),
                      application=f"http://127.0.0.1:{port}",
                      conf={"auth_pass": "id name token"})
    code = CODE
    for old, new in (("https://api.spotify.com", site.spotify.url),
                     ("3001", str(port))):
        assert code.count(old) == 1
        code = code.replace(old, new)
    with subprocess.Popen([sys.executable, "-c", code],
                          stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: listens(port), 60, "no application")
            reply = visitor(site).get("/app/")
        finally:
            process.kill()
    assert (reply.status, reply.text) == (200, "Ada follows 120 artists.\n")
