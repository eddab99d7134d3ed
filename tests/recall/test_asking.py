"""What agents ask of the past: what fixed a failure, what was done in a folder, who is at a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tachograph
from tachograph import clock
from tachograph.errors import NotFound, UsageError
from tachograph.formats import bounded, quoted
from tachograph.recall import at_work, finding, fixes, past
from tachograph.records import Event, Extraction, Session
from tachograph.store import Store

SECOND = clock.SECOND
AT = 1_795_000_000 * SECOND
TOLD = "E   KeyError: 'colour' at 0x7f31"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with tachograph.open() as found:
        yield found


def session(store: Store, name: str, *events: Event, **facts: object) -> None:
    """A session whose steps come a second after one another."""
    known = {"project_dir": "/srv/shop", "started_at": AT, "ended_at": AT + 99 * SECOND, "status": "completed"}
    store.sessions.add(Session(name, "x", **{**known, **facts}))  # type: ignore[arg-type]
    begun = int(facts.get("started_at", AT))  # type: ignore[call-overload]
    for number, event in enumerate(events):
        fields = {name: getattr(event, name) for name in event.__struct_fields__}
        store.events.add(Event(**{**fields, "session_id": name, "at": begun + number * SECOND}))


def ran(command: str, code: int = 0, said: str = "", call: str | None = None) -> Event:
    category = "git" if command.startswith("git") else "test" if "test" in command else "other"
    return Event("", "command", "Bash", call, command=command, command_category=category, exit_code=code,
                 status="error" if code else "ok", content=said)  # fmt: skip


def edited(path: str, old: str, new: str, status: str = "ok") -> Event:
    given = {"input": {"old_string": old, "new_string": new}}
    return Event("", "file_op", "Edit", file_path=path, operation="edit", status=status, metadata=given)


def finding_of(store: Store, session_id: str, text: str, call: str | None = None, at: int = AT) -> None:
    store.extractions.add(
        Extraction("x", session_id, "error", "pytest_error_line", text, text, 1,
                   {"tool_call_id": call} if call else None, at=at)
    )  # fmt: skip


def test_what_fixed_it_is_the_next_run_that_went_well(store: Store) -> None:
    session(
        store, "a", ran("pytest -q", 1, TOLD, "c1"), edited("a.py", "colour", "color"), ran("git diff"),
        edited("b.py", "x", "y", "error"), ran("pytest -q", 1), ran("pip install colors"),
        Event("", "reply", content="The key is called color."), ran("pytest -q"), edited("c.py", "1", "2"),
    )  # fmt: skip
    finding_of(store, "a", TOLD, "c1")
    found = fixes.similar(store, "KeyError: 'colour' at 0x11")
    assert (found.cases, found.sessions, found.cut) == (1, 1, False)
    (row,) = found.failures
    assert set(row) == set(fixes.COLUMNS)
    fixed = row["fixed_by"]
    assert (row["likeness"], row["command"], fixed["match"], fixed["attempts"]) == (1.0, "pytest -q", "exact", 1)
    assert [(edit["file_path"], edit["diff"]) for edit in fixed["edits"]] == [("a.py", "-colour\n+color")]
    assert (fixed["ran"], fixed["said"]) == (["pip install colors"], "The key is called color.")


def test_the_very_command_counts_before_one_like_it(store: Store) -> None:
    session(store, "a", ran("pytest -q", 1, call="c1"), ran("pytest -q tests/a.py"), edited("a.py", "1", "2"),
            ran("cd . && pytest -q"), ran("pytest  -q"))  # fmt: skip
    session(store, "b", ran("cat nowhere", 1, call="c2"), ran("cat somewhere"))
    session(store, "c", ran("pytest -q", 1, call="c3"), ran("pytest -q tests/a.py"))
    for name, call in (("a", "c1"), ("b", "c2"), ("c", "c3")):
        finding_of(store, name, "KeyError: no such colour", call)
    rows = {row["session_id"]: row["fixed_by"] for row in fixes.similar(store, "KeyError: no such colour").failures}
    assert (rows["a"]["command"], rows["a"]["match"], rows["a"]["edits_total"]) == ("pytest  -q", "exact", 1)
    assert rows["b"] is None  # another file says nothing about this one
    assert (rows["c"]["command"], rows["c"]["match"]) == ("pytest -q tests/a.py", "alike")


def test_steps_that_no_agent_gave_an_id_are_told_apart(store: Store) -> None:
    session(store, "a", ran("pytest -q", 1, TOLD), ran("pytest -q"), ran("tox -e test", 1, TOLD))
    found = fixes.similar(store, TOLD)
    assert (found.cases, found.sessions) == (2, 1)
    assert {row["command"]: row["fixed_by"] is not None for row in found.failures} == {
        "pytest -q": True, "tox -e test": False,
    }  # fmt: skip


def test_a_command_that_was_a_session_is_fixed_by_a_later_one(store: Store) -> None:
    known = {"command": "make", "exit_code": 2, "status": "failed"}
    session(store, "m-1", **known)
    session(store, "m-2", **{**known, "started_at": AT + 100 * SECOND})
    session(store, "m-3", **{**known, "exit_code": 0, "status": "completed", "started_at": AT + 200 * SECOND})
    session(store, "m-4", **{**known, "exit_code": 0, "project_dir": "/srv/other", "started_at": AT + 50 * SECOND})
    finding_of(store, "m-1", "main.c:3: error: expected ';'")
    (row,) = fixes.similar(store, "main.c:77: error: expected ';'").failures
    assert (row["command"], row["exit_code"]) == ("make", 2)
    assert (row["fixed_by"]["session_id"], row["fixed_by"]["attempts"]) == ("m-3", 1)


def test_what_is_asked_must_have_failed_and_only_the_like_is_found(store: Store) -> None:
    session(store, "a", ran("pytest -q", 1, TOLD, "c1"), ran("true"))
    finding_of(store, "a", TOLD, "c1")
    failing, good = store.events.list(session="a", type="command")
    assert fixes.similar(store, failing.id).cases == 1
    assert fixes.similar(store, "a cable is not plugged in").failures == []
    assert fixes.similar(store, TOLD, project="/srv/shop").cases == 1
    assert fixes.similar(store, TOLD, project="/srv/sho").cases == 0
    assert fixes.similar(store, TOLD, agent="y*").cases == 0
    assert fixes.similar(store, TOLD, since=AT + SECOND).cases == 0
    with pytest.raises(UsageError, match="did not fail"):
        fixes.similar(store, good.id)
    with pytest.raises(NotFound):
        fixes.similar(store, 10**9)
    with pytest.raises(UsageError, match="no message"):
        fixes.similar(store, "  ")


def test_the_last_sessions_of_a_folder(store: Store) -> None:
    session(store, "old", project_dir="/srv/shop/web")
    session(store, "new", ran("make", 2, "no rule"), edited("a.py", "1", "2"), started_at=AT + 10 * SECOND)
    session(store, "child", parent_id="new", started_at=AT + 20 * SECOND)
    session(store, "next door", project_dir="/srv/shop2", started_at=AT + 30 * SECOND)
    rows = past.last_time(store, "/srv/shop/")
    assert [row["id"] for row in rows] == ["new", "old"]
    assert [one["file_path"] for one in rows[0]["changed"]] == ["a.py"]
    assert [(one["command"], one["message"]) for one in rows[0]["failures"]] == [("make", "no rule")]
    assert past.last_time(store, "/srv") != [] == past.last_time(store, "/srv/sh")


def test_who_is_at_a_file(store: Store) -> None:
    now = clock.now()
    live = {"started_at": now - 60 * SECOND, "ended_at": None, "status": "running"}
    session(store, "here", edited("/srv/shop/a.py", "1", "2"), **live)
    session(store, "reads", Event("", "file_op", "Read", file_path="a.py", operation="read", status="ok"), **live)
    session(store, "gone", edited("a.py", "1", "2"), **{**live, "ended_at": now, "status": "completed"})
    session(store, "silent", edited("a.py", "1", "2"), **{**live, "started_at": now - 7000 * SECOND})
    session(store, "elsewhere", edited("a.py", "1", "2"), project_dir="/srv/other", **live)
    rows = at_work.editors(store, "/srv/shop/a.py", now - 8000 * SECOND, now)
    assert {row["session_id"]: (row["at_work"], row["changes"]) for row in rows} == {
        "here": (True, 1), "reads": (True, 0), "gone": (False, 1), "silent": (False, 1),
    }  # fmt: skip
    assert [row["at_work"] for row in rows] == [True, True, False, False]
    assert {row["session_id"] for row in at_work.editors(store, "a.py", now - 600 * SECOND, now)} == {
        "here", "reads", "gone", "elsewhere",
    }  # fmt: skip


def test_searching_one_folder(store: Store) -> None:
    session(store, "a", ran("make", said="the needle is here"))
    session(store, "b", ran("make", said="the needle is there"), project_dir="/srv/other")
    assert {hit["session_id"] for hit in finding.find(store, "needle").hits} == {"a", "b"}
    (hit,) = finding.find(store, "needle", project="/srv/other/").hits
    assert (hit["session_id"], hit["text"]) == ("b", "the needle is there")
    with pytest.raises(UsageError):
        finding.find(store, " - ")


@pytest.mark.parametrize("most", [200, 1000, 30_000])
def test_answers_are_cut_to_size(most: int) -> None:
    value = {"rows": [{"n": n, "text": "ä" * n} for n in range(400)], "whole": "x" * 9000}
    cut = bounded.fitted(value, most)
    assert not cut.whole
    assert len(cut.text) <= most
    assert "more]" in cut.text and "more characters]" in cut.text
    assert bounded.fitted({"a": 1}, most).whole


def _deep(levels: int) -> dict[str, Any]:
    return {f"name {number}": _deep(levels - 1) if levels else "x" * 500 for number in range(12)}


@pytest.mark.parametrize(
    "value",
    [
        {"memory": {f"name {number}": number for number in range(20_000)}},
        {"memory": {"n" * 50_000: 1}},
        {"memory": _deep(3)},
        {"memory": "\u200b\U000e0041" * 3000},
        {"memory": [[[["\u202e"] * 50] * 50] * 50]},
    ],
    ids=["names", "a long name", "deep", "unseen", "lists"],
)
def test_answers_are_cut_to_the_size_that_is_read(value: dict[str, Any]) -> None:
    """Lines, indents and escapes are many times what the JSON is."""
    cut = bounded.fitted(value, 23_000, quoted.lines)
    assert not cut.whole
    assert len(cut.text) <= 23_000
    assert list(json.loads(cut.text)) == ["memory"]
    assert "more" in cut.text
