"""The daemon's metrics: asked for over HTTP, read, and judged by Prometheus' own promtool."""

import functools
import http.client
import re
import subprocess

from lib import debian
from lib.daemon import PATIENCE

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")


def ask(host, port, method="GET", path="/metrics", body=None):
    """One request: (status, headers, text)."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode("ascii")
    finally:
        connection.close()


def read(text):
    """The samples of a page: {(name, label values...): number}."""
    samples = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            key = (name, *re.findall(r'="([^"]*)"', labels or ""))
            assert key not in samples, line
            samples[key] = float(value)
    return samples


@functools.cache
def promtool():
    return debian.unpacked("prometheus", "prometheus") / "usr/bin/promtool"


def judged(*args, text=None):
    """promtool, which must have nothing to say against its input."""
    done = subprocess.run([promtool(), *map(str, args)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
