"""The ledger written over HTTP: every row as it is stored, no secret, no lost race."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tachograph
from tachograph import clock, paths
from tachograph.formats.rows import to_row
from tachograph.records import Event, Session
from tachograph.serve.query import rows
from tachograph.serve.run import Background
from tests.serve.answers import refused, typed
from tests.serve.conftest import Ask, Reply

SECRET = "sk-ant-api03-" + "Zq8LxN2vB7wR4tY1" * 5 + "uKdJfAAA"


@pytest.fixture(autouse=True)
def recorded(home: Path) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("tin-1", "tin", started_at=clock.now()))
        store.events.add(Event("tin-1", "marker", content="here"))


def post(ask: Ask, name: str, **body: object) -> Reply:
    return ask("POST", f"/api/record/{name}", json.dumps(body).encode())


def test_a_receipt(ask: Ask) -> None:
    reply = post(
        ask, "receipts", execution_id="build-1", agent_id="tin", operation="generation", status="success",
        duration_ms=12, receipt={"note": f"token {SECRET}"}, inputs=["a"], outputs=["b"], session="last",
    )  # fmt: skip
    found = typed(reply, rows.ReceiptRow)
    assert reply.status == 201
    assert (found.status, found.session_id, found.receipt_json["inputs"]) == ("passed", "tin-1", ["a"])
    assert found.determinism_hash
    assert SECRET not in reply.body.decode()
    assert ask("GET", "/api/query/receipts/build-1").json == reply.json
    refused(post(ask, "receipts", execution_id="build-1", agent_id="tin", operation="generation"), 400, "build-1")
    again = post(ask, "receipts", execution_id="build-1", agent_id="tin", operation="generation", replace=True)
    assert again.status == 201
    refused(
        post(ask, "receipts", execution_id="x", agent_id="tin", operation="no such thing"),
        400,
        "operation",
        "vocabulary",
    )
    with tachograph.open() as store:
        assert to_row(store.receipts.get("build-1")) == again.json


def test_a_memory_and_a_race(ask: Ask) -> None:
    first = typed(post(ask, "memory", agent_id="tin", memory={"key": SECRET}, expect=0), rows.MemoryRow)
    assert (first.version, first.source) == (1, "http")
    assert SECRET not in json.dumps(first.memory_json)
    assert (
        typed(post(ask, "memory", agent_id="tin", memory=[1], expect=1, session="tin-1"), rows.MemoryRow).version == 2
    )
    late = post(ask, "memory", agent_id="tin", memory=[2], expect=1)
    refused(late, 409, "2")
    assert late.json["error"]["code"] == "memory_conflict"
    assert ask("GET", "/api/query/memory/tin").json["memory_json"] == [1]
    assert [one["collision_type"] for one in ask("GET", "/api/query/collisions").json["collisions"]] == [
        "memory_conflict"
    ]
    versions = ask("GET", "/api/query/memory/tin/versions?limit=1").json
    assert (versions["total"], versions["versions"][0]["version"]) == (2, 2)
    following = ask("GET", f"/api/query/memory/tin/versions?limit=1&cursor={versions['next_cursor']}").json
    assert [one["version"] for one in following["versions"]] == [1]
    assert ask("GET", "/api/query/memory/tin/diff?from=1&to=2").json["changes"][0]["change"] == "changed"


def test_an_audit_entry(ask: Ask) -> None:
    found = typed(
        post(ask, "audit", agent_id=" tin ", operation="deploy", status="completed", context={"a": SECRET}),
        rows.AuditEntryRow,
    )
    assert (found.agent_id, found.status) == ("tin", "completed")
    assert SECRET not in json.dumps(found.context_json)
    assert ask("GET", "/api/query/audit?operation=deploy").json["entries"][0]["audit_id"] == found.audit_id
    refused(
        post(ask, "audit", agent_id="tin", operation="deploy", status="perhaps"), 400, "audit_log.status", "vocabulary"
    )


def test_stages_begin_an_execution(ask: Ask) -> None:
    found = typed(
        post(ask, "stages", execution_id="e-1", stage="normalize", duration_ms=5, agent_id="tin"), rows.StageMetricRow
    )
    assert (found.stage, found.status) == ("μ₁_normalize", "passed")
    failed = typed(
        post(ask, "stages", execution_id="e-1", stage="2", duration_ms=5, error_message="no"), rows.StageMetricRow
    )
    assert failed.status == "failed"
    receipt = ask("GET", "/api/query/receipts/e-1").json
    assert (receipt["status"], receipt["agent_id"]) == ("partial", "tin")
    refused(post(ask, "stages", execution_id="e-1", stage="sixth", duration_ms=5), 400, "sixth")


def test_a_workflow_from_start_to_end(ask: Ask) -> None:
    opened = typed(post(ask, "workflows", title="ship it", session_id="w-1", sessions=["last"]), rows.WorkflowRow)
    assert (opened.session_id, opened.status, opened.agent_count) == ("w-1", "running", 1)
    facts = ask("GET", "/api/query/workflows/w-1").json
    assert [one["id"] for one in facts["sessions"]] == ["tin-1"]
    ended = typed(post(ask, "workflows", action="end", session_id="w-1", status="cancelled"), rows.WorkflowRow)
    assert ended.status == "cancelled"
    refused(post(ask, "workflows", session_id="w-1"), 400, "w-1")
    refused(post(ask, "workflows", action="end"), 400, "session_id")
    refused(post(ask, "workflows", action="join", session_id="w-1", sessions=["nobody"]), 404, "nobody")


def test_feedback(ask: Ask) -> None:
    found = typed(post(ask, "feedback", event_id=1, outcome="wrong", note=f"it was {SECRET}"), rows.FeedbackRow)
    assert (found.event_id, found.session_id, found.outcome) == (1, "tin-1", "wrong")
    assert SECRET not in (found.note or "")
    refused(post(ask, "feedback", event_id=999, outcome="wrong"), 404, "999")


BODIES: dict[str, dict[str, Any]] = {
    "receipts": {"execution_id": "e", "agent_id": "tin", "operation": "generation"},
    "memory": {"agent_id": "tin", "memory": 1},
    "audit": {"agent_id": "tin", "operation": "deploy", "status": "completed"},
    "stages": {"execution_id": "e", "stage": "1", "duration_ms": 1},
    "workflows": {"title": "t"},
    "feedback": {"event_id": 1, "outcome": "correct"},
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_wrong_is_refused_and_nothing_is_stored(ask: Ask, name: str) -> None:
    whole = BODIES[name]
    refused(ask("POST", f"/api/record/{name}", b"{"), 400)
    refused(ask("POST", f"/api/record/{name}", b"[]"), 400)
    refused(post(ask, name, **whole, colour="red"), 400, "colour")
    for field in whole:
        refused(post(ask, name, **{**whole, field: {"no": "such"} if field != "memory" else 1} | (
            {"expect": -1} if field == "memory" else {})), 400)  # fmt: skip
    deep = b'{"agent_id":"tin","memory":' + b"[" * 5000 + b"]" * 5000 + b"}"
    refused(ask("POST", "/api/record/memory", deep), 400)
    with tachograph.open() as store:
        assert not store.receipts.list()
        assert not store.memory.list()
        assert not store.workflows.list()
        assert not store.feedback.list()


@pytest.mark.parametrize("name", BODIES)
def test_a_server_that_only_reads_stores_nothing(home: Path, name: str) -> None:
    import http.client

    from tachograph import keys

    with Background(paths.places(), 0, read_only=True) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        headers = {"authorization": f"Bearer {keys.opening(paths.places())}", "content-type": "application/json"}
        connection.request("POST", f"/api/record/{name}", json.dumps(BODIES[name]), headers)
        reply = connection.getresponse()
        assert reply.status == 403
        assert json.loads(reply.read())["error"]["code"] == "read_only"
        connection.close()
