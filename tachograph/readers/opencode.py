"""OpenCode's database, where all its sessions lie since 1.2; read as the documents that `opencode export` would print.

Tables `session`, `message` and `part`; the JSON in `data` of the last two is theirs without the ids, which are columns.
OpenCode 2 writes into the same file, but to `session_v2` and `session_message`; sessions of both are read, one that is
in both as the second has it. The file also holds accounts and credentials: those tables cannot be read through this
door.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import apsw
import msgspec

from tachograph.readers import opencode_export
from tachograph.readers.foreign import MAGIC, opened, queries
from tachograph.readers.reading import Place, Shape

name = "opencode"
shape = Shape.DATABASE
parse = opencode_export.parse
TABLES = ("session", "message", "part", "project", "todo", "session_v2", "session_message")
_LARGEST = 64 * 1024 * 1024  # bytes of one message or part; a larger one is told as unreadable
_sql = queries("opencode")
_one_level = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_COLUMNS = {
    "id": "id",
    "slug": "slug",
    "projectID": "project_id",
    "workspaceID": "workspace_id",
    "parentID": "parent_id",
    "directory": "directory",
    "path": "path",
    "title": "title",
    "agent": "agent",
    "version": "version",
}
_NUMBERS = ("additions", "deletions", "files")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """`$XDG_DATA_HOME/opencode/opencode.db`, other channels beside it; OPENCODE_DB names another file."""
    folder = data_folder(home, environment)
    found = [Place(folder, ("opencode.db", "opencode-*.db"))]
    if (chosen := environment.get("OPENCODE_DB")) and chosen != ":memory:":
        path = os.path.join(folder, chosen)
        found.append(Place(os.path.dirname(path), (os.path.basename(path),)))
    return found


def data_folder(home: str, environment: Mapping[str, str]) -> str:
    """Where OpenCode keeps its data."""
    base = environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(base, "opencode")


def detect(head: bytes, path: str) -> bool:
    """A SQLite file with OpenCode's tables. Its beginning need not show them, so the file is asked."""
    if not head.startswith(MAGIC):
        return False
    try:
        with opened(path, TABLES) as database:
            return any(_generations(database))
    except OSError:
        return False


def _generations(database: apsw.Connection) -> tuple[bool, bool]:
    """Whether the tables of OpenCode 1, and of 2, are there. An apsw.Error says what is missing where neither are."""
    found = _reads(database, "shape"), _reads(database, "shape_2")
    if not any(found):
        database.execute(_sql["shape"]).fetchall()
    return found


def _reads(database: apsw.Connection, shape: str) -> bool:
    try:
        database.execute(_sql[shape]).fetchall()
    except apsw.SQLError:
        return False
    return True


def sessions(path: str) -> dict[str, str]:
    """Session id → how many messages and parts, how long, and when one of them was last written: the times alone do not
    show what was deleted, and the session's own time does not show what is written into its parts."""
    found: dict[str, str] = {}
    with opened(path, TABLES) as database:
        first, newer = _generations(database)
        if first:
            found |= _marks(database, "sessions", "messages", "parts")
        if newer:
            second = _marks(database, "sessions_2", "messages_2")
            found |= {session: mark for session, mark in second.items() if session not in found or "messages_2" in mark}
    return found


def _marks(database: apsw.Connection, listing: str, *contents: str) -> dict[str, str]:
    marks: dict[str, list[object]] = defaultdict(list)
    for query in contents:
        for session, *mark in database.execute(_sql[query]):
            marks[session].extend([query, *mark])
    return {
        session: " ".join(map(str, [*own, *marks.get(session, ())]))
        for session, *own in database.execute(_sql[listing])
        if isinstance(session, str)
    }


def document(path: str, session_id: str) -> bytes:
    """The session as `opencode export` gives it."""
    with opened(path, TABLES) as database:
        first, newer = _generations(database)
        second = _second(database, session_id) if newer else None
        row = _row(database, "session", session_id) if first else None
        if row is None and second is None:
            raise KeyError(session_id)
        chosen = second if row is None or (second and second["messages"]) else _first(database, session_id, row)
        return msgspec.json.encode(chosen)


def _row(database: apsw.Connection, query: str, session_id: str) -> dict[str, Any] | None:
    found = database.execute(_sql[query], (session_id,))
    row = found.fetchone()
    return None if row is None else dict(zip((column[0] for column in found.get_description()), row, strict=True))


def _first(database: apsw.Connection, session_id: str, row: dict[str, Any]) -> dict[str, object]:
    messages = []
    for message, data in database.execute(_sql["messages_of"], (_LARGEST, session_id)).fetchall():
        parts = [
            _with_ids(content, {"id": part, "sessionID": session_id, "messageID": message})
            for part, content in database.execute(_sql["parts_of"], (_LARGEST, message))
        ]
        messages.append({"info": _with_ids(data, {"id": message, "sessionID": session_id}), "parts": parts})
    return {"info": _info(row), "messages": messages}


def _second(database: apsw.Connection, session_id: str) -> dict[str, Any] | None:
    row = _row(database, "session_2", session_id)
    if row is None:
        return None
    found = database.execute(_sql["messages_of_2"], (_LARGEST, session_id))
    return {
        "info": _info(row),
        "messages": [
            _with_ids(data, {"id": message, "sessionID": session_id, "type": kind, "seq": seq})
            for message, kind, seq, data in found
        ],
    }


def _with_ids(data: object, ids: dict[str, object]) -> dict[str, object]:
    """The JSON of a row, kept as it is written, with the ids that stand in columns."""
    if not isinstance(data, bytes):
        return {"type": "too large", **ids}
    try:
        return {**_one_level(data), **ids}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {"type": "not JSON", **ids}


def _info(row: dict[str, Any]) -> dict[str, object]:
    """Columns of `session` under the names of the export. A column that this version of OpenCode has not is left out,
    as is an empty one."""
    info: dict[str, object] = {}
    for field, column in _COLUMNS.items():
        _put(info, field, row.get(column))
    for field in ("model", "metadata", "permission", "revert"):
        _put(info, field, _json(row.get(field)))
    summary: dict[str, object] = {}
    for field in _NUMBERS:
        _put(summary, field, row.get(f"summary_{field}"))
    _put(summary, "diffs", _json(row.get("summary_diffs")))
    _put(info, "summary", summary or None)
    _put(info, "cost", row.get("cost"))
    if "tokens_input" in row:
        info["tokens"] = _tokens(row)
    _put(info, "share", {"url": row["share_url"]} if row.get("share_url") else None)
    time: dict[str, object] = {}
    for field in ("created", "updated", "compacting", "archived"):
        _put(time, field, row.get(f"time_{field}"))
    info["time"] = time
    return info


def _put(target: dict[str, object], field: str, value: object) -> None:
    if value is not None:
        target[field] = value


def _tokens(row: dict[str, Any]) -> dict[str, object]:
    cache = {"read": row.get("tokens_cache_read"), "write": row.get("tokens_cache_write")}
    own = {field: row.get(f"tokens_{field}") for field in ("input", "output", "reasoning")}
    return {**own, "cache": cache}


def _json(value: object) -> object:
    """JSON in a text column, as it is written; what is no JSON stays a text."""
    if not isinstance(value, str):
        return value
    try:
        msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return value
    return msgspec.Raw(value.encode())
