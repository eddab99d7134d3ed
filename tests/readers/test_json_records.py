"""Histories of lines that somebody made one document of: a list, or pretty-printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, json_records
from tachograph.readers.registry import reader, which
from tachograph.records import SessionFacts, Unknown
from tests.readers.told import Told, mangled, read

HISTORIES = Path(__file__).parents[1] / "histories"
REAL = [
    "codex/rollout-2025-10-31T19-02-58-c61729d4-da6d-46a4-9a29-ec2c614e5e23.jsonl",
    "codex/rollout-2026-06-22T12-10-56-019eef3d-abd1-72e1-ab99-dcdb259027c5.jsonl",
    "codex/exec-stream.jsonl",
    "claude/2b4ed4c0-b905-41de-9238-273db3ec737a.jsonl",
    "pi/run.jsonl",
]
FORMS: list[Callable[[list[Any]], str]] = [
    json.dumps,
    lambda records: json.dumps(records, indent=2),
    lambda records: "\n".join(json.dumps(record, indent=2) for record in records),
]


def lines_of(name: str) -> list[bytes]:
    return [line for line in (HISTORIES / name).read_bytes().split(b"\n") if line.strip()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REAL)
def test_a_document_of_lines_tells_what_the_lines_do(name: str, form: Callable[[list[Any]], str]) -> None:
    lines = lines_of(name)
    data = form([json.loads(line) for line in lines]).encode()
    module = which(b"\n".join(lines), name)
    assert module is not None and which(data, name) == "json_records"
    once, told = read(reader(module), b"\n".join(lines), name, 9), read(json_records, data, name, 9)
    assert {id_: one.steps for id_, one in told.sessions.items()} == {
        id_: one.steps for id_, one in once.sessions.items()
    }
    assert len(told.unknown) == len(once.unknown)
    first = next(fact for fact in json_records.parse(Origin(name, 9)).feed(data) if isinstance(fact, SessionFacts))
    assert first.agent == reader(module).name


def test_of_a_document_that_was_cut_what_is_whole_is_told() -> None:
    lines = lines_of(REAL[0])
    data = json.dumps([json.loads(line) for line in lines[:40]], indent=2).encode()
    cut = data[: data.rindex(b"{")]
    parser = json_records.parse(Origin(REAL[0], 9))
    told = Told([*parser.feed(cut), *parser.finish()])
    assert told.only.steps.keys() <= read(reader("codex"), b"\n".join(lines), REAL[0], 9).only.steps.keys()
    assert len(told.only.steps) > 5 and [fact.kind for fact in told.unknown] == ["not JSON"]


def test_lines_and_other_documents_are_left_alone() -> None:
    assert not json_records.detect(b"\n".join(lines_of(REAL[0])), "x.jsonl")
    assert not json_records.detect(b'[\n {"role": 1},\n {"type": "other"}\n]', "x.json")
    assert not json_records.detect(b'{"name": "x",\n "version": 2}', "package.json")
    assert not json_records.detect(b"[1, 2, {", "x.json")
    assert [type(fact) for fact in json_records.parse(Origin("x.json")).feed(b"[]")] == [Unknown]


@settings(max_examples=60)
@given(st.data())
def test_no_document_raises(data: st.DataObject) -> None:
    lines = [json.loads(line) for line in lines_of(REAL[2])]
    document = mangled(data.draw, json.dumps(lines, indent=1).encode())
    json_records.detect(document, "")
    read(json_records, document)
