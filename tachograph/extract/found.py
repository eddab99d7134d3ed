"""What extraction hands out, and how a rule's hit becomes it."""

from __future__ import annotations

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


def found(rule: Rule, number: int, original: str, value: str, groups: dict[str, str]) -> Found:
    """`groups` are the texts of the named groups; the rule says which of them are kept."""
    metadata: dict[str, object] = {"severity": rule.severity}
    if rule.event_type == "test_result":
        metadata.update(values.test_counts(original))
    for group, text in groups.items():
        name = values.field_name(group)
        if name != _LEAD and (rule.fields is None or name in rule.fields):
            metadata[name] = values.field(name, text[:VALUE_MAX].strip())
    if rule.event_type == "test_result" and (metadata.get("failed") or metadata.get("errors")):
        metadata["severity"] = "error"
    risk_level = rule.risk or risk.level(rule.event_type, rule.severity)
    confirmable = risk.auto_confirmable(rule.event_type, risk_level) if rule.auto_confirm is None else rule.auto_confirm
    return Found(
        rule.event_type, rule.name, value[:VALUE_MAX], original, number, metadata, risk_level, confirmable
    )  # fmt: skip


def found_block(rule: Rule, opening: str, block: Block) -> Found:
    """A code block; `opening` is the line with its fence."""
    first = next((line.strip() for line in block.content.split("\n") if line.strip()), "")
    event = found(rule, block.line_start, opening[:LINE_MAX], first, {})
    metadata = {**(event.metadata or {}), "lines": block.content.count("\n") + 1, "line_end": block.line_end}
    metadata.update(digest=block.digest, parseable=block.parseable)
    return msgspec.structs.replace(event, metadata=metadata, code_block_language=block.language, block=block)
