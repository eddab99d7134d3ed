"""Captured text → metadata: which fields are numbers, and the counts that test summaries state in any order."""

from __future__ import annotations

from collections.abc import Callable

from tachograph.regexes import regex

_COUNTS = frozenset(
    """line column passed failed skipped errors warnings total count port pid signal exit_code status files
    insertions deletions packages tokens input_tokens output_tokens""".split()  # noqa: SIM905 - reads better
)
_MEASURES = frozenset(("seconds", "percent", "cost_usd", "value", "duration_ms"))
_NUMBER = regex(r"([0-9][0-9,_]*(?:\.[0-9]+)?)([kKmM]?)")
_SCALE = {"k": 1000, "m": 1_000_000}

_MEANINGS = {
    "passed": "passed passing pass passes ok succeeded successes",
    "failed": "failed failing fail fails failures failure",
    "errors": "errors error errored",
    "skipped": "skipped skip skipping ignored pending disabled incomplete",
    "total": "total tests test examples example run",
    "warnings": "warnings warning",
    "assertions": "assertions",
    "todo": "todo",
    "xfailed": "xfailed",
    "xpassed": "xpassed",
    "deselected": "deselected",
    "flaky": "flaky",
    "risky": "risky",
}
_WORDS = {word: name for name, words in _MEANINGS.items() for word in words.split()}
_NUMBER_WORD = regex(r"\b([0-9][0-9,]*)\s+([a-z]+)")
_WORD_NUMBER = regex(r"\b(?:tests )?([a-z]+)\s*[:=]\s*([0-9][0-9,]*)\b(?!\.[0-9]|:)")


def converter(name: str) -> Callable[[str], object] | None:
    """How the text of a field becomes its value: `line` `12` → 12, `tokens` `3.2k` → 3200; None: it stays text."""
    return _count_of if name in _COUNTS else _measure_of if name in _MEASURES else None


def _count_of(text: str) -> object:
    if text.isdecimal() and len(text) < 16:
        return int(text)
    number = _number(text)
    return int(number) if number is not None and number == int(number) else text


def _measure_of(text: str) -> object:
    number = _number(text)
    return text if number is None else number


_ANOTHER = regex(r"_[0-9]{1,2}$")


def field_name(group: str) -> str:
    """RE2 allows a group name once: in the other branches of a pattern `line` is called `line_2`, `line_3` …"""
    return _ANOTHER.sub("", group)


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text.strip())
    if found is None or len(text) > 24:
        return None
    digits = found[1].replace(",", "").replace("_", "")
    return (float(digits) if "." in digits else int(digits)) * _SCALE.get(found[2].lower(), 1)


def test_counts(text: str) -> dict[str, object]:
    """`3 failed, 12 passed in 0.4s` or `Tests run: 15, Failures: 3` → {"failed": 3, "passed": 12 …}."""
    text = text[:1000].lower()
    before: dict[str, object] = {}
    for digits, word in _NUMBER_WORD.findall(text):
        _count(before, word, digits)
    behind: dict[str, object] = {}
    for word, digits in _WORD_NUMBER.findall(text):
        _count(behind, word, digits)
    return before if len(before) > len(behind) else behind


def _count(counts: dict[str, object], word: str, digits: str) -> None:
    name = _WORDS.get(word)
    digits = digits.replace(",", "")
    if name and name not in counts and len(digits) < 16:
        counts[name] = int(digits)
