"""JSON columns: small objects as text, None as NULL."""

from __future__ import annotations

from typing import Any

import msgspec

from tachograph.errors import StoreDamaged

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def to_json(value: object) -> str | None:
    """Raises TypeError and its like for what JSON cannot hold."""
    return None if value is None else _encode(value).decode()


def from_json(text: str | None) -> Any:
    """The reverse of `to_json`. Raises StoreDamaged: we wrote it, so it was JSON."""
    if text is None:
        return None
    try:
        return _decode(text)
    except msgspec.DecodeError as error:
        raise StoreDamaged(f"stored metadata cannot be read ({error})", "`tachograph db check` says more") from error
