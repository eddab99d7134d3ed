"""Tokens of Copilot CLI: what each message says (output only), what each call says (newer versions), what the end says.

The counters at a session's end are the truth, and the only ones with input tokens in versions before `usage_record`.
Some versions go on counting when a session is resumed, most begin anew: which it was is told by what was used between.
"""

from __future__ import annotations

from typing import NamedTuple

from tachograph.readers.values import Keys, Object, count, table, text
from tachograph.records import Step, Usage

_PARTS = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens")
_OUTPUT = 1
_NOTHING = [0] * len(_PARTS)


class _Told(NamedTuple):
    """Output tokens of a message that no end of the session has confirmed."""

    key: str
    model: str
    tokens: int


class Tokens:
    """What a session has used, so that the sum of all that is told equals what the agent says in the end."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._told: dict[str, list[int]] = {}  # by model, in the order of _PARTS
        self._unsettled: dict[str, _Told] = {}  # by key
        self._of_call: dict[str, str] = {}  # key, by the call of the model
        self._since = 0  # output tokens told since the last end
        self._last: dict[str, list[int]] = {}  # counters of the last end
        self._before: dict[str, list[int]] = {}  # sums of counters that began anew since
        self._ends = 0
        self._recorded = False  # this run of the agent writes down every call

    def resumed(self) -> None:
        """Another process goes on with the session, maybe another version."""
        self._recorded = False

    def message(self, data: Object, model: str | None, at: int) -> list[Step]:
        """A message of the model: its output tokens."""
        tokens = count(data.get("outputTokens"))
        if self._recorded or not tokens:
            return []
        told = _Told(self._keys.key("usage", [data.get("messageId")]), model or "", tokens)
        self._unsettled[told.key] = told
        if call := text(data.get("apiCallId")):
            self._of_call[call] = told.key
        self._add(told.model, _OUTPUT, tokens)
        self._since += tokens
        return [_usage(told.key, told.model, [0, tokens, 0, 0, 0], at, partial=True)]

    def record(self, data: Object, at: int) -> list[Step]:
        """A call of a model, with all its tokens."""
        self._recorded = True
        found = table(data.get("usage"))
        parts = _parts(found)
        model, call = text(found.get("model")) or "", text(found.get("apiCallId"))
        message = self._unsettled.pop(self._of_call.pop(call or "", ""), None)
        steps = self._withdraw([message] if message else [])
        for index, tokens in enumerate(parts):
            self._add(model, index, tokens)
        self._since += parts[_OUTPUT]
        key = self._keys.key("usage", [call, table(found.get("accounting")).get("usageId")])
        return [*steps, _usage(key, model, parts, at)]

    def end(self, data: Object, at: int) -> list[Step]:
        """The session's counters: what they hold and nobody told."""
        counters = _counters(data)
        if not counters:
            return []
        if self._began_anew(counters):
            for model, parts in self._last.items():
                self._before[model] = _sum(self._before.get(model), parts)
        total = {
            model: _sum(self._before.get(model), counters.get(model)) for model in self._before.keys() | counters.keys()
        }
        steps = self._settle(total)
        self._ends += 1
        for model, parts in sorted(total.items()):
            told = self._told.get(model, _NOTHING)
            missing = [max(now - before, 0) for now, before in zip(parts, told, strict=True)]
            if any(missing):
                self._told[model] = _sum(told, missing)
                steps.append(_usage(f"usage:#end-{self._ends}-{model}", model, missing, at))
        self._last, self._since = counters, 0
        return steps

    def _began_anew(self, counters: dict[str, list[int]]) -> bool:
        for model, parts in self._last.items():
            now = counters.get(model)
            if now is None or any(a < b for a, b in zip(now, parts, strict=True)):
                return True
        now_out, last_out = (sum(parts[_OUTPUT] for parts in each.values()) for each in (counters, self._last))
        return abs(now_out - self._since) < abs(now_out - last_out - self._since)

    def _settle(self, total: dict[str, list[int]]) -> list[Step]:
        """The messages' figures are confirmed where the counters have room for them, and withdrawn elsewhere."""
        by_model: dict[str, list[_Told]] = {}
        for told in self._unsettled.values():
            by_model.setdefault(told.model, []).append(told)
        steps = []
        for model, messages in by_model.items():
            if self._told[model][_OUTPUT] <= total.get(model, _NOTHING)[_OUTPUT]:
                steps += [_usage(told.key, model, [0, told.tokens, 0, 0, 0], 0) for told in messages]
            else:
                steps += self._withdraw(messages)
        self._unsettled.clear()
        self._of_call.clear()
        return steps

    def _withdraw(self, messages: list[_Told]) -> list[Step]:
        for told in messages:
            self._told[told.model][_OUTPUT] -= told.tokens
            self._since -= told.tokens
        return [_usage(told.key, told.model, _NOTHING, 0) for told in messages]

    def _add(self, model: str, part: int, tokens: int) -> None:
        self._told.setdefault(model, [*_NOTHING])[part] += tokens


def _counters(data: Object) -> dict[str, list[int]]:
    """What a session's end counts, by model; nothing when it counts nothing. Some versions have only the bill, in
    which what came from a cache is no input."""
    found = {}
    for model, metrics in table(data.get("modelMetrics")).items():
        usage, bill = table(table(metrics).get("usage")), table(table(metrics).get("tokenDetails"))
        found[model] = _parts(usage) if usage else _billed(bill)
    if not any(any(parts) for parts in found.values()):
        found = {text(data.get("currentModel")) or "": _billed(table(data.get("tokenDetails")))}
    return found if any(any(parts) for parts in found.values()) else {}


def _billed(bill: Object) -> list[int]:
    fresh, output, read, written = (
        count(table(bill.get(kind)).get("tokenCount")) for kind in ("input", "output", "cache_read", "cache_write")
    )
    return [fresh + read + written, output, read, written, 0]


def _parts(usage: Object) -> list[int]:
    return [count(usage.get(name)) for name in _PARTS]


def _sum(first: list[int] | None, second: list[int] | None) -> list[int]:
    return [a + b for a, b in zip(first or _NOTHING, second or _NOTHING, strict=True)]


def _usage(key: str, model: str, parts: list[int], at: int, *, partial: bool = False) -> Step:
    used = Usage(model or None, parts[0], parts[1], parts[2], parts[3], parts[4], None, partial)
    return Step(key, "usage", at, usage=used)
