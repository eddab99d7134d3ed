"""Lines of JSON as agents really write them: what every reader of lines is handed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.readers.json_lines import objects
from tachograph.readers.reading import HEAD_BYTES
from tachograph.readers.registry import reader, which
from tests.readers.told import HISTORIES, read


@pytest.mark.parametrize(
    ("line", "found", "kinds"),
    [
        (b'{"a":1}', [{"a": 1}], []),
        (b" \r", [], []),
        (b'{"a":1}{"b":2}', [{"a": 1}, {"b": 2}], ["not one JSON object"]),
        (b'{"a":1} tail', [{"a": 1}], ["not one JSON object"]),
        (b'\xef\xbb\xbf{"a":"\xff"}\x00', [{"a": "�"}], []),
        (b'{"a":"\\ud800 \\ud83d\\ude00"}', [{"a": "� 😀"}], []),
        (b'{"\\udc00":["\\uDBFF"]}{"b":2}', [{"�": ["�"]}, {"b": 2}], ["not one JSON object"]),
        (b'["a"]', [], ["JSON but no object"]),
        (b'{"a":', [], ["not JSON"]),
        (b'{"a":"\\ud800","b":' + b"[" * 100_000 + b"]" * 100_000 + b"}", [], ["not JSON"]),
    ],
)
def test_what_a_line_holds(line: bytes, found: list[dict[str, object]], kinds: list[str]) -> None:
    objects_of, unknown = objects(line)
    assert (objects_of, [one.kind for one in unknown]) == (found, kinds)


# The stream that `codex exec` prints has no times: what it says twice is meant twice.
TIMED = sorted(
    [
        *(
            path
            for agent in ("codex", "copilot", "droid", "kimi", "pi", "qwen")
            for path in HISTORIES.glob(f"{agent}/[!e]*.jsonl")
        ),
        HISTORIES / "claude" / "fed8ce56-bc79-401f-a83e-af084253362f.jsonl",
        HISTORIES / "kiro" / "lines.jsonl",
        HISTORIES / "opencode" / "printed.jsonl",
    ]
)


@pytest.mark.parametrize("file", TIMED, ids=lambda file: f"{file.parent.name}/{file.name[:20]}")
def test_a_line_that_comes_again_says_nothing(file: Path) -> None:
    data = file.read_bytes().removesuffix(b"\n")
    module = which(data[:HEAD_BYTES], str(file))
    assert module is not None
    once = read(reader(module), data, str(file))
    for doubled in (data + b"\n" + data, b"\n".join(line for one in data.split(b"\n") for line in (one, one))):
        again = read(reader(module), doubled, str(file))
        assert {id: session.steps for id, session in again.sessions.items()} == {
            id: session.steps for id, session in once.sessions.items()
        }


def test_half_a_character_in_what_a_call_returned_as_json() -> None:
    from tachograph.readers import amp, kiro

    saved = (HISTORIES / "kiro" / "saved.json").read_bytes().replace(b'"count"', b'"\\ud800"')
    assert '{"�":7}' in [step.get("content") for step in read(kiro, saved).only.all("tool_call")]
    (thread,) = (HISTORIES / "amp").iterdir()
    assert read(amp, thread.read_bytes().replace(b'"path"', b'"\\udfff"')).only.steps
