"""Reading histories ahead, in other processes: opened, masked, parsed, run through the rules, ready to be stored.

Only files that were never read and are small enough to be one transaction; everything else is read where it is stored.
What comes back is plain values, the same that would have been made there.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tachograph import paths
from tachograph.extract.redact import redact
from tachograph.extract.rules import Rules
from tachograph.ingest.discover import Candidate
from tachograph.ingest.history_bytes import (
    BLOCK,
    TAIL,
    digest_of,
    is_quiet,
    masks_of,
    opened,
    read_block,
)
from tachograph.ingest.importer import load_rules
from tachograph.ingest.packed import is_packed
from tachograph.ingest.preparing import Prepared, fed, prepared
from tachograph.readers import Origin, Shape
from tachograph.readers.reading import HEAD_BYTES
from tachograph.readers.registry import reader, which
from tachograph.records import Fact, SessionFacts
from tachograph.store.vault import Masked

WORTH = 4 << 20  # bytes below which starting processes costs more than it saves
_WINDOW = 8  # files read ahead of the one that is stored


class Ahead(NamedTuple):
    """One file, read as far as it is complete."""

    module: str
    stat: os.stat_result
    data: bytes  # masked
    masks: list[Masked]
    size: int  # of the bytes as they were
    digest: bytes  # of all of a document, of the last bytes of a file that grows
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
    helpers = [_Helper() for _ in range(min(cores, 4))]
    waiting: deque[tuple[Candidate, _Helper | None]] = deque()
    turn = itertools.cycle(helpers)
    try:
        for one in candidates:
            asked = next(turn) if one.size <= BLOCK and fresh(one) else None
            if asked is not None:
                asked.ask(one)
            waiting.append((one, asked))
            if len(waiting) > _WINDOW:
                yield _answer(*waiting.popleft())
        while waiting:
            yield _answer(*waiting.popleft())
    finally:
        for helper in helpers:
            helper.close()


def _answer(candidate: Candidate, helper: _Helper | None) -> tuple[Candidate, Ahead | None]:
    return candidate, None if helper is None else helper.answer()


class _Helper:
    """A process that reads what it is asked to, in order. One that is gone answers None: the file is read here, where
    whatever is wrong with it can be told."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip

    def ask(self, candidate: Candidate) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            pickle.dump(candidate, self._process.stdin)
            self._process.stdin.flush()

    def answer(self) -> Ahead | None:
        """To the question asked longest ago."""
        assert self._process.stdout is not None
        try:
            found: Ahead | None = pickle.load(self._process.stdout)  # noqa: S301  # of our own process
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        return found

    def close(self) -> None:
        """Waits for what is being read, not for what was not begun."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Read what is asked on stdin, answer on stdout, until the one that asks is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    rules = load_rules(paths.places())
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            candidate = pickle.load(questions)  # noqa: S301  # of the process that started us
            try:
                found = _read(candidate, rules)
            except (OSError, ValueError, RecursionError, MemoryError):
                found = None
            pickle.dump(found, answers, protocol=5)
            answers.flush()


def _read(candidate: Candidate, rules: Rules) -> Ahead | None:
    with opened(candidate.path) as file:
        stat = os.fstat(file.fileno())
        data = file.read(BLOCK + 1)
    if len(data) > BLOCK or is_packed(data):
        return None
    module = which(data[:HEAD_BYTES], candidate.path, candidate.modules)
    if module is None or reader(module).shape is Shape.DATABASE:
        return None
    final = candidate.final or is_quiet(stat)
    parser = reader(module).parse(Origin(candidate.path, stat.st_mtime_ns))
    if reader(module).shape is Shape.LINES:
        block = read_block(io.BytesIO(data), 0, len(data), final=final)
        facts = [fact for line in block.lines for fact in fed(parser, line)]
        masked, masks, size, digest = block.masked, block.masks, block.size, digest_of(data[: block.size][-TAIL:])
    else:
        found = redact(data)
        facts, masked, masks = fed(parser, found.data), found.data, masks_of(data, found)
        size, digest = len(data), digest_of(data)
        if not final and not any(isinstance(fact, SessionFacts) for fact in facts):
            return None
    told = list(prepared(facts, rules))
    last = list(prepared(parser.finish(), rules))
    return Ahead(module, stat, masked, masks, size, digest, told, last)
