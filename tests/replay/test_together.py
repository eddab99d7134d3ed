"""Several sessions on one clock: what is told of which, and leaping equals playing here, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.errors import NotFound, UsageError
from tachograph.records import Step
from tachograph.replay.together import SESSIONS_MAX, Together, meant
from tachograph.store import Store
from tests.replay.viewer import MS, Viewer, begin, put, steps
from tests.store.samples import AT, SECOND, scratch, session

T = TypeVar("T")


@pytest.fixture
def store() -> Iterator[Store]:
    with scratch() as found:
        yield found


class Viewers:
    """What somebody knows of each session who is told of all together."""

    def __init__(self) -> None:
        self.of: dict[str, Viewer] = {}

    def hear(self, message: Any) -> None:
        if message.type == "snapshot":
            assert message.session_id is None
            for one in message.event["sessions"]:
                viewer = self.of[one["session"]["id"]] = Viewer()
                viewer.hear(msgspec.structs.replace(message, event=one))
        elif message.type in ("event", "output"):
            self.of[message.session_id].hear(message)

    def knows(self) -> dict[str, Any]:
        return {name: viewer.knows() for name, viewer in self.of.items()}


def both(store: Store, first: Any, second: Any) -> Together:
    """Two sessions of drawn steps, half a second apart."""

    async def ask(question: Callable[[Store], T]) -> T:
        return question(store)

    return Together([put(store, second, "codex-2", AT + SECOND // 2), put(store, first)], ask)


@given(first=steps, second=steps, part=st.floats(0, 1))
@settings(max_examples=25)
def test_what_is_known_of_each_after_a_leap_is_what_is_known_after_playing(
    first: Any, second: Any, part: float
) -> None:
    async def compare(together: Together) -> None:
        at = together.begin + int((together.end - together.begin) * part)
        leaping, _ = begin(together, paused=True, output=True)
        leapt, played = Viewers(), Viewers()
        leapt.hear(await anext(leaping))
        state = await leaping.control("seek", to=(at - together.session.started_at) / SECOND)
        leapt.hear(await anext(leaping))
        playing, _ = begin(together, output=True, speed=50)
        played.hear(await anext(playing))
        while playing.state()["items"] < state["items"]:
            played.hear(await anext(playing))
        assert played.knows() == leapt.knows()
        assert playing.turn == leaping.turn

    with scratch() as store:
        asyncio.run(compare(both(store, first, second)))


@given(first=steps, second=steps)
@settings(max_examples=15)
def test_all_of_each_is_told_once_and_in_its_own_order(first: Any, second: Any) -> None:
    async def told(timeline: Any) -> list[Any]:
        player, _ = begin(timeline, output=True)
        return [one async for one in player if one.type in ("event", "output")]

    with scratch() as store:
        together = both(store, first, second)
        heard = asyncio.run(told(together))
        assert [one.at for one in heard] == sorted(one.at for one in heard)
        for part in together.parts:
            mine = [(one.id, one.event) for one in heard if one.session_id == part.name]
            assert mine == [(one.id, one.event) for one in asyncio.run(told(part))]
        assert len(together.turn_starts) == sum(len(part.turn_starts) for part in together.parts)


def test_places_are_counted_over_all(store: Store) -> None:
    spoken = [("prompt", 0, 0, "ok"), ("call", 1000, 500, "error"), ("marker", 1000, 0, "ok")]
    together = both(store, spoken, spoken)
    player, _ = begin(together, paused=True)

    async def go() -> None:
        for where, session_id in (({"turn": 2}, "codex-2"), ({"failure": 1}, "codex-1"), ({"marker": 2}, "codex-2")):
            await player.control("seek", **where)
            found: Any = None
            while not found or player.has_more:
                message = await anext(player)
                found = message.event if message.type == "snapshot" else found
            assert found["current"]["session_id"] == session_id, where
        assert (found["counts"]["prompt"], found["failures"], found["turns"]) == (2, 2, 2)
        assert [one["session"]["id"] for one in found["sessions"]] == ["codex-1", "codex-2"]
        assert player.state()["sessions"] == ["codex-1", "codex-2"]
        with pytest.raises(NotFound, match="the replay of 2 sessions has no turn 3"):
            await player.control("seek", turn=3)

    asyncio.run(go())


def test_who_is_meant(store: Store) -> None:
    made = store.workflows.start("a wave")
    for number in range(3):
        store.sessions.add(session(f"codex-{number}", workflow_id=made.session_id if number else None))
        store.steps.put(f"codex-{number}", "codex", [Step("p", "prompt", AT + number * MS)], source="transcript")
    assert meant(store, ["codex-0", "codex-2", "codex-0"]) == ["codex-0", "codex-2"]
    assert sorted(meant(store, [], made.session_id)) == ["codex-1", "codex-2"]
    for sessions, workflow in ((["codex-0"], made.session_id), ([], None)):
        with pytest.raises(UsageError):
            meant(store, sessions, workflow)
    empty = store.workflows.start("nobody").session_id
    with pytest.raises(NotFound, match="has no sessions"):
        meant(store, [], empty)
    for number in range(SESSIONS_MAX + 1):
        store.sessions.add(session(f"many-{number}", workflow_id=empty))
    with pytest.raises(UsageError, match=f"at most {SESSIONS_MAX}"):
        meant(store, [], empty)
