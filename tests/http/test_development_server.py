# SPDX-License-Identifier: ISC
"""The lines for Vite of conf/frontend.md, with the real one from npm."""

import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from stack import Client, Stack
from stack.fixtures import BUILD_DIR, SERVER
from stack.ports import free_port, listens
from stack.processes import Spawner, wait_until
from tools.amounts import SOAK

PAGE = pathlib.Path(__file__).resolve().parents[2] / "conf" / "frontend.md"

pytestmark = [
    pytest.mark.skipif(not SOAK, reason="set SOAK=1: asks npm for Vite"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")]


def lines(port, url):
    """Of the page, with ports of here."""
    text = re.search(r"^const programs.*?^};", PAGE.read_text("utf-8"),
                     re.M | re.S)[0]
    assert text.count("5173") == 1 and text.count("8080") == 1
    return text.replace("5173", str(port)).replace(
        "http://127.0.0.1:8080", url)


@pytest.fixture(name="vite", scope="module")
def fixture_vite(tmp_path_factory):
    """A directory with Vite and an empty page."""
    folder = tmp_path_factory.mktemp("vite")
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    (folder / "index.html").write_text("<p>in development</p>", "utf-8")
    done = subprocess.run(["npm", "install", "vite@7"], cwd=folder, text=True,
                          capture_output=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip("npm could not install Vite: " + done.stderr[-200:])
    return folder


def test_a_login_through_vite_comes_back_to_its_page(vite):
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    spawner = Spawner()
    with Stack(BUILD_DIR, server=SERVER, origin=origin) as stack:
        stack.spotify.settings(consent="agree")
        (vite / "vite.config.js").write_text(lines(port, stack.url), "utf-8")
        process = spawner.start(["node_modules/.bin/vite"], signal.SIGKILL,
                                cwd=vite, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL,
                                stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: listens(port), 60, "Vite did not listen")
            check(Client(stack))
        finally:
            process.kill()
            process.wait()
            spawner.close()


def check(browser):
    """Everything that a page does, by its own origin."""
    assert "in development" in browser.get("").text
    assert browser.fetch("session").json == {"logged_in": False}
    assert browser.login().location == browser.base
    assert browser.fetch("session").json["logged_in"] is True
    assert browser.fetch("artists").json["complete"] is True
    assert browser.fetch("refresh", "POST").status == 200
    assert browser.fetch("logout", "POST").status == 204
    assert browser.fetch("session").json == {"logged_in": False}
