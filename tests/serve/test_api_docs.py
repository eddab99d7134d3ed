"""docs/api.md names every route there is, and every example in it is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tachograph
from tachograph import clock
from tachograph.cli.main import main
from tachograph.records import Collision, Event, Session
from tests.serve.conftest import Ask

REPO = Path(__file__).parent.parent.parent
PAGE = (REPO / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^GET (\S+)$", PAGE, re.M)
WRITTEN = re.findall(r"^POST (\S+) (\{.*\})$", PAGE, re.M)
OURS = "/api/query/"


@pytest.fixture
def recorded(home: Path) -> None:
    with tachograph.open() as store:
        begun = clock.now()
        store.sessions.add(Session("codex-20261121-091402", "codex", started_at=begun))
        store.events.add(Event("codex-20261121-091402", "marker", content="begun", at=begun))
        store.workflows.start("ship it", "release")
        collision = Collision("release", "codex", "claude", "file_conflict", "both", "warning", clock.iso(begun))
        assert store.collisions.add(collision) == 1
        store.receipts.add("build-1", "codex", "generation", "passed")
        for value in (1, 2):
            store.memory.set("codex", {"works": value})
    assert main(["import", *(str(REPO / "tests" / "histories" / agent) for agent in ("claude", "codex"))]) == 0


def test_every_example_is_answered(recorded: None, ask: Ask) -> None:
    assert EXAMPLES
    answers = {path: ask("GET", path) for path in EXAMPLES}
    assert {path: reply.body for path, reply in answers.items() if reply.status != 200} == {}


def test_every_row_of_the_examples_is_stored(recorded: None, ask: Ask) -> None:
    assert WRITTEN
    replies = {body: ask("POST", path, body.encode()) for path, body in WRITTEN}
    assert {body: reply.body for body, reply in replies.items() if reply.status != 201} == {}
    paths = ask("GET", "/api/openapi.json").json["paths"]
    assert {path for path, _ in WRITTEN} == {path for path in paths if path.startswith("/api/record/")}


def test_every_route_has_an_example(ask: Ask) -> None:
    paths = ask("GET", "/api/openapi.json").json["paths"]
    ours = [path for path, methods in paths.items() if path.startswith(OURS) and "get" in methods]
    assert ours
    plain = [example.partition("?")[0] for example in EXAMPLES]
    missing = [path for path in ours if not any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), one) for one in plain)]
    assert not missing
