"""Long results of tool calls: into the session's stream "tool", compressed and searched as any output."""

from __future__ import annotations

from tachograph.ingest.chunker import Chunker
from tachograph.ingest.preparing import INLINE
from tachograph.store import Store
from tachograph.store.output import TOOL_STREAM, Chunk


class Results:
    """Those of one session (its row number) in one transaction: others may write to the stream before the next."""

    def __init__(self, store: Store, session: int) -> None:
        self._store = store
        self._session = session
        self._chunker: Chunker | None = None
        self._full: list[Chunk] = []

    def add(self, event: int, text: str, at: int, *, fresh: bool = False) -> int:
        """The result of a call (its event), printed at a time in ns; returns the number of its first line. `fresh`: it
        has none yet."""
        chunker = self._chunker
        if chunker is None:
            chunker = Chunker(TOOL_STREAM, self._store.output.last(self._session, TOOL_STREAM))
            self._chunker = chunker
        data = text.encode("utf-8", "replace")
        ended = data if data.endswith(b"\n") else data + b"\n"
        first = chunker.line
        self._full += chunker.append(ended, [(at, len(ended))])
        self._store.steps.add_output(self._session, event, first, chunker.line - first, data, fresh=fresh)
        if not text.isspace():
            self._store.output.index(self._session, TOOL_STREAM, first, first + text.count("\n"), text)
        return first

    def drop(self, event: int) -> int:
        """The result of a call is short now: its event has all of it."""
        self._store.steps.drop_output(event)
        return 1

    def differs(self, event: int, content: str, result: str | None) -> bool:
        """Whether more than the beginning of a result, which is told again, is another."""
        if result is not None:
            return not self._store.steps.has_output(event, result.encode("utf-8", "replace"))
        return len(content) >= INLINE and self._store.steps.output_begins(event) is not None

    def write(self) -> None:
        """What has come together."""
        if self._chunker is not None:
            self._store.output.write(self._session, [*self._full, *self._chunker.open()])
