"""The fields of the JSON are the columns of the SQL views, and the values are the same."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Recorded
from tests.conftest import Run

VIEWS = {
    "sessions": ["sessions"],
    "events": ["events"],
    "code_blocks": ["code"],
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_list_is_the_view(tachograph: Run, recorded: Recorded, view: str) -> None:
    listed = json.loads(tachograph(*VIEWS[view], "--json", "-n", "0").stdout)
    stored = json.loads(tachograph("db", "sql", f"SELECT * FROM {view}", "--json").stdout)
    assert listed
    assert [list(row) for row in listed] == [list(row) for row in stored]
    key = {"sessions": "id", "events": "id", "code_blocks": "digest"}[view]
    assert sorted((_as_stored(row) for row in listed), key=lambda row: row[key]) == sorted(
        stored, key=lambda row: row[key]
    )


def _as_stored(row: dict[str, object]) -> dict[str, object]:
    """SQL has no yes, and its JSON is text."""
    stored: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, bool):
            stored[name] = int(value)
        elif name.endswith("_json") and value is not None:
            stored[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        else:
            stored[name] = value
    return stored


def test_states_of_a_session_are_the_view(tachograph: Run, recorded: Recorded) -> None:
    states = json.loads(tachograph("show", recorded.bad, "--json").stdout)["states"]
    query = f"SELECT * FROM process_state_changes WHERE session_id = '{recorded.bad}' ORDER BY id"
    assert [_as_stored(row) for row in states] == json.loads(tachograph("db", "sql", query, "--json").stdout)


def test_feedback_is_the_view(tachograph: Run, recorded: Recorded) -> None:
    event = json.loads(tachograph("events", recorded.bad, "--type", "error", "--json").stdout)[0]["id"]
    stored = json.loads(tachograph("feedback", str(event), "correct", "--note", "it was", "--json").stdout)
    assert [stored] == json.loads(tachograph("db", "sql", "SELECT * FROM feedback", "--json").stdout)
    assert (stored["event_id"], stored["outcome"], stored["note"]) == (event, "correct", "it was")
