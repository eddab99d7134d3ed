"""Where two changes of one file meet: the same lines, the same function or class.

A change is known by the arguments of its call: old and new text, a whole file, a patch. Where in the file that was is
known when the session had read the file; without that, what the texts themselves define counts.
"""

from __future__ import annotations

import ast
import difflib
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import re2

from tachograph.regexes import regex

_OLD = ("old_string", "old_str", "oldString", "old_text", "oldText")
_NEW = ("new_string", "new_str", "newString", "new_text", "newText", "new_source")
_WHOLE = ("content", "file_text", "contents", "text")
_LONGEST = 400_000  # characters of a text that are looked at
_NUMBERED = regex(r"^ *\d+(?:[→\t]|[|:] ?)", re.M)  # how readers of files are shown lines
_PATCH = regex(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$")
# One line that begins a definition, in most languages: its indentation, its kind, its name.
_DEFINITION = re2.compile(
    r"^(\s*)(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\([a-z]+\))?|unsafe"
    r"|override|virtual|inline|open|sealed|data|suspend|extern|local|declare)\s+)*"
    r"(?:(?:def|class|function\*?|func|fn|interface|struct|trait|impl|enum|module|protocol|object|record|sub|fun|type)\s+"
    r"(?:\([^)]*\)\s*)?([A-Za-z_$][\w$.:]*)"
    r"|(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|\w+\s*=>))"
)
_LEAST = 6  # characters of a line that says something: brackets and blank lines do not


class Change(NamedTuple):
    """Of a file, from one text to another; an empty `old` is something new, or nobody knows."""

    old: str
    new: str
    whole: bool = False  # `new` is all of the file


class Symbol(NamedTuple):
    """A function or class with its lines, from 1."""

    name: str
    first: int
    last: int


class Overlap(NamedTuple):
    """What two changes have in common. `lines` are some of them; `first` and `second` are line numbers, where known."""

    symbols: list[str]
    lines: list[str]
    first: tuple[int, int] | None
    second: tuple[int, int] | None


def changes(given: object, path: str) -> list[Change]:
    """What the arguments of a call change in the file `path`; those of a patch only its part about that file."""
    if isinstance(given, str):
        return list(_patched(given, path))
    if not isinstance(given, Mapping):
        return []
    edits = given.get("edits")
    if isinstance(edits, list):
        return [one for edit in edits if isinstance(edit, Mapping) for one in changes(edit, path)]
    old, new = _text(given, _OLD), _text(given, _NEW)
    if old is not None or new is not None:
        return [Change(old or "", new or "")]
    for name in ("input", "patch", "cmd", "command", "diff"):
        value = given.get(name)
        text = " ".join(map(str, value)) if isinstance(value, list) else value
        if isinstance(text, str) and "*** " in text:
            return list(_patched(text, path))
    whole = _text(given, _WHOLE)
    return [] if whole is None else [Change("", whole, whole=True)]


def unnumbered(text: str) -> str:
    """What a session read, without the numbers that were put before the lines."""
    lines = text.split("\n")
    numbered = sum(_NUMBERED.match(line) is not None for line in lines)
    return _NUMBERED.sub("", text) if numbered * 2 > len(lines) else text


def diff(change: Change, before: str | None = None) -> list[str]:
    """The lines of a change, each behind `-`, `+` or a space; `@` stands between parts. `before`: the file as it was
    read, for a change that says only what it is now."""
    old = before if change.whole and before is not None else change.old
    lines = difflib.unified_diff(
        old[:_LONGEST].splitlines(), change.new[:_LONGEST].splitlines(), "", "", n=3, lineterm=""
    )
    return ["@" if line.startswith("@@") else line for line in lines][3:]


def overlap(first: Iterable[Change], second: Iterable[Change], path: str, before: str | None = None) -> Overlap:
    """`before`: the file as one of them had read it."""
    ones, others = list(first), list(second)
    mine, theirs = _symbols_of(ones, path, before), _symbols_of(others, path, before)
    written = {line for change in ones for line in _changed(change, before)}
    touched = {line for change in others for line in _changed(change, before)}
    return Overlap(
        _innermost(mine & theirs), sorted(written & touched)[:5], _place(ones, before), _place(others, before)
    )


def symbols(text: str, path: str) -> list[Symbol]:
    """Functions and classes of a text, those of Python with their classes before their names."""
    text = text[:_LONGEST]
    if path.endswith((".py", ".pyi")):
        try:
            return list(_python(ast.parse(textwrap.dedent(text)), ""))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    return _by_lines(text)


def _patched(patch: str, path: str) -> Iterator[Change]:
    """The hunks about one file; the shell line around a patch does not matter."""
    wanted, old, new = False, list[str](), list[str]()
    for line in [*patch[:_LONGEST].split("\n"), "*** End"]:
        if line.startswith(("*** ", "@@")):
            if wanted and (old or new):
                yield Change("\n".join(old), "\n".join(new))
            old, new = [], []
            if header := _PATCH.match(line):
                wanted = _ends_alike(path, header[1].strip())
        elif wanted:
            if not line.startswith("+"):
                old.append(line[1:])
            if not line.startswith("-"):
                new.append(line[1:])


def _ends_alike(path: str, name: str) -> bool:
    return path == name or path.endswith("/" + name.removeprefix("./")) or name.endswith("/" + path)


def _text(given: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((given[name] for name in names if isinstance(given.get(name), str)), None)


def _changed(change: Change, before: str | None) -> set[str]:
    """Lines that are on one side only, without those that are everywhere."""
    if change.whole and before is None:
        return set()
    was = before if change.whole and before is not None else change.old
    old = {line.strip() for line in was[:_LONGEST].split("\n")}
    new = {line.strip() for line in change.new[:_LONGEST].split("\n")}
    return {line for line in old ^ new if len(line) >= _LEAST}


def _symbols_of(found: Iterable[Change], path: str, before: str | None) -> set[str]:
    names: set[str] = set()
    for change in found:
        lines = _lines_of(change, before)
        if lines is not None and before is not None:
            names |= _around(symbols(before, path), *lines)
        names |= _defined_otherwise(change, path)
    return names


def _around(known: Iterable[Symbol], first: int, last: int) -> set[str]:
    """The innermost definitions that some lines lie in."""
    inside = [one for one in known if one.first <= last and one.last >= first]
    return {
        one.name
        for one in inside
        if not any(other is not one and one.first <= other.first and other.last <= one.last for other in inside)
    }


def _defined_otherwise(change: Change, path: str) -> set[str]:
    """Definitions whose text is not the same on both sides. A whole file says nothing of what it changes."""
    if change.whole:
        return set()
    old, new = _bodies(change.old, path), _bodies(change.new, path)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _bodies(text: str, path: str) -> dict[str, str]:
    lines = text.split("\n")
    return {one.name: "\n".join(lines[one.first - 1 : one.last]) for one in symbols(text, path)}


def _innermost(names: set[str]) -> list[str]:
    """A method, and not its class as well."""
    return sorted(name for name in names if not any(other.startswith(f"{name}.") for other in names))


def _lines_of(change: Change, before: str | None) -> tuple[int, int] | None:
    """Where in the file it was, as lines from 1; without the lines that only stand around it."""
    if before is None or not change.old or (at := before.find(change.old)) < 0:
        return None
    first = before.count("\n", 0, at) + 1
    old, new = change.old.split("\n"), change.new.split("\n")
    while len(old) > 1 and new and old[0] == new[0]:
        old, new, first = old[1:], new[1:], first + 1
    while len(old) > 1 and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return first, first + len(old) - 1


def _place(found: Iterable[Change], before: str | None) -> tuple[int, int] | None:
    places = [place for change in found if (place := _lines_of(change, before))]
    return (min(first for first, _ in places), max(last for _, last in places)) if places else None


def _python(tree: ast.AST, inside: str) -> Iterator[Symbol]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield Symbol(inside + node.name, first, node.end_lineno or node.lineno)
            yield from _python(node, f"{inside}{node.name}.")
        else:
            yield from _python(node, inside)


def _by_lines(text: str) -> list[Symbol]:
    """Definitions as lines that look like one; each goes on to the next that is not further in."""
    lines = text.split("\n")
    begun = [
        (number, len(found.group(1)), found.group(2) or found.group(3))
        for number, line in enumerate(lines, 1)
        if len(line) < 1000 and (found := _DEFINITION.match(line))
    ]
    return [
        Symbol(name, number, next((at - 1 for at, other, _ in begun[index + 1 :] if other <= depth), len(lines)))
        for index, (number, depth, name) in enumerate(begun)
    ]
