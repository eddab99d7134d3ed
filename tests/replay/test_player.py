"""Playing one session: what is told when, where leaps lead, what controls do. On a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tachograph.errors import NotFound, UsageError
from tachograph.records import Event, Step
from tachograph.replay.clocks import JumpingClock
from tachograph.replay.player import Player
from tachograph.replay.timeline import Timeline
from tachograph.store import Store
from tests.replay.viewer import MS, NAME, Viewer, begin, hear, put, some, timeline_of
from tests.store.samples import AT, SECOND, printed, scratch, session


@pytest.fixture
def store() -> Iterator[Store]:
    with scratch() as found:
        yield found


def talk(store: Store) -> Timeline:
    """Two turns of an hour's distance: a command that fails after two seconds, a note, what was printed."""
    store.sessions.add(session(NAME))

    def step(key: str, kind: str, at: int, **fields: Any) -> None:
        store.steps.put(NAME, "codex", [Step(key, kind, AT + at * SECOND, **fields)], source="transcript")

    step("p1", "prompt", 0, content="mend it")
    step("call:1", "command", 1, tool_call_id="1", command="make", duration_ms=2000.0, status="error", exit_code=2,
         content="no rule", metadata={"input": {"command": "make"}, "lines_added": 3})  # fmt: skip
    step("r1", "reply", 5, content="It is broken.")
    step("p2", "prompt", 3600, content="try again")
    step("m1", "marker", 3602, content="here")
    step("call:2", "command", 3603, tool_call_id="2", command="make -k")
    printed(store, NAME, (AT + 2 * SECOND, b"one\n"), (AT + 2 * SECOND + 500 * MS, "zwölf\n".encode()))
    return timeline_of(store)


def told(player: Player, most: int = 1000) -> list[Any]:
    viewer = Viewer()
    asyncio.run(hear(player, viewer, most))
    return viewer.seen


def test_a_call_is_told_as_it_began_and_again_with_its_result(store: Store) -> None:
    calls = [m for m in told(begin(talk(store))[0]) if m.event and m.event.get("tool_call_id") == "1"]
    began, ended = calls
    assert (began.event["status"], began.event["content"], began.event["exit_code"]) == (None, None, None)
    assert began.event["metadata_json"] == {"input": {"command": "make"}}
    assert (ended.event["status"], ended.event["content"], ended.event["exit_code"]) == ("error", "no rule", 2)
    assert (began.id, began.at[17:]) == (ended.id, "03.123Z")
    assert ended.at[17:] == "05.123Z"


def test_a_silence_is_shortened_and_said(store: Store) -> None:
    player, clock = begin(talk(store), idle_limit=2 * SECOND)
    gaps = [message.event for message in told(player) if message.type == "gap"]
    assert gaps == [
        {
            "reason": "nothing happened",
            "until": "2026-11-21T10:14:02.123Z",
            "duration_ms": 3_595_000.0,
            "played_ms": 2000.0,
        }
    ]
    assert clock.time == 5 * SECOND + 2 * SECOND + 3 * SECOND


def test_without_a_limit_it_lasts_as_long_as_it_lasted(store: Store) -> None:
    player, clock = begin(talk(store), speed=2)
    assert told(player)[-1].type == "end"
    assert clock.time == 3603 * SECOND // 2


def test_output_is_told_when_asked_for(store: Store) -> None:
    timeline = talk(store)
    assert not [m for m in told(begin(timeline)[0]) if m.type == "output"]
    found = [m.event for m in told(begin(timeline, output=True)[0]) if m.type == "output"]
    assert found == [
        {"stream": "stdout", "data": "one\n", "offset": 4},
        {"stream": "stdout", "data": "zwölf\n", "offset": 11},
    ]


def test_from_and_to(store: Store) -> None:
    types = [m.event.get("event_type") for m in told(begin(talk(store), begin="1:00:00", end="1:00:02")[0])[1:-1]]
    assert types == ["prompt", "marker"]
    with pytest.raises(UsageError, match="nothing lies between"):
        begin(talk_again(store), begin="50:00", end="40:00")
    with pytest.raises(UsageError, match="from: 'soon' is not a time"):
        begin(talk_again(store), begin="soon")


def talk_again(store: Store) -> Timeline:
    return timeline_of(store)


