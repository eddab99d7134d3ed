"""Steps that are told more than once: a call and later its result, a message written again, two sources of one run.

A step is an event with a key. Told again, the event changes where it lies; nothing is stored twice. Tool calls are
joined whoever tells them and by whatever name (twins): the better source wins field by field, a lesser one only fills
what is left and is named for it. Texts and usage are each taken from the best source alone (tellers).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from tachograph.errors import BadRecord
from tachograph.records import Event, Step
from tachograph.store import activity, queries
from tachograph.store.filters import numbers
from tachograph.store.json_text import from_json, to_json
from tachograph.store.output import TOOL_STREAM, Output
from tachograph.store.settling import EVENTS_STREAM, settled
from tachograph.store.tellers import Tellers
from tachograph.store.twins import Twins, is_number
from tachograph.store.usage import Usages
from tachograph.store.writer import Writer

_sql = queries.load("steps")
_merging = queries.load("merging")
RANKS = {"transcript": 0, "hook": 1, "otlp": 2, "tmux": 3}  # by how much they know
_FIELDS = (
    "tool_name", "tool_call_id", "file_path", "operation", "command", "command_category", "exit_code", "duration_ms",
    "status", "content",
)  # fmt: skip
_COUNTED = {"prompt": 0, "reply": 1, "command": 2}
_PAGE = 2000  # keys looked up at once


_MOVES = (
    *(_merging.events, _merging.keys, _merging.passages, _merging.usage, _merging.tool_output, _merging.output),
    *(_merging.drop_output, _merging.sightings, _merging.feedback, _merging.aliases, _merging.histories),
    *(_merging.history_sessions, _merging.kinds, _merging.drop_kinds, _merging.activity, _merging.drop_activity),
    *(_merging.totals, _merging.drop, _merging.count_files),
)


class Told(NamedTuple):
    """What came of telling steps: key → event id of all that were kept, and the keys whose content is new."""

    events: dict[str, int]
    renewed: set[str]


class _Known(NamedTuple):
    event: int
    teller: int


class Steps:
    """`store.steps`"""

    def __init__(self, writer: Writer, usages: Usages, output: Output) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._usages = usages
        self._output = output
        self._tellers = Tellers(writer)

    def put(self, session_id: str, agent: str, steps: Sequence[Step], *, source: str) -> Told:
        """Store steps of one session in their order, told by `source` (of RANKS).

        Every step has a time. Raises BadRecord; the session is created when nobody announced it.
        """
        if source not in RANKS:
            raise BadRecord(f"source {source!r} is unknown", f"use one of {', '.join(RANKS)}")
        if not steps:
            return Told({}, set())
        rank = RANKS[source]
        with self._writer.change():
            session = self._writer.session(session_id, agent, steps[0].at).number
            wanted, gone = self._tellers.wanted(session, steps, rank)
            if gone:
                self._forget(session, gone)
            merged = _by_key(wanted)
            known = self._known(session, merged)
            known |= self._known_by_another_name(session, merged, known, source)
            fresh = [step for key, step in merged.items() if key not in known]
            ids = self._add(session_id, agent, session, fresh, source)
            renewed = set(ids)
            for key, found in known.items():
                if self._retell(session, key, merged[key], found, source):
                    renewed.add(merged[key].key)
                ids[merged[key].key] = found.event
            if any(step.usage is not None for step in merged.values()):
                self._usages.total(session)
            return Told(ids, renewed)

    def retract(self, session_id: str, keys: Iterable[str]) -> int:
        """The agent took these steps back: they stay, say so, and no longer count. Returns how many."""
        with self._writer.change():
            session = self._writer.session(session_id, "unknown", 0).number
            counts, taken = [0, 0, 0], []
            for found in self._known(session, [hash_of(key) for key in keys]).values():
                *_, metadata, kind, _, _ = self._connection.execute(_sql.step, (found.event,)).fetchone()
                metadata = from_json(metadata) or {}
                if metadata.get("rewound"):
                    continue
                self._connection.execute(_sql.set_metadata, (to_json({**metadata, "rewound": True}), found.event))
                column = _COUNTED.get(self._writer.kinds.of(kind).event_type)
                if column is not None:
                    counts[column] += 1
                taken.append(found.event)
            self._connection.execute(_sql.shrink_session, (session, 0, *counts))
            self._usages.retract(taken)
            self._usages.total(session)
            return len(taken)

    def add_output(self, session: int, event: int, line_first: int, lines: int, size: int) -> None:
        """Inside a transaction: the output of a call are these lines of the stream "tool"; `size` in bytes."""
        self._connection.execute(_sql.add_output, (event, session, line_first, lines, size))

    def output_of(self, event: int) -> str | None:
        """The whole output of a call when it is longer than its event's content; None when that is all."""
        found = self._connection.execute(_sql.output, (event,)).fetchone()
        if found is None:
            return None
        session, first, _, size = found
        return self._output.raw(session, TOOL_STREAM, first, size).decode(errors="replace")

    def event_of_line(self, session: int, line: int) -> int | None:
        """The tool call that printed a line of the stream "tool"."""
        found = self._connection.execute(_sql.event_of_line, (session, line)).get
        return None if found is None else int(found)

    def merge(self, into: str, other: str) -> None:
        """Two sessions turn out to be one: everything of `other` moves to `into`, whose id stays. Both exist."""
        with self._writer.change():
            first, second = self._writer.session(into, "", 0).number, self._writer.session(other, "", 0).number
            better, lesser = (second, first) if self._tellers.is_better(second, first) else (first, second)
            doubled = self._connection.execute(_merging.doubled, (better, lesser)).fetchall()
            if doubled:
                self._forget(lesser, doubled)
            for session, gone in zip((first, second), self._tellers.one_of(first, second), strict=True):
                if gone:
                    self._forget(session, gone)
            last = self._connection.execute(_merging.last_seq, (first,)).get
            self._connection.execute(_merging.children, (into, other))
            for sql in _MOVES:
                self._connection.execute(sql, (first, second, last)[: sql.count("?3") + 2])
            self._join_twins(first)
            self._connection.execute(_merging.recount_calls, (first,))
            self._usages.total(first)

    def _join_twins(self, session: int) -> None:
        """Calls that are there twice, once under a number: the number becomes another name of the other."""
        self._writer.kinds.refresh()
        gone, twins = [], dict[str, Twins]()
        for event, kind, at, key, metadata, *fields in self._connection.execute(
            _merging.numbered, (session,)
        ).fetchall():
            told = self._writer.kinds.of(kind)
            step = Step(
                "call:", told.event_type, at, **dict(zip(_FIELDS, fields, strict=True)), metadata=from_json(metadata)
            )
            twin = twins.setdefault(told.source, Twins(self._writer, session, told.source)).of(step)
            if twin:
                self._connection.execute(_merging.rename, (session, key, twin[0]))
                self._retell(session, key, step, _Known(twin[0], RANKS[twin[1]]), told.source)
                gone.append((event, kind))
        if gone:
            self._forget(session, gone)

    def _forget(self, session: int, rows: Sequence[tuple[int, int]]) -> None:
        """Events (id, kind) that another telling has better; the roll-ups follow."""
        events = numbers(event for event, _ in rows)
        self._connection.execute(_sql.forget.format(numbers=events), (session,))
        for sql in (_sql.forget_usage, _sql.forget_steps, _sql.forget_events):  # references first
            self._connection.execute(sql.format(numbers=events))
        done = settled(self._connection)
        counts = [0, 0, 0]
        for kind, count in Counter(kind for _, kind in rows).items():
            self._connection.execute(_sql.shrink_session_kinds, (count, session, kind))
            column = _COUNTED.get(self._writer.kinds.of(kind).event_type)
            if column is not None:
                counts[column] += count
        for kind, count in Counter(kind for event, kind in rows if event <= done).items():
            self._connection.execute(_sql.shrink_kind_totals, (count, kind))
        self._connection.execute(_sql.drop_empty_session_kinds, (session,))
        self._connection.execute(_sql.drop_empty_kinds)
        self._connection.execute(_sql.shrink_session, (session, len(rows), *counts))
        self._usages.total(session)

    def _known(self, session: int, keys: Iterable[int]) -> dict[int, _Known]:
        found: dict[int, _Known] = {}
        wanted = list(keys)
        for start in range(0, len(wanted), _PAGE):
            sql = _sql.known.format(numbers=numbers(wanted[start : start + _PAGE]))
            found |= {row[0]: _Known(row[1], row[2]) for row in self._connection.execute(sql, (session,))}
        return found

    def _known_by_another_name(
        self, session: int, steps: Mapping[int, Step], known: Mapping[int, _Known], source: str
    ) -> dict[int, _Known]:
        """Calls that somebody else told; from now on they have this name, too."""
        twins, found = Twins(self._writer, session, source), dict[int, _Known]()
        for key, step in steps.items():
            if key not in known and (twin := twins.of(step)):
                found[key] = _Known(twin[0], RANKS[twin[1]])
        self._connection.executemany(_sql.add_keys, [(session, key, *one) for key, one in found.items()])
        return found

    def _add(self, session_id: str, agent: str, session: int, steps: Sequence[Step], source: str) -> dict[str, int]:
        if not steps:
            return {}
        events = [
            Event(
                session_id, s.event_type, s.tool_name, s.tool_call_id, s.file_path, s.operation, s.command,
                s.command_category, s.exit_code, s.duration_ms, s.status, s.content, source, s.metadata, at=s.at,
            )
            for s in steps
        ]  # fmt: skip
        first = self._writer.events(events, agent=agent)
        rank = RANKS[source]
        rows = [(session, hash_of(step.key), first + index, rank) for index, step in enumerate(steps)]
        self._connection.executemany(_sql.add_keys, rows)
        self._count(session, steps)
        for index, step in enumerate(steps):
            if step.usage is not None:
                self._put_usage(first + index, session, step)
        return {step.key: first + index for index, step in enumerate(steps)}

    def _put_usage(self, event: int, session: int, step: Step) -> None:
        assert step.usage is not None
        key = 0 if step.key.partition(":")[2].startswith("#") else hash_of(step.key)
        self._usages.put(event, session, key, step.at, step.usage, (step.metadata or {}).get("cost_source"))  # type: ignore[arg-type]

    def _count(self, session: int, steps: Sequence[Step]) -> None:
        """What new steps add to their session besides what every event adds."""
        calls = sum(map(_is_call, steps))
        statuses = Counter(step.status for step in steps if _is_call(step) or _is_result(step))
        if calls or statuses:
            self._connection.execute(_sql.grow, (session, calls, statuses["error"], statuses["rejected"]))

    def _retell(self, session: int, key: int, step: Step, known: _Known, source: str) -> bool:
        """The step as it stands, changed where this telling knows better or more. True when its content changed."""
        rank = RANKS[source]
        *old, metadata_json, _, seq, at = self._connection.execute(_sql.step, (known.event,)).fetchone()
        metadata = from_json(metadata_json) or {}
        teller = min([known.teller, *(RANKS[name] for name in metadata.get("sources", ()))])  # it may have other names
        new, told = _joined(old, step, metadata.get("told", {}), rank=rank, teller=teller)
        after = _metadata(metadata, step.metadata, better=rank <= teller)
        if rank != teller:
            after["sources"] = sorted({*after.get("sources", [_name(teller)]), source}, key=RANKS.__getitem__)
        after.pop("told", None)
        if told:
            after["told"] = told
        if new != old:
            self._connection.execute(_sql.set_step, (known.event, *new))
            self._count_again(session, step, old, new, at)
            if new[9] != old[9] and new[9] and known.event <= settled(self._connection):
                self._writer.passage(session, EVENTS_STREAM, seq, seq, new[9])
        if after != metadata:
            self._connection.execute(_sql.set_metadata, (to_json(after or None), known.event))
        if rank < known.teller:
            self._connection.execute(_sql.set_teller, (rank, session, key))
        if step.usage is not None:
            self._put_usage(known.event, session, msgspec.structs.replace(step, at=at))
        return bool(new[9] != old[9])

    def _count_again(self, session: int, step: Step, old: Sequence[Any], new: Sequence[Any], at: int) -> None:
        status, path, operation = _FIELDS.index("status"), _FIELDS.index("file_path"), _FIELDS.index("operation")
        if old[status] != new[status] and (is_number(step.key[5:]) or step.key == f"call:{new[1] or step.key[5:]}"):
            errors = (new[status] == "error") - (old[status] == "error")
            rejections = (new[status] == "rejected") - (old[status] == "rejected")
            self._connection.execute(_sql.grow, (session, 0, errors, rejections))
        if step.event_type == "file_op" and old[path] is None:
            activity.add(self._connection, [(session, new[path], new[operation], at)])


