"""Code blocks: one content, every place it was seen."""

from __future__ import annotations

import hashlib

import pytest

from tachograph.errors import BadRecord, NotFound, UsageError
from tachograph.records import CodeBlock
from tachograph.store import Store
from tachograph.store.code_blocks import digest_of

from .samples import AT, block

PYTHON = "def f():\n    return 1\n"


def test_code_block_save_and_retrieve(store: Store) -> None:
    given = block(PYTHON, language="python", line_start=3, line_end=6, context={"before": "see:"}, parseable=True)
    assert store.code_blocks.add(given) is True
    (found,) = store.code_blocks.list(agent="codex")
    assert found == CodeBlock(
        "codex", "codex-1", PYTHON, "python", 3, 6, {"before": "see:"}, True, digest_of(PYTHON), AT, found.id
    )
    assert store.code_blocks.get(found.id) == store.code_blocks.get(str(found.id)) == found
    assert store.code_blocks.get(found.digest) == store.code_blocks.get(found.digest[:10]) == found


def test_code_block_deduplication(store: Store) -> None:
    assert store.code_blocks.add(block(PYTHON, line_start=3)) is True
    assert store.code_blocks.add(block(PYTHON, line_start=90)) is False
    assert store.code_blocks.add(block(PYTHON.replace("\n", "\r\n") + "\n\n", "aider-1", line_start=7)) is False
    assert store.code_blocks.add(block(PYTHON.replace("1", "2"))) is True
    (first, _) = sorted(store.code_blocks.list(), key=lambda found: found.id)
    assert (first.session_id, first.line_start, first.content) == ("codex-1", 3, PYTHON), "the first place stays"
    seen = store.code_blocks.sightings(first.id)
    assert [(one.agent_name, one.session_id, one.line_start) for one in seen] == [
        ("codex", "codex-1", 3), ("codex", "codex-1", 90), ("aider", "aider-1", 7),
    ]  # fmt: skip
    assert {one.digest for one in seen} == {digest_of(PYTHON)}


def test_code_block_filter_by_language(store: Store) -> None:
    store.code_blocks.add(block(PYTHON, language="python", at=AT))
    store.code_blocks.add(block("package main", language="go", at=AT + 1))
    store.code_blocks.add(block("SELECT 1", "aider-1", language="sql", at=AT + 2))
    store.code_blocks.add(block("?", "aider-1", at=AT + 3))

    def languages(**filters: object) -> list[str | None]:
        return [found.language for found in store.code_blocks.list(**filters)]

    assert languages() == [None, "sql", "go", "python"], "newest first"
    assert languages(limit=1) == [None]
    assert languages(limit=None) == languages()
    assert languages(language="go") == languages(agent="codex", language="go") == ["go"]
    assert languages(agent="a%") == languages(session="aider-1") == [None, "sql"]
    assert languages(since=AT + 1, until=AT + 2) == ["sql", "go"]
    assert languages(agent="aider", language="go") == languages(session="nobody") == []


def test_filters_look_at_every_place(store: Store) -> None:
    store.code_blocks.add(block(PYTHON, at=AT))
    store.code_blocks.add(block(PYTHON, "aider-1", at=AT + 5))
    assert [found.session_id for found in store.code_blocks.list(agent="aider")] == ["aider-1"]
    assert [found.session_id for found in store.code_blocks.list(since=AT + 1)] == ["aider-1"]


def test_words_are_found_whatever_their_case(store: Store) -> None:
    for content in ("GRÖSSE = 1  # Maß", "größe = 2", "x = 3"):
        store.code_blocks.add(block(content))
    assert [found.content for found in store.code_blocks.list(text='Größe "= 1"')] == ["GRÖSSE = 1  # Maß"]
    assert store.code_blocks.total(text="GRÖSSE") == 2
    assert list(store.code_blocks.languages(text="masS")) == [""]


def test_digest_is_over_the_content_without_trailing_blanks() -> None:
    plain = hashlib.sha256(b"a\n  b").hexdigest()
    assert {digest_of(text) for text in ("a\n  b", "a  \n  b\n", "\n\na\r\n  b \n\n")} == {plain}
    assert len({digest_of(text) for text in ("a\n  b", "  a\n  b", "a\n\n  b", "a\nb")}) == 4


def test_get_says_what_is_wrong(store: Store) -> None:
    for number in range(40):  # so many that two digests begin with the same letter
        store.code_blocks.add(block(f"{number}"))
    letters = [found.digest[0] for found in store.code_blocks.list() if found.digest[0].isalpha()]
    twice = max(letters, key=letters.count)
    with pytest.raises(UsageError, match="several digests begin with"):
        store.code_blocks.get(twice)
    for name in (41, "41", "zzz", "0" * 64):
        with pytest.raises(NotFound) as caught:
            store.code_blocks.get(name)
        assert "tachograph code" in caught.value.hint
    with pytest.raises(NotFound):
        store.code_blocks.sightings(41)


BAD = {
    "no content": {"content": ""},
    "no session": {"session_id": ""},
    "no agent": {"agent_name": ""},
    "line is no number": {"line_start": "top"},
    "half a character": {"content": "\udc80"},
    "context is not JSON": {"context": {"a": object()}},
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_a_bad_block_leaves_nothing(store: Store, fields: dict[str, object]) -> None:
    given = {"agent_name": "codex", "session_id": "codex-1", "content": PYTHON, **fields}
    with pytest.raises(BadRecord):
        store.code_blocks.add(CodeBlock(**given))
    assert store.code_blocks.list() == []
    assert store.sessions.list() == []
    assert store.check() == []
