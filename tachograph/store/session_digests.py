"""What is sealed of a session: a digest over its row, all its events in order, and its output as it is stored."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from tachograph.errors import BadRecord, StoreDamaged
from tachograph.proof.canonical import row_digest
from tachograph.store import queries
from tachograph.store.trouble import Strict

_sql = queries.load("session_digests")
_FIELDS = (
    *("id", "session_id", "agent", "status", "started_at", "ended_at", "exit_code", "project_dir", "command", "host"),
    "pid",
)
_encode = msgspec.json.encode
_PAGE = 1000  # events at once


class Content(NamedTuple):
    """A session's events and output; the hashes are SHA-256, hex."""

    events: int
    events_hash: str  # over one JSON array a line
    output_hash: str  # over every chunk: a JSON array, its bytes, their times


def content(connection: Any, session: int) -> Content:
    """`session` is a row number."""
    count, hash = 0, hashlib.sha256()
    left = iter(Strict(connection).execute(_sql.events, (session,)))  # one look at the rows: another would begin anew
    while rows := list(islice(left, _PAGE)):
        count += len(rows)
        hash.update(b"".join([_encode(row if row[-1] is None else (*row[:-1], row[-1].hex())) + b"\n" for row in rows]))
    return Content(count, hash.hexdigest(), _output_hash(connection, session))


def _output_hash(connection: Any, session: int) -> str:
    hash = hashlib.sha256()
    for *place, data, times in Strict(connection).execute(_sql.chunks, (session,)):
        hash.update(_encode([*place, len(data)]) + b"\n" + data + times)
    return hash.hexdigest()


def digest(connection: Any, session: int, known: Content | None = None) -> bytes | None:
    """What a seal of the session holds; None when there is no such session, or it can no longer be read as one."""
    try:
        values = Strict(connection).execute(_sql.session, (session,)).fetchone()
        if values is None:
            return None
        found = known or content(connection, session)
        return row_digest({**dict(zip(_FIELDS, values, strict=True)), **found._asdict()})
    except (BadRecord, StoreDamaged, UnicodeError, TypeError, AttributeError):  # it holds what we never wrote
        return None
