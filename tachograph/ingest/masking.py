"""Masks once more: what the store holds is masked when it gets there, and this is asked again where something leaves
the store for good, or comes in from a file that anybody may have written. Masking twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import msgspec

from tachograph.extract.redact import redact, redact_text, suspicious
from tachograph.ingest.preparing import masked
from tachograph.ingest.stream import shifted
from tachograph.records import OutputChunk
from tachograph.store.whole import Placed

T = TypeVar("T", bound=msgspec.Struct)
_PAGE = 500
_NAMES = frozenset({"session_id", "id", "event_type", "status", "source", "operation", "seq", "at", "stream", "digest"})


def events(placed: Iterable[Placed]) -> Iterator[Placed]:
    """Events in their order. Some hundred are looked at together: few hold anything that looks like a secret."""
    rest = iter(placed)
    while page := list(islice(rest, _PAGE)):
        texts = [b"\n".join(_texts(msgspec.structs.astuple(one.event))).decode(errors="replace") for one in page]
        odd = suspicious(texts)
        for index, one in enumerate(page):
            yield one._replace(event=record(one.event)) if index in odd else one


def record(one: T) -> T:
    """Any record with the secrets in its texts masked."""
    changes: dict[str, Any] = {}
    for name in one.__struct_fields__:
        value = getattr(one, name)
        if name not in _NAMES and isinstance(value, str | dict | list):
            changes[name] = masked(value)
    return msgspec.structs.replace(one, **changes)


def chunk(one: OutputChunk) -> OutputChunk:
    """Output with its times: a mask counts for the piece in which its secret began."""
    found = redact(one.data)
    if not found.secrets:
        return one
    pieces = tuple(shifted(list(one.times), found.secrets))
    return msgspec.structs.replace(one, data=found.data, times=pieces)


def text(one: str | None) -> str | None:
    return None if one is None else redact_text(one)[0]


def text_row(row: Mapping[str, object]) -> dict[str, object]:
    return {name: redact_text(value)[0] if isinstance(value, str) else value for name, value in row.items()}


def value(one: Any) -> Any:
    """What JSON can hold, with the secrets in its texts masked."""
    joined = b"\n".join(_texts([one])).decode(errors="replace")
    return masked(one) if suspicious([joined]) else one


def _texts(values: Iterable[Any]) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, str):
            yield value.encode("utf-8", "replace")
        elif isinstance(value, dict):
            yield from _texts(value)
            yield from _texts(value.values())
        elif isinstance(value, list):
            yield from _texts(value)
