"""A text is found wherever the store holds it, and written over where it lies: nothing moves, nothing gets shorter.

In portions, each a transaction after which the store is sound: who is interrupted runs it again. What a portion is to
change is looked up inside it, so whoever writes meanwhile loses nothing. What was sealed is sealed anew, as a change on
purpose. What is left in free pages and in the index goes with `Store.vacuum`.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import apsw
import zstandard

from tachograph.errors import Refused, StoreDamaged
from tachograph.store import queries, redacting_ledger, reindexing, text_columns
from tachograph.store.arguments import stored, whole
from tachograph.store.code_blocks import digest_of
from tachograph.store.filters import numbers
from tachograph.store.histories import Histories
from tachograph.store.ledger import Ledger
from tachograph.store.output import TOOL_STREAM, Output
from tachograph.store.packing import unpack
from tachograph.store.redacting_archive import Archive, Sought
from tachograph.store.tellings import digest_of as output_digest
from tachograph.store.text_columns import Texts
from tachograph.store.writer import Writer

_sql = queries.load("redacting")
_AT_ONCE = 500  # rows in one transaction, so that recorders wait for moments only
COMMON = 1000  # events with the text: more than these and than a tenth of all, and it is no secret
_EVENTS = ("_events", "_steps")
_CHECKING = (apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, apsw.SQLITE_DBCONFIG_ENABLE_FKEY)
_JSON = ("arguments", "collision_history")  # besides the columns whose names say so


class Found(NamedTuple):
    """Where a text stands."""

    places: Counter[tuple[int | None, str]]  # (row number of a session, what holds it) → how often
    rows: dict[str, list[int]]  # by table; none of a table whose rows have no numbers
    streams: list[tuple[int, int]]  # session and stream of output
    histories: list[int]
    nobodys: list[int]  # parts of the archive that no history has any more
    refusal: str  # why it must not be written over; "" when nothing stands against it

    @property
    def total(self) -> int:
        return sum(self.places.values())


class Redacting:
    """`store.redacting`"""

    def __init__(self, writer: Writer, output: Output, histories: Histories, ledger: Ledger) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._output = output
        self._vault = histories.vault
        self._archive = Archive(self._connection, histories.vault)
        self._ledger = ledger
        self._compress = zstandard.ZstdCompressor(level=3).compress

    def find(self, sought: Sought, *, breaks: Any = None) -> Found:
        """Look everywhere. `breaks(old, new)` says whether JSON would be none any more. Raises StoreDamaged."""
        found = Found(Counter(), {}, [], [], [], "")
        for table in text_columns.all(self._connection):
            found = self._find_rows(table, sought, found, breaks)
        self._find_output(sought, found)
        histories = self._archive.all()
        for kept in histories:
            if hits := sum(part.hits for part in self._archive.parts(kept, sought)):
                found.places[kept.session, "archive"] += hits
                found.histories.append(kept.id)
                if breaks and breaks(*self._archive.whole(kept, sought)):
                    found = found._replace(refusal=found.refusal or _breaks("the archive"))
        for row in self._archive.nobodys():
            if hits := self._archive.nobodys_hits(row, sought):
                found.places[None, "archive"] += hits
                found.nobodys.append(row)
        seen = {(kept.id, kept.edition) for kept in histories}  # with what was masked in them
        for history, edition, _, original in self._vault.all():
            if (history, edition) not in seen and (hits := sought.hits(original)):
                found.places[None, "vault"] += hits
        events = len({row for name in _EVENTS for row in found.rows.get(name, ())})
        if events > max(COMMON, self._connection.execute(_sql.events).get / 10):
            found = found._replace(refusal=f"it stands in {events:,} events: that is no secret, it is a common word")
        return found

    def names(self, found: Found) -> dict[int, str]:
        """The ids of the sessions in which it stands, by row number."""
        sessions = numbers({session for session, _ in found.places if session is not None})
        return dict(self._connection.execute(_sql.names.format(numbers=sessions)))

    def refuse(self, found: Found) -> None:
        """Raises Refused where it must not be written over."""
        if found.refusal:
            raise Refused(f"nothing was changed: {found.refusal}", "give more of the secret, or nothing but it")

    def write_over(self, sought: Sought, found: Found) -> None:
        """Do it. Raises Refused, StoreError; what was done until then stays done."""
        self.refuse(found)
        for history in found.histories:
            with self._writer.transaction():
                self._archive.write_over(history, sought)
        for row in found.nobodys:
            with self._writer.transaction(), contextlib.suppress(StoreDamaged):  # it may have gone with its stream
                self._archive.write_over_nobodys(row, sought)
        with self._writer.transaction():
            for history, edition, offset, original in self._vault.all():
                if sought.hits(original):
                    self._vault.change(history, edition, offset, sought.unsaid(original))
        for session, stream in found.streams:
            with self._writer.transaction():
                self._write_over_output(session, stream, sought)
        self._write_over_rows(sought, found)
        self._writer.kinds.forget()

    # Looking

    def _find_rows(self, table: Texts, sought: Sought, found: Found, breaks: Any) -> Found:
        broken: list[str] = []
        as_json = [name.endswith("_json") or name in _JSON for name in table.columns]

        def hits(*values: bytes | None) -> int:
            if not sought.maybe(b"\0".join([value for value in values if value])):
                return 0
            counted = [sought.hits(value) if value else 0 for value in values]
            if breaks:
                for value, count, json in zip(values, counted, as_json, strict=True):
                    if value and count and json and breaks(value, sought.unsaid(value)):
                        broken.append(table.name)
            return sum(counted)

        rows: list[int] = []
        with self._knowing(hits=hits, unpacked=unpack):
            sql = _sql.found.format(**table._asdict())
            for key, session, count in self._connection.execute(sql):
                if table.own:
                    refusal = "it is part of a word that everything is sorted by: of an agent, a rule, a state"
                    return found._replace(refusal=refusal)
                found.places[session, table.name] += count
                rows += [] if key is None else [key]
                found.rows[table.table] = rows
        return found._replace(refusal=found.refusal or _breaks(broken[0])) if broken else found

    def _find_output(self, sought: Sought, found: Found) -> None:
        for session, stream in self._connection.execute(_sql.streams).fetchall():
            chunks = (unpack(data) for _, _, _, data in self._chunks(session, stream))
            hits = sum(part.hits for part in sought.parts(chunks))
            if hits:
                found.places[session, "output"] += hits
                found.streams.append((session, stream))

    def _chunks(self, session: int, stream: int) -> Iterator[Any]:
        """(id, first line, lines, packed bytes) of each; no statement stays open between two."""
        for (row,) in self._connection.execute(_sql.chunks, (session, stream)).fetchall():
            chunk = self._connection.execute(_sql.chunk, (row,)).fetchone()
            if chunk is not None:
                yield chunk

    # Writing over; each inside a transaction

    def _write_over_output(self, session: int, stream: int, sought: Sought) -> None:
        chunks = list(self._chunks(session, stream))
        spans = []
        for (row, first, lines, _), part in zip(chunks, sought.parts(unpack(one[3]) for one in chunks), strict=True):
            if part.new is not part.old:
                self._connection.execute(_sql.change_chunk, (self._compress(part.new), row))
                spans.append((first, first + lines))
        if not spans:
            return
        self._writer.touch(session)
        self._writer.changes.session(session)
        reindexing.lines(self._writer, self._output, session, stream, spans)
        if stream == TOOL_STREAM:
            for event, first, lines, size in self._connection.execute(_sql.tool_outputs, (session,)).fetchall():
                if any(first <= end and begin <= first + lines for begin, end in spans):
                    text = self._output.raw(session, stream, first, size)
                    self._connection.execute(_sql.change_tool_output, (output_digest(text), event))

    def _write_over_rows(self, sought: Sought, found: Found) -> None:
        tables = {one.table: one for one in text_columns.all(self._connection)}
        with self._knowing(hits=lambda *values: sum(map(sought.hits, filter(None, values))), unsaid=sought.unsaid,
                           unpacked=unpack):  # fmt: skip
            events = sorted({row for name in _EVENTS for row in found.rows.get(name, ())})
            for portion in _portions(events):
                with self._writer.transaction():
                    self._write_over_events(portion, sought, [tables[name] for name in _EVENTS])
            for name in found.rows.keys() - set(_EVENTS):
                if tables[name].public:
                    continue
                for portion in _portions(found.rows[name]) or [[]]:
                    with self._writer.transaction():
                        self._update(tables[name], portion)
                        self._followed_up(name, portion)
            with self._writer.transaction():
                for name in sorted(found.rows):
                    if tables[name].public:
                        update = partial(self._update, tables[name])
                        redacting_ledger.write_over(self._writer, self._ledger, name, found.rows[name], sought, update)

    def _update(self, table: Texts, rows: Sequence[int]) -> None:
        sql = _sql.update_keyless if table.key == "NULL" else _sql.update
        self._connection.execute(sql.format(**table._asdict(), numbers=numbers(rows)))

    def _write_over_events(self, events: Sequence[int], sought: Sought, tables: Sequence[Texts]) -> None:
        part = numbers(events)
        for event, *given in self._connection.execute(_sql.arguments.format(numbers=part)).fetchall():
            with contextlib.suppress(StoreDamaged):  # what cannot be put together is written over as it is
                self._write_over_arguments(event, given, sought)
        for table in tables:
            self._update(table, events)
        places: defaultdict[int, list[int]] = defaultdict(list)
        for event, session, seq in self._connection.execute(_sql.places.format(numbers=part)).fetchall():
            places[session].append(seq)
            self._writer.changes.event(event)
        for session, changed in places.items():
            self._writer.touch(session)
            reindexing.events(self._writer, session, changed)

    def _write_over_arguments(self, event: int, given: Sequence[Any], sought: Sought) -> None:
        """What a call was given is put together, written over, and divided again: its long texts were cut anywhere."""
        metadata, packed = stored(*(redacting_ledger.without(value, sought) for value in (whole(*given), given[1])))
        self._connection.execute(_sql.change_metadata, (metadata, event))
        self._connection.execute(_sql.change_arguments, (packed, event))

    def _followed_up(self, table: str, rows: Sequence[int]) -> None:
        """What else changes with the rows of a table."""
        for row in rows:
            if table == "_sessions":
                self._writer.touch(row)
                self._writer.changes.session(row)
            elif table == "_code_blocks":
                content = self._connection.execute(_sql.content_of_block, (row,)).get
                digest = digest_of(content)
                same = self._connection.execute(_sql.same_block, (digest, row)).get
                if same is None:
                    self._connection.execute(_sql.change_block, (digest, row))
                else:
                    self._connection.execute(_sql.move_sightings, (same, row))
                    self._connection.execute(_sql.drop_block, (row,))

    @contextlib.contextmanager
    def _knowing(self, **functions: Any) -> Iterator[None]:
        """These are functions of SQL. No trigger makes a version of a memory of what is written over; names and those
        who name them change alike, so there is nothing to check."""
        for name, function in functions.items():
            self._connection.create_scalar_function(name, function, deterministic=True)
        for checking in _CHECKING:
            self._connection.config(checking, 0)
        try:
            yield
        finally:
            for checking in _CHECKING:
                self._connection.config(checking, 1)
            for name in functions:
                self._connection.create_scalar_function(name, None)


def _breaks(where: str) -> str:
    return f"written over, it would leave no JSON in {where}: quotation marks or names around it may be too much"


def _portions(rows: Sequence[int]) -> list[Sequence[int]]:
    return [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
