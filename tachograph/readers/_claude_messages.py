"""Messages of the model in a Claude Code transcript: one reply, one count of tokens each, on however many lines."""

from __future__ import annotations

from collections import deque

from tachograph.readers._claude_calls import CALL_BLOCKS, Calls
from tachograph.readers._claude_notes import Note, marker
from tachograph.readers._claude_session import Told
from tachograph.readers._claude_text import MASK, blocks, number, string, text_of
from tachograph.readers.values import Object, table
from tachograph.records import Fact, Step, Usage

Counts = tuple[int, int, int, int, int]
_ZERO: Counts = (0, 0, 0, 0, 0)
SYNTHETIC = "<synthetic>"  # the "model" of what the agent itself says in the name of one
_NOTHING = "No response requested."  # said after a local command
_MODELS = 64  # that one session may use
_TEXTS = 256  # blocks of text that a message has: all are told again with each that comes
_LONG = 1 << 22  # characters of them
_OPEN = 256  # messages whose next line may still come: several subagents may speak at once


class _Message:
    __slots__ = ("at", "counts", "metadata", "partial", "size", "texts", "thoughts", "told")

    def __init__(self, metadata: dict[str, object], at: int) -> None:
        self.metadata = metadata
        self.at = at  # of its first line: which line it is told with depends on when somebody looks
        self.texts: list[str] = []
        self.size = 0
        self.thoughts = 0
        self.told = False
        self.counts: Counts | None = None
        self.partial = False

    def add(self, text: str) -> bool:
        """Whether it still belongs to the message: none has so much, but a file may be made to."""
        fits = len(self.texts) < _TEXTS and self.size < _LONG
        if fits:
            self.texts.append(text)
            self.size += len(text)
        else:
            self.metadata["cut"] = True
        return fits


