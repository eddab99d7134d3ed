"""GET /metrics, read by the parser that Prometheus itself publishes."""

from __future__ import annotations

import contextlib
import http.client
import math
import sqlite3
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import tachograph
from tachograph import config, paths
from tachograph.formats import prometheus
from tachograph.formats.prometheus import COUNTER, GAUGE, Family
from tachograph.records import Event, Extraction, Session, SloViolation, Usage
from tachograph.serve.run import Background
from tachograph.store.usage import Call
from tests.hostile import PAYLOADS
from tests.serve.conftest import Ask

_SLO = '[[slo]]\nname = "fast"\nmetric = "command.duration_ms"\ntarget = 60000\n'


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found: dict[str, Metric], name: str, **labels: str) -> float | None:
    """Of the sample with exactly these labels."""
    for sample in found[name].samples:
        if sample.labels == labels:
            return float(sample.value)
    return None


def fill() -> None:
    with tachograph.open() as store:
        for number, status in enumerate(["completed", "failed", "running"]):
            store.sessions.add(Session(f"s-{number}", "codegen", status=status))
        calls = [
            Event("s-0", "command", tool_name="Bash", tool_call_id="c-1", command="make", status="error", exit_code=2),
            Event("s-0", "command", tool_name="Bash", tool_call_id="c-2", command="make", status="rejected"),
            Event("s-0", "usage", source="transcript"),
            Event("s-1", "usage", source="transcript"),
        ]
        first = store.events.add_many(calls)
        store.sessions.update("s-0", tool_calls=2, tool_errors=1, rejections=1)
        store.extractions.add(Extraction("codegen", "s-1", "error", "python_traceback", "ValueError"))
        spent = Usage("m", 100, 10, 60, 5, 2, 0.25)
        with store.transaction():
            for session, event, key in (("s-0", first + 2, 7), ("s-1", first + 3, 7)):
                number = store.sessions.number(session)
                store.usage.put(number, [Call(event, key, store.events.get(first + 2).at, spent)])
                store.usage.total(number)
        store.slo.add(SloViolation("s-0", "command.duration_ms", 60000, 90000, "warning", objective="fast"))


def test_it_needs_the_token(ask: Ask) -> None:
    assert ask("GET", "/metrics", token="").status == 401
    reply = ask("GET", "/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_before_anything_was_recorded_it_tells_of_the_recorder_alone(ask: Ask) -> None:
    found = families(ask("GET", "/metrics").body.decode())
    assert value(found, "tachograph_build_info", version=tachograph.__version__) == 1
    assert value(found, "tachograph_backlog_bytes") == 0
    assert "tachograph_sessions" not in found


def test_sums_over_the_store(home: Path, ask: Ask) -> None:
    home.mkdir(exist_ok=True)
    (Path(paths.places().config) / config.FILE).write_text(_SLO)
    fill()
    found = families(ask("GET", "/metrics").body.decode())
    assert {tuple(s.labels.values()): s.value for s in found["tachograph_sessions"].samples} == {
        ("codegen", "completed"): 1, ("codegen", "failed"): 1, ("codegen", "running"): 1,
    }  # fmt: skip
    assert value(found, "tachograph_events", agent="codegen", type="command") == 2
    assert value(found, "tachograph_events", agent="codegen", type="error") == 1
    assert value(found, "tachograph_findings", pattern="python_traceback", type="error") == 1
    assert value(found, "tachograph_tool_calls", agent="codegen") == 2
    assert value(found, "tachograph_tool_errors", agent="codegen") == 1
    assert value(found, "tachograph_rejections", agent="codegen") == 1
    named = {"objective": "fast", "metric": "command.duration_ms", "severity": "warning"}
    assert value(found, "tachograph_objective_misses", **named) == 1
    assert value(found, "tachograph_executions", status="partial") == 1


def test_a_call_that_was_copied_into_another_session_counts_once(ask: Ask) -> None:
    fill()
    found = families(ask("GET", "/metrics").body.decode())
    kinds = {sample.labels["kind"]: sample.value for sample in found["tachograph_tokens"].samples}
    assert kinds == {"input": 100, "output": 10, "cache_read": 60, "cache_write": 5, "reasoning": 2}
    assert value(found, "tachograph_cost_usd", agent="codegen") == 0.25


def test_an_objective_that_was_never_missed_is_there_with_nought(home: Path, ask: Ask) -> None:
    home.mkdir(exist_ok=True)
    (Path(paths.places().config) / config.FILE).write_text(_SLO)
    with tachograph.open() as store:
        store.sessions.create("codegen")
    found = families(ask("GET", "/metrics").body.decode())
    named = {"objective": "fast", "metric": "command.duration_ms", "severity": "warning"}
    assert value(found, "tachograph_objective_misses", **named) == 0


def test_a_row_of_another_program_silences_no_others(home: Path, ask: Ask) -> None:
    with tachograph.open() as store:
        store.slo.add(SloViolation("exec-1", "latency", 1, 2, "warning"))
    client = sqlite3.connect(home / "tachograph.db")
    client.execute("INSERT INTO slo_violations (execution_id, timestamp, metric, target_value, actual_value, severity)"
                   " SELECT execution_id, timestamp, value, 1, 2, 'warning' FROM slo_violations,"
                   " (SELECT x'00ff' AS value UNION ALL SELECT CAST(x'6cc3' AS TEXT))")  # fmt: skip
    client.commit()
    missed = families(ask("GET", "/metrics").body.decode())["tachograph_objective_misses"].samples
    assert {sample.labels["metric"] for sample in missed} == {"latency", "l�", "b'\\x00\\xff'"}


def test_who_watches_live_is_counted(server: Background, ask: Ask, token: str) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as watching:
        watching.request("GET", "/api/live", headers={"Authorization": f"Bearer {token}"})
        assert watching.getresponse().status == 200
        found = families(ask("GET", "/metrics").body.decode())
    assert value(found, "tachograph_live_clients") == 1


def test_wrong_tokens_are_counted(server: Background, ask: Ask) -> None:
    ask("GET", "/metrics", token="not-the-right-token")
    found = families(ask("GET", "/metrics").body.decode())
    assert value(found, "tachograph_wrong_tokens") == server.guard.wrong_tokens == 1
    assert found["tachograph_wrong_tokens"].type == "counter"


def test_what_needs_escaping_comes_back_as_it_was() -> None:
    samples = [({"name": payload}, number) for number, payload in enumerate([*PAYLOADS.values(), 'a"b\\n\\c\n{}, '])]
    text = "".join(prometheus.text([Family("held", GAUGE, 'a "help" of\ntwo \\ lines', samples)]))
    held = families(text)["held"]
    assert [sample.value for sample in held.samples] == [number for _, number in samples]
    assert [sample.labels["name"] for sample in held.samples] == [
        labels["name"].encode(errors="replace").decode() for labels, _ in samples
    ]
    assert held.documentation == 'a "help" of\ntwo \\ lines'


@pytest.mark.parametrize("number", [0, 1, -5, 0.1, 1e-9, 2**53, 1e300, math.inf, -math.inf])
def test_numbers(number: float) -> None:
    text = "".join(prometheus.text([prometheus.one("n_total", "n", number, COUNTER)]))
    assert families(text)["n"].samples[0].value == number
