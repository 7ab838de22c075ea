# SPDX-License-Identifier: ISC
"""Applications on Node, with the very packages of package-lock.json."""

import pathlib
import re
import shutil
import subprocess

from .behind_nginx import ApplicationPeer

HERE = pathlib.Path(__file__).parent
INSTALL_S = 180
# No script of a package runs, and no network is waited for at length.
NPM_CI = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit",
          "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000"]

installed = {}      # folder: None, or why it has nothing


def install(folder):
    """npm ci into a folder of the benchmark's, once for all peers; returns
    None, or why not. The source tree is never written to."""
    if folder not in installed:
        folder.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        try:
            done = subprocess.run(NPM_CI, cwd=folder, capture_output=True,
                                  text=True, check=False, timeout=INSTALL_S)
            code = re.search(r"^npm error code (\w+)", done.stderr, re.M)
            installed[folder] = None if done.returncode == 0 else \
                f"npm ci failed: {code[1] if code else 'see its log'}"
        except subprocess.TimeoutExpired:
            installed[folder] = f"npm ci was not done after {INSTALL_S} s"
    return installed[folder]


class NodePeer(ApplicationPeer):
    """Subclasses have a source: a file beside this one."""

    source = None
    oldest_node = 18

    def available(self):
        """Node, npm and the packages; installs these."""
        if not shutil.which("node") or not shutil.which("npm"):
            return "Node or npm is missing: apt-get install nodejs npm"
        version = subprocess.run(["node", "--version"], capture_output=True,
                                 text=True, check=False).stdout.strip()
        if int(version.lstrip("v").partition(".")[0] or 0) < self.oldest_node:
            return (f"Node {version} is too old: {self.name} needs "
                    f"{self.oldest_node}, which Debian has from 13 on")
        return super().available() or install(self.shared / "node")

    def run_application(self):
        """A module finds its packages from where it lies: so a copy.
        Node's own bundle of authorities, read once, is as large as Debian's;
        the upstream's is added to it."""
        copy = shutil.copy(HERE / self.source, self.shared / "node")
        self.run("node", [shutil.which("node"), str(copy)], cwd=self.folder,
                 env=self.environment(
                     NODE_ENV="production",
                     NODE_EXTRA_CA_CERTS=self.upstream.ca_only))
