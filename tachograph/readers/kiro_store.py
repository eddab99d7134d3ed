"""The Kiro CLI's database, `data.sqlite3`, and that of Amazon Q: a row holds the conversation that `/save` would write.

Table `conversations_v2` (folder as `key`, conversation_id, value, created_at, updated_at), before it `conversations`
(key, value), which kept one conversation for each folder. Beside them lie tokens; their tables cannot be read here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import apsw
import msgspec

from tachograph.readers import kiro
from tachograph.readers.foreign import MAGIC, opened, queries
from tachograph.readers.reading import Place, Shape

name = "kiro"
shape = Shape.DATABASE
parse = kiro.parse
TABLES = ("conversations", "conversations_v2")
_LARGEST = 256 * 1024 * 1024  # bytes of one conversation; a larger one is told as unreadable
_sql = queries("kiro")
_one_level = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """The data folders of both names, where the systems keep such folders."""
    base = environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    roots = (base, os.path.join(home, "Library", "Application Support"), os.path.join(home, "AppData", "Local"))
    return [Place(os.path.join(root, own), ("data.sqlite3",)) for root in roots for own in ("kiro-cli", "amazon-q")]


def detect(head: bytes, path: str) -> bool:
    """A SQLite file with one of the two tables."""
    if not head.startswith(MAGIC):
        return False
    try:
        with opened(path, TABLES) as database:
            return any(_rows(database, f"{age}_sessions") is not None for age in ("newer", "older"))
    except OSError:
        return False


def _rows(database: apsw.Connection, query: str, values: tuple[object, ...] = ()) -> list[tuple[object, ...]] | None:
    """None: the file has no such table."""
    try:
        return database.execute(_sql[query], values).fetchall()
    except apsw.SQLError as error:
        if "no such table" in str(error):
            return None
        raise


def sessions(path: str) -> dict[str, str]:
    """Conversation id → when it was last written, and how long it is."""
    found: dict[str, str] = {}
    with opened(path, TABLES) as database:
        older, newer = _rows(database, "older_sessions"), _rows(database, "newer_sessions")
    if older is None and newer is None:
        raise OSError(f"{path}: has no conversations of Kiro")
    for id, *mark in (*(older or ()), *(newer or ())):
        if isinstance(id, str) and id:
            found[id] = " ".join(map(str, mark))
    return found


def document(path: str, session_id: str) -> bytes:
    """The conversation, with what its row says of it."""
    with opened(path, TABLES) as database:
        rows = _rows(database, "newer", (_LARGEST, session_id)) or _rows(database, "older", (_LARGEST, session_id))
    if not rows:
        raise KeyError(session_id)
    key, created, updated, value = rows[0]
    try:
        state: dict[str, object] = {**_one_level(value if isinstance(value, bytes) else b"{}")}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        state = {"history": [{"user": {"content": {"not JSON": {}}}}]}
    state["conversation_id"] = session_id
    state[kiro.ROW] = {"key": key, "created_at": created, "updated_at": updated}
    return msgspec.json.encode(state)
