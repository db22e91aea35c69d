"""A certification authority and a server certificate, made once for each run of the tests."""

import dataclasses
import functools
import os
import pathlib
import subprocess

from lib import place

# The client that has a certificate, and its issuer, as openssl and Sendmail write names.
DEVICE = "/O=Corp/CN=printer1"
ISSUER = "/CN=Test CA"


@dataclasses.dataclass(frozen=True)
class Certificates:
    ca: pathlib.Path        # what clients trust
    cert: pathlib.Path      # of mx.example.com
    key: pathlib.Path
    device: tuple           # certificate and key of the client printer1 of Corp, from ca
    forged: tuple           # the same names, from a CA of the same name that nobody trusts
    alone: tuple            # the same subject, signed by itself


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


@functools.cache
def certificates():
    """The certificates of this run."""
    d = place.scratch("tls")
    made = Certificates(d / "ca.pem", d / "cert.pem", d / "key.pem",
                        *((d / f"{name}.pem", d / f"{name}.key") for name in ("device", "forged", "alone")))
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    openssl("req", "-x509", *new_key, "-days", 2, "-subj", ISSUER, "-keyout", d / "ca.key", "-out", made.ca)
    openssl("req", "-x509", *new_key, "-days", 2, "-subj", "/CN=mx.example.com", "-CA", made.ca, "-CAkey", d / "ca.key",
            "-addext", "subjectAltName=DNS:mx.example.com,DNS:localhost,IP:127.0.0.1,IP:::1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", made.key, "-out", made.cert)
    openssl("req", "-x509", *new_key, "-days", 2, "-subj", ISSUER, "-keyout", d / "other.key", "-out", d / "other.pem")
    for (cert, key), signer in ((made.device, "ca"), (made.forged, "other"), (made.alone, None)):
        signed = ["-CA", d / f"{signer}.pem", "-CAkey", d / f"{signer}.key"] if signer else []
        openssl("req", "-x509", *new_key, "-days", 2, "-subj", DEVICE, *signed,
                "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", cert)
    os.chmod(made.key, 0o600)
    return made
