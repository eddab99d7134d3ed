"""Code as coloured words: (class, text). A viewer needs no knowledge of languages and puts nothing but text into its
page. Diffs are lines of such words.

Pygments tells what a word is. What was recorded may be meant to keep us busy: only common languages, of bounded length,
are looked at, and what is not done after a while stays plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple

from tachograph import clock
from tachograph.regexes import regex

Words = list[tuple[str, str]]  # what it is ("" for nothing special), its text
LONGEST = 100_000  # characters that are coloured
_LINE_MAX = 2000  # of a line: minified files are plain
_BUDGET = clock.SECOND // 2
_FENCE = regex(r"^( {0,3})(`{3,}|~{3,})[ \t]*([^\s`]*)[^\n`]*\n(.*?)(?:^ {0,3}\2[`~]*[ \t]*$\n?|\Z)", re.M | re.S)
_PAINTED = (  # Pygments' name begins so → what we paint: comment, keyword, string, number, function, builtin
    ("Token.Comment", "c"), ("Token.Keyword", "k"), ("Token.Literal.String", "s"), ("Token.Literal.Number", "m"),
    ("Token.Name.Function", "f"), ("Token.Name.Class", "f"), ("Token.Name.Decorator", "f"), ("Token.Name.Tag", "k"),
    ("Token.Name.Builtin", "b"), ("Token.Name.Attribute", "b"), ("Token.Operator.Word", "k"),
)  # fmt: skip
_LANGUAGES = """
    bash c c++ c# clojure cmake css diff docker elixir erlang go graphql groovy haskell html ini java javascript json
    jsx julia kotlin lua make markdown nix ocaml perl php powershell protobuf python r ruby rust scala scss sql svelte
    swift terraform toml tsx typescript vue xml yaml zig
"""
_KNOWN = frozenset(_LANGUAGES.split())
_ALIASES = {"sh": "bash", "shell": "bash", "zsh": "bash", "console": "bash", "cpp": "c++", "dockerfile": "docker"}


class Line(NamedTuple):
    """Of a diff: `sign` is "-", "+", " ", or "@" between two parts."""

    sign: str
    words: Words


def code(text: str, language: str | None = None, path: str | None = None) -> Words:
    """The words of a text; its language is told by name, or by the name of its file, or is none."""
    paint = _painter(language, path)
    if len(text) > LONGEST or any(len(line) > _LINE_MAX for line in text.split("\n")):
        return [("", text)]
    return paint(text)


def diff(lines: Iterable[str], path: str | None) -> list[Line]:
    """Lines that begin with their sign, as coloured words; each is looked at by itself."""
    paint, until = _painter(None, path), clock.monotonic() + _BUDGET
    found = []
    for line in lines:
        plain = len(line) > _LINE_MAX or clock.monotonic() > until
        found.append(Line(line[:1], [("", line[1:])] if plain else paint(line[1:])))
    return found


def prose(text: str) -> Iterator[tuple[str | None, str]]:
    """(language, text): what is said, language None, and the blocks of code in it, their language as it is named."""
    at = 0
    for block in _FENCE.finditer(text):
        if before := text[at : block.start()].strip("\n"):
            yield None, before
        yield block[3], block[4].removesuffix("\n")
        at = block.end()
    if rest := text[at:].strip("\n"):
        yield None, rest


@lru_cache(maxsize=128)
def _painter(language: str | None, path: str | None) -> Callable[[str], Words]:
    """What colours a text of that language."""
    lexer = _lexer(language, path)
    if lexer is None:
        return lambda text: [("", text)]

    def paint(text: str) -> Words:
        found: Words = []
        until = clock.monotonic() + _BUDGET
        for at, kind, word in lexer.get_tokens_unprocessed(text):
            if clock.monotonic() > until:
                return [*found, ("", text[at:])]
            name = _class(str(kind))
            if found and found[-1][0] == name:
                found[-1] = (name, found[-1][1] + word)
            else:
                found.append((name, word))
        return found

    return paint


def _lexer(language: str | None, path: str | None) -> Any:
    from pygments.lexers import find_lexer_class_by_name, find_lexer_class_for_filename  # takes a while to import
    from pygments.util import ClassNotFound

    try:
        name = _ALIASES.get((language or "").lower(), (language or "").lower())
        if name:
            found = find_lexer_class_by_name(name)
        else:
            found = find_lexer_class_for_filename((path or "").replace("\\", "/").rpartition("/")[2])
    except (ClassNotFound, ValueError):
        return None
    return found() if found is not None and _KNOWN & {found.name.lower(), *found.aliases} else None


@cache
def _class(kind: str) -> str:
    return next((name for start, name in _PAINTED if kind.startswith(start)), "")
