"""Messages of hooks, recorded or made, handed to the reader of an agent one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from hypothesis import strategies as st

from tachograph.readers.hooking import Memory
from tachograph.records import Fact
from tests.readers.told import HISTORIES, Told, mangled, sound

AT = 1_795_227_397_000_000_000
STEP = 10**9  # ns between two messages
Message = tuple[str | None, Any]


def recorded(name: str) -> list[Message]:
    """(name of the hook or None, message) of a file in histories/hooks."""
    found: list[Message] = []
    for line in (HISTORIES / "hooks" / name).read_text().splitlines():
        event, tab, body = line.partition("\t")
        found.append((event, json.loads(body)) if tab else (None, json.loads(line)))
    return found


def facts(reader: ModuleType, messages: Iterable[Message], memory: Memory | None = None) -> list[Fact]:
    memory = memory or Memory()
    found: list[Fact] = []
    for number, (event, body) in enumerate(messages):
        found += reader.hook(event, body, AT + number * STEP, memory)
        memory = Memory(json.loads(json.dumps(memory.state)))  # as after a restart
    return sound(found)


def told(reader: ModuleType, messages: Iterable[Message]) -> Told:
    return Told(facts(reader, messages))


@st.composite
def odd(draw: st.DrawFn, those: Sequence[Message]) -> list[Message]:
    """Some of those messages with something else in them."""
    messages = draw(st.lists(st.sampled_from(those), min_size=1, max_size=6))
    return [(event, json.loads(mangled(draw, json.dumps(body).encode()))) for event, body in messages]
