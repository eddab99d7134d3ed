"""Whole sessions are deleted: their events and output, the words and totals of these, the bytes of the histories that
told of them, their collisions and their receipt. A session goes in one transaction; what was sealed leaves tombstones.

Agents' own files are left where they are. Their paths are kept, so that what was deleted is not imported again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tachograph.store import queries, removing
from tachograph.store.audit import Audit
from tachograph.store.cleaning import with_children
from tachograph.store.filters import listed
from tachograph.store.histories import Histories, History
from tachograph.store.json_text import to_json
from tachograph.store.ledger import SESSIONS, Ledger
from tachograph.store.output import LINE_MAX
from tachograph.store.writer import Writer

_sql = queries.load("deleting")
_FIRST = queries.load("sessions")  # what others started goes with those


class Doomed(NamedTuple):
    """A session that may be deleted; `number` is its row. `events` and `bytes` of its output as its row counts them."""

    number: int
    id: str
    over: bool
    events: int
    bytes: int


class Plan(NamedTuple):
    """What deleting some sessions comes to. `sessions`: those and all that they started; `histories`: the files that
    told of them. `others`: a file that tells of sessions that are to stay, too → their ids."""

    sessions: Sequence[Doomed]
    histories: Sequence[History]
    others: dict[str, list[str]]


class Deleting:
    """`store.deleting`"""

    def __init__(self, writer: Writer, ledger: Ledger, histories: Histories, audit: Audit) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._ledger = ledger
        self._histories = histories
        self._audit = audit

    def plan(self, sessions: Iterable[str]) -> Plan:
        """What goes with these sessions (ids); nothing does. Ids of no session are passed over."""
        rows = self._connection.execute(_sql.family, (to_json(list(sessions)),)).fetchall()
        doomed = [Doomed(number, name, bool(over), *counts) for number, name, over, *counts in rows]
        files: dict[int, History] = {}
        for one in doomed:
            files |= {history.id: history for history in self._files_of(one)}
        others: dict[str, list[str]] = {}
        for path, name in self._connection.execute(_sql.others, (listed(files), listed(d.number for d in doomed))):
            others.setdefault(path, []).append(name)
        return Plan(doomed, list(files.values()), others)

    def plan_of_old(self, before: int) -> tuple[Plan, int]:
        """What goes with the sessions that were over, and at work last, before a time in ns; and how many of those
        stay, as what told of them, or what they started, does."""
        old = self._connection.execute(_sql.old.format(where=_FIRST.without_parent), (before,))
        return self._fitting({name for (name,) in old})

    def plan_of_size(self, most: int) -> tuple[Plan, int]:
        """The same of the sessions that were at work longest ago, until what is left takes about so many bytes."""
        names, excess = set[str](), self.used() - most
        shares = self._connection.execute(_sql.shares.format(where=_FIRST.without_parent)).fetchall()
        scale = self.used() / max(1, sum(share for _, share in shares))  # indexes and the like belong to all alike
        for name, share in shares:
            if excess <= 0:
                break
            names.add(name)
            excess -= share * scale
        return self._fitting(names)

    def used(self) -> int:
        """Bytes of the database that are in use."""
        return int(self._connection.execute(_sql.used).get)

    def _fitting(self, names: set[str]) -> tuple[Plan, int]:
        count = len(names)
        while not _fits(plan := self.plan(names), names):
            names = {name for name in names if _fits(self.plan([name]), names)}
        return plan, count - len(names)

    def delete(self, plan: Plan) -> None:
        """Delete what a plan says. Whoever is interrupted has deleted some of its sessions wholly, the others not."""
        for one in plan.sessions:
            with self._writer.change():
                self._delete(one)
        with self._writer.change():  # together: every touch there is has to be looked at
            self._connection.execute(_sql.drop_touches)

    def _files_of(self, one: Doomed) -> list[History]:
        native = self._connection.execute(_sql.native_id, (one.number,)).get
        beside = self._histories.beside(native or one.id)
        return [*self._histories.of_session(one.id), *beside]

    def _delete(self, one: Doomed) -> None:
        for history in self._files_of(one):
            self._histories.delete(history)
        self._connection.execute(_sql.count_copies, (one.number,))
        self._forget_ledger(one)
        for stream in self._rows(_sql.streams, one):
            self._writer.unindex(one.number, stream, 0, LINE_MAX)
        removing.remove(self._writer, one.number, self._rows(_sql.events, one))
        removing.drop_sightings(self._writer, self._rows(_sql.sightings, one))
        for sql in _LEFT:
            self._connection.execute(sql, (one.number,))
        self._writer.untouch(one.number)
        self._writer.changes.deleted(one.number, one.id)
        details = f"session {one.id}, {one.events} events, {one.bytes} bytes of output"
        self._audit.add("tachograph", "clean", "completed", operation_type="recorder", details=details)

    def _rows(self, sql: str, one: Doomed) -> list[int]:
        return [row[0] for row in self._connection.execute(sql, (one.number,))]

    def _forget_ledger(self, one: Doomed) -> None:
        self._ledger.bury(SESSIONS, [one.number])
        met = [row[0] for row in self._connection.execute(_sql.collisions, (one.id,))]
        self._ledger.bury("collision_detection", met)
        self._connection.execute(_sql.drop_collisions, (one.id,))
        for row, execution in self._connection.execute(_sql.receipt, (one.id,)).fetchall():
            with_children(self._writer, self._ledger, row, execution)


def _fits(plan: Plan, names: set[str]) -> bool:
    """Whether a plan can be carried out, where all these sessions go."""
    return all(one.over for one in plan.sessions) and all(names.issuperset(others) for others in plan.others.values())


_LEFT = (
    *(_sql.drop_output, _sql.drop_activity, _sql.drop_aliases, _sql.drop_presence, _sql.drop_sent),
    *(_sql.drop_damage, _sql.leave_sources, _sql.leave_histories, _sql.drop_told, _sql.drop_mark, _sql.drop),
)
