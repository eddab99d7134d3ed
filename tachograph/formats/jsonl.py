"""A session as JSON Lines, all of it, and back: `export` writes what `read` understands, docs/exports.md describes it.

Every line is an object whose `record` says what it is: tachograph (first, with the version of the format), session,
event, output, code_block, feedback, end (last, so that a file that was cut is told from a whole one). Columns have the
names of the SQL views; those without a value are left out. Times are the ISO text of the views, to the millisecond;
`*_ns` has the nanoseconds that are left. Places of events are `seq`: ids belong to a store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tachograph.errors import BadRecord
from tachograph.formats import as_json
from tachograph.formats.recording import Recording

VERSION = 1
FORMAT = "tachograph"
HEAD = b'{"record":"tachograph"'  # how every such file begins
KINDS = ("session", "event", "output", "code_block", "feedback")
LINE_MAX = 256 << 20  # bytes that one record may have


def export(recording: Recording) -> Iterator[str]:
    """The session, its events in their order, its output by time, code, feedback."""
    yield as_json.value({"record": FORMAT, "version": VERSION}) + "\n"
    count = 0
    for kind, row in recording.whole():
        count += 1
        known = {name: value for name, value in row.items() if value is not None}
        yield as_json.value({"record": kind, **known}) + "\n"
    yield as_json.value({"record": "end", "records": count}) + "\n"


def read(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(record, its columns) for every line but the first and the last.

    Raises BadRecord, with the number of the line, for what is no such file or not all of one.
    """
    count, ended = 0, False
    for number, line in enumerate(lines, 1):
        row = _object(line, number)
        kind = row.pop("record", None)
        if number == 1:
            _check_head(kind, row)
        elif ended:
            raise BadRecord(f"line {number}: something follows the end")
        elif kind == "end":
            ended = True
            if row.get("records") != count:
                raise BadRecord(f"line {number}: there are {count} records, the file says {row.get('records')!r}")
        elif kind in KINDS:
            count += 1
            yield kind, row
        else:
            raise BadRecord(f"line {number}: {kind!r} is no record", f"known are {', '.join(KINDS)}")
    if not ended:
        raise BadRecord("the end of the file is missing", "it was cut, or is still being written")


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord(f"line {number}: no JSON ({error})") from None
    if not isinstance(found, dict):
        raise BadRecord(f"line {number}: no object")
    return found


def _check_head(kind: object, row: dict[str, Any]) -> None:
    version = row.get("version")
    if kind != FORMAT or not isinstance(version, int):
        raise BadRecord("line 1: this is no session that was exported as jsonl")
    if version > VERSION:
        raise BadRecord(f"version {version} of this format is newer than {VERSION}", "install a newer tachograph")
