"""The first Codex CLI, written in TypeScript (until mid-2025): a rollout is one pretty-printed JSON document.

`{"session": {"timestamp", "id", "instructions"}, "items": [...]}`; items are those of the Responses API, or messages
with `tool_calls` when another provider was used. They carry no times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tachograph.readers import codex, json_lines
from tachograph.readers.reading import Origin, Parser, Place, Shape
from tachograph.readers.times import iso
from tachograph.readers.values import Object
from tachograph.records import Fact
from tachograph.regexes import regex

name = "codex"
shape = Shape.DOCUMENT

_HEAD = regex(rb'\s*\{\s*"session"\s*:\s*\{\s*"(?:timestamp|id|instructions)"\s*:')
_WHOLE = 60_000  # bytes: a head of that size may end inside the instructions


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Where the later versions keep theirs, too; nothing deletes these files."""
    root = environment.get("CODEX_HOME") or f"{home}/.codex"
    return [Place(root, ("sessions/**/rollout-*.json",))]


def detect(head: bytes, path: str) -> bool:
    """A session with an id, then items: no other agent begins a document like that."""
    return _HEAD.match(head) is not None and (b'"items"' in head or len(head) > _WHOLE)


def parse(origin: Origin) -> Parser:
    """A parser that gets the whole document, each time it was rewritten."""
    return Document(origin)


class Document:
    """Reads one document; a rewritten one tells the same steps, by the same keys, and what came to them."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._rollout = codex.Rollout(origin)

    def feed(self, data: bytes) -> Iterable[Fact]:
        """The facts of the document."""
        self._rollout = codex.Rollout(self._origin)
        found, bad = json_lines.objects(data)
        if not found or not isinstance(found[0].get("items"), list):
            return bad or [json_lines.unknown("no rollout", data)]
        session = found[0].get("session")
        facts = self._session(session if isinstance(session, dict) else {})
        for item in found[0]["items"]:
            steps = self._steps(item) if isinstance(item, dict) else None
            facts += [json_lines.unknown(_kind(item), b"")] if steps is None else steps
        return facts + bad

    def finish(self) -> Iterable[Fact]:
        """Times, and calls without a result."""
        return self._rollout.finish()

    def _steps(self, item: Object) -> Sequence[Fact] | None:
        try:
            steps = self._rollout.item(_as_item(item), 0)
            asked = [step for call in _calls(item) for step in self._rollout.item(call, 0) or []]
        except RecursionError:
            return None
        return None if steps is None else [*steps, *asked]

    def _session(self, session: Object) -> list[Fact]:
        started = iso(session.get("timestamp"))
        self._rollout.at(started or 0)
        return [*self._rollout.meta(session, started or 0)]


def _as_item(item: Object) -> Object:
    """A message of the chat API as an item of the Responses API."""
    if item.get("role") == "tool":
        return {"type": "function_call_output", "call_id": item.get("tool_call_id"), "output": item.get("content")}
    return item


def _calls(item: Object) -> Iterable[Object]:
    asked = item.get("tool_calls")
    for call in asked if isinstance(asked, list) else []:
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            yield {"type": "function_call", "call_id": call.get("id"), **function}


def _kind(item: object) -> str:
    kind = item.get("type") if isinstance(item, dict) else None
    return f"item/{kind}"[:80] if isinstance(kind, str) else "item without a type"
