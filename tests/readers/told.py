"""What a reader told of a recording, put together as the store does: the same key again changes what is not None."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from tachograph.readers import Origin, Parser, Reader, Shape
from tachograph.records import EVENT_TYPES, Fact, OutputPiece, SessionFacts, Step, Unknown

HISTORIES = Path(__file__).parents[1] / "histories"
STATUSES = {None, "ok", "error", "rejected", "interrupted", "unknown"}
OPERATIONS = {None, "read", "write", "edit", "delete"}
ODD = st.sampled_from(
    [None, True, -1, 2.5, 10**30, "", "\x00\ud800", "x" * 300, [], [[[]]], {}, {"a": [1]}, [None, {}]]
)


def sound(facts: Iterable[Fact]) -> list[Fact]:
    """The facts, each as its record says facts are: what a reader makes of nonsense is still no nonsense."""
    found = list(facts)
    for fact in found:
        values = {name: getattr(fact, name) for name in fact.__struct_fields__}
        msgspec.convert(values, type(fact))  # raises where a value is of another type
        assert all(abs(value) < 1 << 63 for value in values.values() if isinstance(value, int)), fact
        if isinstance(fact, Step):
            assert fact.key and fact.event_type in EVENT_TYPES, fact
            assert fact.at >= 0 and fact.status in STATUSES and fact.operation in OPERATIONS, fact
        elif isinstance(fact, SessionFacts):
            assert fact.id, fact
        usage = getattr(fact, "usage", None)
        if usage is not None:
            assert (
                min(tokens for name, tokens in msgspec.structs.asdict(usage).items() if name.endswith("_tokens")) >= 0
            )
    return found


class Told:
    """Sessions by id, each with its facts, its steps by key, its output; and what nobody understood."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.sessions: dict[str, Session] = {}
        self.unknown: list[Unknown] = []
        here: Session | None = None
        for fact in facts:
            if isinstance(fact, Unknown):
                self.unknown.append(fact)
                continue
            if isinstance(fact, SessionFacts):
                here = self.sessions.setdefault(fact.id, Session())
                here.facts.update(known(fact))
                continue
            assert here is not None, "a step before its session"
            if isinstance(fact, OutputPiece):
                here.output.append(fact)
            elif isinstance(fact, Step):
                before = here.steps.setdefault(fact.key, {})
                before.update(
                    {
                        name: value
                        for name, value in known(fact).items()
                        if name not in ("at", "event_type") or not before.get(name)
                    }
                )

    @property
    def only(self) -> Session:
        (session,) = self.sessions.values()
        return session


class Session:
    def __init__(self) -> None:
        self.facts: dict[str, object] = {}
        self.steps: dict[str, dict[str, object]] = {}
        self.output: list[OutputPiece] = []

    def all(self, event_type: str) -> list[dict[str, object]]:
        return [step for step in self.steps.values() if step["event_type"] == event_type]

    def column(self, event_type: str, name: str) -> list[object]:
        return [step.get(name) for step in self.all(event_type)]

    def text(self, stream: str = "stdout") -> bytes:
        return b"".join(piece.data for piece in self.output if piece.stream == stream)


def known(fact: SessionFacts | Step) -> dict[str, object]:
    return {name: getattr(fact, name) for name in fact.__struct_fields__ if getattr(fact, name) is not None}


def read(reader: Reader, data: bytes, path: str = "", modified_at: int = 0) -> Told:
    return Told(facts(reader, data, path, modified_at))


def facts(reader: Reader, data: bytes, path: str = "", modified_at: int = 0) -> list[Fact]:
    """All facts of a history that is read from its first byte to its last."""
    parser = reader.parse(Origin(path, modified_at))
    pieces = data.removesuffix(b"\n").split(b"\n") if reader.shape is Shape.LINES and data else [data]
    found = [fact for piece in pieces for fact in parser.feed(piece)] if data else []
    found += parser.finish()
    assert not list(parser.finish()), "said twice"
    return sound(found)


def watched(parser: Parser, lines: Iterable[bytes]) -> list[Fact]:
    """All facts of a history that is looked at after every line."""
    found: list[Fact] = []
    for line in lines:
        found += parser.feed(line)
        found += parser.finish()
    return sound(found)


def mangled(draw: st.DrawFn, text: bytes) -> bytes:
    """A JSON text with something else at some places of it."""
    document = json.loads(text)
    for _ in range(draw(st.integers(1, 4))):
        document = _mangle(draw, document)
    return json.dumps(document).encode("utf-8", "replace")


def _mangle(draw: st.DrawFn, value: object) -> object:
    if isinstance(value, dict) and value and draw(st.integers(0, 6)):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: _mangle(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 6)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _mangle(draw, value[at]), *value[at + 1 :]]
    return draw(ODD)
