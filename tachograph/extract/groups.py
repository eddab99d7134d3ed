"""Events of several lines while they are being read: tracebacks, panics, a diagnostic and the place it points to."""

from __future__ import annotations

from tachograph.extract import prefix
from tachograph.extract.found import VALUE_MAX, Found, found
from tachograph.extract.matcher import Hit, Matcher
from tachograph.extract.rules import Rule

LINES_MAX = 200
CHARACTERS_MAX = 32_768
_CONSUMED_MAX = 5000  # a "traceback" that is longer than this is something else


class Group:
    """An event whose rule has `continues` or `last`, from its first line on."""

    def __init__(self, rule: Rule, number: int, text: str, value: str, groups: dict[str, str]) -> None:
        self.rule = rule
        self.number = number
        self.lines = [text[:CHARACTERS_MAX]]
        self.size = len(self.lines[0])
        self.value = value
        self.groups = groups
        self.lead = groups.get("lead", "").replace("+ Exception Group ", "| ")
        self.consumed = 1

    @classmethod
    def begun(cls, hit: Hit, number: int, text: str) -> Group:
        return cls(hit.rule, number, text, hit.value, hit.groups)

    def take(self, text: str, matcher: Matcher) -> str:
        """Offer the next line: `more`, `last` (it belongs to the event and ends it) or `over` (it does not)."""
        body = text[prefix.length(text) :]
        if self.lead and body.startswith(self.lead):
            body = body[len(self.lead) :]
        data = body.encode("utf-8", "replace")
        if self.rule.last and (match := matcher.regexp(self.rule.last).search(data)):
            self._add(text)
            self._learn(match[1], later_wins=True)
            self.value = body.strip()[:VALUE_MAX]
            return "last"
        if self.rule.continues and (match := matcher.regexp(self.rule.continues).search(data)):
            self._add(text)
            self._learn(match[1], later_wins=self.rule.last is not None)
            return "more" if self.consumed < _CONSUMED_MAX else "last"
        return "over"

    def _add(self, text: str) -> None:
        self.consumed += 1
        if len(self.lines) < LINES_MAX and self.size + len(text) < CHARACTERS_MAX:
            self.lines.append(text)
            self.size += len(text) + 1

    def _learn(self, groups: dict[str, str], later_wins: bool) -> None:
        """A Python traceback ends with the innermost frame, the other languages begin with it."""
        for name, value in groups.items():
            if value and (later_wins or name not in self.groups):
                self.groups[name] = value[:VALUE_MAX]

    def found(self) -> Found:
        return found(self.rule, self.number, "\n".join(self.lines), self.value, self.groups)

    def state(self) -> dict[str, object]:
        return {
            "rule": self.rule.name,
            "number": self.number,
            "lines": self.lines,
            "value": self.value,
            "groups": self.groups,
            "lead": self.lead,
            "consumed": self.consumed,
        }

    @classmethod
    def restored(cls, state: dict[str, object], matcher: Matcher) -> Group | None:
        rule = matcher.rule(str(state["rule"]))
        if rule is None:
            return None
        lines, groups = state["lines"], state["groups"]
        assert isinstance(lines, list) and isinstance(groups, dict)
        group = cls(rule, int(str(state["number"])), "", str(state["value"]), dict(groups))
        group.lines, group.size = list(lines), sum(map(len, lines)) + len(lines) - 1
        group.lead, group.consumed = str(state["lead"]), int(str(state["consumed"]))
        return group
