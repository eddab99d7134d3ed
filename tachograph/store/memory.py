"""What an agent wants to know next time: one JSON value for each, every version of it kept.

A write may name the version it has seen. Who comes too late is refused, and the conflict is noted as a collision.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import msgspec

from tachograph import clock
from tachograph.errors import BadRecord, NotFound, Refused
from tachograph.records import Memory
from tachograph.store import paging, queries
from tachograph.store.collisions import Collisions
from tachograph.store.filters import Where, check_times, pattern
from tachograph.store.json_diff import Change, changes
from tachograph.store.json_input import checked
from tachograph.store.ledger import Ledger
from tachograph.store.paging import Place
from tachograph.store.writer import Writer

_sql = queries.load("memory")
_CONFLICTS_KEPT = 50
_NAME_MOST = 200


class MemoryStore:
    """`store.memory`"""

    def __init__(self, writer: Writer, ledger: Ledger, collisions: Collisions) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._ledger = ledger
        self._collisions = collisions

    def set(
        self,
        agent_id: str,
        value: object,
        *,
        agent_type: str | None = None,
        expect: int | None = None,
        session_id: str | None = None,
        source: str = "python",
    ) -> Memory:
        """Remember `value`, as a new version. A str is JSON text, everything else is encoded.

        `expect`: the version this was made from, 0 for none yet. `session_id`: who writes, that of the environment
        (TACHOGRAPH_SESSION) when it is left out. Raises BadRecord: no JSON, too large, too deep; Refused: the current
        version is another one.
        """
        _check_name(agent_id)
        text = checked(value, "the memory")
        fields = _fields(agent_id, session_id, source) | {"agent_type": agent_type, "memory_json": text}
        return self.get(agent_id, self._write(_sql.change, fields, expect))

    def get(self, agent_id: str, version: int | None = None) -> Memory:
        """The current memory of an agent, or one of its versions. Raises NotFound."""
        if version is None:
            found = self._connection.execute(_sql.current, (agent_id,)).fetchone()
        else:
            found = self._connection.execute(_sql.one_version, (agent_id, version)).fetchone()
        if found is None:
            raise _nothing(agent_id, version)
        return Memory(*found)

    def list(
        self,
        *,
        agent: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = 100,
        past: Place | None = None,
    ) -> Sequence[Memory]:
        """What is current, the newest first. `agent` is a glob (SQL's % too); times in ns, of the last change."""
        where = _where(agent, since, until)
        order = ("coalesce(m.updated_at, '')", "m.id")
        return [Memory(*row) for row in paging.page(self._connection, _sql.listed, where, order, limit, past)]

    def total(self, *, agent: str | None = None, since: int | None = None, until: int | None = None) -> int | None:
        """How many `list` has with these filters; None when they are too many to count."""
        return paging.total(self._connection, _sql.total, _where(agent, since, until))

    def place(self, row: Memory) -> Place:
        """Where it stands in `list`."""
        changed, number = self._connection.execute(_sql.place, (row.agent_id,)).fetchone()
        return changed, number

    def history(self, agent_id: str, *, limit: int | None = None, past: Place | None = None) -> Sequence[Memory]:
        """All versions, the newest first; one without content is a deletion. `past` is the number of a version. Raises
        NotFound."""
        where = Where()
        where.add("v.agent_id = ?", agent_id)
        found = [
            Memory(*row) for row in paging.page(self._connection, _sql.versions, where, ("v.version",), limit, past)
        ]
        if not found and past is None:
            raise NotFound(f"there never was a memory of {agent_id!r}", "`tachograph memory list` shows what there is")
        return found

    def versions(self, agent_id: str) -> int:
        """How many there are."""
        return int(self._connection.execute(_sql.count_versions, (agent_id,)).get)

    def diff(self, agent_id: str, a: int | None = None, b: int | None = None) -> Sequence[Change]:
        """What changed from version `a` to version `b`; without them, from the last but one to the last."""
        after = self.get(agent_id, b) if b is not None else self.history(agent_id, limit=1)[0]
        if a is not None:
            before = self.get(agent_id, a).memory_json
        else:
            earlier = self.history(agent_id, limit=1, past=(after.version,))
            before = earlier[0].memory_json if earlier else None
        try:
            return list(changes(_value(before), _value(after.memory_json)))
        except RecursionError as error:  # written past us, where nothing limits the depth
            raise BadRecord(f"the memory of {agent_id!r} is nested too deep to compare") from error

    def rollback(
        self,
        agent_id: str,
        version: int,
        *,
        expect: int | None = None,
        session_id: str | None = None,
        source: str = "python",
    ) -> Memory:
        """Make an old version the current one, as a new version. Raises NotFound, BadRecord (a deletion), Refused."""
        old = self.get(agent_id, version)
        if old.memory_json is None:
            raise BadRecord(
                f"version {version} of {agent_id!r} is its deletion", "`tachograph memory history` shows the others"
            )
        fields = _fields(agent_id, session_id, source)
        fields |= {"agent_type": old.agent_type, "memory_json": old.memory_json}
        return self.get(agent_id, self._write(_sql.change, fields, expect))

    def delete(
        self, agent_id: str, *, expect: int | None = None, session_id: str | None = None, source: str = "python"
    ) -> Memory:
        """Forget the current memory; returns the version that says so. Its history stays. Raises NotFound, Refused."""
        version = self._write(_sql.remove, _fields(agent_id, session_id, source), expect)
        return self.get(agent_id, version)

    def _write(self, statement: str, fields: dict[str, Any], expect: int | None) -> int:
        """The number of the version that was written. Raises Refused after noting the conflict."""
        with self._writer.change():
            found = self._connection.execute(_sql.version, (fields["agent_id"],)).fetchone()
            current = int(found[0] or 0) if found else 0
            if expect is None or expect == current:
                if not found and statement == _sql.remove:
                    raise _nothing(fields["agent_id"])
                self._connection.execute(statement if found else _sql.add, fields)
                self._connection.execute(_sql.sign, fields)
                row, version = self._connection.execute(_sql.sign_version, fields).fetchone()
                self._ledger.seal("agent_memory_versions", [row])
                return int(version)
            late = self._note_conflict(fields, expect, current, found)
        raise Refused(late, f"read it again (tachograph memory get {fields['agent_id']}), then write with its version")

    def _note_conflict(self, fields: dict[str, Any], expect: int, current: int, found: Any) -> str:
        """Keep that a write came too late: as a collision, and in the row it was meant for. Returns it in words."""
        agent, (mine, theirs) = fields["agent_id"], (fields["session_id"], found[1] if found else None)
        now = clock.iso(clock.now())
        there = f"version {current}" if current else "none"
        late = f"the memory of {agent!r} was expected at version {expect}, and there is {there}"
        text = fields.get("memory_json")
        self._collisions.memory_conflict(
            agent, description=late, session_id=mine, other_session_id=theirs, agent=self._agent_of(mine),
            other_agent=self._agent_of(theirs),
            overlap={"expected": expect, "found": current, "lost_bytes": len(text.encode()) if text else None},
        )  # fmt: skip
        if found:
            entry = {"timestamp": now, "session_id": mine, "expected": expect, "found": current}
            self._connection.execute(_sql.note_conflict, (late, _appended(found[2], entry), agent))
        return late

    def _agent_of(self, session: str | None) -> str | None:
        return self._connection.execute(_sql.agent_of, (session,)).get if session else None


def _where(agent: str | None, since: int | None, until: int | None) -> Where:
    check_times(since, until)
    where = Where()
    where.add("m.agent_id GLOB ?", pattern(agent))
    where.add("m.updated_at >= datetime(?)", None if since is None else clock.iso(since))
    where.add("m.updated_at <= datetime(?)", None if until is None else clock.iso(until))
    return where


def _nothing(agent_id: str, version: int | None = None) -> NotFound:
    if version is None:
        return NotFound(f"there is no memory of {agent_id!r}", "`tachograph memory list` shows what there is")
    return NotFound(
        f"there is no version {version} of the memory of {agent_id!r}", "`tachograph memory history` lists them"
    )


def _fields(agent_id: str, session_id: str | None, source: str) -> dict[str, Any]:
    session = session_id if session_id is not None else os.environ.get("TACHOGRAPH_SESSION")
    return {"agent_id": agent_id, "session_id": session or None, "source": source}


def _check_name(agent_id: object) -> None:
    if not isinstance(agent_id, str) or not agent_id.strip():
        raise BadRecord("agent_id is missing", "a memory belongs to an agent")
    if len(agent_id) > _NAME_MOST or not agent_id.isprintable():
        raise BadRecord("agent_id is no name", f"use up to {_NAME_MOST} characters that can be printed")


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _appended(history: str | None, entry: dict[str, object]) -> str:
    """Past us anybody may have written anything there that is JSON; what is no list is kept as the first of one."""
    try:
        known = msgspec.json.decode(history) if history else []
    except msgspec.MsgspecError:
        known = []
    kept = known if isinstance(known, list) else [known]
    return msgspec.json.encode([*kept, entry][-_CONFLICTS_KEPT:]).decode()
