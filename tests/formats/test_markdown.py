"""Markdown, read by a parser that nobody here wrote: what was recorded is text and code, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tachograph.records import Event, Session
from tests.formats.recorded import SESSIONS, exported
from tests.hostile import PAYLOADS
from tests.store.samples import AT, opened, scratch

OWN = ("<details><summary>Thinking</summary>", "</details>")
EVIL = st.sampled_from(
    [
        "```", "````\n~~~", "<script>", "</details>", "[a](http://evil.example)", "![a](b)", "# title", "- list",
        "1. x", "|", "| a |\n|---|", "`", "``` `", "http://evil.example", "www.evil.example", "a@evil.example", "***",
        "===", "> quote", "&lt;", "\\", "\n\n", "    code", "[x]: http://evil.example", *PAYLOADS.values(),
    ]
)  # fmt: skip


def parsed(data: bytes) -> list[str]:
    """Types of everything in it that is not text, code or what our own words make."""
    tokens = MarkdownIt("gfm-like").parse(data.decode())
    inline = [child for token in tokens for child in token.children or ()]
    html = [token.content.strip() for token in (*tokens, *inline) if token.type in {"html_block", "html_inline"}]
    odd = {"link_open", "image", "ordered_list_open", "hr", "code_block", "s_open"}
    return [one for one in html if one not in OWN] + [token.type for token in (*tokens, *inline) if token.type in odd]


def test_the_sessions_have_nothing_of_their_own_to_say(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for make in SESSIONS.values():
            assert parsed(exported(store, make(store), "md")) == []


texts = st.lists(EVIL | st.text(max_size=10), min_size=1, max_size=5).map("".join)


@settings(max_examples=60)
@given(texts, texts, texts)
def test_nothing_breaks_out(said: str, command: str, path: str) -> None:
    said, command, path = (one.encode("utf-8", "replace").decode() for one in (said, command, path))
    with scratch() as store:
        store.sessions.add(Session("evil-1", "evil", title=said, command=command, project_dir=path, started_at=AT))
        for kind in ("prompt", "reply", "thinking", "marker"):
            store.events.add(Event("evil-1", kind, content=said, at=AT))
        store.events.add(Event("evil-1", "command", said, "c", command=command, content=said, exit_code=1, at=AT))
        store.events.add(Event("evil-1", "file_op", path, "f", path, "edit", status="error", content=said, at=AT))
        data = exported(store, "evil-1", "md")
    assert parsed(data) == []
    headings = [line for line in _headings(data) if not line.startswith("Turn ")]
    assert headings[1:] == (["Files changed"] if path else []) + ["Failures"] or len(headings) <= 3


def _headings(data: bytes) -> list[str]:
    tokens = MarkdownIt("gfm-like").parse(data.decode())
    return [tokens[index + 1].content for index, token in enumerate(tokens) if token.type == "heading_open"]


@pytest.mark.parametrize("name", SESSIONS)
def test_what_a_reader_looks_for_is_there(tmp_path: Path, name: str) -> None:
    with opened(tmp_path) as store:
        text = exported(store, SESSIONS[name](store), "md").decode()
    wanted = {
        "steps": ["## Turn 1", "## Turn 2", "exit code 1", "rejected", "`src/seek.py`", "- turn 1: Bash", "0.013 USD"],
        "screen": ["ValueError: bad", "exit code 3", "`make test`", "10 €"],
    }
    assert [words for words in wanted[name] if words not in text] == []
