"""JSON that somebody hands in: taken as it is written, or refused with the place and the reason."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import NoReturn

from tachograph.errors import BadRecord
from tachograph.regexes import regex

MOST_BYTES = 1 << 20
MOST_LEVELS = 100
_TEXT = regex(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BRACKETS = regex(r"[\[\]{}]")
_LEVEL = {"[": 1, "{": 1, "]": -1, "}": -1}


def checked(value: object, what: str) -> str:
    """The JSON text of `value`; a str is such text already and comes back as it was written, without blanks around it.

    `what` names it in errors. Raises BadRecord: not JSON (with line and column), larger than 1 MB, nested too deep.
    """
    text = (value if isinstance(value, str) else _encoded(value, what)).strip()
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise BadRecord(f"{what} is not UTF-8 text", "encode it as UTF-8") from error
    if size > MOST_BYTES:
        raise BadRecord(
            f"{what} has {size:,} bytes, more than the {MOST_BYTES:,} (1 MB) that fit", "keep less, or a path to it"
        )
    levels = _levels(text)
    if levels > MOST_LEVELS:
        raise BadRecord(f"{what} is nested {levels} levels deep, more than {MOST_LEVELS}", "make it flatter")
    try:
        json.loads(text, parse_constant=_no_such_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise BadRecord(_told(text, error, what), _hint(text)) from error
    except ValueError as error:  # NaN, an integer of thousands of digits
        raise BadRecord(f"{what} is not JSON: {error}", "use numbers that JSON knows") from error
    return text


def _encoded(value: object, what: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRecord(f"{what} is nothing JSON can say: {error}", "use dicts, lists, text, numbers") from error


def _levels(text: str) -> int:
    brackets = _BRACKETS.findall(_TEXT.sub("", text))
    return max(accumulate(_LEVEL[bracket] for bracket in brackets), default=0)


def _told(text: str, error: json.JSONDecodeError, what: str) -> str:
    if not text:
        return f"{what} is empty, which is not JSON"
    reason = error.msg[:1].lower() + error.msg[1:]
    return f"{what} is not JSON: {reason} at line {error.lineno}, column {error.colno}"


def _hint(text: str) -> str:
    if text and text[0] not in '{["' and not text[0].isdigit():
        return """a text needs quotes of its own: '"like this"'"""
    return 'names and texts stand in double quotes, as in \'{"tests": "pass"}\''


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


def _no_such_number(word: str) -> NoReturn:
    raise ValueError(f"it has no number {word}")
