"""A store through a life of random length: after every step each list, total, roll-up, search and seal is what one gets
by looking at every row. What was stored as an event or printed is remembered here, too, so that no row may get lost.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tachograph.errors import BadRecord
from tachograph.extract.lines import split
from tachograph.ingest.sealing import seal_quiet
from tachograph.records import CodeBlock, Session, Step
from tachograph.store import Store, passages, settling, walk
from tachograph.store import search as searching
from tachograph.store.output import STREAMS, Chunk
from tachograph.store.query_words import marks, parse
from tests.recount import recount

from . import life
from .life import Printed, chosen, fits, maybe, says, stored
from .samples import AT, SECOND, extraction, fresh, opened, session

LATER = 4_102_444_800 * SECOND  # 2100
FOR_EVER = -(1 << 60)  # quiet since then
_OTHERS = {"wrapper", "transcript", "hook", "otlp"}  # what rules found there is found in its own line
limit = st.sampled_from([1, 2, 3, 7])


class Life(RuleBasedStateMachine):
    @initialize(portion=st.sampled_from([5, settling.AFTER]), page=st.sampled_from([3, walk.PAGE]))
    def begin(self, portion: int, page: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setitem(settling.settle.__kwdefaults__, "after", portion)
        self.patch.setattr(settling, "COUNTED_AFTER", min(portion, settling.COUNTED_AFTER) * 3 // 5)
        self.patch.setattr(walk, "PAGE", page)
        self.patch.setattr(passages, "PAGE", page)
        self.patch.setattr(os, "fsync", lambda _: None)
        self.folders: list[str] = []
        self.store = self.open(fresh)
        self.kept: dict[int, tuple[str, str, int]] = {}  # event → session, pattern, time
        self.lines: dict[tuple[str, int], list[Printed]] = {}  # session, stream
        self.open_chunk: dict[tuple[str, int], Chunk] = {}
        self.feedbacks: Counter[int] = Counter()
        self.numbers: dict[int, str] = {}  # of sessions, all that ever were
        self.memories: dict[str, list[str]] = {}
        self.audited = 0

    def open(self, how: Callable[[Path], Store]) -> Store:
        folder = tempfile.mkdtemp()
        self.folders.append(folder)
        store = how(Path(folder))
        store._connection.pragma("synchronous", 0)
        return store

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.store.close()
            self.patch.undo()
            for folder in self.folders:
                shutil.rmtree(folder)

    # what happens ---------------------------------------------------------------------------------------------------

    @rule(batch=life.events)
    def add_events(self, batch: Sequence[Any]) -> None:
        first = self.store.events.add_many(batch)
        own = [(n, one) for n, one in enumerate(batch, first) if one.tool_call_id is None]  # a call may be told again
        self.kept |= {number: (one.session_id, "", one.at) for number, one in own}

    @rule(batch=life.findings)
    def add_findings(self, batch: Sequence[Any]) -> None:
        first = self.store.extractions.add_many(batch)
        self.kept |= {first + n: (one.session_id, one.pattern, one.at) for n, one in enumerate(batch)}

    @rule(batch=life.events, found=life.findings)
    def fail(self, batch: Sequence[Any], found: Sequence[Any]) -> None:
        """All of it is undone, and what was before an inner failure is not."""
        with pytest.raises(ZeroDivisionError), self.store.transaction():
            self.store.events.add_many(batch)
            raise ZeroDivisionError
        with self.store.transaction():
            self.add_events(batch)
            with pytest.raises(BadRecord):
                self.store.extractions.add_many([*found, extraction(event_type="no such type")])

    @rule(name=life.name, batch=life.steps, source=st.sampled_from(["transcript", "hook", "otlp"]))
    def tell(self, name: str, batch: Sequence[Step], source: str) -> None:
        self.store.steps.put(name, name.partition("-")[0], batch, source=source)

    @rule(name=life.name, taken=st.lists(st.sampled_from(["prompt:0", "reply:1", "call:c0", "usage:1", "call:f2"])))
    def retract(self, name: str, taken: Sequence[str]) -> None:
        if self.store.sessions.exists(name):
            self.store.steps.retract(name, taken)

    @rule(name=life.name, told=life.lines, at=life.at, stream=st.sampled_from([0, 0, 1]), grow=st.booleans())
    def printed(self, name: str, told: Sequence[str], at: int, stream: int, grow: bool) -> None:
        """A chunk more, or a longer last one, as the importer writes them."""
        store, key = self.store, (name, stream)
        if not store.sessions.exists(name):
            store.sessions.add(session(name))
        number, before = store.sessions.number(name), self.open_chunk.get(key)
        data = "".join(f"{one}\n" for one in told).encode()
        more, pieces = len(told), [(at, len(data))]
        first = 1 if before is None else before.line_first + before.lines
        if before and grow:
            old = before
            chunk = old._replace(lines=old.lines + more, data=old.data + data, pieces=[*old.pieces, *pieces])
        else:
            chunk = Chunk(stream, before.number + 1 if before else 0, first, more, data, pieces)
        with store.transaction():
            store.output.write(number, [chunk])
            shown = [text for _, text in split(data, first)]
            store.output.index(number, stream, first, first + len(told) - 1, "\n".join(shown))
            store.sessions.grow(number, lines=store.sessions.get(name).lines + len(told), output_bytes=len(data))
        self.open_chunk[key] = chunk
        whose = store.sessions.get(name).agent
        known = self.lines.setdefault(key, [])
        known += [Printed(name, STREAMS[stream], first + n, at, one, whose) for n, one in enumerate(shown)]

    @rule(into=life.name, other=life.name)
    def merge(self, into: str, other: str) -> None:
        sessions = self.store.sessions
        if into == other or not (sessions.exists(into) and sessions.exists(other)):
            return
        self.store.merging.merge(into, other)
        self.kept = {n: (into if one[0] == other else one[0], *one[1:]) for n, one in self.kept.items()}
        whose = sessions.get(into).agent
        for stream in (0, 1):
            lines, chunk = self.lines.pop((other, stream), None), self.open_chunk.pop((other, stream), None)
            if lines and chunk and (into, stream) not in self.lines:
                self.lines[into, stream] = [one._replace(session=into, whose=whose) for one in lines]
                self.open_chunk[into, stream] = chunk

    @rule(name=life.name)
    def delete(self, name: str) -> None:
        self.store.deleting.delete(self.store.deleting.plan([name]))
        self.kept = {number: one for number, one in self.kept.items() if one[0] != name}
        for key in [key for key in self.lines if key[0] == name]:
            del self.lines[key], self.open_chunk[key]

    @rule(name=life.name, found=life.findings, code=st.lists(life.line.filter(bool), max_size=2))
    def extract(self, name: str, found: Sequence[Any], code: Sequence[str]) -> None:
        """Other rules over what it printed."""
        if not self.store.sessions.exists(name):
            return
        found = [
            extraction(name, source="wrapper", pattern=one.pattern, matched_value=one.matched_value, at=one.at)
            for one in found
        ]
        before = {row.id for row in stored(self.store)}
        self.store.extractions.replace(name, found, [CodeBlock("codex", name, one, at=AT) for one in code])
        after = {row.id: row for row in stored(self.store)}
        gone = {number for number, one in self.kept.items() if one[1] and one[0] == name and number not in after}
        self.kept = {number: one for number, one in self.kept.items() if number not in gone}
        self.kept |= {number: (name, row.pattern, row.at) for number, row in after.items() if number not in before}
        kept = [row for row in after.values() if row.session == name and row.pattern and row.source == "wrapper"]
        wanted = Counter((one.pattern, one.matched_value) for one in found)
        assert Counter((row.pattern, row.said) for row in kept) == wanted

    @rule(outcome=st.sampled_from(["correct", "wrong"]), which=st.integers(0))
    def judge(self, outcome: str, which: int) -> None:
        known = stored(self.store)
        if known:
            number = known[which % len(known)].id
            self.store.feedback.add(number, outcome)
            self.feedbacks[number] += 1

    @rule(name=life.name, code=st.sampled_from([0, 1]), at=life.at)
    def end(self, name: str, code: int, at: int) -> None:
        if self.store.sessions.exists(name):
            self.store.sessions.complete(name, code, at=at)

    @rule(name=life.name, agent=st.sampled_from(["codex", "claude"]))
    def rename(self, name: str, agent: str) -> None:
        """Its agent turns out to be another."""
        if self.store.sessions.exists(name):
            self.store.merging.rename(name, agent)
            for key, lines in self.lines.items():
                self.lines[key] = [one._replace(whose=agent) if one.session == name else one for one in lines]

    @rule(agent=st.sampled_from(["codex", "claude"]), value=life.line, expect=st.sampled_from([None, 0, 1]))
    def remember(self, agent: str, value: str, expect: int | None) -> None:
        versions = self.memories.setdefault(agent, [])
        if expect is None or expect == len(versions):
            self.store.memory.set(agent, {"said": value}, expect=expect)
            versions.append(value)

    @rule(count=st.integers(1, 3))
    def audit(self, count: int) -> None:
        for _ in range(count):
            self.store.audit.add("codex", "look", "completed")
        self.store.receipts.add(f"run-{self.audited}", "codex", "validation", "passed")
        self.audited += count

    @rule(all=st.booleans())
    def clean(self, all: bool) -> None:
        """Old receipts and audit entries go."""
        there = len(self.store.receipts.list(limit=None)), len(self.store.audit.list(limit=None))
        gone = self.store.clean(LATER if all else AT // 2)
        assert (gone.receipts, gone.audit_log) == (there if all else (0, 0))
        self.store.vacuum()

    @rule()
    def settle(self) -> None:
        with self.store.transaction():
            self.store._writer.settle()

    @rule()
    def seal(self) -> None:
        seal_quiet(self.store, quiet=FOR_EVER)
        report = self.store.ledger.verify()
        assert report.sound and report.waiting is None, report

    @rule(batch=life.events, cut=st.booleans())
    def die(self, batch: Sequence[Any], cut: bool) -> None:
        """What lies on the disk at any moment is what was committed last; it goes on from there."""

        def copied(folder: Path) -> Store:
            for file in Path(self.store.path).parent.iterdir():
                if not file.name.endswith("-shm"):
                    shutil.copy(file, folder)
            return opened(folder)

        before = stored(self.store)
        with pytest.raises(ZeroDivisionError), self.store.transaction():
            if cut:
                self.store.events.add_many(batch)
            other = self.open(copied)
            raise ZeroDivisionError
        self.store.close()
        self.store = other
        assert stored(self.store) == before

    @rule()
    def back_up(self) -> None:
        """A copy by SQLite's own means, which is used from then on."""

        def saved(folder: Path) -> Store:
            to, others = apsw.Connection(str(folder / "tachograph.db")), shutil.ignore_patterns("tachograph.db*")
            with to, to.backup("main", self.store._connection, "main") as copying:
                copying.step()
            shutil.copytree(Path(self.store.path).parent, folder, dirs_exist_ok=True, ignore=others)
            return opened(folder)

        other = self.open(saved)
        self.store.close()
        self.store = other

    # what must hold -------------------------------------------------------------------------------------------------

    @invariant()
    def adds_up(self) -> None:
        assert recount(self.store) == []
        assert self.store.ledger.verify().sound

    @invariant()
    def nothing_is_lost(self) -> None:
        found = {row.id: row for row in stored(self.store)}
        for number, (name, pattern, at) in self.kept.items():
            assert (found[number].session, found[number].pattern, found[number].at) == (name, pattern, at)
        for one in self.store.sessions.list(limit=None):
            number = self.store.sessions.number(one.id)
            assert self.numbers.setdefault(number, one.id) == one.id, "a number is that of one session alone"
        for (name, stream), lines in self.lines.items():
            shown = [(one.number, one.text, one.at) for one in self.store.output.lines(name, stream=STREAMS[stream])]
            assert shown == [(one.number, one.text, one.at) for one in lines]
        for agent, versions in self.memories.items():
            known = self.store.memory.history(agent) if versions else []
            assert [one.memory_json for one in reversed(known)] == [f'{{"said":"{one}"}}' for one in versions]

    @invariant()
    def feedback_goes_with_its_event(self) -> None:
        found = {row.id: row for row in stored(self.store)}
        self.feedbacks = Counter({number: count for number, count in self.feedbacks.items() if number in found})
        assert Counter(one.event_id for one in self.store.feedback.list()) == self.feedbacks
        of_sessions = Counter({one.id: one.feedbacks for one in self.store.sessions.list(limit=None)})
        assert +of_sessions == Counter(found[number].session for number in self.feedbacks.elements())

    # what is asked --------------------------------------------------------------------------------------------------

    @rule(
        wanted=chosen(
            session=life.name, type=st.sampled_from(["error", "marker", "prompt"]), agent=life.agent,
            status=st.sampled_from(["ok", "error"]),
        ), ascending=st.booleans(), limit=limit,
    )  # fmt: skip
    def list_events(self, wanted: dict[str, Any], ascending: bool, limit: int) -> None:
        found = [row for row in stored(self.store) if fits(row, wanted)]
        self.is_list(self.store.events, found, wanted, ascending, limit)

    @rule(
        wanted=chosen(
            session=life.name, type=st.sampled_from(["error", "warning"]), agent=life.agent, pattern=st.just("own"),
            risk=st.just("high"),
        ), ascending=st.booleans(), limit=limit,
    )  # fmt: skip
    def list_findings(self, wanted: dict[str, Any], ascending: bool, limit: int) -> None:
        found = [row for row in stored(self.store) if row.pattern and fits(row, wanted)]
        self.is_list(self.store.extractions, found, wanted, ascending, limit)
        wanted = {name: value for name, value in wanted.items() if name not in ("type", "pattern", "risk")}
        counted = Counter[tuple[str, str]]()
        for kind, count in self.store.extractions.by_kind(**wanted).items():
            counted[kind.event_type, kind.pattern] += count
        found = [row for row in stored(self.store) if row.pattern and fits(row, wanted)]
        assert counted == Counter((row.type, row.pattern) for row in found)

    def is_list(self, part: Any, found: list[Any], wanted: dict[str, Any], ascending: bool, limit: int) -> None:
        """A part lists exactly these, in order, at once and by pages."""
        name = wanted["session"]
        found.sort(key=lambda row: row.seq if name else (row.at, row.id), reverse=not ascending)
        ids = [row.id for row in found]
        assert [one.id for one in part.list(**wanted, ascending=ascending, limit=None)] == ids
        assert part.total(**wanted) in (None, len(ids))
        paged, past = list[int](), None
        while page := part.list(**wanted, ascending=ascending, limit=limit, past=past):
            paged += [one.id for one in page]
            past = part.place(page[-1], name)
        assert paged == ids

    @rule(
        sort=st.sampled_from(["newest", "events", "failures", "cost", "duration"]), limit=limit,
        wanted=st.fixed_dictionaries(
            {
                "status": maybe(st.sampled_from(["running", "failed"])), "agent": maybe(life.agent),
                "active": maybe(st.booleans()), "failing": maybe(st.booleans()),
            }
        ),
    )  # fmt: skip
    def list_sessions(self, sort: str, limit: int, wanted: dict[str, Any]) -> None:
        sessions = self.store.sessions
        found = [one for one in sessions.list(limit=None) if _is(one, **wanted)]
        found.sort(key=lambda one: (_order(one)[sort], sessions.number(one.id)), reverse=True)
        assert sessions.total(**wanted) == len(found)
        facets = sessions.facets(**wanted)
        assert (facets.total, facets.events) == (len(found), sum(one.events for one in found))
        failures = [_order(one)["failures"] for one in found]
        assert (facets.failures, facets.failing) == (sum(failures), sum(count > 0 for count in failures))
        paged, past = list[str](), None
        while page := sessions.list(**wanted, sort=sort, limit=limit, past=past):
            paged += [one.id for one in page]
            past = sessions.place(page[-1], sort)
        assert paged == [one.id for one in found]

    @rule(
        typed=life.typed, few=st.sampled_from([0, 4000]),
        wanted=chosen(session=life.name, agent=life.agent, type=st.sampled_from(["error", "marker", "output"])),
    )  # fmt: skip
    def search(self, typed: str, few: int, wanted: dict[str, Any]) -> None:
        with pytest.MonkeyPatch.context() as patch:  # every way must find the same
            patch.setattr(passages, "_SORTED", few)
            patch.setattr(searching, "_FEW", few)
            found = self.store.search(typed, **wanted, limit=100_000, context=0)
        assert not found.truncated
        terms, of_type = parse(typed).terms, wanted["type"]
        spoken, printed = stored(self.store), [one for many in self.lines.values() for one in many]
        if of_type in (None, "output"):
            asked = {**wanted, "type": None} if any(not term.negated for term in terms) else {"session": "none"}
            said = [row for row in spoken if row.type != "state" and not (row.pattern and row.source in _OTHERS)]
            spoken = [row for row in said if of_type is None and fits(row, asked, of="whose")]
            printed = [one for one in printed if fits(one, asked, of="whose")]
        else:
            spoken, printed = [row for row in spoken if fits(row, wanted)], []
        events = Counter(hit.event_id for hit in found.hits if hit.kind == "event")
        assert events == Counter(row.id for row in spoken if says(row.said, terms))
        lines = Counter((hit.session_id, hit.stream, hit.line_number) for hit in found.hits if hit.kind == "output")
        expected = [one for one in printed if marks(one.text, terms) is not None]
        assert lines == Counter((one.session, one.stream, one.number) for one in expected)


def _is(one: Session, status: str | None, agent: str | None, active: bool | None, failing: bool | None) -> bool:
    fit = status in (None, one.status) and (agent is None or fnmatchcase(one.agent, agent))
    return fit and active in (None, one.ended_at is None) and failing in (None, _order(one)["failures"] > 0)


def _order(one: Session) -> dict[str, Any]:
    """What a session is sorted by."""
    return {
        "newest": one.started_at,
        "events": one.events,
        "failures": one.tool_errors if one.tool_calls else one.errors,
        "cost": -1 if one.cost_usd is None else one.cost_usd,
        "duration": -1 if one.ended_at is None else one.ended_at - one.started_at,
    }


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=15, stateful_step_count=20)
