"""Writing to the ledger over HTTP: `POST /api/record/…` stores one row, sealed, and answers with it as it is stored.

Secrets in every text are masked first, as the command line does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from litestar import MediaType, Response, Router, post
from litestar.params import JSONBody

from tachograph import clock
from tachograph.errors import BadRecord, Refused
from tachograph.extract.redact import redact_text
from tachograph.formats.rows import to_row
from tachograph.ingest import executions
from tachograph.ingest.executions import Stage
from tachograph.ingest.objectives import Objectives
from tachograph.ingest.preparing import without_secrets
from tachograph.serve import failing
from tachograph.serve.bodies import Incoming, NotTaken
from tachograph.serve.query.rows import (
    AuditEntryRow,
    FeedbackRow,
    MemoryRow,
    ReceiptRow,
    StageMetricRow,
    WorkflowRow,
)
from tachograph.serve.reading import Reading
from tachograph.store import Store

T = TypeVar("T")
_TEXT = 10_000
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
Word = Annotated[str, msgspec.Meta(max_length=1000)]
Text = Annotated[str, msgspec.Meta(max_length=_TEXT)]
Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]


class _Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A field that is misspelt is refused."""


class NewReceipt(_Body):
    """`receipt` is anything else to be proved; a digest over `inputs` and `outputs` tells runs that did the same.

    `replace`: instead of the receipt that the execution has; a partial one may always be completed.
    """

    execution_id: Name
    agent_id: Name
    operation: Name
    status: Word = "passed"
    duration_ms: Count = 0
    agent_type: Word | None = None
    receipt: dict[str, Any] | None = None
    inputs: Any = None
    outputs: Any = None
    manifest_hash: Word | None = None
    ontology_hash: Word | None = None
    files_generated: Count | None = None
    files_modified: Count | None = None
    error_message: Text | None = None
    environment: Word | None = None
    session: Word | None = None
    replace: bool = False


class NewMemory(_Body):
    """`memory` is any JSON value; `expect` the version it was made from, 0 for none yet: who comes late is refused."""

    agent_id: Name
    memory: Any
    agent_type: Word | None = None
    expect: Count | None = None
    session: Word | None = None


class NewAudit(_Body):
    """`status`: started, completed, failed, skipped or retry."""

    agent_id: Name
    operation: Name
    status: Name
    operation_type: Word | None = None
    duration_ms: Count | None = None
    details: Text | None = None
    error_message: Text | None = None
    context: Any = None
    execution_id: Word | None = None


class NewStage(_Body):
    """`stage`: μ₁_normalize, or the same without Greek. An execution that is new begins with its first stage."""

    execution_id: Name
    stage: Name
    duration_ms: Count
    status: Literal["passed", "failed"] = "passed"
    input_size_bytes: Count | None = None
    output_size_bytes: Count | None = None
    error_message: Text | None = None
    agent_id: Word | None = None
    operation: Word | None = None
    session: Word | None = None


class NewWorkflow(_Body):
    """`start` opens one, `join` has `sessions` enter it, `end` counts it and closes it, as failed when a session failed
    unless `status` says otherwise. `session_id` is the workflow's own id."""

    action: Literal["start", "join", "end"] = "start"
    session_id: Word | None = None
    title: Word | None = None
    agent_count: Count = 0
    project_dir: Word | None = None
    context: Any = None
    sessions: Annotated[list[Word], msgspec.Meta(max_length=1000)] = []
    status: Literal["completed", "failed", "cancelled"] | None = None


class NewFeedback(_Body):
    """`outcome`: correct, wrong, or a word of your own."""

    event_id: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]
    outcome: Name
    note: Text | None = None


@post("/receipts")
async def receipts(request: Incoming, data: JSONBody[NewReceipt]) -> Response[ReceiptRow]:
    """How an execution ended."""
    words = _masked(data)
    asked = [words.pop(name) for name in ("execution_id", "agent_id", "operation", "status")]
    session = words.pop("session")

    def write(store: Store) -> object:
        return store.receipts.add(*asked, session_id=store.sessions.id_of(session or None), **words)

    return await _stored(request, write)


