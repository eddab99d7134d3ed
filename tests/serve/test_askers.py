"""Threads that work for a loop: as many as are needed, answers and errors back on it, an end that waits."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from tachograph.serve.askers import Askers


def test_one_after_the_other_needs_one_thread_and_many_at_once_no_more_than_allowed() -> None:
    async def asked() -> tuple[set[str], set[str]]:
        askers = Askers(3, "asker")
        try:
            one = {await askers.ask(lambda: threading.current_thread().name) for _ in range(20)}
            together = threading.Barrier(3)
            waiting = [askers.ask(lambda: (together.wait(20), threading.current_thread().name)[1]) for _ in range(9)]
            return one, set(await asyncio.gather(*waiting))
        finally:
            askers.close()

    one, many = asyncio.run(asked())
    assert one == {"asker_0"}
    assert many == {"asker_0", "asker_1", "asker_2"}


def test_what_is_raised_arrives_and_the_thread_goes_on() -> None:
    async def asked() -> int:
        askers = Askers(1, "asker")
        try:
            with pytest.raises(ZeroDivisionError):
                await askers.ask(lambda: 1 // 0)
            return await askers.ask(lambda: 4)
        finally:
            askers.close()

    assert asyncio.run(asked()) == 4


def test_what_nobody_waits_for_any_more_is_not_asked() -> None:
    async def asked() -> list[str]:
        askers = Askers(1, "asker")
        begun, go, done = threading.Event(), threading.Event(), []
        first = askers.ask(lambda: (begun.set(), go.wait(20), done.append("first")))
        second = askers.ask(lambda: done.append("second"))
        third = askers.ask(lambda: done.append("third"))
        await asyncio.to_thread(begun.wait, 20)
        second.cancel()
        go.set()
        await asyncio.gather(first, third)
        askers.close()
        return done

    assert asyncio.run(asked()) == ["first", "third"]


def test_an_end_waits_for_what_is_being_asked_and_drops_what_is_not() -> None:
    done: list[str] = []
    begun, go = threading.Event(), threading.Event()
    askers = Askers(1, "asker")

    def second() -> None:
        done.append("second")

    async def asked(question: Callable[[], None]) -> None:
        askers.ask(lambda: (begun.set(), go.wait(20), done.append("first")))
        askers.ask(question)
        await asyncio.to_thread(begun.wait, 20)

    asyncio.run(asked(second))
    waiting = weakref.ref(second)
    del second
    closing = threading.Thread(target=askers.close)
    closing.start()
    deadline = time.monotonic() + 90
    while waiting() is not None and time.monotonic() < deadline:
        time.sleep(0.001)
    go.set()
    closing.join(20)
    assert not closing.is_alive()
    assert done == ["first"]
