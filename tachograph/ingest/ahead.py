"""Reading histories ahead, in other processes: opened, masked, parsed, run through the rules, ready to be stored.

Only files that were never read; everything else is read where it is stored, and so is what is odd: compressed files,
lines of many megabytes, large documents. What comes back is plain values, the same that would have been made there.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from tachograph.analyse import cost
from tachograph.ingest.discover import Candidate
from tachograph.ingest.reading_ahead import LENGTH, Part

WORTH = 4 << 20  # bytes below which starting processes costs more than it saves
_HELPERS_MAX = 3  # reading takes as long as storing, or twice that; and each of them learns the rules first
_WINDOW = 64  # files that processes know of before the first of them is stored
_HELD = 12 << 20  # bytes of answers of one process that may wait to be stored; it waits then, too


class Ahead:
    """One file that is being read elsewhere: its parts, as they come. Should they end early, the rest is to be read
    where it is stored."""

    def __init__(self, first: Part, more: Callable[[], Part | None]) -> None:
        self.module = first.module
        self.complete = first.last is not None  # whether no part follows those that came
        self._waiting = deque([first])
        self._more: Callable[[], Part | None] | None = None if self.complete else more

    def parts(self) -> Iterator[Part]:
        """Those that nobody has taken yet."""
        while self._waiting or self._fetch():
            yield self._waiting.popleft()

    def hold(self) -> None:
        """Take all parts out of the way of the next file's."""
        while self._fetch():
            pass

    def _fetch(self) -> bool:
        part = self._more() if self._more is not None else None
        if part is None or part.last is not None:
            self._more = None
        if part is not None:
            self.complete = part.last is not None
            self._waiting.append(part)
        return part is not None


def read_ahead(
    candidates: Sequence[Candidate], fresh: Callable[[Candidate], bool]
) -> Iterator[tuple[Candidate, Ahead | None]]:
    """Candidates in their order, each with what is read of it; None: it is to be read where it is stored, as all are
    that are not `fresh`."""
    cores = os.cpu_count() or 1
    if cores < 2 or sum(one.size for one in candidates) < WORTH:
        yield from ((one, None) for one in candidates)
        return
    helpers = [_Helper() for _ in range(min(cores - 1, _HELPERS_MAX))]
    waiting: deque[tuple[Candidate, _Helper | None]] = deque()
    try:
        for one in candidates:
            asked = min(helpers, key=lambda helper: helper.load) if fresh(one) else None
            if asked is not None:
                asked.ask(one)
            waiting.append((one, asked))
            if len(waiting) > _WINDOW:
                yield from _answer(*waiting.popleft())
        while waiting:
            yield from _answer(*waiting.popleft())
    finally:
        for helper in helpers:
            helper.close()


def _answer(candidate: Candidate, helper: _Helper | None) -> Iterator[tuple[Candidate, Ahead | None]]:
    if helper is not None:
        cost.ready()  # the first answer takes a while
    first = helper.answer() if helper is not None else None
    if helper is None or first is None:
        yield candidate, None
    else:
        ahead = Ahead(first, helper.answer)
        yield candidate, ahead
        ahead.hold()
    if helper is not None:
        helper.load -= candidate.size + 1


class _Helper:
    """A process that reads what it is asked to, in order. One that is gone answers None: the file is read here, where
    whatever is wrong with it can be told."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, sys.path))
        self.load = 0  # bytes of files that it was asked for and that are not stored yet
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {Part.__module__} import main; main()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._held = 0
        self._room = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, candidate: Candidate) -> None:
        assert self._process.stdin is not None
        self.load += candidate.size + 1
        with contextlib.suppress(OSError):
            pickle.dump(candidate, self._process.stdin)
            self._process.stdin.flush()

    def answer(self) -> Part | None:
        """To the question asked longest ago; again, as long as its last part has not come."""
        answer = self._answers.get()
        if answer is None:
            self._answers.put(None)
            return None
        with self._room:
            self._held -= len(answer)
            self._room.notify()
        found: Part | None = pickle.loads(answer)  # noqa: S301  # of our own process
        return found

    def close(self) -> None:
        """Waits for nothing that is being read."""
        self._process.kill()
        with self._room:
            self._held = -(1 << 62)
            self._room.notify()
        self._listener.join()
        self._process.communicate()

    def _listen(self) -> None:
        """Take answers off the process, so that it can go on, up to what may wait here."""
        assert self._process.stdout is not None
        while answer := _framed(self._process.stdout):
            self._answers.put(answer)
            with self._room:
                self._held += len(answer)
                self._room.wait_for(lambda: self._held < _HELD)
        self._answers.put(None)


def _framed(stream: IO[bytes]) -> bytes | None:
    """The next answer; None when the process is gone."""
    head = stream.read(LENGTH)
    size = int.from_bytes(head, "big")
    answer = stream.read(size)
    return answer if len(head) == LENGTH and len(answer) == size else None
