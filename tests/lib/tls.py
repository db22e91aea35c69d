"""A certification authority and a server certificate, made once for each run of the tests."""

import dataclasses
import functools
import os
import pathlib
import subprocess

from lib import place


@dataclasses.dataclass(frozen=True)
class Certificates:
    ca: pathlib.Path        # what clients trust
    cert: pathlib.Path      # of mx.example.com
    key: pathlib.Path


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


@functools.cache
def certificates():
    """The certificates of this run."""
    d = place.scratch("tls")
    made = Certificates(d / "ca.pem", d / "cert.pem", d / "key.pem")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    openssl("req", "-x509", *new_key, "-days", 2, "-subj", "/CN=Test CA", "-keyout", d / "ca.key", "-out", made.ca)
    openssl("req", "-x509", *new_key, "-days", 2, "-subj", "/CN=mx.example.com", "-CA", made.ca, "-CAkey", d / "ca.key",
            "-addext", "subjectAltName=DNS:mx.example.com,DNS:localhost,IP:127.0.0.1,IP:::1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", made.key, "-out", made.cert)
    os.chmod(made.key, 0o600)
    return made
