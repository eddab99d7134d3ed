"""Conversations of turns: prompts, replies, calls of tools by name with arguments, and their results later on.

Several agents log nothing but that, each with names of its own for the same few tools. A reader says which names those
are (`Tools`) and tells `Turns` what it sees; out come steps whose keys are told once each.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from msgspec.structs import replace

from tachograph.readers.patches import FileChange, file_changes
from tachograph.readers.values import joined, lasted, text
from tachograph.records import Step

_PATIENCE = 100  # calls without an id that are looked at for one result


class Names:
    """Ids that are told once each: the second of a kind gets `#2`, one that is missing is numbered."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()

    def name(self, kind: str, native: object) -> str:
        """What `native` is called among the ids of this kind."""
        known = text(native) or ""
        label = f"{kind}:{known}"
        self._told[label] += 1
        number = self._told[label]
        return known if known and number == 1 else f"{known}#{number}"


class Tools(NamedTuple):
    """What an agent calls its tools and their arguments."""

    commands: frozenset[str]
    files: Mapping[str, str]  # tool → operation
    patches: frozenset[str] = frozenset()
    command: tuple[str, ...] = ("command",)
    path: tuple[str, ...] = ("path", "file_path")
    new_text: tuple[str, ...] = ("new_string", "newText", "new_str")
    old_text: tuple[str, ...] = ("old_string", "oldText", "old_str")
    content: tuple[str, ...] = ("contents", "content", "file_text")
    patch: tuple[str, ...] = ("patch", "input", "patchText")
    edits: tuple[str, ...] = ("edits",)  # one or several replacements in one call


class _Call(NamedTuple):
    """A call whose result is awaited."""

    id: str
    event_type: str
    at: int
    tool: str
    others: tuple[str, ...] = ()  # keys of its other files


class Turns:
    """The steps of one session. `numbered`: calls are known by their number, for another source of the same session
    that has no ids; the native ones then stand in the metadata."""

    def __init__(self, tools: Tools, *, numbered: bool = False) -> None:
        self.names = Names()
        self._tools = tools
        self._numbered = numbered
        self._open: dict[str, deque[_Call]] = defaultdict(deque)
        self._unanswered: dict[str, _Call] = {}  # those of which nothing was said at the last finish

    def prompt(self, content: str | None, at: int = 0, native: object = None, **metadata: object) -> Step:
        """What the user said."""
        return self._said("prompt", content, at, native, metadata)

    def reply(self, content: str | None, at: int = 0, native: object = None, **metadata: object) -> Step:
        """What the agent answered; one for each of its messages, also when it only calls tools."""
        return self._said("reply", content, at, native, metadata)

    def thinking(self, content: str, at: int = 0, native: object = None) -> Step:
        """What it thought before."""
        return self._said("thinking", content, at, native, {})

    def marker(self, kind: str, content: str, at: int = 0, native: object = None, **metadata: object) -> Step:
        """Something that happened to the session; an error of the API has status error."""
        name = self.names.name(kind, native)
        status = "error" if kind == "api_error" else None
        found = {"kind": kind, **_given(metadata)}
        return Step(f"{kind}:{name}", "marker", at, status=status, content=content, metadata=found)

    def _said(self, kind: str, content: str | None, at: int, native: object, metadata: dict[str, object]) -> Step:
        name = self.names.name(kind, native)
        return Step(f"{kind}:{name}", kind, at, content=content or None, metadata=_given(metadata) or None)

    def call(
        self,
        tool: object,
        arguments: object,
        native: object,
        at: int = 0,
        *,
        files: Sequence[tuple[str, str]] = (),
        **metadata: object,
    ) -> list[Step]:
        """A call as it is made: one step, more for a call over several files. `files` (operation, path): what the names
        of tool and arguments alone do not tell."""
        named = text(tool) or "unknown"
        id = self.names.name("call", None if self._numbered else native)
        found: dict[str, object] = {"input": arguments} if arguments not in (None, "", {}, []) else {}
        if self._numbered and text(native):
            found["native_id"] = native
        found.update(_given(metadata))
        step = Step(f"call:{id}", "tool_call", at, tool_name=named, tool_call_id=id, metadata=found or None)
        steps = list(_understood(step, arguments, self._tools, files))
        waiting = _Call(id, steps[0].event_type, at, named, tuple(other.key for other in steps[1:]))
        self._open[text(native) or ""].append(waiting)
        self._unanswered[id] = waiting
        return steps

    def result(
        self,
        native: object,
        content: str | None,
        status: str,
        at: int = 0,
        *,
        exit_code: int | None = None,
        duration_ms: float | None = None,
        tool: object = None,
        **metadata: object,
    ) -> Iterator[Step]:
        """What a call returned. One without an id answers the oldest call that has none."""
        call = self._answered(text(native) or "", text(tool))
        if call is None:  # its call was cut off
            id = self.names.name("call", None if self._numbered else native)
            named = text(tool) or "unknown"
            event_type = "command" if named in self._tools.commands else "tool_call"
            call = _Call(id, event_type, at, named)
        self._unanswered.pop(call.id, None)
        yield Step(
            f"call:{call.id}",
            call.event_type,
            call.at or at,
            tool_name=call.tool,
            tool_call_id=call.id,
            exit_code=exit_code if call.event_type == "command" else None,
            duration_ms=lasted(call.at, at) if duration_ms is None else duration_ms,
            status=status,
            content=content or None,
            metadata=_given(metadata) or None,
        )
        yield from _others(call, status)

    def _answered(self, native: str, tool: str | None) -> _Call | None:
        waiting = self._open[native] or self._open[""]
        for index, call in enumerate(islice(waiting, _PATIENCE)):
            if tool is None or call.tool == tool:
                del waiting[index]
                return call
        return None

    def finish(self) -> Iterator[Step]:
        """Calls that nobody has answered so far, each once."""
        for call in self._unanswered.values():
            yield Step(f"call:{call.id}", call.event_type, call.at, tool_call_id=call.id, status="unknown")
            yield from _others(call, "unknown")
        self._unanswered = {}


