"""`make test-otlp`: Phoenix from PyPI on the loopback, real histories sent to it twice, and what it says it has."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tachograph
from tachograph import clock
from tachograph.formats.otlp_spans import spans
from tests.serve.listening import free_port

HISTORIES = Path(__file__).resolve().parent.parent / "histories"
AGENTS = ("claude", "codex", "gemini", "copilot", "opencode")
_TOTALS = "{projects{edges{node{traceCount recordCount tokenCountTotal}}}}"
_SPANS = (
    "{projects{edges{node{spans(first:1000%s)"
    "{pageInfo{endCursor hasNextPage} edges{node{name spanKind context{spanId}}}}}}}}"
)
_SESSIONS = "{projects{edges{node{sessions(first:1000){edges{node{sessionId numTraces}}}}}}}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, required=True, help="where Phoenix is installed, or will be")
    folder: Path = options.parse_args().folder.resolve()
    install(folder)
    with tempfile.TemporaryDirectory() as scratch, phoenix(folder, Path(scratch)) as port:
        home = Path(scratch) / "home"
        os.environ["TACHOGRAPH_HOME"] = str(home)
        subprocess.run(
            [sys.executable, "-m", "tachograph", "import", *(str(HISTORIES / agent) for agent in AGENTS)], check=True
        )
        shutil.copytree(home, Path(scratch) / "again")  # with nothing sent yet
        send(home, port)
        check(port)
        send(Path(scratch) / "again", port)
        check(port)
    print("✓ Phoenix has every span once, every token, every session, and knows what each span is of")
    return 0


def install(folder: Path) -> None:
    """About a gigabyte, once."""
    if not (folder / "bin" / "phoenix").exists():
        print(f"installing Phoenix into {folder} (once, some minutes)")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "arize-phoenix"], check=True)


@contextmanager
def phoenix(folder: Path, scratch: Path) -> Iterator[int]:
    """Phoenix with an empty database, listening on the port that is given."""
    port, other = free_port(), free_port()
    settings = {
        "WORKING_DIR": scratch / "phoenix", "HOST": "127.0.0.1", "PORT": port, "GRPC_PORT": other,
        "TELEMETRY_ENABLED": "false", "ALLOW_EXTERNAL_RESOURCES": "false",
    }  # fmt: skip
    environment = {**os.environ, **{f"PHOENIX_{name}": str(value) for name, value in settings.items()}}
    with (scratch / "phoenix.log").open("w") as log:
        process = subprocess.Popen([folder / "bin" / "phoenix", "serve"], env=environment, stdout=log, stderr=log)
        try:
            until(lambda: answers(port), 180, "Phoenix does not answer")
            yield port
        finally:
            process.terminate()
            process.wait(30)


def send(home: Path, port: int) -> None:
    """`tachograph up` until it has nothing left to send."""
    (home / "config.toml").write_text(
        f'[otlp_export]\nendpoint = "http://127.0.0.1:{port}"\nprotocol = "protobuf"\ncontent = true\n'
        'since = "2000-01-01"\ninterval = "500ms"\n'
    )
    os.environ["TACHOGRAPH_HOME"] = str(home)
    environment = {**os.environ, "HOME": str(home)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tachograph", "up", "--port", "0", "--no-browser"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with tachograph.open() as store:
            until(lambda: store.sending.state() is not None and not store.sending.behind(0), 120, "not all is sent")
            state = store.sending.state()
            assert state is not None
            assert (state.dropped, state.trouble) == (0, None), state
    finally:
        process.terminate()
        process.wait(30)


def check(port: int) -> None:
    """Phoenix has what the store has."""
    with tachograph.open() as store:
        ids, tokens, sessions, calls = set[str](), 0, set[str](), 0
        for session in store.sessions.list(limit=None):
            sessions.add(session.id)
            for span in spans(session, store.sending.steps(session.id, 1), content=True):
                ids.add(span.span_id)
                tokens += sum(
                    int(str(span.attributes.get(f"gen_ai.usage.{one}_tokens", 0))) for one in ("input", "output")
                )
                calls += span.name.startswith("chat")
    until(lambda: ask(port, _TOTALS)["recordCount"] >= len(ids), 180, "Phoenix has not stored everything")
    totals = ask(port, _TOTALS)
    assert totals["recordCount"] == len(ids), (totals, len(ids))
    assert totals["traceCount"] == len(sessions), (totals, len(sessions))
    assert totals["tokenCountTotal"] == tokens, (totals, tokens)
    found = list(pages(port))
    assert {span["context"]["spanId"] for span in found} == ids
    kinds = Counter((span["name"].split()[0], span["spanKind"]) for span in found)
    assert {name for name, _ in kinds} == {"invoke_agent", "turn", "chat", "execute_tool"}
    assert kinds["chat", "llm"] == calls, kinds
    assert {kind for name, kind in kinds if name == "execute_tool"} == {"tool"}, kinds
    named = {edge["node"]["sessionId"]: edge["node"]["numTraces"] for edge in ask(port, _SESSIONS)["sessions"]["edges"]}
    assert named == dict.fromkeys(sessions, 1)
    print(f"✓ {len(sessions)} sessions, {len(ids)} spans, {calls} calls of models, {tokens:,} tokens")


def ask(port: int, question: str) -> dict[str, Any]:
    """What Phoenix says of its one project."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": question}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        found = json.load(reply)
    assert "errors" not in found, found
    [project] = found["data"]["projects"]["edges"]
    node: dict[str, Any] = project["node"]
    return node


def pages(port: int) -> Iterator[dict[str, Any]]:
    """Every span that it has."""
    after = ""
    while True:
        page = ask(port, _SPANS % after)["spans"]
        yield from (edge["node"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = f', after: "{page["pageInfo"]["endCursor"]}"'


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except OSError:
        return False


def until(done: Callable[[], bool], seconds: int, otherwise: str) -> None:
    """Poll every quarter of a second."""
    import threading

    deadline = clock.monotonic() + seconds * clock.SECOND
    while not done():
        if clock.monotonic() > deadline:
            raise SystemExit(f"✗ {otherwise} within {seconds} s")
        threading.Event().wait(0.25)


if __name__ == "__main__":
    sys.exit(main())
