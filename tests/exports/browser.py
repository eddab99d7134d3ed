"""Chromium without a window, driven over its debugging protocol (chromedevtools.github.io/devtools-protocol)."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.sync.client import connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--remote-allow-origins=*")


class Browser:
    """One page; `with Browser(folder) as page: page.open(url); page.asks("1 + 1")`."""

    def __init__(self, folder: Path) -> None:
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise SystemExit(f"none of {', '.join(PROGRAMS)} is installed")
        shutil.rmtree(folder, ignore_errors=True)
        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._socket = connect(self._address(folder / "DevToolsActivePort"), max_size=1 << 28)
        self._number = 0

    def _address(self, told: Path) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if told.exists() and (lines := told.read_text().split()):
                with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json") as answer:
                    pages = [one for one in json.load(answer) if one["type"] == "page"]
                if pages:
                    return str(pages[0]["webSocketDebuggerUrl"])
            time.sleep(0.1)
        raise SystemExit("the browser does not answer")

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)

    def asks(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"].get("exception", {}).get("description", answer))
        return answer["result"].get("value")

    def waits(self, expression: str, seconds: float = 60) -> Any:
        """The same, asked until it is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.asks(expression):
                return found
            time.sleep(0.2)
        raise AssertionError(f"it never came to be: {expression}")

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=120))
            if message.get("id") == self._number:
                return dict(message["result"])

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait()
