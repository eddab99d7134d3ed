"""Tokens of a session of Codex, each counted once.

Codex tells a running total and repeats it, up to eight times unchanged; what a step of usage holds is the growth since
the step before, so that the sum of all steps is the largest total. Newer versions also tell each response by its id.
A copied history (a fork) brings its parent's totals along: growth counts from there.
"""

from __future__ import annotations

from typing import NamedTuple

from tachograph.readers.values import Object
from tachograph.records import Step, Usage


class _Tokens(NamedTuple):
    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0
    total: int = 0

    def plus(self, other: _Tokens) -> _Tokens:
        return _Tokens(*(one + two for one, two in zip(self, other, strict=True)))

    def since(self, other: _Tokens) -> _Tokens:
        return _Tokens(*(max(0, one - two) for one, two in zip(self, other, strict=True)))


class Meter:
    """The counter of one session."""

    def __init__(self) -> None:
        self._counter = _Tokens()  # as Codex counts
        self._copied = False  # the counter stands where a copied history left it
        self._own = _Tokens()  # told since then
        self._responses: set[str] = set()

    def copied(self, event: Object) -> None:
        """A token_count of a copied history."""
        total = _tokens(_info(event).get("total_token_usage"))
        if total is not None and total.total > self._counter.total:
            self._counter, self._copied = total, True

    def counted(self, event: Object, model: str | None, at: int) -> list[Step]:
        """A token_count."""
        info = _info(event)
        total = _tokens(info.get("total_token_usage"))
        if total is None:
            last = _tokens(info.get("last_token_usage"))
            total = self._counter.plus(last) if last else None
        return self.reached(total, model, at) if total else []

    def total(self, usage: object, model: str | None, at: int) -> list[Step]:
        """The usage of a stream's turn.completed, which is a running total too."""
        total = _tokens(usage)
        return self.reached(total, model, at) if total else []

    def response(self, record: Object, model: str | None, at: int) -> list[Step]:
        """A token_usage_record: one response of the model."""
        native, used = record.get("response_id"), _tokens(record.get("usage"))
        if used is None or not used.total or not isinstance(native, str) or native in self._responses:
            return []
        self._responses.add(native)
        self._counter = self._counter.plus(used)
        if self._copied:
            self._own = self._own.plus(used)
        return [_step(f"usage:{native}", used, model, at)]

    def reached(self, total: _Tokens, model: str | None, at: int) -> list[Step]:
        """The running total stands at `total`."""
        if self._copied:
            self._copied = False
            if total.total < self._counter.total:  # the fork counts from zero
                self._counter = self._own
        if total.total <= self._counter.total:
            return []
        grown = total.since(self._counter)
        self._counter = total
        return [_step(f"usage:@{total.total}", grown, model, at)]


def _info(event: Object) -> Object:
    info = event.get("info")
    return info if isinstance(info, dict) else {}


def _tokens(usage: object) -> _Tokens | None:
    if not isinstance(usage, dict):
        return None
    found = _Tokens(
        _whole(usage.get("input_tokens")),
        _whole(usage.get("cached_input_tokens")),
        _whole(usage.get("cache_write_input_tokens")),
        _whole(usage.get("output_tokens")),
        _whole(usage.get("reasoning_output_tokens")),
        _whole(usage.get("total_tokens")),
    )
    return found if found.total else found._replace(total=found.input + found.output)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _step(key: str, used: _Tokens, model: str | None, at: int) -> Step:
    usage = Usage(model, used.input, used.output, used.cached, used.written, used.reasoning)
    return Step(key, "usage", at, usage=usage)
