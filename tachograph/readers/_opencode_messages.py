"""Messages of OpenCode, `{info, parts[]}` → steps: one prompt or reply each, what it thought and called, its tokens.

Every id is told through `Names`: published sessions carry one masked id in many places, and some models number their
calls anew in every message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tachograph.readers._opencode_tools import tool_steps
from tachograph.readers._turns import Names
from tachograph.readers.json_lines import SAMPLE
from tachograph.readers.values import count, dollars, joined, lasted, millis, table, tables, text, whole
from tachograph.records import Fact, Step, Unknown, Usage

_SILENT = {"step-start", "step-finish", "snapshot", "patch", "agent", "file", "subtask", "compaction"}
_LATEST = 2**63 // 1_000_000  # ms


class Messages:
    """What lasts from one message to the next."""

    def __init__(self) -> None:
        self.names = Names()
        self.model: str | None = None  # the last that answered
        self._compacting = False

    def facts(self, info: dict[str, Any], parts: list[dict[str, Any]]) -> Iterator[Fact]:
        """Facts of one message, in the order of its parts."""
        role = info.get("role")
        if role == "user":
            yield from self._prompt(info, parts)
        elif role == "assistant":
            yield from self._reply(info, parts)
        elif role == "shell":
            yield from self._parts(parts, "", millis(table(info.get("time")).get("created")) or 0)
        else:
            yield Unknown(f"message of role {str(role)[:40]}", str(info)[:SAMPLE])

    def _prompt(self, info: dict[str, Any], parts: list[dict[str, Any]]) -> Iterator[Fact]:
        name, at = self.names.name("message", info.get("id")), millis(table(info.get("time")).get("created")) or 0
        typed: list[str] = []
        injected: list[str] = []
        found = attachments(parts)
        compacted = None
        for part in parts:
            if part.get("type") == "text" and (words := text(part.get("text"))):
                (injected if part.get("synthetic") is True else typed).append(words)
            elif part.get("type") == "compaction":
                compacted = part
        if not typed and injected:
            found["synthetic"] = True
        if compacted is not None:
            found["compaction"] = True
        yield Step(f"prompt:{name}", "prompt", at, content=joined(typed or injected), metadata=found or None)
        if compacted is not None:
            self._compacting = True
            yield _compaction(name, at, automatic=compacted.get("auto") is True)
        yield from self._parts(parts, name, at)

    def _reply(self, info: dict[str, Any], parts: list[dict[str, Any]]) -> Iterator[Fact]:
        name = self.names.name("message", info.get("id"))
        time = table(info.get("time"))
        at = millis(time.get("created")) or 0
        yield from self._switched(info, name, at)
        if info.get("summary") is True:
            if not self._compacting:  # before 1.0 no part announced it
                yield _compaction(name, at, automatic=None)
            self._compacting = False
        yield from self._parts(parts, name, at, reply=_reply_step(info, parts, name, at))
        end = millis(time.get("completed")) or at
        if (usage := usage_of(info.get("tokens"), info.get("cost"), text(info.get("modelID")))) is not None:
            yield Step(f"usage:{name}", "usage", end, usage=usage, made_as=made_as(at, usage.model))
        if info.get("error") is not None:
            yield failure(table(info["error"]), name, end)

    def _switched(self, info: dict[str, Any], name: str, at: int) -> Iterator[Step]:
        model = text(info.get("modelID"))
        if model is None or info.get("summary") is True or info.get("mode") == "compaction":
            return
        if self.model is not None and model != self.model:
            switch: dict[str, object] = {"kind": "model_switch", "from": self.model, "to": model}
            content = f"model switched from {self.model} to {model}"
            yield Step(f"model:{name}", "marker", at, content=content, metadata=switch)
        self.model = model

    def _parts(self, parts: list[dict[str, Any]], message: str, at: int, reply: Step | None = None) -> Iterator[Fact]:
        """What the parts say, the reply where its text begins."""
        if reply is not None and reply.content is None:
            yield reply
        for part in parts:
            kind = text(part.get("type"))
            if kind == "text":
                if reply is not None and reply.content is not None:
                    yield reply
                reply = None
            elif kind == "tool":
                yield from tool_steps(part, self.names.name("call", part.get("callID") or part.get("id")), at)
            elif kind == "reasoning":
                if (step := self.thinking(part, at)) is not None:
                    yield step
            elif kind == "retry":
                name = self.names.name("retry", part.get("id") or message)
                when = millis(table(part.get("time")).get("created")) or at
                yield failure(table(part.get("error")), name, when, attempt=part.get("attempt"))
            elif kind not in _SILENT:
                yield Unknown(f"part of type {str(kind)[:40]}", str(part)[:SAMPLE])

    def thinking(self, part: dict[str, Any], at: int) -> Step | None:
        """A thought; None for one that is kept from us."""
        words = text(part.get("text"))
        if words is None or not words.strip():
            return None
        time = table(part.get("time"))
        start = millis(time.get("start"))
        name = self.names.name("thinking", part.get("id"))
        return Step(
            f"thinking:{name}",
            "thinking",
            start or at,
            content=words,
            duration_ms=lasted(start, millis(time.get("end"))),
        )


def usage_of(tokens: object, cost: object, model: str | None) -> Usage | None:
    """`{input, output, reasoning, cache{read, write}}`, where input is without cache and output without reasoning, as
    one model call; None when nothing was used."""
    given, cache = table(tokens), table(table(tokens).get("cache"))
    read, write, thought = count(cache.get("read")), count(cache.get("write")), count(given.get("reasoning"))
    inside, outside = whole(given.get("input")) or 0, whole(given.get("output")) or 0  # below 0: what a cache gave
    price = dollars(cost)
    if not (read or write or thought or inside or outside or price):
        return None
    return Usage(model, max(inside + read + write, 0), max(outside + thought, 0), read, write, thought, price)


def made_as(at: int, model: str | None) -> str | None:
    """What names a call of a model also where it was copied: a fork gives messages new ids and leaves their times."""
    return f"made:{at}:{model}" if at else None


def failure(error: dict[str, Any], name: str, at: int, attempt: object = None) -> Step:
    """An error of a message or of one attempt: the user stopped it, or the model's API refused."""
    kind, data = text(error.get("name")) or "error", table(error.get("data"))
    message = text(data.get("message")) or text(error.get("message"))
    if kind in ("MessageAbortedError", "AbortError"):
        return Step(
            f"interruption:{name}", "marker", at, content="interrupted by the user", metadata={"kind": "interruption"}
        )
    found: dict[str, object] = {"kind": "api_error", "error": kind}
    if data.get("statusCode") is not None:
        found["status_code"] = data["statusCode"]
    if attempt is not None:
        found["attempt"] = attempt
    content = f"{kind}: {message}" if message else kind
    return Step(f"api_error:{name}", "marker", at, status="error", content=content, metadata=found)


