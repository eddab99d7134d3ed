"""What rules found in the texts of steps. A text that is told again, and is another one, has other findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from tachograph.records import CodeBlock, Extraction
from tachograph.store import queries, removing
from tachograph.store.code_blocks import CodeBlocks, digest_of
from tachograph.store.json_text import to_json
from tachograph.store.kinds import Kind
from tachograph.store.writer import Writer

_sql = queries.load("findings")


class InStep(NamedTuple):
    """What was found in the text of one step: `step` is its event, lines of extractions count from 1."""

    step: int
    line_first: int  # the number of its first line, when it lies in a stream; else 1
    extractions: Sequence[Extraction]
    blocks: Sequence[CodeBlock]


class Findings:
    """`store.findings`"""

    def __init__(self, writer: Writer, code_blocks: CodeBlocks) -> None:
        self._writer = writer
        self._connection: Any = writer.connection
        self._code_blocks = code_blocks

    def add(self, found: Sequence[InStep]) -> None:
        """Inside a transaction: findings in texts that are new."""
        extractions, steps = [], []
        for one in found:
            extractions += [_placed(extraction, one.line_first) for extraction in one.extractions]
            steps += [one.step] * len(one.extractions)
        self._code_blocks.add_many([(block, one.step) for one in found for block in one.blocks])
        if extractions:
            first = self._writer.extractions(extractions)
            self._connection.executemany(_sql.add_found, [(step, first + n) for n, step in enumerate(steps)])

    def of(self, step: int) -> list[int]:
        """What rules found in the text of a step, in its order: ids of events."""
        return [row[0] for row in reversed(self._connection.execute(_sql.found, (step,)).fetchall())]

    def step(self, session: int, event: int) -> int | None:
        """The step in whose text a finding is; None when it is in output. `session` is a row number."""
        found = self._connection.execute(_sql.step_of, {"session": session, "event": event}).fetchone()
        return found[0] if found else None

    def replace(self, session: int, found: InStep, before: int) -> None:
        """Inside a transaction: findings in a text that has changed; `before` was the number of its first line.

        What is found again stays as it is, with its id and its feedback. `session` is a row number.
        """
        self._writer.touch(session)
        stored: defaultdict[tuple[object, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, kind, line, *words in self._connection.execute(_sql.found, (found.step,)).fetchall():
            stored[(self._writer.kinds.of(kind)._replace(source=""), line - before, *words)].append((number, line))
        fresh = []
        for extraction in found.extractions:
            same = stored.get(_key(extraction))
            if not same:
                fresh.append(extraction)
                continue
            number, line = same.pop()
            if before != found.line_first:
                self._connection.execute(_sql.move_found, (line - before + found.line_first, number))
                self._writer.changes.event(number)
        gone = [number for rest in stored.values() for number, _ in rest]
        removing.remove(self._writer, session, gone, found_in=found.step)
        self.add([found._replace(extractions=fresh, blocks=self._unseen(session, found))])

    def _unseen(self, session: int, found: InStep) -> list[CodeBlock]:
        """Blocks that the step did not have; those it has no more are taken away."""
        stored: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, *place in self._connection.execute(_sql.sightings, (session, found.step)).fetchall():
            stored[tuple(place)].append(number)
        fresh = []
        for one in found.blocks:
            same = stored.get((one.digest or digest_of(one.content), one.line_start, one.line_end))
            if same:
                same.pop()
            else:
                fresh.append(one)
        removing.drop_sightings(self._writer, [number for rest in stored.values() for number in rest])
        return fresh


def _key(e: Extraction) -> tuple[object, ...]:
    """What makes a finding the same, whoever told the text."""
    kind = Kind(
        e.agent_name, e.event_type, e.pattern, e.risk_level, bool(e.auto_confirmable), e.code_block_language or ""
    )
    return (kind, (e.line_number or 1) - 1, e.matched_value, e.original_line, to_json(e.metadata))


def _placed(extraction: Extraction, line_first: int) -> Extraction:
    return msgspec.structs.replace(extraction, line_number=(extraction.line_number or 1) + line_first - 1)
