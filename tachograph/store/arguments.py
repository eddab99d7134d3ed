"""What a tool was given, stored once. An argument that is the step's command stands in `command` alone; of long texts
`metadata_json` has the beginning, as `content` has of long results, and `_steps.arguments` all of them, compressed.

Whoever reads through here gets metadata as they were told. The view `events` puts the command back, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import zstandard

from tachograph.errors import StoreDamaged
from tachograph.records import Event
from tachograph.regexes import regex
from tachograph.store.json_text import from_json, to_json
from tachograph.store.packing import unpack

KEPT = 100  # characters of a long text that every SQLite client sees
_WORTH = 32  # bytes: less is not worth the trouble
_DEPTH = 20  # what is nested deeper is left as it is
_PLAIN_NAME = regex(r"[A-Za-z_]\w*", re.A)
_PLACE = regex(r"\.(\w+)(?:\[(\d+)\])?", re.A)
_compress = zstandard.ZstdCompressor(level=3, write_content_size=True).compress
_encode = msgspec.json.Encoder().encode


class Stored(NamedTuple):
    """`arguments`: where in `input` of the metadata the command stood, or all of `input`, compressed."""

    metadata_json: str | None
    arguments: str | bytes | None = None


def of_event(event: Event) -> Stored:
    """What is stored of an event's metadata. Raises TypeError and its like for what JSON cannot hold."""
    if event.tool_name is None or event.pattern is not None:
        return Stored(to_json(event.metadata))
    return stored(event.metadata, event.command)


def step_rows(records: Sequence[Event], kept: Sequence[Stored], first: int) -> list[tuple[object, ...]]:
    """Rows of _steps, for the events, numbered from `first`, that have any of them."""
    steps = [
        (
            number, r.tool_name, r.tool_call_id, r.file_path, r.operation, r.command, r.command_category, r.exit_code,
            r.duration_ms, r.status, r.content, one.arguments,
        )
        for number, (r, one) in enumerate(zip(records, kept, strict=True), first)
    ]  # fmt: skip
    return [step for step in steps if any(value is not None for value in step[1:])]


def stored(metadata: Mapping[str, Any] | None, command: str | None) -> Stored:
    """The same of a call with this command."""
    given = metadata and metadata.get("input")
    if metadata is None or not given:
        return Stored(to_json(metadata))
    place = _place(given, command) if command else None
    rest = given if place is None else _without(given, place)
    text = to_json(metadata if place is None else {**metadata, "input": rest}) or ""
    short = _cut(rest, 0) if len(text) > KEPT + _WORTH else rest
    if short is not rest:
        whole = _encode(given)
        packed = _compress(whole)
        cut = short if place is None else _cut(given, 0)
        if len(packed) + len(_encode(cut)) + _WORTH < len(whole):
            return Stored(to_json({**metadata, "input": cut}), packed)
    return Stored(text, place)


def whole(metadata_json: str | None, command: str | None, arguments: str | bytes | None) -> Any:
    """Metadata as they were before they were `stored`. Raises StoreDamaged."""
    metadata = from_json(metadata_json)
    if arguments is None:
        return metadata
    try:
        if isinstance(arguments, bytes):
            metadata["input"] = from_json(unpack(arguments).decode())
        else:
            name, index = _steps_to(arguments)
            inner, key = (metadata["input"], name) if index is None else (metadata["input"][name], index)
            inner[key]  # it is there
            inner[key] = command
    except (KeyError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise StoreDamaged("the arguments of a call cannot be read", "`tachograph db check` says more") from error
    return metadata


def _place(given: object, command: str) -> str | None:
    """Where in the arguments the command stands, as SQL writes it: `.command`, `.cmd[2]`."""
    if not isinstance(given, dict) or "\0" in command:
        return None
    for name, value in given.items():
        if isinstance(name, str) and _PLAIN_NAME.fullmatch(name):
            if value == command:
                return f".{name}"
            if isinstance(value, list) and command in value:
                return f".{name}[{value.index(command)}]"
    return None


def _without(given: dict[str, Any], place: str) -> dict[str, Any]:
    """The arguments with nothing where the command is."""
    name, index = _steps_to(place)
    if index is None:
        return {**given, name: None}
    return {**given, name: [*given[name][:index], None, *given[name][index + 1 :]]}


@lru_cache(64)
def _steps_to(place: str) -> tuple[str, int | None]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise KeyError(place)
    return found[1], int(found[2]) if found[2] else None


def _cut(value: Any, depth: int) -> Any:
    """The same with the beginnings of long texts; itself when there are none."""
    if isinstance(value, str):
        return value[:KEPT] if len(value) > KEPT else value
    if depth == _DEPTH:
        return value
    if isinstance(value, dict):
        short = {name: _cut(inner, depth + 1) for name, inner in value.items()}
        return short if any(short[name] is not value[name] for name in value) else value
    if isinstance(value, list):
        items = [_cut(inner, depth + 1) for inner in value]
        return items if any(one is not other for one, other in zip(items, value, strict=True)) else value
    return value
