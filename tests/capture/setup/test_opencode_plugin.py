"""The plugin of OpenCode in the hands of a host that calls it as OpenCode 1 or 2 does, and what it sends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tachograph.capture.setup.world import World

from .home import FILES, set_up, tree, undo

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
HOST_1 = """
const hooks = await plugin.server({})
for (const event of events) await hooks.event({ event })
"""
HOST_2 = """
async function* subscribe({ signal }) { for (const event of events) if (!signal.aborted) yield event }
const host = { event: { subscribe } }
const cleanups = [plugin.setup(host), plugin.setup(host)]  // two folders
await new Promise((resolve) => setTimeout(resolve))
"""
EVENTS_1 = [
    {"type": "session.idle", "properties": {"sessionID": "s"}},
    {"type": "lsp.updated", "properties": {}},
    {"type": "message.part.delta", "properties": {"sessionID": "s"}},
]
EVENTS_2 = [
    {"id": "evt_1", "type": "session.execution.started", "data": {"sessionID": "s"}},
    {"id": "evt_2", "type": "session.text.delta", "data": {"sessionID": "s", "delta": "a"}},
    {"id": "evt_3", "type": "session.tool.progress", "data": {"sessionID": "s"}},
    {"id": "evt_4", "type": "session.execution.succeeded", "data": {"sessionID": "s"}},
]


@pytest.fixture
def sent() -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    """A port, and what was sent there: the run it is of, the events."""
    found: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.append((self.headers.get("x-tachograph-session", ""), json.loads(body)))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], found
        server.shutdown()


@pytest.mark.parametrize(
    ("host", "events", "told", "run"),
    [
        (HOST_1, EVENTS_1, ["session.idle"], "opencode-1"),
        (HOST_2, EVENTS_2, ["session.execution.started", "session.execution.succeeded"], ""),
    ],
    ids=["OpenCode 1", "OpenCode 2"],
)
def test_what_is_worth_telling_is_sent_once(
    host: str, events: list[Any], told: list[str], run: str, user: Path, world: World, tmp_path: Path,
    sent: tuple[int, list[tuple[str, Any]]],
) -> None:  # fmt: skip
    """A server of OpenCode 2 serves many runs: what it was started in says nothing."""
    port, found = sent
    before = tree(user)
    set_up("opencode", world._replace(port=port))
    plugin = tmp_path / "plugin.mjs"
    shutil.copy(user / FILES["opencode"], plugin)
    words = f"import plugin from '{plugin}'\nconst events = {json.dumps(events)}\n{host}"
    # Timers of a plugin keep no process alive: the host lives until it has sent.
    ending = "\nprocess.removeAllListeners('exit')\nsetTimeout(() => {}, 1500)"
    (tmp_path / "host.mjs").write_text(words + ending)
    environment = {**os.environ, "TACHOGRAPH_SESSION": "opencode-1"}
    subprocess.run(["node", str(tmp_path / "host.mjs")], env=environment, check=True, timeout=60)
    assert [event["type"] for _, batch in found for event in batch] == told
    assert {name for name, _ in found} == {run}
    undo("opencode", world)
    assert tree(user) == before
