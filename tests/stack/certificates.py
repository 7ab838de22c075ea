# SPDX-License-Identifier: ISC
"""A certificate authority of our own, for one temporary directory."""

import pathlib
import shutil
import subprocess

from .error import StackError

CONFIG = """[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = {names}
[past]
database = past
serial = serial
new_certs_dir = .
default_md = sha256
policy = names
[names]
commonName = supplied
"""
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "30"]


def run(folder, *arguments):
    """openssl, with its own words if it fails."""
    if shutil.which("openssl") is None:
        raise StackError("openssl is missing: apt-get install openssl")
    done = subprocess.run(["openssl", *arguments], cwd=folder, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise StackError(f"openssl: {done.stderr.strip()}")


def openssl(folder, *arguments):
    """A new key, and a certificate for it."""
    run(folder, "req", "-x509", "-config", "req.cnf", *NEW_KEY, *arguments)


def make(folder, hosts):
    """ca.pem, leaf.pem and leaf.key in the folder; returns it as a path."""
    folder = pathlib.Path(folder)
    folder.mkdir()
    names = ",".join(("IP:" if host[0].isdigit() else "DNS:") + host
                     for host in hosts)
    (folder / "req.cnf").write_text(CONFIG.format(names=names), "utf-8")
    openssl(folder, "-extensions", "ca", "-subj", "/CN=a test's authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl(folder, "-extensions", "leaf", "-subj", "/CN=" + hosts[0],
            "-CA", "ca.pem", "-CAkey", "ca.key",
            "-keyout", "leaf.key", "-out", "leaf.pem")
    return folder


def expire(folder, begin="20200101000000Z", end="20200201000000Z"):
    """Put a certificate in the place of leaf.pem that was good in 2020, or at
    another time, for the same key and names and by the same authority. Only
    its command "ca" lets all versions of openssl say so."""
    folder = pathlib.Path(folder)
    (folder / "past").touch()
    (folder / "serial").write_text("01\n", "ascii")
    run(folder, "req", "-new", "-config", "req.cnf", "-key", "leaf.key",
        "-subj", "/CN=of the past", "-out", "leaf.csr")
    run(folder, "ca", "-batch", "-notext", "-config", "req.cnf", "-name",
        "past", "-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "req.cnf",
        "-extensions", "leaf", "-startdate", begin, "-enddate", end,
        "-in", "leaf.csr", "-out", "leaf.pem")
