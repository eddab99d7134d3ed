"""What to look for, as data: the shipped `rules.toml` and the user's own, joined and checked.

A bad rule is refused with its line and the reason; the others still load. Patterns are RE2: linear time whatever a
user writes. How rules meet lines is `matcher`'s business.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator

import msgspec
import re2

from tachograph.extract.pattern import options
from tachograph.records import EXTRACTED_TYPES, RISK_LEVELS
from tachograph.regexes import regex
from tachograph.tables import Refusal, Table, Wrong, tables

ENGINE = 2  # raise it when the same rules would find something else in the same lines
SEVERITIES = ("info", "warning", "error", "critical")
EVENT_TYPES = (*EXTRACTED_TYPES, "command", "file_op", "tool_call")

_NAME = regex(r"[a-z][a-z0-9_]*(?:[.-][a-z0-9_]+)*")
_OWN_TYPE = regex(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")


class Problem(msgspec.Struct, frozen=True):
    """Why a rule was refused. `line` counts from 1 in the file that was read; `rule` is "" when it has no name."""

    line: int
    rule: str
    reason: str


class Rule(msgspec.Struct, frozen=True):
    """One rule. Groups that are named in `pattern` become metadata."""

    name: str
    event_type: str = ""
    pattern: str = ""
    needle: str | None = None  # found in every line that `pattern` matches, and quickly; None: derived from `pattern`
    severity: str = "info"
    fields: tuple[str, ...] | None = None  # named groups to keep as metadata; None: all of them
    value: str | None = None  # group for matched_value; None: what the whole pattern matched
    unless: str | None = None  # the rule does not fire where this is found
    skip_code: bool = False  # nor on lines that look like source code, see `prefix`
    skip_mild: bool = False  # nor on lines that a logger wrote as a warning or less
    continues: str | None = None  # following lines that belong to the same event
    takes: int = 0  # so many following lines belong to it whatever they say
    last: str | None = None  # a line that belongs to it and ends it; it becomes matched_value
    needs_last: bool = False  # without such a line there is no event, and other rules see the lines
    place: str | None = None  # its groups in the line nearest to the cause are metadata too
    skip_places: str | None = None  # such lines are no `place` when there is another: the language's own library
    once: bool = False  # one event per matched value and session
    risk: str | None = None  # instead of the table in `risk`
    auto_confirm: bool | None = None
    enabled: bool = True
    description: str = ""
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()

    @property
    def several_lines(self) -> bool:
        return bool(self.takes or self.continues or self.last)


class Rules:
    """Rules in order of precedence: of those with one event type, a line gives the first that fits."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.all = tuple(rules)
        self.active = tuple(rule for rule in self.all if rule.enabled)
        self.version = _version(self.active)

    def __eq__(self, other: object) -> bool:
        """The same rules read twice are equal: what was compiled for one serves the other."""
        return isinstance(other, Rules) and self.all == other.all

    def __hash__(self) -> int:
        return hash(self.version)

    def get(self, name: str) -> Rule | None:
        return next((rule for rule in self.all if rule.name == name), None)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.active)

    def __len__(self) -> int:
        return len(self.active)


def load(user: str | None = None, *, builtin: bool = True) -> tuple[Rules, list[Problem]]:
    """`user` is the text of the user's rules.toml → the rules that work, and what was wrong with the others.

    A rule of the same name changes the shipped one field by field; new rules come before the shipped ones.
    Never raises on what a user wrote.
    """
    shipped = {rule.name: rule for rule in _shipped()} if builtin else {}
    own: dict[str, Rule] = {}
    problems: list[Problem] = []
    for table in _tables(user or "", problems):
        try:
            rule = _rule(table.values, shipped)
        except Refusal as error:
            problems.append(Problem(table.line_of(error.key), str(table.values.get("name", "")), str(error)))
            continue
        if rule.name in own:
            reason = "this name is given twice in the file; the first one counts"
            problems.append(Problem(table.line, rule.name, reason))
        elif rule.name in shipped:
            shipped[rule.name] = own[rule.name] = rule
        else:
            own[rule.name] = rule
    new = [rule for name, rule in own.items() if name not in shipped]
    return Rules([*new, *shipped.values()]), sorted(problems, key=lambda problem: problem.line)


