"""Reading histories ahead, in other processes: opened, masked, parsed, run through the rules, ready to be stored.

Only files that were never read and are small enough to be one transaction; everything else is read where it is stored.
What comes back is plain values, the same that would have been made there.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing.connection import wait
from typing import NamedTuple

from tachograph import paths
from tachograph.extract.redact import redact
from tachograph.ingest.discover import Candidate
from tachograph.ingest.history_bytes import (
    BLOCK,
    TAIL,
    ZST,
    digest_of,
    is_whole,
    masked_lines,
    masks_of,
    opened,
)
from tachograph.ingest.importer import load_rules
from tachograph.ingest.preparing import Prepared, prepared
from tachograph.readers import Origin, Shape
from tachograph.readers.reading import HEAD_BYTES
from tachograph.readers.registry import reader, which
from tachograph.records import Fact
from tachograph.store.vault import Masked

WORTH = 4 << 20  # bytes below which starting processes costs more than it saves
_WINDOW = 8  # files read ahead of the one that is stored


class Ahead(NamedTuple):
    """One file, read. `end`: how much of it was parsed."""

    module: str
    stat: os.stat_result
    data: bytes  # masked
    masks: list[Masked]
    size: int  # of the bytes as they were
    digest: bytes  # of all of a document, of the last bytes of a file that grows
    end: int
    facts: list[Fact | Prepared]
    last: list[Fact | Prepared]  # what can be said since there is no more for now


def read_ahead(
    candidates: Sequence[Candidate], fresh: Callable[[Candidate], bool]
) -> Iterator[tuple[Candidate, Ahead | None]]:
    """Candidates in their order, each with what was read of it; None: it is to be read where it is stored, as all are
    that are not `fresh`."""
    cores = os.cpu_count() or 1
    if cores < 2 or sum(one.size for one in candidates) < WORTH:
        yield from ((one, None) for one in candidates)
        return
    context = multiprocessing.get_context("spawn")
    places = paths.places()
    with ProcessPoolExecutor(min(cores, 4), context, initializer=_begin) as pool:
        waiting: deque[tuple[Candidate, Future[Ahead | None] | None]] = deque()
        todo = iter(candidates)
        try:
            while True:
                for one in todo:
                    waiting.append((one, pool.submit(_read, one, places) if one.size <= BLOCK and fresh(one) else None))
                    if len(waiting) > _WINDOW:
                        break
                if not waiting:
                    return
                candidate, future = waiting.popleft()
                yield candidate, _result(future)
        finally:
            for _, future in waiting:
                if future is not None:
                    future.cancel()


def _result(future: Future[Ahead | None] | None) -> Ahead | None:
    """Whatever went wrong over there goes wrong again where it can be told."""
    try:
        return None if future is None else future.result()
    except (BrokenProcessPool, OSError, ValueError, RecursionError, MemoryError):
        return None


def _begin() -> None:
    """In a reading process: leave when the one that asked is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(0)


_rules = cache(load_rules)


def _read(candidate: Candidate, places: paths.Places) -> Ahead | None:
    with opened(candidate.path) as file:
        stat = os.fstat(file.fileno())
        data = file.read(BLOCK + 1)
    if len(data) > BLOCK or data.startswith(ZST):
        return None
    module = which(data[:HEAD_BYTES], candidate.path, candidate.modules)
    if module is None or reader(module).shape is Shape.DATABASE:
        return None
    found = redact(data)
    parser = reader(module).parse(Origin(candidate.path, stat.st_mtime_ns))
    facts: Iterable[Fact]
    if reader(module).shape is Shape.LINES:
        end = data.rfind(b"\n") + 1
        if end < len(data) and is_whole(data[end:], stat):
            end = len(data)
        lines = masked_lines(data[:end], found if end == len(data) else None)
        facts = [fact for line in lines for fact in parser.feed(line)]
        digest = digest_of(data[-TAIL:])
    else:
        end, facts, digest = len(data), parser.feed(found.data), digest_of(data)
    told = list(prepared(facts, _rules(places)))
    last = list(prepared(parser.finish(), _rules(places)))
    return Ahead(module, stat, found.data, masks_of(data, found), len(data), digest, end, told, last)
