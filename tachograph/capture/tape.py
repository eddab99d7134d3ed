"""What capture says to whoever keeps it: output, states, sizes, each with the time it happened.

The keeper is one function, `append(kind, at, body)`; the kinds are the journal's. Nothing here may ever fail: the
program being recorded must not notice its recorder.
"""

from __future__ import annotations

from tachograph import clock
from tachograph.capture.compact_json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Data = bytes | memoryview
    Append = Callable[[bytes, int, Data], None]


class Tape:
    """Where a capture goes. `bytes` and `records` count what was captured, `lost_bytes` what the keeper failed at."""

    def __init__(self, append: Append) -> None:
        self._append = append
        self.bytes = 0
        self.records = 0
        self.lost_bytes = 0

    def output(self, data: Data) -> None:
        """Bytes of stdout, or of the terminal."""
        self._stream(b"O", data)

    def error(self, data: Data) -> None:
        """Bytes of stderr."""
        self._stream(b"E", data)

    def input(self, data: Data) -> None:
        """Bytes typed, or piped in."""
        self._stream(b"I", data)

    def header(self, facts: dict[str, object]) -> None:
        self._note(b"H", facts)

    def resize(self, columns: int, rows: int) -> None:
        self._note(b"R", {"columns": columns, "rows": rows})

    def state(self, state: str, **more: object) -> None:
        """started, running, paused, resumed, completed, failed or killed."""
        self._note(b"S", {"state": state, **more})

    def end(self, facts: dict[str, object]) -> None:
        self._note(b"X", facts)

    def note(self, text: str) -> None:
        self._note(b"N", {"text": text})

    def _stream(self, kind: bytes, data: Data) -> None:
        self.bytes += len(data)
        self.records += 1
        try:
            self._append(kind, clock.now(), data)
        except Exception:
            self.lost_bytes += len(data)

    def _note(self, kind: bytes, facts: dict[str, object]) -> None:
        self.records += 1
        try:
            self._append(kind, clock.now(), dumps(facts).encode())
        except Exception:
            self.lost_bytes += 1
