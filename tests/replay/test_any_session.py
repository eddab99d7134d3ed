"""Of any session: leaping equals playing, everything is told once and when it is due, whatever is done meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.replay.timeline import OUTPUT, Timeline
from tests.replay.viewer import Viewer, begin, hear, put, some, steps
from tests.store.samples import SECOND, scratch

OFTEN = settings(max_examples=40)


@given(drawn=steps, part=st.floats(0, 1), output=st.booleans(), limit=st.sampled_from([None, 0, 2 * SECOND]))
def test_what_is_known_after_a_leap_is_what_is_known_after_playing(
    drawn: Any, part: float, output: bool, limit: int | None
) -> None:
    async def both(timeline: Timeline) -> None:
        at = timeline.begin + int((timeline.end - timeline.begin) * part)
        since = (at - timeline.session.started_at) / SECOND
        leaping, _ = begin(timeline, paused=True, output=True, idle_limit=limit)
        leapt = Viewer()
        await hear(leaping, leapt, 1)
        state = await leaping.control("seek", to=since)
        await hear(leaping, leapt, 1)
        assert leapt.snapshots == 2
        playing, _ = begin(timeline, output=True, idle_limit=limit, speed=50)
        played = Viewer()
        while True:
            place = playing.state()
            if place["items"] >= state["items"] and played.snapshots:
                break
            await hear(playing, played, 1)
        assert played.knows() == leapt.knows()

    with scratch() as store:
        asyncio.run(both(put(store, drawn)))


Controls = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.integers(1, 8)),
        st.tuples(st.just("seek"), st.floats(0, 1)),
        st.tuples(st.just("step"), st.sampled_from([1, -1])),
        st.tuples(st.just("speed"), st.floats(0.1, 100)),
        st.tuples(st.just("pause"), st.none()),
        st.tuples(st.just("resume"), st.none()),
    ),
    max_size=12,
)


@given(drawn=steps, controls=Controls, limit=st.sampled_from([None, SECOND]))
def test_after_any_controls_a_viewer_knows_what_one_knows_who_leapt_there(
    drawn: Any, controls: Any, limit: int | None
) -> None:
    async def go(timeline: Timeline) -> None:
        player, _ = begin(timeline, output=True, idle_limit=limit, stay=True)
        viewer = Viewer()
        await hear(player, viewer, 1)
        asked = 1
        for what, value in controls:
            if what == "play":
                await some(player, viewer, value)
            elif what == "seek":
                await player.control("seek", fraction=value)
                asked += 1
            else:
                field = {"step": "by", "speed": "speed"}.get(what)
                ended = player.state()["playing"] == "ended"
                await player.control(what, **({field: value} if field else {}))
                asked += value == -1 or (what == "resume" and ended)
        await some(player, viewer, 10_000)
        assert viewer.snapshots == asked  # one each, no more
        told = Viewer()
        await hear(begin(timeline, output=True)[0], told)
        if player.state()["playing"] == "ended":
            assert viewer.knows() == told.knows()
        else:
            await player.control("resume")
            await some(player, viewer, 10_000)
            assert viewer.knows() == told.knows()

    with scratch() as store:
        asyncio.run(go(put(store, drawn)))


@given(drawn=steps, speed=st.sampled_from([0.1, 0.5, 1.0, 2.0, 5.0, 100.0]), output=st.booleans())
def test_everything_is_told_once_in_order_and_at_its_time(drawn: Any, speed: float, output: bool) -> None:
    async def go(timeline: Timeline) -> None:
        player, clock = begin(timeline, speed=speed, output=output)
        told = []
        async for message in player:
            if message.type in ("event", "output"):
                told.append((clock.time, message))
        items = [n for n in range(len(timeline)) if output or timeline.kind[n] != OUTPUT]
        assert [message.id or 0 for _, message in told] == [timeline.event(n) for n in items]
        for (when, _), item in zip(told, items, strict=True):
            assert abs(when - (timeline.at[item] - timeline.begin) / speed) <= 1000  # ns: floats of hours

    with scratch() as store:
        asyncio.run(go(put(store, drawn)))


@given(drawn=steps, speeds=st.lists(st.sampled_from([0.1, 0.5, 2.0, 5.0, 100.0]), min_size=1, max_size=5))
def test_changing_speed_on_the_way_moves_nothing_that_was(drawn: Any, speeds: list[float]) -> None:
    """After any changes of speed, the time that passed is the sum of what each stretch takes at its speed."""

    async def go(timeline: Timeline) -> None:
        player, clock = begin(timeline, idle_limit=SECOND)
        expected, since, speed = 0.0, 0, 1.0
        number = 0
        async for message in player:
            if message.type != "event":
                continue
            here = clock.time
            expected += (here - since) * speed
            since = here
            assert abs(player.played() - expected) < 10_000
            speed = speeds[number % len(speeds)]
            number += 1
            await player.control("speed", speed=speed)

    with scratch() as store:
        asyncio.run(go(put(store, drawn)))
