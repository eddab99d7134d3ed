"""Whose a file is, when it begins with lines that are longer than what readers are shown."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from tachograph.ingest.whose import beginning, beginning_of
from tachograph.readers.reading import HEAD_BYTES
from tests.ingest.machine import machine
from tests.ingest.test_history_files import FIRST, NAME, prompts, transcript
from tests.readers.claude_records import user

LONG = "word " * HEAD_BYTES
SNAPSHOT = {f"/thing/{number}.py": {"backupFileName": "b" * 40, "version": 1} for number in range(2000)}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 3 * HEAD_BYTES}}


def line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


FIRST_LINES = {
    "a prompt that was piped in": line({"type": "queue-operation", "operation": "enqueue", "content": LONG}),
    "a snapshot of many files": line({"type": "file-history-snapshot", "snapshot": {"trackedFileBackups": SNAPSHOT}}),
    "a picture": transcript(user([PICTURE, {"type": "text", "text": "look"}])).replace(b'"uuid": "u', b'"uuid": "p'),
    "three of them": line({"type": "queue-operation", "operation": "enqueue", "content": LONG}) * 3,
    "nothing but NULs": b"\0" * 2 * HEAD_BYTES + b"\n",
}


@pytest.mark.parametrize("first", FIRST_LINES.values(), ids=FIRST_LINES)
def test_a_transcript_is_known_by_what_follows_its_long_lines(first: bytes) -> None:
    assert beginning(io.BytesIO(first + FIRST), "/somewhere/else.txt").module == "claude"
    with machine() as one:
        path = one.put(NAME, first + FIRST)
        assert one.take(path).parsed == 1
        assert "look at it" in [text for _, text in prompts(one)]
        assert one.original(path) == first + FIRST


def test_no_more_is_read_than_is_needed() -> None:
    taken = 0

    def pieces(*first: bytes) -> Iterator[bytes]:
        nonlocal taken
        for piece in (*first, *[b"x" * HEAD_BYTES] * 100):
            taken += 1
            yield piece

    assert beginning_of(pieces(FIRST.ljust(HEAD_BYTES)), "a").module == "claude"
    assert taken == 1
    assert beginning_of(pieces(b"x" * HEAD_BYTES), "a").module is None
    assert taken == 2, "no line of it is JSON, so none that follows is looked for"
    assert beginning_of(pieces(b"{" + b"x" * HEAD_BYTES, b"\n" + FIRST.ljust(HEAD_BYTES)), "a").module == "claude"
    assert taken <= 5


def test_what_is_not_kept_line_by_line_is_told_by_its_beginning_alone() -> None:
    document = b'{"sessionId": "s", "projectHash": "p", "messages": []}'
    assert beginning(io.BytesIO(document), "chat.json").module == "gemini"
    unknown = json.dumps({"padding": LONG}).encode() + b"\n"
    assert beginning(io.BytesIO(unknown + document), "chat.json").module is None


def test_a_compressed_file_says_so() -> None:
    found = beginning(io.BytesIO(zstandard.compress(FIRST)), "a")
    assert found.packed
    assert found.head == FIRST
    assert found.module == "claude"
