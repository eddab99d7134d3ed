"""Kimi's sessions, `wire.jsonl`, in both forms.

Kimi CLI (protocol to 1.3): `{timestamp (s), message{type, payload}}` below `~/.kimi/sessions/<folder hash>/<uuid>/`.
Kimi Code (from 1.4): `{type, time (ms), …}`, what the model does as `context.append_loop_event`, below
`~/.kimi-code/sessions/<folder>_<hash>/session_<uuid>/agents/<agent>/`. An agent other than `main` was started by it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from tachograph.readers._kimi_code import CodeEvents
from tachograph.readers._kimi_wire import WireMessages
from tachograph.readers.json_lines import Once, objects, unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.times import epoch
from tachograph.readers.values import millis, table, text
from tachograph.records import Fact, SessionFacts, Unknown

name = "kimi"
shape = Shape.LINES
_FIRST = {"turn.prompt", "context.append_loop_event", "config.update", "usage.record"}


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Both names; KIMI_SHARE_DIR moves the older one."""
    share = environment.get("KIMI_SHARE_DIR") or os.path.join(home, ".kimi")
    return [
        Place(os.path.join(share, "sessions"), ("*/*/wire.jsonl", "*/*/subagents/*/wire.jsonl")),
        Place(os.path.join(home, ".kimi-code", "sessions"), ("*/*/agents/*/wire.jsonl",)),
    ]


def detect(head: bytes, path: str) -> bool:
    """A header with the version of its protocol, or a first line of one of the two forms."""
    found, strange = objects(head.split(b"\n", 1)[0])
    if strange or len(found) != 1:
        return False
    line = found[0]
    if line.get("type") == "metadata":
        return isinstance(line.get("protocol_version"), str)
    if text(line.get("type")) in _FIRST:
        return True
    message = table(line.get("message"))
    return "timestamp" in line and "payload" in message and text(message.get("type")) is not None and "role" not in line


def parse(origin: Origin) -> Once:
    """A parser for one session."""
    return Once(WireParser(origin))


def session_of(path: str) -> tuple[str, str | None]:
    """Session id and that of its parent, from where the file lies."""
    parts = path.replace("\\", "/").split("/")
    stem = os.path.splitext(parts[-1])[0] or "unnamed"
    if stem != "wire" or len(parts) < 3:
        return stem, None
    if len(parts) > 4 and parts[-3] in ("agents", "subagents"):
        session, agent = parts[-4], parts[-2]
        return (session, None) if agent == "main" else (f"{session}:{agent}", session)
    return parts[-2], None


class WireParser:
    """Facts of one session, line by line."""

    def __init__(self, origin: Origin) -> None:
        self._id, self._parent = session_of(origin.path)
        self._wire = WireMessages()
        self._code = CodeEvents(self._id)
        self._begun = False
        self._first: int | None = None
        self._last: int | None = None
        self._told: tuple[int | None, int | None] = (None, None)

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        if (found or strange) and not self._begun:
            self._begun = True
            yield SessionFacts(self._id, parent_id=self._parent)
        yield from strange
        for line in found:
            at = epoch(line.get("timestamp"), 10**9) or millis(line.get("time")) or millis(line.get("created_at"))
            if at is not None:
                self._first = at if self._first is None else min(self._first, at)
                self._last = at if self._last is None else max(self._last, at)
            facts = self._line(line, at or 0)
            if facts is None:
                kind = text(line.get("type")) or text(table(line.get("message")).get("type"))
                yield Unknown(f"line of type {str(kind)[:40]}", unknown("", data).sample)
            else:
                yield from facts

    def finish(self) -> Iterator[Fact]:
        yield from self._wire.finish()
        yield from self._code.finish()
        if self._first is not None and (self._first, self._last) != self._told:
            self._told = (self._first, self._last)
            yield SessionFacts(self._id, started_at=self._first, last_at=self._last)

    def _line(self, line: dict[str, Any], at: int) -> Iterator[Fact] | None:
        """None: nobody knows this line."""
        message = table(line.get("message"))
        kind = text(line.get("type"))
        if kind == "metadata":
            return iter(())
        if kind is None:
            return self._wire.facts(text(message.get("type")) or "", table(message.get("payload")), at)
        return self._code.facts(kind, line, at)
