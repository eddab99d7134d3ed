"""Stages and missed objectives as rows: spelled in many ways, sealed, and never without an execution."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import BadRecord, NotFound
from tachograph.records import SloViolation
from tachograph.store.stages import STAGES, named

from .samples import AT, SECOND, event, opened, session

VIOLATION = SloViolation("e1", "stage.duration_ms", 100.0, 250.0, "critical", "too slow", objective="fast")


def test_every_spelling_names_one_stage() -> None:
    for number, name in enumerate(STAGES, 1):
        rest = name.partition("_")[2]
        heads = [f"{letter}{number}" for letter in ("m", "u", "mu", "μ", "µ", "M", "µ")]
        for word in (name, str(number), rest, rest.upper(), *heads, *(f"{head}_{rest}" for head in heads)):
            assert named(word) == name, word


@given(st.text(max_size=12))
def test_any_other_word_is_refused_or_means_a_stage(word: str) -> None:
    try:
        assert named(word) in STAGES
    except BadRecord as error:
        assert "μ₁_normalize" in error.hint


def test_a_stage_makes_a_partial_receipt_and_leaves_a_final_one_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        stage = store.stages.add("e1", "m1", 120, input_size_bytes=5, output_size_bytes=7, agent_id="codegen")
        assert (stage.stage, stage.status, stage.input_size_bytes, stage.output_size_bytes) == (
            STAGES[0],
            "passed",
            5,
            7,
        )
        receipt = store.receipts.get("e1")
        assert (receipt.status, receipt.agent_id, receipt.operation) == ("partial", "codegen", "generation")
        store.receipts.add("e1", "codegen", "generation", "passed")
        store.stages.add("e1", "emit", 3, "failed", error_message="no room")
        assert store.receipts.get("e1").status == "passed"
        assert [(one.stage, one.error_message) for one in store.stages.list(execution="e1")] == [
            (STAGES[2], "no room"),
            (STAGES[0], None),
        ]
        assert [one.stage for one in store.stages.list(stage="1")] == [STAGES[0]]
        assert [one.stage for one in store.stages.list(stage="*_emit", agent="code*", status="failed")] == [STAGES[2]]
        report = store.ledger.verify()
        assert (report.problems, report.unsealed) == ([], [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("", "m1", 1), "execution_id is missing"),
        (("e1", "m9", 1), "no stage"),
        (("e1", "m1", -1), "duration_ms"),
        (("e1", "m1", 1.5), "duration_ms"),
        (("e1", "m1", 1, "done"), "none of the words it may be"),
    ],
)
def test_a_wrong_stage_leaves_nothing(tmp_path: Path, words: tuple[object, ...], said: str) -> None:
    with opened(tmp_path) as store:
        with pytest.raises(BadRecord, match=said):
            store.stages.add(*words)  # type: ignore[arg-type]
        assert (store.stages.list(), store.receipts.list()) == ([], [])


def test_stages_of_one_s_own(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store._connection.execute("INSERT INTO _stages (word) VALUES ('deploy')")
        assert store.stages.add("e1", "Deploy", 1).stage == "deploy"


def test_an_objective_is_missed_once_by_an_execution(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        first = store.slo.add(VIOLATION)
        assert store.receipts.get("e1").status == "partial"
        assert store.slo.add(VIOLATION) == first
        worse = store.slo.add(SloViolation("e1", VIOLATION.metric, 100.0, 900.0, "critical", objective="fast"))
        assert (worse.id, worse.actual_value) == (first.id, 900.0)
        store.slo.add(SloViolation("e1", VIOLATION.metric, 100.0, 250.0, "warning", objective="other"))
        store.slo.add(SloViolation("e1", VIOLATION.metric, 100.0, 250.0, "warning"))
        store.slo.add(SloViolation("e1", VIOLATION.metric, 100.0, 250.0, "warning"))
        assert [one.objective for one in store.slo.list()] == [None, None, "other", "fast"]
        assert [one.actual_value for one in store.slo.list(objective="f*", severity="critical")] == [900.0]
        assert {one.objective: one.violations for one in store.slo.stats()} == {None: 2, "fast": 1, "other": 1}
        report = store.ledger.verify()
        assert (report.problems, report.unsealed) == ([], [])
        with pytest.raises(NotFound):
            store.slo.get(99)
        with pytest.raises(BadRecord):
            store.slo.add(SloViolation("e1", VIOLATION.metric, 1.0, 2.0, "terrible"))


def test_values_of_sessions_and_calls(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ended = {"ended_at": AT + 60 * SECOND, "exit_code": 0, "status": "completed"}
        store.sessions.add(session("codex-1", project_dir="/srv/shop/api", cost_usd=0.5, errors=3, **ended))
        store.sessions.add(session("gemini-1", project_dir="/srv/shop-two", **ended))
        store.sessions.add(session("codex-2", project_dir="/srv/shop"))  # still runs
        ran = {"event_type": "command", "command": "pytest", "command_category": "test"}
        store.events.add_many(
            [
                event(duration_ms=1500.0, tool_call_id="c1", tool_name="Bash", **ran),
                event(duration_ms=9000.0, tool_call_id="c2", status="rejected", **ran),
                event(session="codex-2", duration_ms=1500.0, tool_call_id="c1", **ran),  # copied
                event(event_type="file_op", duration_ms=20.0, tool_call_id="c3", tool_name="Read", at=AT + SECOND),
            ]
        )
        values = store.slo.values
        assert values("session.cost_usd") == [(0.5, AT + 60 * SECOND, "codex-1", None)]
        assert sorted(value[0] for value in values("session.duration_ms")) == [60_000, 60_000]
        assert [value[2] for value in values("session.duration_ms", project="/srv/shop")] == ["codex-1"]
        assert [value[2] for value in values("session.duration_ms", project="/srv/*")] == ["codex-1", "gemini-1"]
        assert [value[2] for value in values("errors.count", agents=["c*", "*x"])] == ["codex-1"]
        assert values("errors.count", agents=["c*", "g*"]) == []
        assert values("session.duration_ms", since=AT + 61 * SECOND) == []
        assert [value[0] for value in values("command.duration_ms")] == [1500]
        assert values("command.duration_ms", category="build") == []
        assert sorted(value[0] for value in values("tool_call.duration_ms")) == [20, 1500]
        assert [value[0] for value in values("tool_call.duration_ms", tool="R*")] == [20]
        assert [value[0] for value in values("tool_call.duration_ms", until=AT)] == [1500]


def test_values_of_stages_however_their_times_are_written(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.add(session("codex-1", project_dir="/srv/shop"))
        store.receipts.add("e1", "codegen", "generation", "passed", session_id="codex-1")
        store.stages.add("e1", "m1", 10, timestamp=AT)
        store._connection.execute(
            "INSERT INTO pipeline_metrics (execution_id, stage, duration_ms, status, timestamp) VALUES "
            "('e1', 'μ₂_extract', 20, 'passed', '2026-11-21 09:14:03'), ('e1', 'μ₃_emit', 30, 'passed', 'yesterday')"
        )
        found = {value[0]: value[1] for value in store.slo.values("stage.duration_ms")}
        assert found == {10: AT // 1_000_000 * 1_000_000, 20: AT // SECOND * SECOND + SECOND, 30: 0}
        after = store.slo.values("stage.duration_ms", since=AT + SECOND // 2)
        assert [value[0] for value in after] == [20]
        for stage in ("μ₁*", "normalize", "m1", "*_normalize"):
            assert [value[0] for value in store.slo.values("stage.duration_ms", stage=stage, execution="e1")] == [10]
        assert len(store.slo.values("stage.duration_ms", project="/srv", session="codex-1", agents=["code*"])) == 3
        assert store.slo.values("stage.duration_ms", agents=["other"]) == []
