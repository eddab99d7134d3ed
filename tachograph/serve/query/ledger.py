"""What was proved and measured: receipts, the audit log, stages of pipelines, objectives that were missed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Response, get

from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import Paged, answered, listed, named, question, row
from tachograph.serve.query.rows import AuditEntryRow, ReceiptRow, SloViolationRow, StageMetricRow

Same = Annotated[str | None, p.words("Only with this determinism hash, or one that begins so.")]
Stage = Annotated[str | None, p.words("Stages that fit this glob, or one in any spelling.")]
Objective = Annotated[str | None, p.words("Objectives that fit this glob.")]
Metric = Annotated[str | None, p.words("Metrics that fit this glob.")]
Severity = Annotated[Literal["warning", "critical"] | None, p.one("Only those as bad as this.")]
Receipt = Annotated[str, p.name("Its id, a beginning of it, its execution, or its number.")]


class Receipts(Paged):
    receipts: list[ReceiptRow]


class AuditLog(Paged):
    entries: list[AuditEntryRow]


class Stages(Paged):
    stages: list[StageMetricRow]


class Violations(Paged):
    violations: list[SloViolationRow]


@get("/receipts")
async def receipts(
    request: Incoming,
    agent: p.Agent = None,
    operation: p.Operation = None,
    status: p.Status = None,
    session: p.Session = None,
    workflow: p.Workflow = None,
    execution: p.Execution = None,
    same: Same = None,
    days: p.Days = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Receipts]:
    """How executions ended, newest first. `same` finds runs that did the same."""
    asked: dict[str, Any] = {
        "agent": agent, "operation": operation, "status": status, "session": session, "workflow": workflow,
        "execution": execution, "determinism": same, "days": days,
    }  # fmt: skip
    walk, chosen = question("receipts", asked, since, until, limit, cursor)
    return await answered(request, lambda store: listed(Receipts, store.receipts, walk, named(store, walk, chosen)))


@get("/receipts/{receipt:str}")
async def receipt(request: Incoming, receipt: Receipt) -> Response[ReceiptRow]:
    """One receipt, as its id is the digest of it."""
    return await answered(request, lambda store: row(ReceiptRow, store.receipts.get(receipt)))


@get("/audit")
async def audit(
    request: Incoming,
    agent: p.Agent = None,
    operation: p.Operation = None,
    status: p.Status = None,
    execution: p.Execution = None,
    days: p.Days = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[AuditLog]:
    """Who did what, and how it ended, newest first."""
    asked: dict[str, Any] = {
        "agent": agent, "operation": operation, "status": status, "execution": execution, "days": days,
    }  # fmt: skip
    walk, chosen = question("audit", asked, since, until, limit, cursor)
    return await answered(request, lambda store: listed(AuditLog, store.audit, walk, chosen))


@get("/stages")
async def stages(
    request: Incoming,
    execution: p.Execution = None,
    stage: Stage = None,
    status: p.Status = None,
    agent: p.Agent = None,
    workflow: p.Workflow = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Stages]:
    """Stages of pipelines, newest first."""
    asked: dict[str, Any] = {
        "execution": execution, "stage": stage, "status": status, "agent": agent, "workflow": workflow,
    }  # fmt: skip
    walk, chosen = question("stages", asked, since, until, limit, cursor)
    return await answered(request, lambda store: listed(Stages, store.stages, walk, chosen))


@get("/slo")
async def slo(
    request: Incoming,
    objective: Objective = None,
    metric: Metric = None,
    severity: Severity = None,
    execution: p.Execution = None,
    session: p.Session = None,
    agent: p.Agent = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    cursor: p.Cursor = None,
) -> Response[Violations]:
    """Objectives that were missed, newest first. `/api/query/slo/objectives` tells which there are."""
    asked: dict[str, Any] = {
        "objective": objective, "metric": metric, "severity": severity, "execution": execution, "session": session,
        "agent": agent,
    }  # fmt: skip
    walk, chosen = question("slo", asked, since, until, limit, cursor)
    return await answered(request, lambda store: listed(Violations, store.slo, walk, named(store, walk, chosen)))


HANDLERS = (receipts, receipt, audit, stages, slo)
