"""Steps that are told more than once: a call and later its result, a message written again, two sources of one run.

A step is an event with a key. Told again, the event changes where it lies; nothing is stored twice. Tool calls are
joined whoever tells them (`tellings`) and by whatever name (`twins`). Texts and usage are taken from the best source
alone (`tellers`): no two name them alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tachograph.errors import BadRecord
from tachograph.records import Event, Step
from tachograph.store import arguments, queries, removing
from tachograph.store.filters import listed
from tachograph.store.json_text import from_json, to_json
from tachograph.store.output import TOOL_STREAM, Output
from tachograph.store.settling import EVENTS_STREAM, settled
from tachograph.store.tellers import Tellers
from tachograph.store.tellings import (
    API,
    COMMAND,
    CONTENT,
    FIELDS,
    RANKS,
    SPECIAL,
    by_key,
    counts,
    digest_of,
    fields_of,
    hash_of,
    is_call,
    is_result,
    metadata_of,
    name_of,
)
from tachograph.store.twins import Twins
from tachograph.store.usage import Call, Usages
from tachograph.store.writer import Writer

_sql = queries.load("steps")
_ACTIVITY = (FIELDS.index("file_path"), FIELDS.index("operation"))
_COUNTED = ("prompt", "reply")


class Told(NamedTuple):
    """What came of telling steps: key → event id of all that were kept; the keys of those that are new; of those that
    were known, key → whether the content that it has from this telling is another than before."""

    events: dict[str, int]
    fresh: set[str]
    texts: dict[str, bool]


class Known(NamedTuple):
    """A step that is there, and the rank of who told it under the name that was asked for."""

    event: int
    teller: int


class Telling(NamedTuple):
    """Who tells a step; where a lesser source told some of its fields, who; and who else had told it."""

    source: str
    by: Mapping[str, str] = {}
    sources: Sequence[str] = ()


class Steps:
    """`store.steps`"""

    def __init__(self, writer: Writer, usages: Usages, output: Output, tellers: Tellers) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._usages = usages
        self._output = output
        self._tellers = tellers

    def put(self, session_id: str, agent: str, steps: Sequence[Step], *, source: str) -> Told:
        """Store steps of one session in their order, told by `source` (of RANKS).

        Every step has a time. Raises BadRecord; the session is created when nobody announced it.
        """
        if source not in RANKS:
            raise BadRecord(f"source {source!r} is unknown", f"use one of {', '.join(RANKS)}")
        if not steps:
            return Told({}, set(), {})
        with self._writer.change():
            session = self._writer.session(session_id, agent, steps[0].at).number
            self._writer.touch(session)
            merged = by_key(self._tellers.wanted(session, steps, RANKS[source]))
            known = self._known(session, merged)
            known |= self._known_by_another_name(session, merged, known, source)
            fresh = [step for key, step in merged.items() if key not in known]
            ids = self._add(session_id, agent, session, fresh, source)
            told = Told(ids, set(ids), {})
            telling = Telling(source)
            for key, found in known.items():
                step = merged[key]
                changed = self.retell(session, key, step, found, telling)
                if changed is not None:
                    told.texts[step.key] = changed
                ids[step.key] = found.event
            if any(step.usage is not None for step in merged.values()):
                self._usages.total(session)
            return told

    def retract(self, session_id: str, keys: Iterable[str]) -> int:
        """The agent took these steps back: they stay, say so, and no longer count. Returns how many."""
        with self._writer.change():
            session = self._writer.session(session_id, "unknown", 0).number
            self._writer.touch(session)
            prompts_and_replies, taken = [0, 0], []
            for found in self._known(session, [hash_of(key) for key in keys]).values():
                *_, metadata, kind, _, _ = self._connection.execute(_sql.step, (found.event,)).fetchone()
                metadata = from_json(metadata) or {}  # arguments as they are stored: they stay that
                if metadata.get("rewound"):
                    continue
                self._connection.execute(_sql.set_metadata, (to_json({**metadata, "rewound": True}), found.event))
                self._writer.changes.event(found.event)
                event_type = self._writer.kinds.of(kind).event_type
                if event_type in _COUNTED:
                    prompts_and_replies[_COUNTED.index(event_type)] += 1
                taken.append(found.event)
            self._connection.execute(_sql.shrink_session, (session, *prompts_and_replies))
            removing.recount(self._writer, session)
            self._usages.retract(taken)
            self._usages.total(session)
            return len(taken)

    def add_output(
        self, session: int, event: int, line_first: int, lines: int, text: bytes, *, fresh: bool = False
    ) -> None:
        """Inside a transaction: the output of a call are these lines of the stream "tool"; those it had before are
        not searched any more. `fresh`: it has none yet."""
        if not fresh:
            self.drop_output(event)
        self._connection.execute(_sql.add_output, (event, session, line_first, lines, len(text), digest_of(text)))

    def drop_output(self, event: int) -> None:
        """Inside a transaction: the output of a call is what its event has."""
        removing.unindex_outputs(self._writer, str(event))
        self._connection.execute(_sql.drop_output, (event,))

    def output_begins(self, event: int) -> int | None:
        """The first line of the output of a call in the stream "tool"; None when its event has all of it."""
        found = self._connection.execute(_sql.output, (event,)).fetchone()
        return found and int(found[1])

    def has_output(self, event: int, text: bytes) -> bool:
        """Whether exactly this is stored as the output of a call."""
        return bool(self._connection.execute(_sql.same_output, (event, len(text), digest_of(text))).get)

    def output_of(self, event: int) -> str | None:
        """The whole output of a call when it is longer than its event's content; None when that is all."""
        found = self._connection.execute(_sql.output, (event,)).fetchone()
        if found is None:
            return None
        session, first, _, size = found
        return self._output.raw(session, TOOL_STREAM, first, size).decode(errors="replace")

    def retell(self, session: int, key: int, step: Step, known: Known, telling: Telling) -> bool | None:
        """Inside a transaction: the step as it stands, changed where this telling knows better or more. Whether its
        content, if it is that of this telling now, has changed."""
        rank = RANKS[telling.source]
        *old, given, metadata_json, kind, seq, at = self._connection.execute(_sql.step, (known.event,)).fetchone()
        metadata = arguments.whole(metadata_json, old[COMMAND], given) or {}
        teller = min([known.teller, *(RANKS[name] for name in metadata.get("sources", ()))])  # it may have other names
        new, told = fields_of(old, step, metadata.get("told", {}), rank=rank, teller=teller, by=telling.by)
        after = metadata_of(metadata, step, old, new, better=rank <= teller)
        if rank != teller or telling.sources:
            heard = {*after.get("sources", [name_of(teller)]), telling.source, *telling.sources}
            after["sources"] = sorted(heard, key=RANKS.__getitem__)
        after.pop("told", None)
        if told:
            after["told"] = told
        kept = arguments.stored(after or None, new[COMMAND])
        if new != old or kept.arguments != given:
            self._connection.execute(_sql.set_step, (known.event, *new, kept.arguments))
        if new != old:
            added = known.teller == RANKS[API] or API in metadata.get("sources", ())
            self._count_again(session, step, old, new, taken_back=bool(metadata.get("rewound")), added=added)
            if new[CONTENT] != old[CONTENT] and new[CONTENT] and known.event <= settled(self._connection):
                self._writer.passage(session, EVENTS_STREAM, seq, seq, new[CONTENT])
        if rank <= teller and step.event_type in SPECIAL:
            self._specialise(session, known.event, kind, step.event_type, at)
        if after != metadata or kept.arguments != given:
            self._connection.execute(_sql.set_metadata, (kept.metadata_json, known.event))
        if new != old or after != metadata:
            self._writer.changes.event(known.event)
        if rank < known.teller:
            self._connection.execute(_sql.set_teller, (rank, session, key))
        if step.usage is not None:
            self._usages.put(session, [_call(known.event, step, at)])
        if new[CONTENT] != old[CONTENT]:
            return True
        return False if step.content is not None and rank <= teller else None

    def _known(self, session: int, keys: Iterable[int]) -> dict[int, Known]:
        rows = self._connection.execute(_sql.known, (session, listed(keys)))
        return {key: Known(event, teller) for key, event, teller in rows}

    def _known_by_another_name(
        self, session: int, steps: Mapping[int, Step], known: Mapping[int, Known], source: str
    ) -> dict[int, Known]:
        """Calls that somebody else told; from now on they have this name, too."""
        twins, found = Twins(self._writer, session, source), dict[int, Known]()
        for key, step in steps.items():
            if key not in known and (twin := twins.of(step)):
                found[key] = Known(twin[0], RANKS[twin[1]])
        self._connection.executemany(_sql.add_keys, [(session, key, *one) for key, one in found.items()])
        return found

    def _add(self, session_id: str, agent: str, session: int, steps: Sequence[Step], source: str) -> dict[str, int]:
        if not steps:
            return {}
        events = [
            Event(
                session_id, s.event_type, s.tool_name, s.tool_call_id, s.file_path, s.operation, s.command,
                s.command_category, s.exit_code, s.duration_ms, s.status, s.content, source,
                {**(s.metadata or {}), "call": "lost"} if is_result(s) else s.metadata, at=s.at,
            )
            for s in steps
        ]  # fmt: skip
        first = self._writer.events(events, agent=agent)
        rank = RANKS[source]
        rows = [(session, hash_of(step.key), first + index, rank) for index, step in enumerate(steps)]
        self._connection.executemany(_sql.add_keys, rows)
        self._count(session, steps)
        used = [_call(first + index, step, step.at) for index, step in enumerate(steps) if step.usage is not None]
        if used:
            self._usages.put(session, used)
        return {step.key: first + index for index, step in enumerate(steps)}

    def _count(self, session: int, steps: Sequence[Step]) -> None:
        """What new steps add to their session besides what every event adds."""
        calls = sum(map(is_call, steps))
        statuses = Counter(step.status for step in steps if is_call(step) or is_result(step))
        if calls or statuses:
            self._connection.execute(_sql.grow, (session, calls, statuses["error"], statuses["rejected"]))

    def _specialise(self, session: int, event: int, number: int, event_type: str, at: int) -> None:
        """What was a tool call as far as anybody could tell turns out to be a command or an operation on a file."""
        kind = self._writer.kinds.of(number)
        if kind.event_type != "tool_call":
            return
        other = self._writer.kinds.kind_id(kind._replace(event_type=event_type))
        self._connection.execute(_sql.set_kind, (other, event))
        self._writer.changes.event(event)
        removing.change_kind(self._writer, session, event, number, other, at)
        removing.recount(self._writer, session)

    def _count_again(
        self, session: int, step: Step, old: Sequence[Any], new: Sequence[Any], *, taken_back: bool, added: bool
    ) -> None:
        """What a step adds to its session, where that has changed; what it did to files is done, taken back or not.
        `added`: by a program, which may have added other events of the same call."""
        changed = counts(step, old, new)
        if any(changed) and added:
            removing.recount(self._writer, session)
        elif any(changed) and not taken_back:
            self._connection.execute(_sql.grow, (session, *changed))
        if [old[index] for index in _ACTIVITY] != [new[index] for index in _ACTIVITY]:
            removing.recount(self._writer, session)


def _call(event: int, step: Step, at: int) -> Call:
    """The call of a model that a step is."""
    assert step.usage is not None
    name = step.made_as or step.key
    key = 0 if name.partition(":")[2].startswith("#") else hash_of(name)
    return Call(event, key, at, step.usage)
