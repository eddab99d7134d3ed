"""What a reader of an agent's history is: the names its module has, and the parser it hands out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple, Protocol

from tachograph.records import Fact

HEAD_BYTES = 64 * 1024  # of a file are shown to `detect`


class Shape(Enum):
    """How a history lies on disk."""

    LINES = "lines"  # grows at its end; `feed` gets one line at a time, without its line end
    DOCUMENT = "document"  # rewritten whole; `feed` gets all of it, and again after every change
    DATABASE = "database"  # many in one SQLite file: `feed` gets one as a document, see DatabaseReader
    FOLDER = "folder"  # many small files: one of them speaks for all, the document is a bundle of them (bundle.py)


class Origin(NamedTuple):
    """Where bytes come from. A parser may look at names, never open anything."""

    path: str  # absolute; "" when there is no file
    modified_at: int = 0  # ns; for histories that have no times of their own


class Place(NamedTuple):
    """Where an agent keeps its histories, and for how long."""

    root: str  # absolute folder; need not exist
    patterns: tuple[str, ...]  # glob patterns below it, `**` for any depth
    keeps_days: float | None = None  # the agent deletes what is older; None: it does not
    watched: bool = True  # False: too much else lies there to be told of every change; looked at now and then


class Parser(Protocol):
    """State of one history while it is read. Facts come in the order of the file."""

    def feed(self, data: bytes) -> Iterable[Fact]:
        """Facts of one line (or one document). Bad input is an Unknown, never an exception."""

    def finish(self) -> Iterable[Fact]:
        """What can be said once there is no more for now: last times, calls without a result. May be called again
        after more was fed; says nothing twice that did not change."""


class Reader(Protocol):
    """A module of this room."""

    name: str  # of the agent, as sessions carry it
    shape: Shape

    def places(self, home: str, environment: Mapping[str, str]) -> list[Place]:
        """Where this agent keeps its histories on a machine."""

    def detect(self, head: bytes, path: str) -> bool:
        """Whether a file that begins with these bytes is one of this agent's. Labels and names are not trusted."""

    def parse(self, origin: Origin) -> Parser:
        """A parser for one history, from its first byte."""


class DatabaseReader(Reader, Protocol):
    """A reader of histories that lie together in one SQLite file, or are a folder each: it gives each as the document
    that `parse` reads."""

    def sessions(self, path: str) -> dict[str, str]:
        """Native session id → a mark that changes whenever anything of that session does. Opens read-only.

        Raises OSError when the file cannot be read as that agent's database (locked, damaged, another schema)."""

    def document(self, path: str, session_id: str) -> bytes:
        """One session, always the same bytes for the same rows. Raises OSError, KeyError for a session that is gone."""


class FolderReader(DatabaseReader, Protocol):
    """A reader of histories that are a folder each."""

    def speaker(self, path: str) -> str | None:
        """The file that speaks for the history to which a file belongs, as far as it is there; looks at names only."""
