"""A workflow as it is drawn: sessions as lanes, the files they met in, collisions, all on one axis."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from tachograph.recall import together
from tachograph.serve.bodies import Incoming
from tachograph.serve.query.agents import WorkflowName
from tachograph.serve.query.asking import answered
from tachograph.store import Store

Columns = Annotated[int, QueryParameter(ge=1, le=1000, description="In how many pieces time is cut, about.")]


class Column(msgspec.Struct):
    """A piece of time, ms since `start`. Columns that do not touch have a silence between them that is left out."""

    at_ms: int
    end_ms: int


class Busy(msgspec.Struct):
    """What one session did in one column."""

    column: int
    events: int
    failed: int


class Lane(msgspec.Struct):
    """One session, from its first sign of life to its last."""

    session_id: str
    agent: str
    title: str | None
    status: str
    parent_id: str | None
    at_ms: int
    end_ms: int
    cells: list[Busy]


class Cell(msgspec.Struct):
    """What one session did to one file in one column; `event_id` is the first of it."""

    column: int
    lane: int
    reads: int
    changes: int
    failed: int
    event_id: int


class MetFile(msgspec.Struct):
    """A file by its whole path. `lanes` touched it."""

    file_path: str
    collided: bool
    reads: int
    changes: int
    failed: int
    lanes: list[int]
    cells: list[Cell]


class Met(msgspec.Struct):
    """A collision; what is null is not known any more, or outside of the picture."""

    id: int
    collision_type: str
    severity: str
    subject: str | None
    description: str
    resolution: str | None
    lane_1: int | None
    at_1_ms: int | None
    column_1: int | None
    lane_2: int | None
    at_2_ms: int | None
    column_2: int | None


class Picture(msgspec.Struct):
    """`files` with collisions come first, then those that most sessions touched; 500 of `files_total` at most."""

    workflow_id: str
    start: str
    columns: list[Column]
    lanes: list[Lane]
    files: list[MetFile]
    files_total: int
    collisions: list[Met]


@get("/workflows/{workflow:str}/picture")
async def workflow_picture(request: Incoming, workflow: WorkflowName, columns: Columns = 120) -> Response[Picture]:
    """Who did what when, side by side: at most 200 sessions and 1,000 collisions."""

    def ask(store: Store) -> Any:
        return together.picture(store, store.workflows.get(workflow), columns)

    return await answered(request, ask)


HANDLERS = (workflow_picture,)