@post("/memory")
async def memory(request: Incoming, data: JSONBody[NewMemory]) -> Response[MemoryRow]:
    """What an agent wants to know next time, as a new version. A race that is lost is answered with 409."""
    words = _masked(data)

    def write(store: Store) -> object:
        session = store.sessions.id_of(words["session"] or None)
        try:
            return store.memory.set(
                words["agent_id"], msgspec.json.encode(words["memory"]).decode(), agent_type=words["agent_type"],
                expect=data.expect, session_id=session, source="http",
            )  # fmt: skip
        except Refused as error:
            if data.expect is None:
                raise
            raise NotTaken(409, "memory_conflict", str(error), error.hint) from None

    return await _stored(request, write)


@post("/audit")
async def audit(request: Incoming, data: JSONBody[NewAudit]) -> Response[AuditEntryRow]:
    """That an agent did something, and how it ended."""
    words = _masked(data)
    asked = [words.pop(name) for name in ("agent_id", "operation", "status")]
    return await _stored(request, lambda store: store.audit.add(*asked, **words))


@post("/stages")
async def stages(request: Incoming, data: JSONBody[NewStage]) -> Response[StageMetricRow]:
    """That a stage of a pipeline has ended; what it missed of the objectives is noted."""
    words = _masked(data)
    places = request.app.state.places

    def write(store: Store) -> object:
        session = store.sessions.id_of(words["session"] or None)
        who = executions.resumed(store, words["execution_id"], words["agent_id"], words["operation"], session)
        ended = Stage(
            data.stage, data.duration_ms, words["error_message"] or "", data.input_size_bytes, data.output_size_bytes,
            clock.now(), data.status == "failed",
        )  # fmt: skip
        return executions.stage_ends(store, who, ended, Objectives(places).all())

    return await _stored(request, write)


@post("/workflows")
async def workflows(request: Incoming, data: JSONBody[NewWorkflow]) -> Response[WorkflowRow]:
    """Open, fill or close a workflow: several sessions with one aim."""
    words = _masked(data)

    def write(store: Store) -> object:
        if data.action == "start":
            asked = {name: words[name] for name in ("title", "agent_count", "project_dir", "context")}
            made = store.workflows.start(session_id=words["session_id"] or None, **asked)
            return store.workflows.join(made.session_id, _sessions(store, data)) if data.sessions else made
        if not words["session_id"]:
            raise BadRecord("session_id is missing", "name the workflow")
        name = store.workflows.get(words["session_id"]).session_id
        if data.action == "join":
            return store.workflows.join(name, _sessions(store, data))
        return store.workflows.end(name, data.status)

    return await _stored(request, write)


@post("/feedback")
async def feedback(request: Incoming, data: JSONBody[NewFeedback]) -> Response[FeedbackRow]:
    """Whether a finding was right."""
    words = _masked(data)
    return await _stored(request, lambda store: store.feedback.add(data.event_id, words["outcome"], words["note"]))


async def _stored(request: Incoming, write: Callable[[Store], T]) -> Response[Any]:
    """The row as it is in the store now."""
    reading: Reading = request.app.state.reading
    body = await reading.change(lambda store: msgspec.json.encode(to_row(write(store))))
    return Response(cast(Any, body), media_type=MediaType.JSON)


def _masked(data: _Body) -> dict[str, Any]:
    """The fields of a body without secrets. Raises BadRecord for what is nested too deep to look at."""
    try:
        found: dict[str, Any] = {}
        for name, value in msgspec.structs.asdict(data).items():
            if isinstance(value, str):
                found[name] = redact_text(value.strip() if name.endswith(("_id", "operation")) else value)[0]
            elif isinstance(value, dict | list):
                found[name] = msgspec.json.decode(without_secrets(msgspec.json.encode(value).decode()))
            else:
                found[name] = value
        return found
    except RecursionError:
        raise BadRecord("the body is nested too deep", "store less of it") from None


def _sessions(store: Store, data: JSONBody[NewWorkflow]) -> list[str]:
    """Ids of those that are to enter. Raises NotFound: a workflow does not make sessions up."""
    return [store.sessions.resolve(words).id for words in data.sessions]


def _too_deep(request: Incoming, _: RecursionError) -> Response[object]:
    return failing.answer(request, NotTaken(400, "bad_request", "the body is nested too deep", "store less of it"))


router = Router(
    "/api/record",
    route_handlers=[receipts, memory, audit, stages, workflows, feedback],
    exception_handlers={RecursionError: _too_deep},
    tags=["record"],
)
