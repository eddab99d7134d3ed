"""The only room that speaks SQL.

`Store` joins the parts below over one connection: sessions, events, extractions, code blocks, output, search. It is
opened by `ingest.opening.open_store` (public name `tachograph.open`), which hands in how bytes become lines: another
room's business, as is masking secrets. What is added here is stored as it is given; every door masks first.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tachograph.records import Event
from tachograph.store import connection as gate
from tachograph.store import queries
from tachograph.store.trouble import translated
from tachograph.store.writer import Writer

if TYPE_CHECKING:  # imported when they are used: by one command, few of them
    from tachograph.store import cleaning, room
    from tachograph.store.analytics import Analytics
    from tachograph.store.arrivals import Arrivals
    from tachograph.store.audit import Audit
    from tachograph.store.calls import Calls
    from tachograph.store.code_blocks import CodeBlocks
    from tachograph.store.collisions import Collisions
    from tachograph.store.commands import Commands
    from tachograph.store.deleting import Deleting
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
    from tachograph.store.redacting import Redacting
    from tachograph.store.restoring import Restoring
    from tachograph.store.rhythm import Rhythm
    from tachograph.store.seals import Seals
    from tachograph.store.search import Search
    from tachograph.store.sending import Sending
    from tachograph.store.sessions import Sessions
    from tachograph.store.slo import Slo
    from tachograph.store.sources import Sources
    from tachograph.store.stages import Stages
    from tachograph.store.steps import Steps
    from tachograph.store.tellers import Tellers
    from tachograph.store.together import Together
    from tachograph.store.touches import Touches
    from tachograph.store.turns import Turns
    from tachograph.store.usage import Usages
    from tachograph.store.vocabulary import Vocabulary
    from tachograph.store.whole import Whole
    from tachograph.store.workflows import Workflows

__all__ = ["Store"]

# What a part is made of, beside the writer.
_NEEDS = {
    "arrivals": ("events",),
    "output": ("sessions", "_split"),
    "moments": ("sessions",),
    "drawing": ("sessions",),
    "search": ("sessions", "output"),
    "findings": ("code_blocks",),
    "tellers": ("usage",),
    "steps": ("usage", "output", "tellers"),
    "merging": ("usage", "steps", "tellers", "ledger"),
    "calls": ("events",),
    "turns": ("events",),
    "files": ("turns",),
    "seals": ("ledger",),
    "audit": ("ledger",),
    "receipts": ("ledger",),
    "workflows": ("ledger",),
    "touches": ("steps",),
    "collisions": ("ledger", "workflows"),
    "memory": ("ledger", "collisions"),
    "sending": ("events", "turns"),
    "vocabulary": ("audit",),
    "stages": ("ledger", "receipts"),
    "slo": ("ledger", "stages"),
    "deleting": ("ledger", "histories", "audit"),
    "whole": ("sessions", "events"),
    "redacting": ("output", "histories", "ledger"),
    "restoring": ("sessions", "output", "code_blocks"),
}


def load_all() -> None:
    """Import every part and read every query now: what runs for weeks stays as it was begun, also when another version
    is installed meanwhile."""
    for _, name, _ in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(name)
    queries.load_all()


class Store:
    """One database file. Made with 0600 when it does not exist; close it, or use it in a `with`.

    Not for two threads at once: open one each, SQLite keeps them apart.
    """

    sessions: Sessions
    events: Events
    arrivals: Arrivals
    extractions: Extractions
    code_blocks: CodeBlocks
    feedback: Feedbacks
    output: Output
    moments: Moments
    drawing: Drawing
    search: Search
    sources: Sources
    usage: Usages
    findings: Findings
    tellers: Tellers
    steps: Steps
    ledger: Ledger
    merging: Merging
    deleting: Deleting
    histories: Histories
    calls: Calls
    keeping: Keeping
    families: Families
    commands: Commands
    turns: Turns
    files: Files
    seals: Seals
    audit: Audit
    receipts: Receipts
    workflows: Workflows
    touches: Touches
    collisions: Collisions
    memory: MemoryStore
    analytics: Analytics
    measures: Measures
    sending: Sending
    vocabulary: Vocabulary
    stages: Stages
    slo: Slo
    whole: Whole
    restoring: Restoring
    redacting: Redacting
    recall: Recall
    together: Together
    rhythm: Rhythm

    def __init__(self, path: str, *, split: Split, readonly: bool = False) -> None:
        """`split(raw bytes, first line number)` gives readable lines."""
        self.path = path
        self._split = split
        self._connection = gate.open_reader(path) if readonly else gate.open_database(path)
        self._writer = Writer(self._connection, path)
        self.transaction = self._writer.transaction

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A part, which is in the module of its name: made when it is first asked for."""
            kind = Store.__annotations__.get(name)
            if kind is None:
                raise AttributeError(f"a store has no {name!r}")
            made = getattr(importlib.import_module(f"{__name__}.{name}"), kind)
            part = made(self._writer, *(getattr(self, other) for other in _NEEDS.get(name, ())))
            setattr(self, name, part)
            return part

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
        from tachograph.store import statistics

        return statistics.totals(self._writer)

    def stats_by(self, key: str, **filters: Any) -> list[dict[str, object]]:
        """Counted by agent, day, type, pattern or command; see `statistics.by`."""
        from tachograph.store import statistics

        return statistics.by(self._writer, key, **filters)

    def sql(
        self, sql: str, values: tuple[object, ...] = (), *, timeout_ms: int = 5000, rows_max: int = 10_000
    ) -> Table:
        """One reading statement over the public views; bounded in time and rows."""
        from tachograph.store import door

        return door.query(self.path, sql, values, timeout_ms=timeout_ms, rows_max=rows_max)

    def info(self) -> dict[str, object]:
        """The file: sizes, versions, pragmas."""
        from tachograph.store import statistics

        return statistics.info(self._writer)

    def room(self) -> list[room.Part]:
        """What takes the room of the file; every page of it is looked at."""
        from tachograph.store import room

        return room.room(self._writer)

    def check(self, *, quick: bool = False) -> list[str]:
        """Problems of the file in words; empty when it is sound."""
        from tachograph.store import statistics

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
        from tachograph.store import dumping

        return dumping.rows(self._writer, table)

    def clean(self, before: int, *, dry_run: bool = False) -> cleaning.Cleaned:
        """Remove receipts and audit entries of before that time (ns), with all that hangs on them; or count them."""
        from tachograph.store import cleaning

        if dry_run:
            return cleaning.counted(self._writer, before)
        return cleaning.clean(self._writer, self.ledger, self.audit, before)

    def copy(self, folder: str) -> str:
        """Copy everything into a new folder, as of one moment, while others write; returns the path of the database
        there. Raises Refused when the folder is there.
        """
        from tachograph.store import copying

        return copying.copy(self._connection, self.path, folder)

    def vacuum(self) -> None:
        """Give free pages back to the disk and shorten the write-ahead log: of what was removed, its words in the index
        and its secrets beside it too, nothing is left that could be read. Needs room for a copy meanwhile."""
        gate.vacuum(self._connection, self.path)
        self.histories.vault.vacuum()

    def close(self) -> None:
        """Closing twice does no harm."""
        if "histories" in vars(self):
            self.histories.vault.close()
        with translated(self.path):
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