@functools.cache
def _shipped() -> tuple[Rule, ...]:
    # Not importlib.resources, which takes longer to import than the file takes to read.
    with open(os.path.join(os.path.dirname(__file__), "rules.toml"), "rb") as file:
        return tuple(msgspec.convert(table, Rule) for table in tomllib.load(file)["rule"])


def _version(rules: Iterable[Rule]) -> str:
    counts = [
        {**msgspec.structs.asdict(rule), "examples": (), "counter_examples": (), "description": ""} for rule in rules
    ]
    for rule in counts:
        del rule["needle"]
    return hashlib.sha256(msgspec.json.encode([ENGINE, counts])).hexdigest()[:12]


def _tables(text: str, problems: list[Problem]) -> Iterator[Table]:
    """Every `[[rule]]`; nothing else belongs into the file."""
    wrong: list[Wrong] = []
    yield from tables(text, "rule", wrong)
    problems += [Problem(*one) for one in wrong]
    try:
        others = [key for key in tomllib.loads(text) if key != "rule"]
    except tomllib.TOMLDecodeError:
        others = []
    problems += [Problem(1, "", f"unknown table or key {key!r}; a rule begins with [[rule]]") for key in others]


def _rule(table: dict[str, object], shipped: dict[str, Rule]) -> Rule:
    name = table.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal("name", "name is missing or not made of a-z, 0-9, _, - and .")
    for key in table:
        if key not in Rule.__struct_fields__:
            raise Refusal(key, f"unknown field {key!r}; known are {', '.join(Rule.__struct_fields__)}")
    before = msgspec.structs.asdict(shipped[name]) if name in shipped else {}
    if "pattern" in table:  # these speak about the old pattern
        for key in ("needle", "fields", "value", "examples", "counter_examples"):
            before.pop(key, None)
    try:
        rule = msgspec.convert({**before, **table}, Rule)
    except msgspec.ValidationError as error:
        place = re.search(r"at `\$\.(\w+)", str(error))
        raise Refusal(place[1] if place else "", str(error).replace("$.", "")) from None
    check_rule(rule)
    return rule


def check_rule(rule: Rule) -> None:
    """Raises Refusal, a ValueError, with a sentence when the rule cannot work."""
    if rule.event_type not in EVENT_TYPES and not _OWN_TYPE.fullmatch(rule.event_type):
        known = ", ".join(EVENT_TYPES)
        raise Refusal(
            "event_type",
            f"event_type {rule.event_type!r} is none of {known}; a type of your own has a prefix, like acme.deploy",
        )
    if rule.severity not in SEVERITIES:
        raise Refusal("severity", f"severity {rule.severity!r} is none of {', '.join(SEVERITIES)}")
    if rule.risk is not None and rule.risk not in RISK_LEVELS:
        raise Refusal("risk", f"risk {rule.risk!r} is none of {', '.join(RISK_LEVELS)}")
    if not rule.pattern:
        raise Refusal("pattern", "pattern is missing")
    groups = _compile("pattern", rule.pattern)
    for name in (*(rule.fields or ()), *((rule.value,) if rule.value else ())):
        if name not in groups:
            raise Refusal("pattern", f"pattern has no group (?P<{name}>…)")
    for key in ("needle", "unless", "continues", "last", "place", "skip_places"):
        text = getattr(rule, key)
        if text is not None:
            _compile(key, text)


def _compile(key: str, pattern: str) -> set[str]:
    """The names of the groups of `pattern`, an RE2 pattern that does not match everything."""
    try:
        compiled = re2.compile(pattern, options())
    except re2.error as error:
        reason = error.args[0]
        raise Refusal(key, f"{key}: {reason.decode() if isinstance(reason, bytes) else reason}") from None
    if compiled.search("") is not None and key in ("pattern", "last"):
        raise Refusal(key, f"{key} matches an empty line, so it would match every line")
    return set(compiled.groupindex)
