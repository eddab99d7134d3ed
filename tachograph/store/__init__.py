"""The only room that speaks SQL.

`Store` joins the parts below over one connection: sessions, events, extractions, code blocks, output, search. It is
opened by `ingest.opening.open_store` (public name `tachograph.open`), which hands in how bytes become lines: another
room's business, as is masking secrets. What is added here is stored as it is given; every door masks first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from tachograph.records import Event
from tachograph.store import cleaning, door, dumping, room, statistics
from tachograph.store import connection as gate
from tachograph.store.analytics import Analytics
from tachograph.store.arrivals import Arrivals
from tachograph.store.audit import Audit
from tachograph.store.calls import Calls
from tachograph.store.code_blocks import CodeBlocks
from tachograph.store.collisions import Collisions
from tachograph.store.commands import Commands
from tachograph.store.door import Table
from tachograph.store.drawing import Drawing
from tachograph.store.events import Events
from tachograph.store.extractions import Extractions
from tachograph.store.families import Families
from tachograph.store.feedback import Feedbacks
from tachograph.store.files import Files
from tachograph.store.findings import Findings
from tachograph.store.histories import Histories
from tachograph.store.keeping import Keeping
from tachograph.store.ledger import Ledger
from tachograph.store.measures import Measures
from tachograph.store.memory import MemoryStore
from tachograph.store.merging import Merging
from tachograph.store.moments import Moments
from tachograph.store.output import Output, Split
from tachograph.store.recall import Recall
from tachograph.store.receipts import Receipts
from tachograph.store.restoring import Restoring
from tachograph.store.rhythm import Rhythm
from tachograph.store.seals import Seals
from tachograph.store.search import Hit, Results, Search
from tachograph.store.sending import Sending
from tachograph.store.sessions import Sessions
from tachograph.store.slo import Slo
from tachograph.store.sources import Sources
from tachograph.store.stages import Stages
from tachograph.store.steps import Steps
from tachograph.store.tellers import Tellers
from tachograph.store.together import Together
from tachograph.store.touches import Touches
from tachograph.store.trouble import translated
from tachograph.store.turns import Turns
from tachograph.store.usage import Usages
from tachograph.store.vocabulary import Vocabulary
from tachograph.store.whole import Whole
from tachograph.store.workflows import Workflows
from tachograph.store.writer import Writer

__all__ = ["Hit", "Results", "Store", "Table"]


class Store:
    """One database file. Made with 0600 when it does not exist; close it, or use it in a `with`.

    Not for two threads at once: open one each, SQLite keeps them apart.
    """

    def __init__(self, path: str, *, split: Split, readonly: bool = False) -> None:
        """`split(raw bytes, first line number)` gives readable lines."""
        self.path = path
        self._connection = gate.open_reader(path) if readonly else gate.open_database(path)
        self._writer = Writer(self._connection, path)
        self.transaction = self._writer.transaction
        self.sessions = Sessions(self._writer)
        self.events = Events(self._writer)
        self.arrivals = Arrivals(self._writer, self.events)
        self.extractions = Extractions(self._writer)
        self.code_blocks = CodeBlocks(self._writer)
        self.feedback = Feedbacks(self._writer)
        self.output = Output(self._writer, self.sessions, split)
        self.moments = Moments(self._writer, self.sessions)
        self.drawing = Drawing(self._writer, self.sessions)
        self.search = Search(self._writer, self.output)
        self.sources = Sources(self._writer)
        self.usage = Usages(self._writer)
        self.findings = Findings(self._writer, self.code_blocks)
        tellers = Tellers(self._writer, self.usage)
        self.steps = Steps(self._writer, self.usage, self.output, tellers)
        self.ledger = Ledger(self._writer)
        self.merging = Merging(self._writer, self.usage, self.steps, tellers, self.ledger)
        self.histories = Histories(self._writer)
        self.calls = Calls(self._writer, self.events)
        self.keeping = Keeping(self._writer)
        self.families = Families(self._writer)
        self.commands = Commands(self._writer)
        self.turns = Turns(self._writer, self.events)
        self.files = Files(self._writer, self.turns)
        self.seals = Seals(self._writer, self.ledger)
        self.audit = Audit(self._writer, self.ledger)
        self.receipts = Receipts(self._writer, self.ledger)
        self.workflows = Workflows(self._writer, self.ledger)
        self.touches = Touches(self._writer, self.steps)
        self.collisions = Collisions(self._writer, self.ledger, self.workflows)
        self.memory = MemoryStore(self._writer, self.ledger, self.collisions)
        self.analytics = Analytics(self._writer)
        self.measures = Measures(self._writer)
        self.sending = Sending(self._writer, self.events, self.turns)
        self.vocabulary = Vocabulary(self._writer, self.audit)
        self.stages = Stages(self._writer, self.ledger, self.receipts)
        self.slo = Slo(self._writer, self.ledger, self.stages)
        self.whole = Whole(self._writer, self.sessions, self.events)
        self.restoring = Restoring(self._writer, self.sessions, self.output, self.code_blocks)
        self.recall = Recall(self._writer)
        self.together = Together(self._writer)
        self.rhythm = Rhythm(self._writer)

    def timeline(
        self,
        *,
        agent: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = 1000,
    ) -> Sequence[Event]:
        """What all sessions (or those of an agent) did between two times in ns, oldest first."""
        return self.events.list(agent=agent, since=since, until=until, limit=limit)

    def agents(self) -> Sequence[str]:
        """Names of all agents that were ever recorded."""
        return self._writer.kinds.names()

    def stats(self) -> dict[str, object]:
        """Counts over everything; see `statistics.totals`."""
        return statistics.totals(self._writer)

    def stats_by(self, key: str, **filters: Any) -> list[dict[str, object]]:
        """Counted by agent, day, type, pattern or command; see `statistics.by`."""
        return statistics.by(self._writer, key, **filters)

    def sql(
        self, sql: str, values: tuple[object, ...] = (), *, timeout_ms: int = 5000, rows_max: int = 10_000
    ) -> Table:
        """One reading statement over the public views; bounded in time and rows."""
        return door.query(self.path, sql, values, timeout_ms=timeout_ms, rows_max=rows_max)

    def info(self) -> dict[str, object]:
        """The file: sizes, versions, pragmas."""
        return statistics.info(self._writer)

    def room(self) -> list[room.Part]:
        """What takes the room of the file; every page of it is looked at."""
        return room.room(self._writer)

    def check(self, *, quick: bool = False) -> list[str]:
        """Problems of the file in words; empty when it is sound."""
        return statistics.check(self._writer, quick=quick)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Everything that is read inside is read of one state of the database; nobody who writes waits for it."""
        with self._connection:
            yield

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What is read inside may take so long. Raises Refused when it takes longer."""
        with gate.within(self._connection, seconds):
            yield

    def dump(self, table: str) -> Iterator[dict[str, object]]:
        """Every row of a table of the ledger, as it is stored, oldest first."""
        return dumping.rows(self._writer, table)

    def clean(self, before: int, *, dry_run: bool = False) -> cleaning.Cleaned:
        """Remove receipts and audit entries of before that time (ns), with all that hangs on them; or count them."""
        if dry_run:
            return cleaning.counted(self._writer, before)
        return cleaning.clean(self._writer, self.ledger, self.audit, before)

    def vacuum(self) -> None:
        """Give free pages back to the disk and shorten the write-ahead log. Needs room for a copy meanwhile."""
        gate.vacuum(self._connection, self.path)

    def close(self) -> None:
        """Closing twice does no harm."""
        self.histories.vault.close()
        with translated(self.path):
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
