"""The tables at the end of docs/reference.md: columns of the views, exit codes, and names of the seeds all there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tachograph
from tachograph import errors

TEXT = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
COLUMNS = re.findall(r"^\| (\w+) \| ((?:`\w+` ?)+) \|$", TEXT, re.MULTILINE)
CODES = re.findall(r"^\| (\d+) \| [^|]+ \| ((?:`\w+` ?)+) \|$", TEXT, re.MULTILINE)
KNOWN_ELSEWHERE = [
    *("SaveExtraction", "SaveExtractionBatch", "GetExtractionsByAgent", "GetExtractionsByType"),
    *("GetExtractionsByPattern", "GetExtractionsBySession", "GetExtractionStats", "SaveCodeBlock", "GetCodeBlocks"),
    *("CreateSession", "UpdateSession", "CompleteSession", "GetSession", "GetSessionsByAgent", "GetSessionHistory"),
    *("GetActiveSessions", "RecordStateChange", "GetStateChanges", "EnableDatabase", "DisableDatabase", "FlushBatch"),
    *("GetBatchBufferSize", "convertMatchToEvent", "addToBatchBuffer", "flushBatchLocked", "saveCodeBlock", "Extract"),
    *("Clear", "Start", "Wait", "GetSessionID", "recordSessionStart", "recordSessionComplete", "recordStateChange"),
    *("generateSessionID", "createSession", "updateSession", "getSession", "listSessions", "insertEvent"),
    *("insertEvents", "getEvents", "getFileActivity", "getCommandStats", "healthCheck", "close"),
]


def test_every_public_view_is_listed_with_its_columns() -> None:
    with tachograph.open() as store:
        there = {str(row[0]): str(row[2]).split(", ") for row in store.sql(".tables").rows}
    assert {view: re.findall(r"\w+", names) for view, names in COLUMNS} == there


def test_exit_codes_are_those_of_the_errors() -> None:
    listed = {name: int(code) for code, names in CODES for name in re.findall(r"\w+", names)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert listed == {kind.__name__: kind.exit_code for kind in kinds if issubclass(kind, errors.TachographError)}


@pytest.mark.parametrize("name", KNOWN_ELSEWHERE)
def test_every_function_of_the_stores_before_has_a_row(name: str) -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("|")]
    assert any(re.search(rf"`{name}\b", row.split("|")[1]) for row in rows), name
