# SPDX-License-Identifier: ISC
"""Chromium and its driver as processes: a fresh profile, no window, and no
way to outlive us. What a person does with it is in person.py."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from selenium import webdriver
from selenium.webdriver.chromium.remote_connection import (
    ChromiumRemoteConnection)

from stack.processes import Spawner, end, wait_until

DRIVER = "/usr/bin/chromedriver"
BROWSER = "/usr/bin/chromium"
READY_S = 150       # the machine may be busy with other tests
# The debugging pipe is what ends the browser with its driver. Nothing here
# may ask the network: the name stands for a site on this machine, and every
# other name leads nowhere.
FLAGS = ("--headless=new", "--remote-debugging-pipe", "--disable-gpu",
         "--disable-quic", "--no-first-run", "--no-default-browser-check",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-breakpad", "--disable-dev-shm-usage",
         "--no-proxy-server", "--window-size=1280,900", "--lang=en-GB",
         "--host-resolver-rules=MAP music.test 127.0.0.1, "
         "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


def may_sandbox():
    """Whether Chromium can put itself into a sandbox: not as root, and not
    where user namespaces are forbidden, as in a chroot and in many a
    container. It refuses to start then; it sees nothing here but our own
    pages."""
    return os.geteuid() != 0 and subprocess.run(
        ["unshare", "--user", "--map-root-user", "--pid", "--net", "--fork",
         "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def options_for(profile, trusted):
    """trusted: SHA-256 of a public key whose certificates are believed."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    if not may_sandbox():
        options.add_argument("--no-sandbox")
    if trusted:
        options.add_argument(
            f"--ignore-certificate-errors-spki-list={trusted}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return options


class Chromium:
    """One browser with its driver."""

    def __init__(self, trusted=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sf-browser-"))
        self._spawner = Spawner()
        self._process = self.driver = None
        try:
            self._start(trusted)
        except BaseException:
            self.stop()
            raise

    def _start(self, trusted):
        with open(self.folder / "driver.log", "wb") as log:
            self._process = self._spawner.start(
                [DRIVER, "--port=0"], stdout=log, stderr=log,
                start_new_session=True, cwd=self.folder,
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder),
                     "TMPDIR": str(self.folder), "LANG": "C.UTF-8"})
        port = wait_until(self._port, READY_S, "chromedriver did not start")
        connection = ChromiumRemoteConnection(
            f"http://127.0.0.1:{port}", vendor_prefix="goog",
            browser_name="chrome", keep_alive=True, ignore_proxy=True)
        self.driver = webdriver.Remote(connection, options=options_for(
            self.folder / "profile", trusted))

    def _port(self):
        text = (self.folder / "driver.log").read_text("utf-8", "replace")
        found = re.search(r"started successfully on port (\d+)", text)
        return found and found[1]

    def command(self, name, **parameters):
        """Of the DevTools protocol."""
        return self.driver.execute("executeCdpCommand", {
            "cmd": name, "params": parameters})["value"]

    def stop(self):
        """Idempotent."""
        try:
            if self.driver is not None:
                self.driver.quit()
        finally:
            self.driver = None
            if self._process is not None and self._process.poll() is None:
                end(self._process, signal.SIGTERM)
            self._spawner.close()
            shutil.rmtree(self.folder, ignore_errors=True)
