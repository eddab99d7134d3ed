"""Collisions: two agents in each other's way. Found as facts arrive (ingest), stored here, resolved by people.

Each belongs to a workflow. The same two events collide on the same thing once, however often they are told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TypedDict, Unpack

import msgspec

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.records import Collision
from tachograph.store import given, paging, queries
from tachograph.store.filters import Where, check_names, pattern
from tachograph.store.json_text import to_json
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.workflows import BY_ITSELF, Workflows
from tachograph.store.writer import Writer

_sql = queries.load("collisions")
TYPES = ("file_conflict", "memory_conflict", "semantic_overlap", "structural_overlap")
SEVERITIES = ("info", "warning", "critical")
_MEMORY = "memory"
_NEEDED = ("session_id", "agent_id_1", "agent_id_2", "description", "timestamp")


class Filters(TypedDict, total=False):
    """What collisions are picked by. `session` and `agent` (a glob): one of the two; `open`: not resolved; times in
    ns."""

    workflow: str | None
    session: str | None
    agent: str | None
    type: str | None
    severity: str | None
    open: bool | None
    since: int | None
    until: int | None


class Collisions:
    """`store.collisions`"""

    def __init__(self, writer: Writer, ledger: Ledger, workflows: Workflows) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger
        self._workflows = workflows

    def add(self, collision: Collision) -> int | None:
        """Store and seal one; None when it is known already. Its workflow exists. Raises BadRecord."""
        fields = msgspec.structs.asdict(collision)
        given.words(fields, _NEEDED, "a collision says who collided with whom, when, and on what")
        fields["timestamp"] = given.moment(collision.timestamp)
        if collision.collision_type not in TYPES or collision.severity not in SEVERITIES:
            raise BadRecord(
                f"a collision cannot be a {collision.severity} {collision.collision_type}",
                f"types: {', '.join(TYPES)}; severities: {', '.join(SEVERITIES)}",
            )
        with self._writer.change():
            row = self._connection.execute(_sql.add, fields).get
            if row is not None:
                self._ledger.seal("collision_detection", [row])
                self._writer.changes.collision(int(row))
        return None if row is None else int(row)

    def memory_conflict(
        self,
        memory: str,
        *,
        description: str,
        session_id: str | None = None,
        other_session_id: str | None = None,
        agent: str | None = None,
        other_agent: str | None = None,
        overlap: object = None,
    ) -> int:
        """A write of an agent's memory lost a race: `memory` is the agent_id of the memory, `session_id` the session
        whose write was refused, `other_session_id` the one that was quicker. In a transaction of its own: call it
        after the one that was refused. Without a workflow of either session it belongs to one kept for that."""
        with self._writer.change():
            known = (self._workflows.of_name(name) for name in (session_id, other_session_id) if name)
            workflow = next(filter(None, known), None)
            workflow = workflow or self._of_memory()
            row = self.add(
                Collision(
                    workflow, other_agent or memory, agent or memory, "memory_conflict", description, "warning",
                    clock.iso(clock.now()), session_id_1=other_session_id, session_id_2=session_id, subject=memory,
                    overlap_json=to_json(overlap),
                )
            )  # fmt: skip
        assert row is not None  # without events nothing is the same
        return row

    def _of_memory(self) -> str:
        """The workflow of conflicts between writers that belong to none: one for all of them."""
        with contextlib.suppress(BadRecord):  # it is there already
            self._workflows.start("writers of one memory", session_id=_MEMORY, opened_by=BY_ITSELF, agent_count=2)
        return _MEMORY

    def resolve(self, collision_id: int, resolution: str) -> Collision:
        """Note what became of it. Raises NotFound, BadRecord when nothing is said."""
        if not resolution.strip():
            raise BadRecord("the resolution is empty", "say what was done about it")
        with self._writer.change():
            self.get(collision_id)
            self._connection.execute(_sql.resolve, (resolution, clock.iso(clock.now()), collision_id))
            self._ledger.seal("collision_detection", [collision_id])
            self._writer.changes.collision(collision_id)
        return self.get(collision_id)

    def get(self, collision_id: int) -> Collision:
        """Raises NotFound."""
        found = self._connection.execute(_sql.by_id, (collision_id,)).fetchone()
        if found is None:
            raise NotFound(f"there is no collision {collision_id}", "`tachograph collisions` lists them")
        return Collision(*found)

    def list(
        self, *, limit: int | None = 100, past: Place | None = None, **chosen: Unpack[Filters]
    ) -> Sequence[Collision]:
        """Newest first."""
        rows = paging.page(self._connection, _sql.listed, _where(chosen), ("c.timestamp", "c.id"), limit, past)
        return [Collision(*row) for row in rows]

    def total(self, **chosen: Unpack[Filters]) -> int | None:
        """How many `list` has; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, _where(chosen))

    def place(self, row: Collision) -> Place:
        """Where it stands in `list`."""
        return row.timestamp, row.id

    def stats(self, *, since: int | None = None, until: int | None = None) -> Sequence[dict[str, object]]:
        """collision_type, severity, count, unresolved."""
        where = _where({"since": since, "until": until})
        names = ("collision_type", "severity", "count", "unresolved")
        rows = self._connection.execute(_sql.counted.format(where=where), tuple(where.values))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def subjects(self, *, session: str | None = None, since: int | None = None) -> dict[str, tuple[int, int]]:
        """What was collided on → how often, and how often critically."""
        where = _where({"session": session, "since": since})
        where.add("c.subject IS NOT NULL")
        rows = self._connection.execute(_sql.subjects.format(where=where), tuple(where.values))
        return {subject: (count, critical) for subject, count, critical in rows}

    def last_id(self) -> int:
        """The newest one's number, 0 when there is none."""
        return int(self._connection.execute(_sql.last_id).get)

    def after(self, collision_id: int) -> Sequence[Collision]:
        """Those that were added later, in order."""
        return [Collision(*row) for row in self._connection.execute(_sql.after, (collision_id,))]

    def repeats(self, collision: Collision, since: str) -> bool:
        """Whether the same two sessions collided on the same in the same way since that time, at least as badly."""
        worse = SEVERITIES[SEVERITIES.index(collision.severity) :]
        found = self._connection.execute(
            _sql.same,
            (
                collision.collision_type, collision.subject, since, collision.timestamp, collision.session_id_1,
                collision.session_id_2, *(*worse, None, None)[:3],
            ),
        ).get  # fmt: skip
        return found is not None


def _where(chosen: Filters) -> Where:
    check_names(chosen, Filters)
    where, session, open = Where(), chosen.get("session"), chosen.get("open")
    where.add("c.session_id = ?", chosen.get("workflow"))
    if session is not None:
        where.add("? IN (c.session_id_1, c.session_id_2)", session)
    if (glob := pattern(chosen.get("agent"))) is not None:
        where.add("(c.agent_id_1 GLOB ? OR c.agent_id_2 GLOB ?)", glob, glob)
    where.add("c.collision_type = ?", chosen.get("type"))
    where.add("c.severity = ?", chosen.get("severity"))
    if open is not None:
        where.add("c.resolution IS NULL" if open else "c.resolution IS NOT NULL")
    where.dated("c.timestamp", chosen.get("since"), chosen.get("until"))
    return where