@pytest.mark.parametrize(
    ("where", "current", "turn"),
    [
        ({"turn": 2}, "prompt", 2),
        ({"turn": "next"}, "prompt", 1),
        ({"failure": "next"}, "command", 1),
        ({"failure": 1}, "command", 1),
        ({"marker": "next"}, "marker", 2),
        ({"chapter": 2}, "prompt", 2),
        ({"to": "5"}, "reply", 1),
        ({"to": "2026-11-21T09:14:07.123Z"}, "reply", 1),
        ({"fraction": 1}, "command", 2),
        ({"by": 3}, "command", 1),
    ],
)
def test_places_to_go_to(store: Store, where: dict[str, Any], current: str, turn: int) -> None:
    async def go() -> Any:
        player, _ = begin(talk(store), paused=True)
        await anext(player)
        await player.control("seek", **where)
        return await anext(player)

    found = asyncio.run(go())
    assert (found.type, found.event["current"]["event_type"], found.event["turn"]) == ("snapshot", current, turn)
    assert found.id == found.event["current"]["id"]


def test_a_failure_is_one_whose_result_is_known(store: Store) -> None:
    async def go() -> Any:
        player, _ = begin(talk(store), paused=True)
        await anext(player)
        await player.control("seek", failure="next")
        return (await anext(player)).event

    found = asyncio.run(go())
    assert (found["failures"], found["last_failure"]["exit_code"], found["open"]) == (1, 2, [])


@pytest.mark.parametrize(
    ("action", "fields", "error", "words"),
    [
        ("dance", {}, UsageError, "no action 'dance'"),
        ("seek", {}, UsageError, "one place"),
        ("seek", {"to": 1, "turn": 2}, UsageError, "one place"),
        ("seek", {"to": "nan"}, UsageError, "not a time"),
        ("seek", {"by": "inf"}, UsageError, "will not do"),
        ("seek", {"fraction": 2}, UsageError, "will not do"),
        ("seek", {"turn": 9}, NotFound, "no turn 9"),
        ("seek", {"turn": "last"}, UsageError, "will not do"),
        ("seek", {"failure": "previous"}, NotFound, "no previous failure"),
        ("seek", {"event": 10**9}, NotFound, "no event"),
        ("speed", {"speed": 1000}, UsageError, "between"),
        ("speed", {"speed": "nan"}, UsageError, "between"),
        ("speed", {}, UsageError, "between"),
        ("loop", {"loop": "yes"}, UsageError, "will not do"),
        ("step", {"by": 3}, UsageError, "will not do"),
        ("pause", {"now": True}, UsageError, "no field"),
    ],
)
def test_what_will_not_do_changes_nothing(
    store: Store, action: str, fields: dict[str, Any], error: type[Exception], words: str
) -> None:
    async def go() -> None:
        player, _ = begin(talk(store), paused=True)
        await anext(player)
        before = player.state()
        with pytest.raises(error, match=words):
            await player.control(action, **fields)
        assert player.state() == before
        assert not player.has_more

    asyncio.run(go())


def test_steps_go_event_by_event_and_back(store: Store) -> None:
    async def go() -> None:
        player, clock = begin(talk(store), output=True)
        viewer = Viewer()
        await hear(player, viewer, 2)
        await player.control("step")
        await some(player, viewer, 100)
        assert [m.type for m in viewer.seen[2:]] == ["state", "event"]
        await player.control("step")
        await some(player, viewer, 100)
        assert [m.type for m in viewer.seen[4:]] == ["output", "output", "event"]
        assert clock.time == 0
        assert player.state()["playing"] == "paused"
        known = viewer.knows()
        await player.control("step", by=-1)
        await some(player, viewer, 100)
        assert viewer.seen[-1].event["current"]["event_type"] == "command"
        assert viewer.seen[-1].event["current"]["status"] is None
        await player.control("step")
        await some(player, viewer, 100)
        assert viewer.knows() == known

    asyncio.run(go())


def test_a_pause_stops_the_clock_of_the_session(store: Store) -> None:
    async def go() -> None:
        player, clock = begin(talk(store))
        viewer = Viewer()
        await hear(player, viewer, 3)
        at = clock.time
        state = await player.control("pause")
        assert (state["playing"], state["offset_ms"]) == ("paused", 1000.0)
        clock.time += 500 * SECOND
        assert player.state()["offset_ms"] == 1000.0
        await player.control("resume")
        await hear(player, viewer, 3)
        assert [m.type for m in viewer.seen[3:]] == ["state", "state", "event"]
        assert clock.time == at + 502 * SECOND

    asyncio.run(go())


