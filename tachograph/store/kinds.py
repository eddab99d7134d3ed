"""Interned words: agents and kinds of events. Small tables, cached whole in memory, shared by readers and writers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import apsw

from tachograph.errors import BadRecord, StoreDamaged
from tachograph.records import EVENT_TYPES, RISK_LEVELS
from tachograph.store import queries
from tachograph.store.connection import version_of_data
from tachograph.store.filters import fits

_sql = queries.load("kinds")


class Kind(NamedTuple):
    """What an event is. `pattern` is "" for events that no rule found, `risk_level` then too."""

    agent: str
    event_type: str
    pattern: str = ""
    risk_level: str = ""
    auto_confirmable: bool = False
    code_block_language: str = ""
    source: str = ""


class Kinds:
    """id ↔ Kind, agent id ↔ name. Rows are never changed or deleted, so a cache can only be behind, never wrong."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection: Any = connection
        self.forget()

    def forget(self) -> None:
        """After a rollback: ids handed out inside it never came to be."""
        self.ids: dict[Kind, int] = {}
        self.by_id: dict[int, Kind] = {}
        self.found: dict[tuple[Any, ...], int] = {}  # as a finding names its kind
        self.agents: dict[str, int] = {}
        self._read_up_to = 0  # beyond it we may know our own rows and lack those of others
        self._version: int | None = None  # changes when others write

    def refresh(self) -> None:
        """Learn what other processes added."""
        version = version_of_data(self._connection)
        if version == self._version:
            return
        self._version = version
        for name, number in self._connection.execute(_sql.agents):
            self.agents[name] = number
        names = {number: name for name, number in self.agents.items()}
        for number, agent, *rest in self._connection.execute(_sql.kinds_after, (self._read_up_to,)):
            kind = Kind(names[agent], rest[0], rest[1], rest[2], bool(rest[3]), rest[4], rest[5])
            self.by_id[number] = kind
            self.ids[kind] = self._read_up_to = number

    def names(self) -> Sequence[str]:
        """Those of all agents, sorted."""
        self.refresh()
        return sorted(self.agents)

    def of(self, number: int) -> Kind:
        """The kind with that row number. Raises StoreDamaged when it is gone."""
        if number not in self.by_id:
            self.refresh()
            if number not in self.by_id:
                raise StoreDamaged(f"an event is of kind {number}, which is gone", "`tachograph db check` says more")
        return self.by_id[number]

    def agent(self, name: str) -> int | None:
        """The id of an agent, whoever added it; None for one that nothing was recorded of."""
        if name not in self.agents:
            self.refresh()
        return self.agents.get(name)

    def agent_id(self, name: str) -> int:
        """Inside a write transaction: the id of an agent, new ones added."""
        if name not in self.agents:
            if not name or not isinstance(name, str):
                raise BadRecord("agent_name is missing", "name the agent the record belongs to")
            self._connection.execute(_sql.add_agent, (name,))
            self.agents[name] = self._connection.execute(_sql.agent_id, (name,)).get
        return self.agents[name]

    def kind_id(self, kind: Kind) -> int:
        """Inside a write transaction: the id of a kind, new ones checked and added.

        Checking here, where a kind is first seen, spares every row the check. Raises BadRecord.
        """
        _check(kind)
        agent = self.agent_id(kind.agent)
        values = (agent, *kind[1:4], int(kind.auto_confirmable), *kind[5:])
        found = self._connection.execute(_sql.kind_id, values).get
        self.ids[kind] = found
        self.by_id[found] = kind
        return int(found)

    def matching_agents(self, pattern: str | None) -> set[str] | None:
        """Agents that a glob (`codex*`, or SQL's `codex%`) names; None when there is nothing to filter by."""
        if pattern is None or pattern in {"*", "%"}:
            return None
        self.refresh()
        return {name for name in self.agents if fits(pattern, name)}

    def matching(
        self,
        *,
        agents: Iterable[str] | None = None,
        event_type: str | None = None,
        pattern: str | None = None,
        risk: str | None = None,
        extracted: bool = False,
    ) -> set[int]:
        """Ids of the kinds that fit every filter given."""
        self.refresh()
        wanted = None if agents is None else set(agents)
        return {
            number
            for number, kind in self.by_id.items()
            if (wanted is None or kind.agent in wanted)
            and (event_type is None or kind.event_type == event_type)
            and (pattern is None or kind.pattern == pattern)
            and (risk is None or kind.risk_level == risk)
            and (not extracted or kind.pattern)
        }

    def of_steps(self, types: Collection[str], agents: Iterable[str] | None = None) -> set[int]:
        """Ids of the kinds of steps of these types, of all agents or of these; what rules find is no step."""
        return {number for number in self.matching(agents=agents, pattern="") if self.by_id[number].event_type in types}


def _check(kind: Kind) -> None:
    if kind.event_type not in EVENT_TYPES and "." not in (kind.event_type or ""):
        raise BadRecord(
            f"event_type {kind.event_type!r} is unknown",
            f"use one of {', '.join(EVENT_TYPES)}, or one of your own with a prefix: acme.deploy",
        )
    if kind.risk_level not in RISK_LEVELS and (kind.risk_level or kind.pattern):
        raise BadRecord(f"risk_level {kind.risk_level!r} is unknown", f"use one of {', '.join(RISK_LEVELS)}")
    for word in (kind.pattern, kind.code_block_language, kind.source):
        if not isinstance(word, str):
            raise BadRecord(f"{word!r} is not text", "names of patterns, languages and sources are words")