def _others(call: _Call, status: str) -> Iterator[Step]:
    for key in call.others:
        yield Step(key, "file_op", call.at, tool_call_id=call.id, status=status)


class Speech:
    """The text of a reply that comes in pieces; told when somebody asks, not with every piece."""

    def __init__(self, reply: Step) -> None:
        self._reply = reply
        self._pieces: list[str] = []
        self._told = 0

    def say(self, words: str) -> None:
        """One more piece."""
        self._pieces.append(words)

    def so_far(self) -> Iterator[Step]:
        """The reply with its text, when there is more of it than was told."""
        if len(self._pieces) > self._told:
            self._told = len(self._pieces)
            yield Step(self._reply.key, "reply", self._reply.at, content=joined(self._pieces))


def _given(metadata: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in metadata.items() if value is not None}


def first(arguments: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of the arguments that is a text."""
    return next((found for name in names if (found := text(arguments.get(name)))), None)


def _understood(step: Step, arguments: object, tools: Tools, files: Sequence[tuple[str, str]]) -> Iterator[Step]:
    given = arguments if isinstance(arguments, dict) else {}
    tool = step.tool_name or ""
    if tool in tools.commands:
        yield replace(step, event_type="command", command=first(given, tools.command))
        return
    if tool in tools.patches:
        changes = file_changes(text(arguments) or first(given, tools.patch) or "")
        if changes:
            yield from patched(step, changes)
            return
    if not files and tool in tools.files and (found := first(given, tools.path)):
        files = ((tools.files[tool], found),)
    if files:
        operation, path = files[0]
        added, removed = _lines(operation, given, tools)
        yield replace(
            step, event_type="file_op", operation=operation, file_path=path, metadata=_counted(step, added, removed)
        )
        for other, path in dict.fromkeys(files[1:]):
            key = f"{step.key}:{path}"
            yield replace(step, key=key, event_type="file_op", operation=other, file_path=path, metadata=None)
    else:
        yield step


def patched(step: Step, changes: Sequence[FileChange]) -> Iterator[Step]:
    """The call of a patch: its first file is the call's own step, the others follow under its key."""
    keys: set[str] = set()
    for number, change in enumerate(changes):
        key = f"{step.key}:{change.path}" if number else step.key
        key = f"{key}#{number + 1}" if key in keys else key
        keys.add(key)
        bare = replace(step, metadata=None, content=None, duration_ms=None) if number else step
        found = _counted(bare, change.added, change.removed)
        if change.moved_to:
            found = {**(found or {}), "moved_to": change.moved_to}
        yield replace(
            bare, key=key, event_type="file_op", operation=change.operation, file_path=change.path, metadata=found
        )


def _lines(operation: str, given: Mapping[str, Any], tools: Tools) -> tuple[int | None, int | None]:
    """Lines that an edit puts in the place of others, or that are written."""
    if operation == "write":
        content = first(given, tools.content)
        return (_count(content), 0) if content else (None, None)
    if operation != "edit":
        return None, None
    inside = next((found for name in tools.edits if isinstance(found := given.get(name), list | dict)), given)
    added = removed = 0
    for edit in inside if isinstance(inside, list) else [inside]:
        if isinstance(edit, dict):
            added += _count(first(edit, tools.new_text))
            removed += _count(first(edit, tools.old_text))
    return added, removed


def _count(words: str | None) -> int:
    return words.count("\n") + (not words.endswith("\n")) if words else 0


def _counted(step: Step, added: int | None, removed: int | None) -> dict[str, object] | None:
    if added is None:
        return step.metadata
    return {**(step.metadata or {}), "lines_added": added, "lines_removed": removed or 0}


def spoken(content: object, kinds: tuple[str, ...] = ("text",)) -> str | None:
    """The text of a message or result: itself, or its blocks of these types; an image is `[image]`."""
    if isinstance(content, str):
        return content or None
    if not isinstance(content, list):
        return None
    pieces = []
    for block in content:
        if isinstance(block, str):
            pieces.append(block)
        elif isinstance(block, dict):
            kind = text(block.get("type"))
            if kind in kinds and (words := text(block.get("text"))):
                pieces.append(words)
            elif kind == "image":
                pieces.append("[image]")
    return "\n\n".join(piece for piece in pieces if piece) or None