def hash_of(key: str) -> int:
    """64 bits of a step's key, as _keys has them."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def _by_key(steps: Iterable[Step]) -> dict[int, Step]:
    """Steps by the hash of their key; one told several times is one, in the place of its first telling."""
    found: dict[int, Step] = {}
    for step in steps:
        key = hash_of(step.key)
        first = found.get(key)
        found[key] = step if first is None else joined(first, step)
    return found


def joined(first: Step, then: Step) -> Step:
    """Two tellings of one step by the same source."""
    changes = {
        name: value
        for name in (*_FIELDS, "usage")
        if (value := getattr(then, name)) is not None and value != getattr(first, name)
    }
    if then.metadata:
        changes["metadata"] = {**(first.metadata or {}), **then.metadata}
    return msgspec.structs.replace(first, **changes) if changes else first


def _joined(
    old: Sequence[Any], step: Step, told: dict[str, str], *, rank: int, teller: int
) -> tuple[list[Any], dict[str, str]]:
    """Fields after this telling by `rank`, and who told those that the best teller (so far `teller`) did not."""
    new, told = list(old), dict(told)
    for index, name in enumerate(_FIELDS):
        value, holder = getattr(step, name), RANKS[told[name]] if name in told else teller
        if old[index] is not None and _says_nothing(name, value):
            if rank < teller:
                told.setdefault(name, _name(teller))
        elif value is not None and (old[index] is None or rank <= holder or _is_no_id(name, old[index])):
            new[index] = value
            told.pop(name, None)
            if rank > teller:
                told[name] = _name(rank)
    return new, told


def _says_nothing(name: str, value: object) -> bool:
    """Not to know is no news, and a number of a reader's is no id."""
    return value is None or (name == "status" and value == "unknown") or _is_no_id(name, value)


def _is_no_id(name: str, value: object) -> bool:
    return name == "tool_call_id" and is_number(value)


def _metadata(old: dict[str, Any], new: dict[str, object] | None, *, better: bool) -> dict[str, Any]:
    return {**old, **(new or {})} if better else {**(new or {}), **old}


def _is_call(step: Step) -> bool:
    return step.tool_call_id is not None and step.key == f"call:{step.tool_call_id}"


def _is_result(step: Step) -> bool:
    """The result of a call that the source does not have: its history was cut."""
    return step.tool_call_id is None and step.key.startswith("call:")


def _name(rank: int) -> str:
    return next(name for name, number in RANKS.items() if number == rank)
