"""A headless Chromium, asked over its own pipe: what a page does, and how it looks."""

import base64
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

from lib.wait import PATIENCE

FLAGS = ["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-dev-shm-usage", "--remote-debugging-pipe"]

LOOK = """(async (png, places) => {
    const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const points = new Uint32Array(context.getImageData(0, 0, bitmap.width, bitmap.height).data.buffer);
    const colour = abgr => '#' + [0, 8, 16].map(shift => (abgr >>> shift & 255).toString(16).padStart(2, '0')).join('');
    const counts = new Map();
    points.forEach(point => counts.set(point, (counts.get(point) || 0) + 1));
    return {width: bitmap.width, height: bitmap.height,
        at: places.map(([x, y]) => colour(points[Math.floor(y) * bitmap.width + Math.floor(x)])),
        counts: Object.fromEntries([...counts].map(([point, count]) => [colour(point), count]))};
})(%s, %s)"""


class Browser:
    """`events` is all that the browser told of its page, in order: (method, parameters)."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        self.events, self.number, self.pending, self.session = [], 0, b"", {}
        there, self.to = os.pipe()
        self.back, here = os.pipe()
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        # it reads 3 and writes 4
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{there} 4>&{here}', "bash", "chromium", *FLAGS, *sandbox, f"--user-data-dir={self.profile}"],
            pass_fds=[there, here], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(here)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = {"sessionId": self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def read(self, deadline):
        """The next message."""
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.back], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self.back, 1 << 20) if ready else b""
            assert data, "the browser says nothing"
            self.pending += data
        message, self.pending = self.pending.split(b"\0", 1)
        message = json.loads(message)
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return message

    def ask(self, method, **params):
        """What the browser answers."""
        self.number += 1
        os.write(self.to, json.dumps({"id": self.number, "method": method, "params": params} | self.session).encode() + b"\0")
        deadline = time.monotonic() + 30
        while (message := self.read(deadline)).get("id") != self.number:
            pass
        assert "error" not in message, message
        return message["result"]

    def open(self, path, width=1200, dark=False):
        """Shows a file; `events` begin anew."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events.clear()
        assert "errorText" not in self.ask("Page.navigate", url=pathlib.Path(path).as_uri())
        deadline = time.monotonic() + 30
        while "Page.loadEventFired" not in (name for name, _ in self.events):
            self.read(deadline)

    def run(self, script):
        """The value of an expression in the page, or of its promise."""
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def requests(self):
        return [params["request"]["url"] for name, params in self.events if name == "Network.requestWillBeSent"]

    def complaints(self):
        """What stands in the console, and what was thrown."""
        return [(name, params) for name, params in self.events
                if name in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")]

    def picture(self, path):
        """A picture of all of the page."""
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def look(self, path, places):
        """What is in a picture: its width and height, the colour at each place, and how many points have each colour."""
        self.ask("Page.navigate", url="about:blank")        # where nothing forbids it
        return self.run(LOOK % (json.dumps(base64.b64encode(pathlib.Path(path).read_bytes()).decode()), json.dumps(places)))

    def close(self):
        with contextlib.suppress(OSError):
            os.write(self.to, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)
