# SPDX-License-Identifier: ISC
"""The element and the page in Firefox. Debian has no driver for it that
selenium takes; firefox/ asks it by a library of npm's instead, which speaks
WebDriver BiDi to it."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from test_login_element import write
from tools.amounts import SOAK

FOLDER = pathlib.Path(__file__).resolve().parent / "firefox"
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")


@pytest.fixture(scope="module", name="visit")
def fixture_visit(tmp_path_factory):
    """The script beside its library."""
    folder = tmp_path_factory.mktemp("firefox")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder, env={**os.environ, "HOME": str(folder)}, text=True,
        capture_output=True, check=False, timeout=300)
    if done.returncode != 0:
        pytest.skip("npm could not install the library")
    return folder / "visit.mjs"


@pytest.mark.skipif(not SOAK, reason="set SOAK=1: asks npm for a library")
@pytest.mark.skipif(shutil.which("npm") is None or FIREFOX is None,
                    reason="needs npm and firefox-esr")
def test_the_element_and_the_page_work_in_firefox(stack, visit):
    write(stack)
    stack.spotify.settings(consent="agree")
    done = subprocess.run(
        ["node", str(visit), FIREFOX, stack.url], text=True,
        env={**os.environ, "HOME": str(visit.parent)}, capture_output=True,
        check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen == {
        "complaints": [], "link": "Log in with Spotify", "name": "Ada",
        "back": "/element.html", "cookies": "",
        "told": [["login", "Ada"], ["logout", None]],
        "account": "Ada", "artists": seen["artists"]}
    assert seen["artists"] > 50
