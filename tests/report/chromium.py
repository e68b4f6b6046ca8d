"""A headless Chromium, spoken to over its DevTools pipe: file descriptors 3 and 4, JSON between zero bytes.

So no further package is needed.
"""

import fcntl
import json
import os
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 60  # that an answer may take


def find() -> str | None:
    """The program's path, or None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page: send commands of the DevTools protocol to it, and keep the events that come back."""

    def __init__(self, reading: int, writing: int):
        self._reading, self._writing, self._number, self._rest = reading, writing, 0, b""
        self.events: list[dict[str, Any]] = []
        target = self("Target.createTarget", session=None, url="about:blank")["targetId"]
        self._session = self("Target.attachToTarget", session=None, targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, session: str | None = "", **values: Any) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self._number += 1
        number, message = self._number, {"id": self._number, "method": method, "params": values}
        if session is not None:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda item: item.get("id") == number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def open(self, path: Path) -> None:
        """Load a file and wait until its pictures are there."""
        self.events.clear()
        self("Page.navigate", url=path.as_uri())
        if not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._until(lambda item: item.get("method") == "Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page."""
        found = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screen(self, width: int, height: int = 800, scale: float = 1.0) -> None:
        """The size of the window; below 600 pixels a phone's."""
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )

    def media(self, kind: str = "screen", **features: str) -> None:
        """Emulate print, or media features such as prefers_color_scheme="dark"."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self("Emulation.setEmulatedMedia", media=kind, features=named)

    def _until(self, wanted) -> dict[str, Any]:
        end = time.monotonic() + SECONDS
        while True:
            while b"\0" in self._rest:
                text, _, self._rest = self._rest.partition(b"\0")
                item = json.loads(text)
                if "method" in item:
                    self.events.append(item)
                if wanted(item):
                    return item
            assert select.select([self._reading], [], [], max(0.0, end - time.monotonic()))[0], (
                "Chromium does not answer"
            )
            data = os.read(self._reading, 1 << 20)
            assert data, "Chromium ended"
            self._rest += data


@contextmanager
def tab(program: str, profile: Path) -> Iterator[Tab]:
    """A tab of a Chromium of its own, which ends with the block."""
    from_us, to_browser = os.pipe()
    from_browser, to_us = os.pipe()
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
    ]
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (from_us, to_us)]  # so that neither is 3 or 4 already
    command = f"exec {shlex.join([program, *options])} 3<&{high[0]} 4>&{high[1]}"
    with subprocess.Popen(
        ["bash", "-c", command], pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        for end in (from_us, to_us, *high):
            os.close(end)
        try:
            yield Tab(from_browser, to_browser)
        finally:
            os.close(to_browser)  # which ends it
            os.close(from_browser)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
