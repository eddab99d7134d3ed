"""Executions of pipelines on their way into the store: receipt, stages, audit entries, objectives.

`begin` leaves a partial receipt, every stage adds to it, `finish` completes it: who is killed on the way leaves what
was done by then. Each step is one transaction. Texts are masked here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.analyse.objectives import Objective, Verdict
from tachograph.errors import BadRecord, NotFound
from tachograph.extract.redact import redact_text
from tachograph.ingest import objectives as slo
from tachograph.ingest.objectives import check_execution, told
from tachograph.ingest.preparing import masked
from tachograph.records import AuditEntry, Receipt, StageMetric
from tachograph.store import Store

_BLOCK = 1 << 20
_AUDIT = {"passed": "completed", "failed": "failed", "partial": "completed", "cancelled": "failed"}


class Execution(NamedTuple):
    """Who runs what, where. `started_at` in ns."""

    id: str
    agent_id: str = "pipeline"
    operation: str = "generation"
    agent_type: str | None = None
    environment: str | None = None
    session_id: str | None = None  # in which recorded session it runs
    workflow_id: str | None = None
    started_at: int = 0

    @property
    def owner(self) -> slo.Owner:
        """Whose stages objectives are asked of."""
        return slo.Owner(self.id, self.agent_id, self.operation, self.session_id)


class Stage(NamedTuple):
    """One stage that has ended; `error` is empty when it passed. Sizes in bytes, `at` in ns: when it ended."""

    name: str
    duration_ms: int
    error: str = ""
    input_bytes: int | None = None
    output_bytes: int | None = None
    at: int = 0
    failed: bool = False


class Made(NamedTuple):
    """What went in and came out: path as it is named → SHA-256 of its content, hex."""

    inputs: Mapping[str, str]
    generated: Mapping[str, str]
    modified: Mapping[str, str]
    manifest_hash: str | None = None
    ontology_hash: str | None = None


NOTHING = Made({}, {}, {})


def known(store: Store, execution_id: str) -> Receipt | None:
    """The receipt of an execution, if there is one."""
    try:
        found = store.receipts.get(execution_id)
    except NotFound:
        return None
    return found if found.execution_id == execution_id else None


def resumed(
    store: Store, name: str, agent: str | None = None, operation: str | None = None, session: str | None = None,
    workflow: str | None = None,
) -> Execution:  # fmt: skip
    """An execution as its receipt has it, else as it is named now. Raises BadRecord when a word is missing."""
    found = known(store, name)
    if found is None:
        who = Execution(name, agent or "pipeline", operation or "generation")
        return checked(who._replace(session_id=session, workflow_id=workflow))
    return Execution(
        name, agent or found.agent_id, operation or found.operation, found.agent_type, found.environment,
        found.session_id or session, workflow, _moment(found.timestamp),
    )  # fmt: skip


def _moment(timestamp: str) -> int:
    """ns; 0 for what somebody else wrote in another way."""
    try:
        return clock.parse_time(timestamp, 0)
    except ValueError:
        return 0


def begin(store: Store, execution: Execution) -> None:
    """A partial receipt. Raises BadRecord when the execution has ended already, or a word is unknown."""
    with store.transaction():
        _receipt(store, execution, "partial", 0, NOTHING, [], None)
        _audit(store, execution, execution.operation, "pipeline", "started", execution.started_at, None)


def stage_begins(store: Store, execution: Execution, stage: str, at: int = 0) -> None:
    """`at` in ns, now without it."""
    _audit(store, execution, stage, "stage", "started", at, None)


def stage_ends(store: Store, execution: Execution, stage: Stage, objectives: Iterable[Objective] = ()) -> StageMetric:
    """The stage as a row, and in the receipt as long as that is partial; what it missed of `objectives`."""
    error = _masked(stage.error)
    status = "failed" if stage.failed or error else "passed"
    with store.transaction():
        metric = store.stages.add(
            execution.id, stage.name, stage.duration_ms, status, input_size_bytes=stage.input_bytes,
            output_size_bytes=stage.output_bytes, error_message=error, agent_id=execution.agent_id,
            operation=execution.operation, session_id=execution.session_id, timestamp=stage.at or None,
        )  # fmt: skip
        _audit(store, execution, metric.stage, "stage", _AUDIT[status], stage.at, stage.duration_ms, error)
        found = known(store, execution.id)
        if found is not None and found.status == "partial":
            done = stages_of(store, execution.id)
            took = sum(one.duration_ms for one in done)
            _receipt(store, execution, "partial", took, NOTHING, done, None)
        check_execution(store, objectives, execution.owner)
    return metric


def finish(
    store: Store,
    execution: Execution,
    *,
    status: str | None = None,
    duration_ms: int | None = None,
    error: str = "",
    made: Made = NOTHING,
    objectives: Iterable[Objective] = (),
    receipt: Mapping[str, object] | None = None,
    at: int = 0,
) -> Receipt:
    """The final receipt. Without a status the stages decide: passed when the last try of each passed; without a
    duration it is their sum. Raises BadRecord when there is a final one already."""
    with store.transaction():
        done = stages_of(store, execution.id)
        bad = failed(done)
        status = status or ("failed" if bad else "passed")
        if status == "failed" and not error:
            error = "; ".join(f"{stage.stage}: {stage.error_message or 'failed'}" for stage in bad)
        took = sum(one.duration_ms for one in done) if duration_ms is None else duration_ms
        verdicts = check_execution(store, objectives, execution.owner)
        found = _receipt(store, execution, status, took, made, done, _masked(error), verdicts, receipt)
        _audit(store, execution, execution.operation, "pipeline", _AUDIT[found.status], at, took, error)
    return found


def stages_of(store: Store, execution_id: str) -> Sequence[StageMetric]:
    """In the order in which they were written."""
    return sorted(store.stages.list(execution=execution_id, limit=None), key=lambda one: one.id)


def failed(stages: Iterable[StageMetric]) -> list[StageMetric]:
    """Stages whose last try failed."""
    last = {stage.stage: stage for stage in stages}
    return [stage for stage in last.values() if stage.status == "failed"]


def file_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's content, hex. Raises OSError."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def file_name(path: str | os.PathLike[str]) -> str:
    """A path as a receipt names it: from the folder we are in where it lies below that, so that two folders with the
    same files are told alike."""
    whole, here = os.path.abspath(path), os.getcwd()
    inside = whole.startswith(here.rstrip(os.sep) + os.sep)
    return _masked((os.path.relpath(whole, here) if inside else whole).replace(os.sep, "/"))


def _receipt(
    store: Store,
    execution: Execution,
    status: str,
    duration_ms: int,
    made: Made,
    stages: Sequence[StageMetric],
    error: str | None,
    verdicts: Sequence[Verdict] = (),
    more: Mapping[str, object] | None = None,
) -> Receipt:
    outputs = {**made.generated, **made.modified}
    body: dict[str, Any] = {**masked(dict(more or {})), "stages": [_told(stage) for stage in stages]}
    if verdicts:
        body["objectives"] = told(verdicts)
    if outputs:
        body["files"] = outputs
    if execution.workflow_id:
        body["workflow_id"] = execution.workflow_id
    inputs = {
        "operation": execution.operation, "files": dict(made.inputs), "manifest_hash": made.manifest_hash,
        "ontology_hash": made.ontology_hash,
    }  # fmt: skip
    hashed = bool(made.inputs or outputs)
    return store.receipts.add(
        execution.id, execution.agent_id, execution.operation, status, duration_ms=duration_ms,
        agent_type=execution.agent_type, receipt=body, manifest_hash=made.manifest_hash,
        ontology_hash=made.ontology_hash, files_generated=len(made.generated), files_modified=len(made.modified),
        error_message=error, environment=execution.environment, session_id=execution.session_id,
        timestamp=execution.started_at or None, inputs=inputs if hashed else None,
        outputs={"files": outputs} if hashed else None,
    )  # fmt: skip


def _told(stage: StageMetric) -> dict[str, object]:
    fields = {
        "stage": stage.stage, "status": stage.status, "duration_ms": stage.duration_ms,
        "input_size_bytes": stage.input_size_bytes, "output_size_bytes": stage.output_size_bytes,
        "error_message": stage.error_message,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def _audit(
    store: Store,
    execution: Execution,
    operation: str,
    kind: str,
    status: str,
    at: int,
    duration_ms: int | None,
    error: str = "",
) -> None:
    store.audit.add_many(
        [
            AuditEntry(
                execution.agent_id, operation, status, kind, duration_ms, error_message=_masked(error) or None,
                execution_id=execution.id, timestamp=clock.iso(at or clock.now()),
            )
        ]
    )  # fmt: skip


def _masked(text: str) -> str:
    return redact_text(text)[0] if text else ""


def checked(execution: Execution) -> Execution:
    """Raises BadRecord when a word is missing."""
    for name in ("id", "agent_id", "operation"):
        if not getattr(execution, name) or not isinstance(getattr(execution, name), str):
            raise BadRecord(f"{name} is missing", "an execution has an id, an agent and an operation")
    return execution
