"""A session's events as Parquet, read by DuckDB as anybody would."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tachograph.errors import UsageError
from tachograph.formats import parquet
from tachograph.formats.recording import Recording
from tachograph.formats.rows import columns
from tachograph.records import Event
from tests.formats.sessions import STEPS, event, recording
from tests.hostile import PAYLOADS

Read = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """`read(recording, "SELECT … FROM made")`"""

    def ask(given: Recording, sql: str) -> list[tuple[Any, ...]]:
        path = tmp_path / "made.parquet"
        path.write_bytes(b"".join(parquet.export(given)))
        with duckdb.connect() as database:
            database.read_parquet(str(path)).create_view("made")
            return database.sql(sql).fetchall()

    return ask


def test_every_event_is_a_row_with_the_columns_of_the_view(read: Read) -> None:
    names = [row[0] for row in read(recording(), "DESCRIBE made")]
    assert set(columns(Event)) <= set(names)
    found = read(recording(), "SELECT id, event_type, turn, exit_code, epoch_ns(timestamp) FROM made ORDER BY id")
    assert [row[:2] for row in found] == [(one.id, one.event_type) for one, _ in STEPS]
    assert [row[2] for row in found] == [1] * 8 + [2] * 5
    assert [row[3] for row in found if row[3] is not None] == [1]
    assert found[0][4] == STEPS[0][0].at


def test_tokens_and_cost_are_numbers(read: Read) -> None:
    sums = "sum(input_tokens), sum(output_tokens), sum(cost_usd)"
    sql = f"SELECT model, {sums} FROM made WHERE model IS NOT NULL GROUP BY 1"
    assert read(recording(), sql) == [("claude-opus-4-6", 1100, 70, 0.125)]


def test_what_is_no_plain_value_is_json(read: Read) -> None:
    sql = "SELECT metadata_json ->> '$.input.command' FROM made WHERE tool_call_id = 'toolu_1'"
    assert read(recording(), sql) == [("pytest -q",)]


def test_a_session_without_events_is_a_table_without_rows(read: Read) -> None:
    assert read(recording([]), "SELECT count(*) FROM made") == [(0,)]


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_text_comes_back_as_it_was(read: Read, payload: str) -> None:
    given = recording([(event(1, 1, "prompt", content=payload, metadata={payload: payload}), None)])
    assert read(given, "SELECT content FROM made") == [(payload.encode(errors="replace").decode(),)]


def test_nothing_is_left_behind(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    pieces = parquet.export(recording())
    assert next(pieces)[:4] == b"PAR1"
    assert os.listdir(tmp_path / "scratch")
    list(pieces)
    assert not os.listdir(tmp_path / "scratch")


def test_without_duckdb_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError) as caught:
        parquet.export(recording())
    assert caught.value.hint == "pip install 'tachograph[parquet]'"
