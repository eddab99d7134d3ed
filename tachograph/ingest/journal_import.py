"""One journal on its way into the store. A step reads some records and commits rows and position together.

The position may lie before records that were applied already, because an unfinished line waits in the journal; the
sequence numbers of what was applied tell them apart after a restart.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from tachograph import clock
from tachograph.analyse.commands import category
from tachograph.extract.redact import redact, redact_text
from tachograph.extract.rules import Rules
from tachograph.ingest import objectives, receipts
from tachograph.ingest.collisions import Watch
from tachograph.ingest.evidence import Evidence, collect
from tachograph.ingest.findings import as_records
from tachograph.ingest.header import TMUX, agent_of, git_of, session_of, status_of
from tachograph.ingest.stream import INPUT, Step, Stream
from tachograph.ingest.told_session import adopt
from tachograph.journal import frame
from tachograph.journal.reader import Record, read
from tachograph.readers.values import whole
from tachograph.records import Event, Session, StateChange
from tachograph.store import Store
from tachograph.store.output import STREAMS
from tachograph.store.settling import RECORDED

STEP_BYTES = 1 << 20
GLIMPSE_AFTER = 300_000_000  # ns of silence before an unfinished line is shown as it is

_ENDS = {"completed", "failed", "killed"}
_STREAM = {frame.OUTPUT: 0, frame.ERROR: 1, frame.INPUT: 2}


class JournalImport:
    """Build one for a journal file; call `step` until it says nothing is left; drop it after any error."""

    def __init__(self, store: Store, rules: Rules, path: str, fingerprint: str) -> None:
        self._store = store
        self._rules = rules
        self.path = path
        self._name = os.path.basename(path)
        self._source = store.sources.get(self._name, fingerprint)
        self.done = self._source.done
        state = self._source.state
        self._offset, self._sequence = self._source.offset, self._source.sequence
        self._applied: int = state.get("applied", 0)
        self._waiting: dict[str, list[int]] = state.get("waiting", {})
        self._states: dict[str, dict[str, Any]] = state.get("streams", {})
        self._session_id: str = state.get("session_id", "")
        self._last_at: int = state.get("last_at", 0)
        self._ended: bool = state.get("ended", False)
        self._over = False  # this step has told its end
        self._row = self._source.session
        self._asked: bool = state.get("asked", False)
        self._by: str = state.get("by", RECORDED)  # who tells what happened around the bytes
        self._signs: list[int] = []  # of life, in what is being applied
        self._bytes = 0
        self._places: list[tuple[int, int, int, int]] = []  # (stream, sequence, offset, bytes) of what may be pending
        self._streams: dict[int, Stream] = {}
        for number in self._states:
            self._stream(int(number))
        self._heard = clock.monotonic()
        self._glimpsed = True

    def step(self, *, finished: bool) -> bool:
        """Import up to STEP_BYTES. True when something was read. Raises StoreError; then drop this object."""
        batch = read(self.path, self._offset, self._sequence, STEP_BYTES, finished=finished)
        ending = finished and batch.done
        if not batch.records and not batch.damage and not (ending and not self.done):
            return False
        seen = self._look_around(batch.records)  # before anybody waits for this transaction
        with self._store.transaction():
            self._apply(batch.records)
            self._tell_company()
            for damage in batch.damage:
                self._damaged(damage.offset, damage.length, damage.reason, damage.bytes)
            self._offset, self._sequence = batch.offset, batch.sequence
            if ending:
                self._finish()
            self._save()
            if self._over:
                self._prove(seen)
        self._heard = clock.monotonic()
        self._glimpsed = False
        return True

    def _look_around(self, records: list[Record]) -> Evidence:
        """What the command has left in its project, when these records tell that it has ended."""
        end = next((r for r in records if r.kind == frame.END and r.sequence > self._applied), None)
        header = next((r for r in records if r.kind == frame.HEADER), None)
        if end is None or (header is None and not self._session_id):
            return Evidence(None, missing="its recorder was killed")
        if self._session_id:
            session = self._store.sessions.get(self._session_id)
        else:
            assert header is not None
            session = session_of(_object(header.body), self._name, self._name, header.at, "")
        root, git = receipts.project_of(session)
        return collect(
            root, git, session.started_at, end.at, os.path.dirname(self._store.path), receipts.stdin_of(session)
        )

    def _prove(self, seen: Evidence) -> None:
        """It is over: sealed, with its receipt, in the transaction that stores its end."""
        assert self._row is not None
        self._over = False
        verdicts = objectives.session_ended(self._store, self._session_id)
        content = self._store.seals.content(self._row)
        receipts.renew(self._store, self._store.sessions.get(self._session_id), content, seen, verdicts)
        self._store.seals.seal_now(self._row, content)

    def glimpse(self) -> None:
        """Show unfinished lines of a session that has gone quiet."""
        if self._glimpsed or self.done or clock.monotonic() - self._heard < GLIMPSE_AFTER:
            return
        self._glimpsed = True
        waiting = [stream for stream in self._streams.values() if stream.pending]
        if not waiting:
            return
        with self._store.transaction():
            for stream in waiting:
                step = stream.glimpse()
                self._write(stream, step)
                if step.found and self._by == RECORDED:
                    self._add_state("waiting", self._last_at, metadata={"line": step.found[0][0].line_number})
                    self._asked = True
            self._save()

    def _apply(self, records: list[Record]) -> None:
        """Records in order; bytes of a stream are gathered until something else comes."""
        gathered: dict[int, list[tuple[int, bytes]]] = {}
        for record in records:
            if record.kind in _STREAM:
                number = _STREAM[record.kind]
                data = self._unseen(number, record)
                if data:
                    gathered.setdefault(number, []).append((record.at, data))
                    self._places.append((number, record.sequence, record.offset, len(record.body)))
            elif record.sequence > self._applied:
                self._flush(gathered)
                self._other(record)
            self._applied = max(self._applied, record.sequence)
            self._last_at = max(self._last_at, record.at)
        self._flush(gathered)

    def _unseen(self, number: int, record: Record) -> bytes:
        """After a restart: the part of a record that no row holds yet."""
        if record.sequence > self._applied:
            return record.body
        sequence, skip = self._waiting.get(str(number), (1 << 62, 0))
        if record.sequence < sequence:
            return b""
        return record.body[skip:] if record.sequence == sequence else record.body

    def _flush(self, gathered: dict[int, list[tuple[int, bytes]]]) -> None:
        for number, pieces in gathered.items():
            self._announce()
            if self._asked:
                self._asked = False
                self._add_state("running", pieces[0][0])
            stream = self._stream(number)
            self._write(stream, stream.feed(pieces))
        gathered.clear()

    def _stream(self, number: int) -> Stream:
        if number not in self._streams:
            assert self._row is not None
            chunk = self._store.output.last(self._row, number)
            self._streams[number] = Stream(number, self._rules, chunk, self._states.get(str(number), {}))
        return self._streams[number]

    def _write(self, stream: Stream, step: Step) -> None:
        assert self._row is not None
        self._store.output.write(self._row, step.chunks)
        for passage in step.passages:
            self._store.output.index(self._row, stream.stream, passage.first, passage.last, passage.text)
        found = [(one, at or self._last_at) for one, at in step.found]
        agent = self._store.sessions.get(self._session_id).agent if found else ""  # it may have turned out meanwhile
        extractions, blocks = as_records(
            found, session_id=self._session_id, agent=agent, stream=STREAMS[stream.stream], source=RECORDED
        )
        self._store.extractions.add_many(extractions)
        self._bytes += step.bytes if stream.stream != INPUT else 0
        for block in blocks:
            self._store.code_blocks.add(block)

    def _other(self, record: Record) -> None:
        body = _object(redact(record.body).data)
        if record.kind == frame.HEADER:
            self._begin(body, record.at)
            return
        self._announce()
        if record.kind == frame.STATE:
            self._state(body, record.at)
        elif record.kind == frame.RESIZE:
            self._add_state("resized", record.at, metadata=body)
        elif record.kind == frame.NOTE:
            by = "user" if self._by == RECORDED else self._by
            self._event("marker", record.at, content=str(body.get("text", "")), source=by)
        elif record.kind == frame.GAP:
            self._gap(body, record.at)
        elif record.kind == frame.END:
            self._end(body, record.at)

    def _begin(self, header: dict[str, object], at: int) -> None:
        wanted = str(header.get("session_id") or os.path.splitext(self._name)[0])
        self._by = TMUX if header.get("source") == TMUX else RECORDED
        self._session_id = self._free(wanted)
        session = session_of(header, self._session_id, agent_of(header, wanted), at, self._rules.version)
        self._store.sessions.add(session)
        if self._by == TMUX:
            adopt(self._store, session)
        self._row = self._store.sessions.number(self._session_id)
        self._signs.append(at)

    def _tell_company(self) -> None:
        """That it began or ended: when all that was read is applied, since one that is over by then is at work with
        nobody who came later."""
        if self._signs and self._row is not None:
            session = self._store.sessions.get(self._session_id)
            Watch(self._store).was_there(session, self._row, self._signs)
        self._signs.clear()

    def _announce(self) -> None:
        """A journal whose header was lost still is a session, named after its file."""
        if not self._session_id:
            self._begin({}, self._last_at or clock.now())

    def _free(self, wanted: str) -> str:
        name, attempt = wanted, 1
        while self._store.sessions.exists(name):
            attempt += 1
            name = f"{wanted}-{attempt}"
        return name

    def _state(self, body: dict[str, object], at: int) -> None:
        state = str(body.pop("state", "running"))
        if state in _ENDS:
            self._close_streams()
        self._add_state(state, at, whole(body.pop("exit_code", None)), body or None)

    def _add_state(
        self, state: str, at: int, exit_code: int | None = None, metadata: dict[str, object] | None = None
    ) -> None:
        self._store.sessions.add_state(StateChange(self._session_id, state, exit_code, metadata, at), self._by)

    def _gap(self, body: dict[str, object], at: int) -> None:
        lost = whole(body.get("bytes")) or 0
        reason = str(body.get("reason", "unknown"))
        self._event("gap", at, content=f"{lost} bytes were not recorded: {reason}", metadata=body, source=self._by)
        session = self._store.sessions.get(self._session_id)
        self._store.sessions.update(self._session_id, lost_bytes=session.lost_bytes + lost)

    def _end(self, body: dict[str, object], at: int) -> None:
        session = self._store.sessions.get(self._session_id)
        exit_code = whole(body.get("exit_code"))
        metadata = dict(session.metadata or {})
        metadata |= {"git": git_of(metadata, body), "cost": body.get("cost"), "signal": body.get("signal")}
        status, of_command = status_of(body)
        at = whole(body.get("ended_at")) or at  # what the recorder did after the end is not the command's time
        self._command(session, at, exit_code, of_command, body.get("took_ms"))
        self._store.sessions.update(
            self._session_id,
            ended_at=at,
            exit_code=exit_code,
            metadata=metadata,
            status=status,
        )
        self._signs.append(at)
        self._ended = self._over = True

    def _finish(self) -> None:
        """The writer is gone and everything is read."""
        self._announce()
        self._close_streams()
        if not self._ended:
            session = self._store.sessions.get(self._session_id)
            at = self._last_at or session.started_at
            self._add_state("interrupted", at, metadata={"reason": "the recorder was killed"})
            self._command(session, at, None, "interrupted")
            self._store.sessions.update(self._session_id, ended_at=at, status="interrupted")
            self._ended = self._over = True
        session = self._store.sessions.get(self._session_id)
        if session.command is not None and session.copilot_session_id is None:
            adopt(self._store, session)
        self.done = True

    def _close_streams(self) -> None:
        """Nothing more is printed: what waits for the end of a line, a traceback or a code block is complete."""
        for stream in self._streams.values():
            self._write(stream, stream.finish())

    def _command(self, session: Session, at: int, exit_code: int | None, status: str, took_ms: object = None) -> None:
        """The wrapped command itself, as one event; without `took_ms` it took as long as its recording."""
        took = took_ms if isinstance(took_ms, int | float) else (at - session.started_at) / clock.MILLISECOND
        if session.command:
            self._event(
                "command", at, command=session.command, command_category=category(session.command), exit_code=exit_code,
                duration_ms=round(took, 3), status=status, source=self._by,
            )  # fmt: skip

    def _event(self, event_type: str, at: int, **fields: Any) -> None:
        self._store.events.add(Event(self._session_id, event_type, at=at, **fields))

    def _damaged(self, offset: int, length: int, reason: str, data: bytes) -> None:
        self._store.sources.quarantine(self._source.id, offset, length, reason, redact_text(repr(data))[0].encode())
        self._announce()
        self._event(
            "gap", self._last_at or clock.now(), content=f"{length} bytes of the journal could not be read: {reason}",
            metadata={"bytes": length, "offset": offset, "reason": reason}, source=self._by,
        )  # fmt: skip
        session = self._store.sessions.get(self._session_id)
        self._store.sessions.update(self._session_id, lost_bytes=session.lost_bytes + length)

    def _save(self) -> None:
        """Position and state, in the transaction of the rows."""
        offset, sequence, waiting = self._waits_at()
        streams = {str(number): stream.state() for number, stream in self._streams.items()}
        self._states = {**self._states, **streams}
        if self._row is not None and self._streams:
            lines = sum(stream.lines for stream in self._streams.values() if stream.stream != INPUT)
            self._store.sessions.grow(self._row, lines=lines, output_bytes=self._bytes)
            self._bytes = 0
        self._store.sources.move(
            self._source.id, session=self._row, offset=offset, sequence=sequence, seen=self._offset, done=self.done,
            state={} if self.done else {
                "applied": self._applied, "waiting": waiting, "streams": self._states, "session_id": self._session_id,
                "last_at": self._last_at, "ended": self._ended, "asked": self._asked,
                "by": self._by,
            },
        )  # fmt: skip

    def _waits_at(self) -> tuple[int, int, dict[str, list[int]]]:
        """(offset, sequence before it, where each stream's unfinished line begins)."""
        waiting: dict[str, list[int]] = {}
        keep: list[tuple[int, int, int, int]] = []
        for number, stream in self._streams.items():
            left = len(stream.pending)
            for place in reversed([place for place in self._places if place[0] == number]):
                if left <= 0:
                    break
                keep.append(place)
                waiting[str(number)] = [place[1], max(0, place[3] - left)]
                left -= place[3]
        self._places = sorted(keep, key=lambda place: place[1])
        if not self._places:
            return self._offset, self._sequence, waiting
        return self._places[0][2], self._places[0][1] - 1, waiting


def _object(body: bytes) -> dict[str, object]:
    """A JSON body; one that is not an object counts as empty: its checksum was right, so it is a newer writer's."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
