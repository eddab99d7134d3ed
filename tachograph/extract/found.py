"""What extraction hands out, and how a rule's hit becomes it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tachograph.extract import risk, values
from tachograph.extract.fences import Block
from tachograph.extract.rules import Rule

LINE_MAX = 4096  # characters of original_line, for one line
VALUE_MAX = 1024  # characters of matched_value and of every captured field
_LEAD = "lead"  # a group of this name is what stands before a traceback in each of its lines; not worth keeping


class Found(msgspec.Struct, frozen=True, gc=False):
    """One finding: the columns of an extraction that come out of the text itself.

    `original_line` is the whole line, or all lines of an event of several lines; `line_number` is its first line.
    `block` is there when `event_type` is code_block.
    """

    event_type: str
    pattern: str
    matched_value: str
    original_line: str
    line_number: int
    metadata: dict[str, object] | None = None
    risk_level: str = "low"
    auto_confirmable: bool = False
    code_block_language: str | None = None
    block: Block | None = None


class Maker:
    """Makes the findings of one rule; what they have in common is worked out once."""

    __slots__ = ("_confirmable", "_fields", "_rule", "_test")

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._test = rule.event_type == "test_result"
        risk_level = rule.risk or risk.level(rule.event_type, rule.severity)
        confirmable = rule.auto_confirm
        if confirmable is None:
            confirmable = risk.auto_confirmable(rule.event_type, risk_level)
        self._confirmable = (risk_level, confirmable)
        self._fields: dict[str, tuple[str, Callable[[str], object] | None]] = {}

    def found(self, number: int, original: str, value: str, groups: dict[str, str]) -> Found:
        """`groups` are the texts of the named groups; the rule says which of them are kept."""
        rule = self._rule
        metadata: dict[str, object] = {"severity": rule.severity}
        if self._test:
            metadata.update(values.test_counts(original))
        for group, text in groups.items():
            name, convert = self._fields.get(group) or self._field(group)
            if name:
                metadata[name] = (
                    convert(text) if convert else text.strip() if len(text) < VALUE_MAX else text[:VALUE_MAX]
                )
        if self._test and (metadata.get("failed") or metadata.get("errors")):
            metadata["severity"] = "error"
        return Found(rule.event_type, rule.name, value[:VALUE_MAX], original, number, metadata, *self._confirmable)

    def _field(self, group: str) -> tuple[str, Callable[[str], object] | None]:
        """Name and converter of a captured group; an empty name when it is not kept."""
        name = values.field_name(group)
        kept = name != _LEAD and (self._rule.fields is None or name in self._rule.fields)
        self._fields[group] = found = (name, values.converter(name)) if kept else ("", None)
        return found


def found_block(maker: Maker, opening: str, block: Block) -> Found:
    """A code block; `opening` is the line with its fence."""
    first = next((line.strip() for line in block.content.split("\n") if line.strip()), "")
    event = maker.found(block.line_start, opening[:LINE_MAX], first, {})
    metadata = {**(event.metadata or {}), "lines": block.content.count("\n") + 1, "line_end": block.line_end}
    metadata.update(digest=block.digest, parseable=block.parseable)
    return msgspec.structs.replace(event, metadata=metadata, code_block_language=block.language, block=block)
