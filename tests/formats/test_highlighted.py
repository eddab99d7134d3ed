"""Code as coloured words: nothing is lost, added or moved, whatever the text is."""

from __future__ import annotations

import random

import pytest

from tachograph.formats import highlighted
from tests.hostile import PAYLOADS

PYTHON = 'def seek(at: int) -> str:\n    # a comment\n    return "now" + str(41)\n'


def test_words_of_code_are_told_apart() -> None:
    words = highlighted.code(PYTHON, "python")
    known = {text.strip(): name for name, text in words}
    assert (known["def"], known["seek"], known["# a comment"], known["41"]) == ("k", "f", "c", "m")
    assert any(name == "s" and "now" in text for name, text in words)
    assert highlighted.code(PYTHON, path="src/seek.py") == words == highlighted.code(PYTHON, path="C:\\src\\seek.py")


@pytest.mark.parametrize("language", ["python", "bash", "json", "rust", "html", "no-such-language", None])
def test_the_text_is_as_it_was(language: str | None) -> None:
    chance = random.Random(8151)
    letters = [*PYTHON, *"{}<>&\"'\\\t\r\n", "é", "\u2028", "\U0001f600"]
    made = ["".join(chance.choices(letters, k=chance.randrange(300))) for _ in range(60)]
    for text in [*made, *PAYLOADS.values(), "", "\n\n", PYTHON.replace("\n", "\r\n")]:
        assert "".join(word for _, word in highlighted.code(text, language)) == text


def test_what_is_too_long_is_plain() -> None:
    assert highlighted.code("x = 1\n" * 20_000, "python") == [("", "x = 1\n" * 20_000)]
    minified = "x=1;" * 1000
    assert highlighted.code(minified, "javascript") == [("", minified)]


def test_a_diff_has_its_signs_and_coloured_lines() -> None:
    found = highlighted.diff([" def seek():", "-    return 3", "+    return 4", "@"], "seek.py")
    assert [line.sign for line in found] == [" ", "-", "+", "@"]
    assert "".join(text for _, text in found[2].words) == "    return 4"
    assert ("m", "4") in found[2].words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("only words", [(None, "only words")]),
        ("before\n```python\nx = 1\n```\nafter", [(None, "before"), ("python", "x = 1"), (None, "after")]),
        ("````\n```\ninside\n```\n````", [("", "```\ninside\n```")]),
        ("```js\nnever closed", [("js", "never closed")]),
        ("~~~ sh\nls\n~~~\n", [("sh", "ls")]),
    ],
)
def test_blocks_of_code_are_found_in_what_is_said(text: str, parts: list[tuple[str | None, str]]) -> None:
    assert list(highlighted.prose(text)) == parts