class Messages:
    """The messages of the model in one session."""

    def __init__(self, told: Told, calls: Calls) -> None:
        self._session, self._calls = told, calls
        self._known: dict[str, _Message | None] = {}  # None: long past, its name is all that is kept
        self._open: deque[str] = deque()
        self._owed: tuple[str, _Message] | None = None  # seen without text so far: its reply is not told yet
        self._unnamed: str | None = None
        self._model: str | None = None
        self._sums: dict[str | None, Counts] = {}  # by model

    @property
    def none(self) -> bool:
        """Whether the model has said nothing so far."""
        return not self._known

    def line(self, record: Object, message: Object, identity: str, at: int, sidechain: bool, out: list[Fact]) -> None:
        """One `assistant` record; `identity` is that of the record."""
        model = string(message.get("model"))
        found = blocks(message.get("content"))
        failed = record.get("isApiErrorMessage") is True
        if failed or model == SYNTHETIC:
            self._agent_says(record, text_of(found), failed, identity, at, sidechain, out)
        if model == SYNTHETIC:
            return
        name = self._name(message, record, identity)
        if name not in self._known:
            self.pause(out)
            if model and not sidechain:
                self._model_is(model, identity, at, out)
            self._begin(name, _about(record, model, sidechain), at)
        state = self._known[name]
        if state is None:
            out.extend(step for block in found if (step := self._call(block, at, sidechain)))
            return
        self._blocks(name, state, found, at, sidechain, out)
        self._tokens(name, state, model, message, at, out)

    def pause(self, out: list[Fact]) -> None:
        """No more lines of the last message are to be expected."""
        if self._owed:
            self._reply(*self._owed, out)

    def user_speaks(self, out: list[Fact]) -> None:
        """A record in the name of the user: what the model says next is another message."""
        self.pause(out)
        self._unnamed = None

    def _blocks(self, name: str, state: _Message, found: list[Object], at: int, side: bool, out: list[Fact]) -> None:
        text = False
        for block in found:
            kind = block.get("type")
            if kind == "text":
                if said := string(block.get("text")):
                    text = state.add(said) or text
            elif kind == "thinking":
                state.thoughts += 1
                if thought := string(block.get("thinking")):
                    key = f"thinking:{name}:{state.thoughts}"
                    out.append(Step(key, "thinking", at, content=thought, metadata=_side(side)))
            elif call := self._call(block, at, side):
                if text or not state.told:
                    self._reply(name, state, out)
                    text = False
                out.append(call)
        if text:
            self._reply(name, state, out)
        elif not state.told:
            self._owed = (name, state)

    def _call(self, block: Object, at: int, side: bool) -> Step | None:
        return self._calls.call(block, at, side) if block.get("type") in CALL_BLOCKS else None

    def _begin(self, name: str, about: dict[str, object], at: int) -> None:
        self._known[name] = _Message(about, at)
        self._open.append(name)
        if len(self._open) > _OPEN:
            self._known[self._open.popleft()] = None

    def _reply(self, name: str, state: _Message, out: list[Fact]) -> None:
        self._owed = None
        state.told = True
        content = "\n".join(state.texts) or None
        out.append(Step(f"reply:{name}", "reply", state.at, content=content, metadata=state.metadata))

    def _tokens(self, name: str, state: _Message, model: str | None, message: Object, at: int, out: list[Fact]) -> None:
        """The last count of a message is the largest: the earlier ones were written while it was still streaming."""
        counts, partial = _counts(table(message.get("usage"))), message.get("stop_reason") is None
        before = state.counts
        if (counts, partial) == (before, state.partial) or not any(counts) or (before and counts[1] < before[1]):
            return
        state.counts, state.partial = counts, partial
        self._sums[model] = _sum(self._sums.get(model, _ZERO), counts, before or _ZERO)
        usage = Usage(model, *counts, partial=partial)  # which names the model
        about = {word: value for word, value in state.metadata.items() if word != "model"}
        out.append(Step(f"usage:{name}", "usage", at, metadata=about or None, usage=usage))

    def account(self, result: Object, at: int, out: list[Fact]) -> None:
        """The agent's own count of all it used: what is more than its messages said is told as a usage of its own."""
        models = {name: _account(table(account)) for name, account in table(result.get("modelUsage")).items()}
        if not models and (last := _counts(table(result.get("usage")))) != _ZERO:
            models = {self._model or "unknown": last}
        for name, counts in list(models.items())[:_MODELS]:
            # "opus[1m]" is opus with a longer context, "us.anthropic.opus-v1:0" the same from somebody else
            said = list(self._sums)[:_MODELS]
            model = max((model for model in said if model and model in name), key=len, default=name)
            rest = _sum(counts, _ZERO, self._sums.get(model, _ZERO))
            if any(rest):
                metadata: dict[str, object] = {"kind": "rest", "model": model}
                key = f"usage:rest:{self._session.id}:{name}"
                out.append(Step(key, "usage", at, metadata=metadata, usage=Usage(model, *rest)))

    def _model_is(self, model: str, identity: str, at: int, out: list[Fact]) -> None:
        if model != self._model:
            if self._model:
                note = Note("model_switch", f"{self._model} → {model}", {"from": self._model, "to": model})
                out.append(marker(note, identity, at, sidechain=False))
            self._model = model
            self._session.tell(out, model=model)

    def _agent_says(
        self, record: Object, text: str, failed: bool, identity: str, at: int, side: bool, out: list[Fact]
    ) -> None:
        if failed:
            details = {"error": record.get("error"), "status": record.get("apiErrorStatus")}
            out.append(marker(Note("api_error", text or "API error", details, "error"), identity, at, side))
        elif text and text != _NOTHING:
            out.append(marker(Note("notice", text), identity, at, side))

    def _name(self, message: Object, record: Object, identity: str) -> str:
        """What tells this message from others: its id; where that was masked, its request or its place."""
        native = message.get("id")
        if not isinstance(native, str) or not native:
            return identity
        if MASK not in native:
            return native
        request = string(record.get("requestId"))
        if request and MASK not in request:
            return request
        if self._unnamed is None:
            self._unnamed = f"#{len(self._known) + 1}"
        return self._unnamed


def _about(record: Object, model: str | None, sidechain: bool) -> dict[str, object]:
    metadata: dict[str, object] = {"model": model} if model else {}
    if request := string(record.get("requestId")) or string(record.get("request_id")):
        metadata["request_id"] = request
    if record.get("isAbortedMidStream") is True:
        metadata["aborted"] = True
    return {**metadata, **(_side(sidechain) or {})}


def _side(sidechain: bool) -> dict[str, object] | None:
    return {"sidechain": True} if sidechain else None


def _counts(usage: Object) -> Counts:
    """Of one call of the model: input with both cache parts, output, cache read, cache write, reasoning."""
    read, write = number(usage.get("cache_read_input_tokens")), number(usage.get("cache_creation_input_tokens"))
    thinking = number(table(usage.get("output_tokens_details")).get("thinking_tokens"))
    return (number(usage.get("input_tokens")) + read + write, number(usage.get("output_tokens")), read, write, thinking)


def _account(usage: Object) -> Counts:
    """The same of all calls of a model."""
    read, write = number(usage.get("cacheReadInputTokens")), number(usage.get("cacheCreationInputTokens"))
    input, output = number(usage.get("inputTokens")), number(usage.get("outputTokens"))
    return (input + read + write, output, read, write, number(usage.get("thinkingTokens")))


def _sum(counts: Counts, plus: Counts, minus: Counts) -> Counts:
    a, b, c, d, e = (max(one + more - less, 0) for one, more, less in zip(counts, plus, minus, strict=True))
    return a, b, c, d, e
