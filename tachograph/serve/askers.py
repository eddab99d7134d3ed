"""Threads that work for an event loop: `ThreadPoolExecutor` without what makes its answers take twice as long.

A question that is answered in a quarter of a millisecond is not to wait as long for its way there and back.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Work = tuple[asyncio.Future[Any], Callable[[], Any]]


class Askers:
    """At most `count` threads, begun when they are needed. For one loop: `ask` is called there and nowhere else."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._asked = 0  # and not yet answered

    def ask(self, question: Callable[[], T]) -> asyncio.Future[T]:
        """What the question gives or raises, later. Cancelled before its turn it is not asked at all."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked += 1
        if self._asked > len(self._threads) < self._count:
            thread = threading.Thread(target=self._ask, name=f"{self._name}_{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._work.put((answer, question))
        return answer

    def close(self) -> None:
        """What waits is not asked any more; waits for what is being asked. Called when the loop rests."""
        with contextlib.suppress(Exception):
            while True:
                self._work.get_nowait()
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _ask(self) -> None:
        while (work := self._work.get()) is not None:
            answer, question = work
            found, error = None, None
            try:
                if not answer.cancelled():
                    found = question()
            except BaseException as raised:
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
                answer.get_loop().call_soon_threadsafe(self._answered, answer, found, error)
            del work, answer, question, found, error  # or the last answer would be kept until the next question

    def _answered(self, answer: asyncio.Future[Any], found: object, error: BaseException | None) -> None:
        self._asked -= 1
        if answer.done():
            return
        if error is None:
            answer.set_result(found)
        else:
            answer.set_exception(error)
