"""What is known of one file of an agent's history while it is imported: its parser, who tells what it says, its row in
the store. `history_documents` and `history_import` read such files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import msgspec

from tachograph.extract.rules import Rules
from tachograph.ingest.discover import keeps_until
from tachograph.ingest.history_bytes import stat_fields
from tachograph.ingest.preparing import Prepared
from tachograph.ingest.telling import Telling
from tachograph.readers import Origin
from tachograph.readers.json_lines import unknown
from tachograph.readers.registry import reader
from tachograph.records import Fact
from tachograph.store import Store
from tachograph.store.histories import History

DOCUMENT_MAX = 64 << 20  # bytes; a larger one is archived, and not read


class HistoryState:
    """Of one file; dropped after any error."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        path: str,
        module: str,
        history: History | None,
        keeps_days: float | None = None,
        *,
        name: str | None = None,
    ) -> None:
        """`name` is the path as the store has it."""
        self._store = store
        self._path = path
        self._name = name or path
        self._module = module
        self._reader = reader(module)
        self._rules = rules
        self._history = history
        self._keeps_days = keeps_days
        self._inside = False  # the last block ended in a line that is not to be read
        self._mute = False  # a document that is too large to be read: only its bytes are kept
        self._final = True
        self.bytes = 0  # that were new
        self._begin_parser(0)

    def _begin_parser(self, modified_at: int) -> None:
        self._parser = self._reader.parse(Origin(self._path, modified_at))
        self._telling = Telling(self._store, self._rules, self._reader.name, source="transcript")
        if self._mute:
            self._telling.recall([unknown(f"a document of more than {DOCUMENT_MAX >> 20} MB", b"")])
        self._fed = 0  # bytes this parser has seen; -1: it is not to be fed any more

    @property
    def history(self) -> History | None:
        """Where we stand."""
        return self._history

    @property
    def sessions(self) -> list[str]:
        """Ids of the sessions it told of so far."""
        return [session.id for session in self._telling.sessions]

    def _tell_all(
        self, facts: Iterable[Fact | Prepared], last: Iterable[Fact | Prepared], stat: os.stat_result
    ) -> None:
        """Everything that is there for now, `last` once it was all read."""
        self._telling.tell(facts, now=stat.st_mtime_ns)
        self._telling.tell(last, now=stat.st_mtime_ns, goes_on=True)
        if self._final:
            self._telling.close()
        self._telling.settle(modified_at=stat.st_mtime_ns)

    def _touch(self, history: History, stat: os.stat_result, mark: str = "") -> None:
        """Inside a transaction: it was looked at, and is as it was."""
        fields = {**stat_fields(stat), "mark": mark, "gone_at": None, "trouble": None}
        self._store.histories.save(history.id, **fields)
        self._history = history._replace(**fields)

    def _save(
        self, history: History, stat: os.stat_result, *, read: int, kept: int, tail: bytes, mark: str = ""
    ) -> None:
        fields: dict[str, Any] = {
            **stat_fields(stat),
            "reader": self._module,
            "mark": mark,
            "read_bytes": read,
            "kept_bytes": kept,
            "tail": tail,
            "keeps_until": keeps_until(self._keeps_days, stat.st_mtime_ns),
            "gone_at": None,
            "trouble": None,
        }
        self._note(history, **fields)

    def _note(self, history: History, **fields: Any) -> None:
        """Inside a transaction: of which sessions it told, and what nobody understands; `fields` besides."""
        told = self._telling
        for session in told.touched():
            self._store.histories.told(history.id, session.row, told.unknown_in(session), session.last_at)
        fields["unknown_lines"] = sum(count for count, _ in told.unknown.values())
        fields["unknown_json"] = msgspec.json.encode(told.unknown).decode() if told.unknown else None
        if told.sessions and history.session is None:
            fields["session"] = told.sessions[0].row
        self._store.histories.save(history.id, **fields)
        self._history = history._replace(**fields)
