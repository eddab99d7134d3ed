"""Rows → JSON: one array, one object a line, or a single value. Control characters only ever as escapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from tachograph.formats.sanitise import json_text

_encoder = msgspec.json.Encoder()


def value(item: object) -> str:
    """Anything JSON can say, on one line."""
    try:
        return json_text(_encoder.encode(item).decode())
    except UnicodeEncodeError:  # half characters: the standard library writes them as escapes
        import json

        return json_text(json.dumps(item, ensure_ascii=False, separators=(",", ":")))


def array(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """One JSON array, a row a line, so that it can be read while it is written."""
    opened = False
    for row in rows:
        yield ("," if opened else "[") + "\n " + value(row) if opened else "[" + value(row)
        opened = True
    yield "]\n" if opened else "[]\n"


def lines(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """JSON Lines: one object a line."""
    for row in rows:
        yield value(row) + "\n"
