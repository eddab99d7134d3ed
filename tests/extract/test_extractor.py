"""Lines in, findings out: what one line gives, what spans lines, and that cutting the input changes nothing."""

from __future__ import annotations

from tachograph.extract import lines, rules
from tachograph.extract.extractor import Extractor, Found

RULES, _ = rules.load()


def extract(text: str) -> list[Found]:
    return Extractor(RULES).feed(lines.split(text.encode(), 1), final=True)


def test_a_traceback_is_one_event_with_all_its_lines() -> None:
    text = 'before\nTraceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\nValueError: no\nafter\n'
    (event,) = extract(text)
    assert (event.event_type, event.line_number, event.matched_value) == ("error", 2, "ValueError: no")
    assert event.original_line == "\n".join(text.split("\n")[1:5])
    assert (event.risk_level, event.auto_confirmable) == ("high", False)


def test_a_code_block_is_one_event_and_its_code_is_not_searched() -> None:
    (event,) = extract('```python\nprint("Error: not one")\n```\n')
    assert event.event_type == "code_block"
    assert event.block is not None
    assert (event.block.language, event.block.line_start, event.block.line_end) == ("python", 1, 3)
    assert event.block.parseable is True
