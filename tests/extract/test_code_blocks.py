"""Fenced code in output: where it is, what it is, whether it parses, and which blocks are the same."""

from __future__ import annotations

import hashlib
import textwrap

import pytest

from tachograph.extract import lines, rules
from tachograph.extract.extractor import Block, Extractor, Found
from tachograph.extract.shell_syntax import balanced
from tachograph.extract.syntax import parseable

RULES, _ = rules.load()


def extract(text: str) -> list[Found]:
    return Extractor(RULES).feed(lines.split(text.encode(), 1), final=True)


def blocks(text: str) -> list[Block]:
    return [event.block for event in extract(text) if event.block is not None]


@pytest.mark.parametrize(
    ("text", "language", "content", "span"),
    [
        ("```python\nx = 1\n```\n", "python", "x = 1", (1, 3)),
        ("a\n\n~~~ ruby startline=3\nputs 1\n~~~\n", "ruby", "puts 1", (3, 5)),
        ("````\n```\ninner\n```\n````\n", None, "```\ninner\n```", (1, 5)),
        ("```\nplain\n`````\n", None, "plain", (1, 3)),
        ("  - ```json\n    {}\n    ```\n", "json", "{}", (1, 3)),
        ("⏺ ```sh\n  ls\n  ```\n", "sh", "ls", (1, 3)),
        ("> ```toml\n> a = 1\n> ```\n", "toml", "> a = 1", (1, 3)),
        ("```{.python}\nx\n```\n", "python", "x", (1, 3)),
        ("```c++\nint x;\n```\n", "c++", "int x;", (1, 3)),
        ("```markdown\n```python\nx\n```\n", "markdown", "```python\nx", (1, 4)),
        ("```python\nx = 1\n~~~\n```\n", "python", "x = 1\n~~~", (1, 4)),
    ],
)
def test_fences(text: str, language: str | None, content: str, span: tuple[int, int]) -> None:
    block = blocks(text)[0]
    assert (block.language, block.content, (block.line_start, block.line_end)) == (language, content, span)


def test_the_event_of_a_block() -> None:
    (event,) = extract("text\n```python\n\nx = 1\n```\n")
    assert (event.event_type, event.line_number, event.original_line) == ("code_block", 2, "```python")
    assert (event.matched_value, event.code_block_language) == ("x = 1", "python")
    assert event.block is not None
    assert event.metadata == {
        "severity": "info", "lines": 2, "line_end": 5, "digest": event.block.digest, "parseable": True,
    }  # fmt: skip
    assert (event.risk_level, event.auto_confirmable) == ("low", True)


def test_code_is_not_searched_but_printed_output_is() -> None:
    assert [event.pattern for event in extract("```python\nError: not one\n```\n")] == ["code_block"]
    assert sorted(event.pattern for event in extract("```\nfatal: one\n```\n")) == ["code_block", "git_fatal"]
    assert sorted(event.pattern for event in extract("```console\nfatal: one\n```\n")) == ["code_block", "git_fatal"]


def test_a_fence_without_an_end_swallows_nothing() -> None:
    text = "```python\nx = 1\nfatal: one\n"
    assert sorted(event.pattern for event in extract(text)) == ["code_block", "git_fatal"]
    long = "```python\n" + "x\n" * 3000 + "fatal: one\n"
    assert [event.pattern for event in extract(long)] == ["git_fatal"]
    lost = "```python\nx = 1\nfatal: one\n```json\n{}\n```\n"
    assert [event.pattern for event in extract(lost)] == ["git_fatal", "code_block"]


@pytest.mark.parametrize("line", ["use ``` here", "~~~~~~~~~~~~~~~", "``` inline ```", "    ~~~~~~~~~^^^^"])
def test_what_is_no_fence(line: str) -> None:
    assert extract(f"{line}\nx\n") == []


def test_the_digest_is_over_normalised_content() -> None:
    (plain,) = blocks("```python\nif x:\n    y()\n```\n")
    (other,) = blocks("   ```python\n\n   if x:  \n       y()\n\n   ```\n")
    assert plain.digest == other.digest == hashlib.sha256(b"if x:\n    y()").hexdigest()
    (different,) = blocks("```python\nif x:\n    z()\n```\n")
    assert different.digest != plain.digest


@pytest.mark.parametrize(
    ("language", "content", "expected"),
    [
        ("python", "def f():\n    return 1", True),
        ("py", "    indented = 1", True),
        ("python", "def f(:", False),
        ("python", "x = '\\d'", True),
        ("python", "(" * 5000, False),
        ("json", '{"a": [1, 2]}', True),
        ("json", "{'a': 1}", False),
        ("jsonl", '{"a": 1}\n{"a": 2}', True),
        ("toml", "[a]\nb = 1", True),
        ("toml", "a = ", False),
        ("yaml", "a:\n  - 1", True),
        ("yaml", "a: [1", False),
        ("bash", "if true; then echo hi; fi", True),
        ("sh", "if true; then echo hi", False),
        ("rust", "fn main() {}", None),
        (None, "x", None),
        ("python", "\x00", False),
        ("python", "x = 1\n" * 20_000, None),
    ],
)
def test_parseable(language: str | None, content: str, expected: bool | None) -> None:
    assert parseable(language, content) is expected


@pytest.mark.parametrize(
    "script",
    [
        "echo 'it''s' \"a $(date) `ls` ${x:-'y'}\" $# $? a#b # comment's",
        "for x in a b; do echo $x; done | sort",
        "while read x\ndo\n  case $x in\n    (a|b) f ;;\n    c) g;;\n    *) ;;\n  esac\ndone < f",
        "if g; then h; elif i; then j; else k; fi",
        "for x do echo; done",
        "f() { echo; }; function g {\n echo\n}",
        "cat <<EOF && echo ok\nit's $x\nEOF\necho end",
        "cat <<-'EOF'\n\tno \"end\n\tEOF",
        "a && b ||\n  c | d & wait",
        "x=$(cat <<< 'a)b') y=$((1 + 2)) z=(1 2 '3')",
        "[[ $a == b && ! -e c ]] || { exit 1; }",
        "diff <(a) <(b) >out 2>&1",
        "echo fi done esac }",
        "",
    ],
)
def test_complete_shell_scripts(script: str) -> None:
    assert balanced(textwrap.dedent(script))


@pytest.mark.parametrize(
    "script",
    ["echo 'a", 'echo "a', "echo `a", "echo $(a", "echo ${a", "if true; then echo", "fi", "for x in a; echo; done",
     "while x; do y", "case x in a) b ;;", "{ a", "a )", "( a", "a &&", "| a", "cat <<EOF\nx", "a ;; b", "do x; done",
     "if x; done", "a; ; b", "else", "esac"],
)  # fmt: skip
def test_broken_shell_scripts(script: str) -> None:
    assert not balanced(script)