def attachments(parts: list[dict[str, Any]]) -> dict[str, object]:
    """Files that came with a message, by name; what is inside a data URL counts by its size."""
    files: list[object] = []
    for part in parts:
        if part.get("type") != "file":
            continue
        url, mime = text(part.get("url")) or "", text(part.get("mime"))
        named: dict[str, object] = {"name": text(part.get("filename")) or ("" if url.startswith("data:") else url)}
        if mime is not None:
            named["mime"] = mime
        if url.startswith("data:"):
            named["size"] = len(url)
        files.append(named)
    return {"files": files} if files else {}


def _reply_step(info: dict[str, Any], parts: list[dict[str, Any]], name: str, at: int) -> Step:
    texts = [part for part in parts if part.get("type") == "text" and text(part.get("text"))]
    begun = millis(table(texts[0].get("time")).get("start")) if texts else None
    content = joined([part["text"] for part in texts])
    return Step(f"reply:{name}", "reply", begun or at, content=content, metadata=_reply_metadata(info, parts))


def _reply_metadata(info: dict[str, Any], parts: list[dict[str, Any]]) -> dict[str, object] | None:
    found = attachments(parts)
    for name, field in (("model", "modelID"), ("provider", "providerID"), ("mode", "mode"), ("finish", "finish")):
        if value := text(info.get(field)):
            found[name] = value
    if info.get("summary") is True:
        found["compaction"] = True
    return found or None


def _compaction(name: str, at: int, *, automatic: bool | None) -> Step:
    how = {True: "automatically", False: "on request", None: ""}[automatic]
    content = f"context compacted {how}".rstrip()
    return Step(f"compaction:{name}", "marker", at, content=content, metadata={"kind": "compaction"})


def times_of(info: dict[str, Any], parts: list[dict[str, Any]]) -> Iterator[int]:
    """Every time that a message and its parts name, in milliseconds as they are written."""
    for holder in (info, *parts, *[state for part in parts if isinstance(state := part.get("state"), dict)]):
        time = holder.get("time")
        if isinstance(time, dict):
            for at in time.values():
                if type(at) is int and 0 < at < _LATEST:
                    yield at


def parts_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of `{info, parts}`."""
    return tables(message.get("parts"))
