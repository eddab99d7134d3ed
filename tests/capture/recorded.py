"""Reading back what the wrapper wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tachograph.journal.reader import Damage, Record, is_live, read


class Recorded:
    """The journals of a folder. With one journal its parts, without any nothing; fails when there are more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._only: Path | None = None

    @property
    def paths(self) -> list[Path]:
        return [self._only] if self._only else sorted(self.folder.glob("*.journal"))

    def of(self, path: Path) -> Recorded:
        """The same of one journal among several."""
        one = Recorded(self.folder)
        one._only = path
        return one

    @property
    def path(self) -> Path:
        (path,) = self.paths
        return path

    @property
    def live(self) -> bool:
        return is_live(str(self.path))

    def records(self, path: Path | None = None) -> list[Record]:
        return self._read(path)[0]

    def damage(self) -> list[Damage]:
        return self._read(None)[1]

    def bytes(self, kind: bytes = b"O", path: Path | None = None) -> bytes:
        """Everything of one stream."""
        return b"".join(record.body for record in self.records(path) if record.kind == kind)

    def facts(self, kind: bytes) -> list[dict[str, Any]]:
        """The bodies of the records of one kind."""
        return [json.loads(record.body) for record in self.records() if record.kind == kind]

    @property
    def header(self) -> dict[str, Any]:
        (header,) = self.facts(b"H")
        return header

    @property
    def end(self) -> dict[str, Any]:
        (end,) = self.facts(b"X")
        return end

    @property
    def states(self) -> list[str]:
        return [state["state"] for state in self.facts(b"S")]

    def _read(self, path: Path | None) -> tuple[list[Record], list[Damage]]:
        if not self.paths:
            return [], []
        batch = read(str(path or self.path), 0, 0, 1 << 30, finished=True)
        return batch.records, batch.damage
