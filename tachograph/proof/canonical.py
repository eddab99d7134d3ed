"""One spelling for one value: JSON as RFC 8785 (JCS) writes it, and digests over that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from tachograph.errors import BadRecord

_PLAIN = {str, int, bool, type(None)}  # bytes are no JSON, and must not pass for their base64
_SAFE = (1 << 53) - 1
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: object) -> bytes:
    """A JSON value as RFC 8785 spells it, UTF-8. Raises BadRecord for what has no such spelling: NaN, integers that
    a double cannot hold, half a surrogate pair, keys that are not text."""
    import rfc8785

    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise BadRecord(
            f"this has no canonical JSON: {error}", "use text, integers within ±2^53 and finite numbers"
        ) from error


def canonical_row(row: Mapping[str, object]) -> bytes:
    """The same for one row of a table: ASCII names, text, integers, numbers, nothing. Many times quicker."""
    kinds = set(map(type, row.values()))
    if not kinds <= _PLAIN or (int in kinds and not _is_safe(row.values())):
        return canonical(dict(row))
    try:
        return _encode(row)
    except (TypeError, UnicodeError, msgspec.MsgspecError) as error:
        raise BadRecord(f"this has no canonical JSON: {error}", "use text and numbers") from error


def _is_safe(values: Iterable[object]) -> bool:
    for value in values:  # noqa: SIM110  # all() takes twice as long, and this is asked of every row there is
        if value.__class__ is int and not -_SAFE <= value <= _SAFE:
            return False
    return True


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def row_digest(row: Mapping[str, object]) -> bytes:
    """SHA-256 of a row's canonical JSON, 32 bytes."""
    return hashlib.sha256(canonical_row(row)).digest()
