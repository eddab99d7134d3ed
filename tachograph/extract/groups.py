"""Events of several lines while they are being read: tracebacks, panics, a diagnostic and the place it points to."""

from __future__ import annotations

from tachograph.extract import prefix
from tachograph.extract.found import VALUE_MAX, Found
from tachograph.extract.matcher import Hit, Matcher
from tachograph.extract.pattern import Pattern
from tachograph.extract.rules import Rule

LINES_MAX = 200
CHARACTERS_MAX = 32_768
_CONSUMED_MAX = 5000  # a "traceback" that is longer than this is something else
_UNSURE_MAX = 40  # lines that wait for the one which says whether they are an event


class Group:
    """An event whose rule has `continues` or `last`, from its first line on."""

    def __init__(
        self, rule: Rule, number: int, text: str, value: str, groups: dict[str, str], refused: tuple[str, ...] = ()
    ) -> None:
        self.rule = rule
        self.number = number
        self.numbers = [number]
        self.refused = refused  # rules that took the first line for theirs, and were wrong
        self.ended = False  # by its `last`
        self.lines = [text[:CHARACTERS_MAX]]
        self.size = len(self.lines[0])
        self.value = value
        self.groups = groups
        self.lead = groups.get("lead", "").replace("+ Exception Group ", "| ")
        self.consumed = 1

    @classmethod
    def begun(cls, hit: Hit, number: int, text: str, refused: tuple[str, ...] = ()) -> Group:
        return cls(hit.rule, number, text, hit.value, dict(hit.groups), refused)

    @property
    def entries(self) -> list[tuple[int, str]]:
        return list(zip(self.numbers, self.lines, strict=True))

    def take(self, number: int, text: str, matcher: Matcher) -> str:
        """Offer the next line: `more`, `last` (it belongs to the event and ends it) or `over` (it does not)."""
        rule = self.rule
        body = self._body(text)
        data = body.encode("utf-8", "replace")
        if rule.continues and matcher.regexp(rule.continues).found(data):
            self._add(number, text)
            return "more" if self.consumed < (_UNSURE_MAX if rule.needs_last else _CONSUMED_MAX) else "last"
        if rule.last:
            last = matcher.regexp(rule.last)
            start, end = last.span(data)
            if start >= 0:
                self._add(number, text)
                self.ended = True
                self.groups.update(last.groups(data, start, end))
                self.value = body.strip()[:VALUE_MAX]
                return "last"
        if self.consumed <= rule.takes:
            self._add(number, text)
            return "more"
        return "over"

    def _body(self, text: str) -> str:
        body = text[prefix.length(text) :]
        return body[len(self.lead) :] if self.lead and body.startswith(self.lead) else body

    def _add(self, number: int, text: str) -> None:
        self.consumed += 1
        if len(self.lines) < LINES_MAX and self.size + len(text) < CHARACTERS_MAX:
            self.lines.append(text)
            self.numbers.append(number)
            self.size += len(text) + 1

    def found(self, matcher: Matcher) -> Found:
        while len(self.lines) > 1 and not self._body(self.lines[-1]).strip():
            self.lines.pop()  # a blank line may stand inside an event, never at its end
        if self.rule.place and "file" not in self.groups:
            skipped = self.rule.skip_places
            self._locate(matcher.regexp(self.rule.place), matcher.regexp(skipped) if skipped else None)
        return matcher.maker(self.rule).found(self.number, "\n".join(self.lines), self.value, self.groups)

    def _locate(self, place: Pattern, skipped: Pattern | None) -> None:
        """A Python traceback ends with the innermost frame, the other languages begin with it."""
        found: dict[str, str] | None = None
        for text in reversed(self.lines) if self.rule.last else self.lines[1:]:
            data = self._body(text).encode("utf-8", "replace")
            start, end = place.span(data)
            if start >= 0 and (found is None or not (skipped and skipped.found(data))):
                found = place.groups(data, start, end)
                if not (skipped and skipped.found(data)):
                    break
        self.groups.update(found or {})

    def state(self) -> dict[str, object]:
        return {
            "rule": self.rule.name,
            "number": self.number,
            "numbers": self.numbers,
            "refused": list(self.refused),
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
        numbers, refused = state["numbers"], state["refused"]
        assert isinstance(numbers, list) and isinstance(refused, list)
        group = cls(rule, int(str(state["number"])), "", str(state["value"]), dict(groups), tuple(refused))
        group.numbers = list(numbers)
        group.lines, group.size = list(lines), sum(map(len, lines)) + len(lines) - 1
        group.lead, group.consumed = str(state["lead"]), int(str(state["consumed"]))
        return group
