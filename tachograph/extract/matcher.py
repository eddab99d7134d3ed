"""Lines in, (rule, captured groups) out. One pass over a block finds the few lines worth a closer look.

Three sieves, each finer and dearer than the one before: one RE2 of all rules runs over the whole block and names the
lines where anything can match; a set of all rules says which ones match such a line; a search per rule captures.
"""

from __future__ import annotations

import functools
import re

import re2

from tachograph.extract import prefix
from tachograph.extract.rules import Rule, Rules, options

_MEMORY = 96 << 20  # for the automata of all rules together; they grow while lines are read, and are dropped when full
_ANCHORED = re.compile(r"(\(\?i\))?\^(.*)", re.DOTALL)
_GROUP_NAME = re.compile(r"(?<!\\)\(\?P?<\w+>")
_TEXT_ENDS = re.compile(r"(?<!\\)((?:\\\\)*)\\([Az])")
_NO_CHOICE = re.compile(r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[])", re.DOTALL)
_VERDICT = frozenset(("error", "warning", "test_result"))
_TEXT_MAX = 4096  # only so much of a line is searched: what matters stands in front


@functools.lru_cache(maxsize=4)
def matcher_for(rules: Rules) -> Matcher:
    """Compiling takes far longer than reading a short output, and every stream of every session needs one."""
    return Matcher(rules)


class Pattern:
    """A compiled RE2 over UTF-8 bytes that answers in text."""

    __slots__ = ("_names", "_search")

    def __init__(self, pattern: str) -> None:
        compiled = re2.compile(pattern.encode(), options())
        self._search = compiled.search
        self._names = [(name.decode(), index) for name, index in compiled.groupindex.items()]

    def search(self, data: bytes) -> tuple[str, dict[str, str]] | None:
        """(what matched, the named groups that took part) or None."""
        match = self._search(data)
        if match is None:
            return None
        groups = {}
        for name, index in self._names:
            start, end = match.span(index)
            if start < end:
                groups[name] = data[start:end].decode("utf-8", "replace")
        start, end = match.span()
        return data[start:end].decode("utf-8", "replace"), groups


class Hit:
    """A rule that fits a line. `groups` are the named groups that took part, `value` the matched text."""

    __slots__ = ("groups", "rule", "value")

    def __init__(self, rule: Rule, value: str, groups: dict[str, str]) -> None:
        self.rule = rule
        self.value = value
        self.groups = groups


class Matcher:
    def __init__(self, rules: Rules) -> None:
        self.rules = rules.active
        self.block_rule = next((rule for rule in self.rules if rule.event_type == "code_block"), None)
        self._gate = re2.compile(_gate(self.rules), options(never_nl=True, never_capture=True, max_mem=_MEMORY))
        self._set = re2.Set.SearchSet(options(max_mem=_MEMORY))
        for rule in self.rules:
            self._set.Add(rule.pattern)
        self._set.Compile()
        self._compiled: dict[str, Pattern] = {}

    def rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.name == name), None)

    def candidates(self, texts: list[str]) -> list[int]:
        """Indexes of the texts (no line feeds in them) in which some rule may match; never misses one that does."""
        block = "\n".join(texts).encode("utf-8", "replace")
        if block.count(b"\n") >= len(texts) > 0:
            block = "\n".join([text.replace("\n", " ") for text in texts]).encode("utf-8", "replace")
        found: list[int] = []
        search, count, newline = self._gate.search, block.count, block.find
        index = position = 0
        while match := search(block, position):
            end = match.end()
            index += count(b"\n", position, end)
            found.append(index)
            position = newline(b"\n", end) + 1
            if position == 0:
                break
            index += 1
        return found

    def hits(self, text: str) -> list[Hit]:
        """What the rules find in one line, at most one error, warning or test result and one of every other rule."""
        text = text[prefix.length(text) :][:_TEXT_MAX]
        data = text.encode("utf-8", "replace")
        hits = []
        taken = set()
        for number in sorted(self._set.Match(data) or ()):  # None, not an empty list, when nothing fits
            rule = self.rules[number]
            family = "verdict" if rule.event_type in _VERDICT else rule.name
            if family in taken:
                continue
            hit = self._capture(rule, data)
            if hit:
                taken.add(family)
                hits.append(hit)
        return hits

    def _capture(self, rule: Rule, data: bytes) -> Hit | None:
        if rule.unless and self.regexp(rule.unless).search(data):
            return None
        match = self.regexp(rule.pattern).search(data)
        if match is None:
            return None
        value, groups = match
        return Hit(rule, (groups.get(rule.value, "") if rule.value else value).strip(), groups)

    def regexp(self, pattern: str) -> Pattern:
        """`pattern` compiled when first needed; kept here, for there are more of them than re2's own cache holds."""
        compiled = self._compiled.get(pattern)
        if compiled is None:
            compiled = self._compiled[pattern] = Pattern(pattern)
        return compiled


def _gate(rules: tuple[Rule, ...]) -> str:
    """One pattern for a whole block that matches in every line where a rule can match behind the line's prefix."""
    anchored, anywhere = [], []
    unclear = False
    for rule in rules:
        pattern = _GROUP_NAME.sub("(?:", rule.pattern)
        pattern = _TEXT_ENDS.sub(lambda found: found[1] + ("^" if found[2] == "A" else "$"), pattern)
        start = _ANCHORED.fullmatch(pattern)
        if start and _is_one_branch(start[2]):
            anchored.append(f"(?:{start[1] or ''}{start[2]})")
            continue
        unclear = unclear or "^" in pattern.replace("[^", "")
        anywhere.append(f"(?:{pattern})")
    if anchored:
        anywhere.append(f"^{prefix.PATTERN}(?:{'|'.join(anchored)})")
    if unclear:  # a beginning we cannot move: every line with a prefix has to be looked at
        anywhere.append(f"^{prefix.PRESENT}")
    return "(?m)" + "|".join(anywhere or ["[^\\x00-\\x{10ffff}]"])


def _is_one_branch(pattern: str) -> bool:
    """No `|` outside of brackets and no further `^`, so that something can be put in front of `pattern`."""
    depth = 0
    for piece in _NO_CHOICE.findall(pattern):
        depth += (piece == "(") - (piece == ")")
        if piece == "^" or (piece == "|" and depth == 0):
            return False
    return True
