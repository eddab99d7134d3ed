"""A whole text at once gives what the same text gives as a stream."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tachograph.extract import lines, rules, texts
from tachograph.extract.extractor import Extractor, Found
from tachograph.extract.texts import extract_text

RULES, _ = rules.load()

REPLY = """\
I have fixed the test. It failed because the cache was never cleared:

```python
def clear() -> None:
    cache.clear()
```

Run it with `pytest -q`, then see https://docs.example.com/cache for more.
"""
LOG = "\x1b[31msrc/main.c:12:5: error: expected ';'\x1b[0m\r\n 10%\r100%\n=== 1 failed, 2 passed in 0.10s ===\n"
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\nValueError: no'


def streamed(text: str) -> list[Found]:
    return Extractor(RULES).feed(lines.split(text.encode("utf-8", "replace"), 1), final=True)


def summary(text: str) -> list[tuple[str, str, int]]:
    return [(found.event_type, found.pattern, found.line_number) for found in extract_text(RULES, text)]


def test_a_reply_gives_its_code_blocks() -> None:
    found = extract_text(RULES, REPLY)
    (block,) = [each.block for each in found if each.block]
    assert (block.language, block.line_start, block.line_end) == ("python", 3, 6)
    assert block.content == "def clear() -> None:\n    cache.clear()"
    assert block.parseable


def test_a_log_is_read_as_a_terminal_shows_it() -> None:
    assert summary(LOG) == [("error", "compiler_error", 1), ("test_result", "pytest_summary", 3)]


def test_what_is_open_at_the_end_comes_out() -> None:
    (found,) = extract_text(RULES, TRACEBACK)
    assert (found.line_number, found.matched_value) == (1, "ValueError: no")
    assert extract_text(RULES, "```sh\necho hello")[0].code_block_language == "sh"


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "nothing to see here\n" * 100, "\ud800", "\x00\x1b", "\r"])
def test_most_texts_hold_nothing(text: str) -> None:
    assert extract_text(RULES, text) == []


def test_no_rules_find_nothing() -> None:
    assert extract_text(rules.Rules([]), LOG + REPLY) == []


GLUE = "\n|\r\n|\r|\x1b[1m|\x1b[0m|\x1b[2K|\x1b[A|\b|\x07|\u2028|\x85|\x9b31m|\ud800|é|```|```python|\t|\x0b|\x0c|\x00"
PIECES = st.sampled_from(
    [*GLUE.split("|"), *(each for text in (REPLY, LOG, TRACEBACK) for each in text.splitlines(keepends=True))]
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=16))
@example(["\x90", LOG, "\x9c"])
@settings(max_examples=200)
def test_a_text_is_taken_like_a_stream(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert extract_text(RULES, text) == streamed(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "PIECE", 20)  # a long text is taken some lines at a time
        assert extract_text(RULES, text) == streamed(text)


@pytest.mark.parametrize("colour", ["", "\x1b[2K"])
def test_of_very_many_findings_the_first_are_told(colour: str) -> None:
    found = extract_text(RULES, f"{colour}error: no such thing\n" * (texts.FOUND_MAX + 1))
    assert [found[0].line_number, found[-1].line_number, len(found)] == [1, texts.FOUND_MAX, texts.FOUND_MAX]
