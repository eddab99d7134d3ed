"""What is wrong with a request, in a sentence that says what would be right."""

from __future__ import annotations

import json

import pytest

from tests.serve.answers import refused
from tests.serve.conftest import Ask


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sessions?status=x", "status: 'x' is none of running, waiting, paused, completed, failed, interrupted"),
        ("events?risk=x", "risk: 'x' is none of low, medium, high"),
        ("cost?by=x", "by: 'x' is none of day, month, model, project, agent, session"),
        ("session/last/output?encoding=x", "encoding: 'x' is none of text, base64"),
        ("events?limit=x", "limit: expected a whole number, got text"),
        ("events?limit=0", "limit: expected a whole number of at least 1"),
    ],
)
def test_a_parameter_is_named_with_what_it_may_be(told: object, ask: Ask, address: str, said: str) -> None:
    reply = ask("GET", f"/api/query/{address}")
    refused(reply, 400, said)
    assert reply.json["error"]["message"] == said


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("stages", {"stage": "normalize", "duration_ms": 1}, "execution_id: it is missing"),
        ("audit", {"agent_id": "a", "operation": "b", "status": "c", "x`y": 1}, "x`y: there is no such field"),
        ("workflows", {"action": "explode"}, "action: 'explode' is none of start, join, end"),
        ("workflows", {"action": "end", "status": "x"}, "status: 'x' is none of completed, failed, cancelled"),
    ],
)
def test_so_is_a_field_of_a_body(told: object, ask: Ask, path: str, body: dict[str, object], said: str) -> None:
    reply = ask("POST", f"/api/record/{path}", json.dumps(body).encode())
    refused(reply, 400, said)
    assert reply.json["error"]["message"] == said
