"""JSON as people write it, comments and trailing commas included, edited in place: all that is not ours stays as it is.

An edit gives the whole new text. Adding is inserting only: what is inserted taken out again is the text of before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

SPACE = " \t\r\n\ufeff"
_DEPTH = 200


class NotJson(ValueError):
    """`str(error)` says what is wrong, and in which line."""


class Node(NamedTuple):
    """A value and where it stands: text[start:end]. `items` of an array, `members` of an object in their order."""

    start: int
    end: int
    value: Any
    items: tuple[Node, ...] = ()
    members: tuple[Member, ...] = ()

    def member(self, name: str) -> Member | None:
        """The last member of that name: the one that counts."""
        return next((member for member in reversed(self.members) if member.name == name), None)


class Member(NamedTuple):
    name: str
    start: int  # of its name
    node: Node


def parse(text: str) -> Node:
    """The one value of a text. Raises NotJson."""
    reader = _Reader(text)
    position = reader.skip(0)
    node = reader.value(position, 0)
    end = reader.skip(node.end)
    if end != len(text):
        raise reader.wrong(end, "something stands after the end")
    return node


def find(text: str, path: Sequence[str]) -> Node | None:
    """The value at a path of names."""
    node: Node | None = parse(text)
    for name in path:
        member = node.member(name) if node else None
        node = member.node if member else None
    return node


def put(text: str, path: Sequence[str], value: Any) -> str:
    """With a member that was not there, and what lies above it. Raises NotJson when something else is in the way."""
    for depth, name in enumerate(path):
        node = find(text, path[:depth])
        assert node is not None
        _expect(text, node, dict, path[:depth])
        last = depth == len(path) - 1
        if node.member(name) is None:
            text = _insert(text, node, f"{json.dumps(name, ensure_ascii=False)}: ", value if last else {})
        elif last:
            raise NotJson(f"{'.'.join(path)} is there already")
    return text


def append(text: str, path: Sequence[str], value: Any) -> str:
    """With one more value at the end of an array, which is made when it is not there."""
    node = find(text, path)
    if node is None:
        return put(text, path, [value])
    _expect(text, node, list, path)
    return _insert(text, node, "", value)


def remove(text: str, path: Sequence[str]) -> str:
    """Without a member; the text as it is when there is none."""
    parent = find(text, path[:-1])
    member = parent.member(path[-1]) if parent else None
    if parent is None or member is None:
        return text
    spans = [(other.start, other.node.end) for other in parent.members]
    return _cut(text, parent, spans, (member.start, member.node.end))


def discard(text: str, path: Sequence[str], unwanted: Callable[[Any], bool]) -> str:
    """Without those values of an array that are unwanted."""
    while (node := find(text, path)) is not None and isinstance(node.value, list):
        spans = [(item.start, item.end) for item in node.items]
        index = next((n for n, item in enumerate(node.items) if unwanted(item.value)), None)
        if index is None:
            break
        text = _cut(text, node, spans, spans[index])
    return text


def _expect(text: str, node: Node, kind: type, path: Sequence[str]) -> None:
    if not isinstance(node.value, kind):
        what = "an object" if kind is dict else "an array"
        raise NotJson(f"{'.'.join(path) or 'the file'} is not {what} (line {_line(text, node.start)})")


def _insert(text: str, holder: Node, head: str, value: Any) -> str:
    """One more element at the end of an array or object, on a line of its own if those before it are."""
    children = [(item.start, item.end) for item in holder.items]
    children = children or [(member.start, member.node.end) for member in holder.members]
    shown = head + json.dumps(value, ensure_ascii=False)
    close = holder.end - 1
    newline = "\r\n" if "\r\n" in text else "\n"
    if children and newline not in text[holder.start : close]:
        return f"{text[: children[-1][1]]}, {shown}{text[children[-1][1] :]}"
    if not children and newline not in text.strip() and text.strip() != "{}":
        return text[:close] + shown + text[close:]
    outer = _indent_at(text, holder.start)
    inner = (
        _indent_at(text, children[-1][0]) if children and _begins_line(text, children[-1][0]) else outer + _unit(text)
    )
    at = len(text[:close].rstrip(SPACE))  # behind the last element, its comma and its comments
    added = f"{newline}{inner}{shown}" + ("" if newline in text[at:close] else newline + outer)
    if not children:
        return text[:at] + added + text[at:]
    last = children[-1][1]
    comma = "" if _has_comma(text, last, close) else ","
    return text[:last] + comma + text[last:at] + added + text[at:]


def _cut(text: str, holder: Node, spans: list[tuple[int, int]], span: tuple[int, int]) -> str:
    """Without one element of an array or object, its comma and the space before it; comments stay."""
    index = spans.index(span)
    start, end = span
    close = holder.end - 1
    comma = _comma(text, end, close)
    if index < len(spans) - 1:
        return text[:start] + text[comma + 1 :].lstrip(SPACE)
    left = spans[index - 1][1] if index else holder.start + 1
    behind = text[end:close] if comma < 0 else text[end:comma] + text[comma + 1 : close]
    if not index:
        before = _trimmed(text[left:start])
        return text[:left] + before + (behind if behind.strip(SPACE) else "") + text[close:]
    if comma >= 0:  # the comma before it becomes the trailing one
        return text[:left] + _trimmed(text[left:start]) + behind + text[close:]
    comma = _comma(text, left, start)
    return text[:left] + _trimmed(text[left:comma] + text[comma + 1 : start]) + behind + text[close:]


def _trimmed(gap: str) -> str:
    """Without the space at the end; a comment keeps the end of its line."""
    if "//" in gap:
        return gap.rstrip(" \t")
    return gap.rstrip(SPACE)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._decode = json.JSONDecoder().raw_decode

    def wrong(self, position: int, what: str) -> NotJson:
        return NotJson(f"{what} (line {_line(self._text, position)})")

    def skip(self, position: int) -> int:
        """Past spaces and comments."""
        text = self._text
        while position < len(text):
            if text[position] in SPACE:
                position += 1
            elif text.startswith("//", position):
                end = text.find("\n", position)
                position = len(text) if end < 0 else end
            elif text.startswith("/*", position):
                end = text.find("*/", position + 2)
                if end < 0:
                    raise self.wrong(position, "a comment has no end")
                position = end + 2
            else:
                break
        return position

    def value(self, position: int, depth: int) -> Node:
        first = self._text[position : position + 1]
        if depth > _DEPTH:
            raise self.wrong(position, "it is too deep")
        if first == "{":
            return self._object(position, depth)
        if first == "[":
            return self._array(position, depth)
        try:
            found, end = self._decode(self._text, position)
        except (ValueError, RecursionError):
            raise self.wrong(position, "no value is here" if first else "it ends too early") from None
        return Node(position, end, found)

    def _array(self, start: int, depth: int) -> Node:
        items: list[Node] = []
        position = self.skip(start + 1)
        while self._text[position : position + 1] != "]":
            node = self.value(position, depth + 1)
            items.append(node)
            position = self._next(node.end, "]")
        return Node(start, position + 1, [item.value for item in items], items=tuple(items))

    def _object(self, start: int, depth: int) -> Node:
        members: list[Member] = []
        position = self.skip(start + 1)
        while self._text[position : position + 1] != "}":
            if self._text[position : position + 1] != '"':
                raise self.wrong(position, "a name in quotes is expected")
            name = self.value(position, depth)
            colon = self.skip(name.end)
            if self._text[colon : colon + 1] != ":":
                raise self.wrong(colon, "a colon is expected")
            node = self.value(self.skip(colon + 1), depth + 1)
            members.append(Member(name.value, name.start, node))
            position = self._next(node.end, "}")
        return Node(start, position + 1, {m.name: m.node.value for m in members}, members=tuple(members))

    def _next(self, position: int, close: str) -> int:
        """Past the comma, or to the bracket that closes."""
        position = self.skip(position)
        if self._text[position : position + 1] == ",":
            return self.skip(position + 1)
        if self._text[position : position + 1] != close:
            raise self.wrong(position, "a comma is expected")
        return position


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _indent_at(text: str, position: int) -> str:
    """The indentation of the line in which something stands."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _begins_line(text: str, position: int) -> bool:
    return not text[text.rfind("\n", 0, position) + 1 : position].strip(" \t")


def _unit(text: str) -> str:
    """What one level is indented by in this text."""
    for line in text.split("\n"):
        found = line[: len(line) - len(line.lstrip(" \t"))]
        if found and line.strip() and line.lstrip()[0] in '"]}[{':
            return "\t" if found[0] == "\t" else found[:8]
    return "  "


def _comma(text: str, start: int, end: int) -> int:
    """Where the comma between two elements stands, comments skipped; -1 without."""
    reader = _Reader(text)
    position = reader.skip(start)
    return position if position < end and text[position] == "," else -1


def _has_comma(text: str, start: int, end: int) -> bool:
    return _comma(text, start, end) >= 0
