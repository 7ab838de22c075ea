# SPDX-License-Identifier: ISC
"""Somebody else at Spotify's address, with a certificate of a kind."""

import subprocess

from sim.client import Simulation

SIGNED = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
# For whom the certificate is, who has signed it, and for how many days.
CERTIFICATES = {
    "good": ("IP:127.0.0.1", SIGNED, 30),
    "self-signed": ("IP:127.0.0.1", ["-signkey", "bad.key"], 30),
    "of another name": ("DNS:accounts.spotify.com", SIGNED, 30),
    "of another address": ("IP:127.0.0.2", SIGNED, 30),
    "expired": ("IP:127.0.0.1", SIGNED, -1)}


def validity(days):
    """How a certificate's time is said: new versions refuse one that is over
    before it begins as a number of days, old ones know nothing else."""
    usage = subprocess.run(["openssl", "x509", "-help"], check=False,
                           capture_output=True, text=True).stderr
    if days > 0 or "-not_after" not in usage:
        return ["-days", str(days)]
    return ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"]


def write_certificate(folder, kind):
    """bad.pem and bad.key, with the authority that we trust where one is
    asked for."""
    names, signer, days = CERTIFICATES[kind]
    (folder / "bad.cnf").write_text(
        "[req]\ndistinguished_name = name\n[name]\n[leaf]\n"
        "basicConstraints = critical,CA:FALSE\nextendedKeyUsage = serverAuth\n"
        f"subjectAltName = {names}\n", "utf-8")
    for command in (
            ["req", "-new", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-config", "bad.cnf",
             "-keyout", "bad.key", "-out", "bad.csr", "-subj", "/CN=x"],
            ["x509", "-req", "-in", "bad.csr", "-out", "bad.pem", "-extfile",
             "bad.cnf", "-extensions", "leaf", *validity(days), *signer]):
        subprocess.run(["openssl", *command], cwd=folder, check=True,
                       capture_output=True)


def impostor_of(stack, kind):
    """Somebody else at Spotify's address."""
    port = int(stack.spotify.url.rpartition(":")[2])
    stack.spotify.stop()
    write_certificate(stack.folder / "tls", kind)
    return Simulation(redirect_uris=[stack.redirect_uri], port=port,
                      cert=stack.folder / "tls" / "bad.pem",
                      key=stack.folder / "tls" / "bad.key")