def test_a_loop_begins_again_with_a_snapshot(store: Store) -> None:
    messages = told(begin(talk(store), loop=True, begin="1:00:00")[0], 10)
    assert [m.type for m in messages] == ["snapshot", *["event"] * 3] * 2 + ["snapshot", "event"]
    assert "end" not in [m.type for m in told(begin(timeline_of(store), loop=True)[0], 50)]


def test_after_the_end_it_can_stay_and_go_back(store: Store) -> None:
    async def go() -> None:
        player, _ = begin(talk(store), stay=True)
        viewer = Viewer()
        await some(player, viewer, 1000)
        assert viewer.seen[-1].type == "end"
        await player.control("seek", turn=2)
        await some(player, viewer, 1000)
        assert [m.type for m in viewer.seen[-4:]] == ["snapshot", "event", "event", "end"]
        assert (await player.control("resume"))["playing"] == "playing"
        assert (await anext(player)).type == "snapshot"
        await player.control("stop")
        assert [m.type async for m in player] == ["end"]
        with pytest.raises(UsageError, match="was stopped"):
            await player.control("pause")

    asyncio.run(go())


def test_one_who_stops_listening_in_the_middle_misses_nothing(store: Store) -> None:
    async def go() -> None:
        player, _ = begin(talk(store), output=True)
        viewer = Viewer()
        while not viewer.seen or viewer.seen[-1].type != "end":
            listening = asyncio.ensure_future(anext(player))
            await asyncio.sleep(0)
            if listening.done() or not listening.cancel():
                viewer.hear(listening.result())
                continue
            try:
                viewer.hear(await listening)
            except asyncio.CancelledError:
                viewer.hear(await anext(player))
        calm = Viewer()
        await hear(begin(talk_again(store), output=True)[0], calm)
        assert [m for m in viewer.seen if m.type != "end"] == [m for m in calm.seen if m.type != "end"]

    asyncio.run(go())


def test_held_while_nobody_listens_it_goes_on_where_it_was(store: Store) -> None:
    async def go() -> None:
        player, clock = begin(talk(store))
        viewer = Viewer()
        await hear(player, viewer, 3)
        player.hold()
        clock.time += 100 * SECOND
        player.release()
        await hear(player, viewer, 1)
        assert clock.time == 103 * SECOND

    asyncio.run(go())


def test_a_session_without_anything_ends_at_once(store: Store) -> None:
    store.sessions.add(session("codex-2"))
    found = told(begin(timeline_of(store, "codex-2"), loop=True)[0], 5)
    assert [m.type for m in found] == ["snapshot", "end"]


def test_what_is_gone_meanwhile_is_not_told(store: Store) -> None:
    timeline = talk(store)
    store._connection.execute("DELETE FROM _output")
    types = [m.type for m in told(begin(timeline, output=True)[0]) if m.type == "output"]
    assert not types


def test_output_that_is_damaged_stops_nothing(store: Store) -> None:
    timeline = talk(store)
    store._connection.execute("UPDATE _output SET data = x'00ff'")
    types = [m.type for m in told(begin(timeline, output=True)[0])]
    assert types.count("event") == 7 and types[-1] == "end" and "output" not in types


def test_clocks_that_jump_back_never_make_a_negative_wait(store: Store) -> None:
    store.sessions.add(session(NAME))
    for number, at in enumerate((5, 1, 9, 3)):
        store.events.add(Event(NAME, "marker", content=str(number), at=AT + at * SECOND))
    player, clock = begin(timeline_of(store))
    assert [m.event["content"] for m in told(player) if m.type == "event"] == ["1", "3", "0", "2"]
    assert clock.time == 8 * SECOND
    assert isinstance(clock, JumpingClock)


def test_a_sum_of_dollars_is_told_as_one_would_write_it(store: Store) -> None:
    timeline = put(store, [("usage", 1000, 0, "ok")] * 3)  # a tenth each
    player, _ = begin(timeline, paused=True)

    async def go() -> Any:
        await player.control("seek", fraction=1)
        return [await anext(player) for _ in range(2)][-1].event

    assert asyncio.run(go())["cost_usd"] == 0.3
    assert [turn.cost_usd for turn in store.turns.list(NAME)] == [0.3]
