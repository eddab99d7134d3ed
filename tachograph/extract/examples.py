"""Do the rules do what their own examples say?"""

from __future__ import annotations

from typing import NamedTuple

from tachograph.extract.matcher import matcher_for
from tachograph.extract.rules import Rules


class Failing(NamedTuple):
    """An example that its rule does not find, or a counter_example that it finds."""

    rule: str
    kind: str  # example, counter_example
    line: str


def failing(rules: Rules) -> list[Failing]:
    """Every example is tried against all rules together, so one that a more specific rule takes away fails too."""
    matcher = matcher_for(rules)
    found = []
    for rule in rules:
        for kind, lines in (("example", rule.examples), ("counter_example", rule.counter_examples)):
            for line in lines:
                fired = any(hit.rule.name == rule.name for hit in matcher.hits(line))
                if fired != (kind == "example"):
                    found.append(Failing(rule.name, kind, line))
    return found
