"""`files`: who did what to which file, once, and when: as a list and as a heat map."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tachograph.records import Session, Step
from tests.cli.conftest import Ask, Screen
from tests.cli.histories import CHILD, FIRST, PROJECT, SECOND

AT = 1_795_000_000_000_000_000
COUNTS = ("total_operations", "reads", "writes", "edits", "deletes", "failed")


def counts(row: dict[str, int]) -> tuple[int, ...]:
    return tuple(row[name] for name in COUNTS)


def test_what_was_done_to_each_file_once(asked: Ask) -> None:
    seek, docs = asked("files", "--json").json
    assert (seek["file_path"], seek["project_dir"], counts(seek)) == ("src/seek.py", PROJECT, (4, 2, 0, 2, 0, 0))
    assert (docs["file_path"], counts(docs)) == ("docs/seek.md", (1, 0, 1, 0, 0, 0))
    assert (seek["lines_added"], seek["lines_removed"]) == (3, 2)
    assert (docs["lines_added"], docs["lines_removed"]) == (3, 0)
    assert (seek["last_change"], docs["last_change"]) == ("2026-11-11T09:00:01.000Z", "2026-11-10T09:00:15.000Z")


def test_who_touched_it_is_told_of_what_was_not_copied(asked: Ask) -> None:
    seek, docs = asked("files", "--json").json
    assert (seek["sessions"], seek["session_ids"]) == (3, [FIRST, CHILD, SECOND])
    assert (docs["session_ids"], docs["agents"]) == ([FIRST], ["claude"])


def test_one_session_has_all_of_its_own(asked: Ask) -> None:
    (seek,) = asked("files", SECOND, "--json").json
    assert counts(seek) == (3, 1, 0, 2, 0, 0)
    (seek,) = asked("files", CHILD, "--json").json
    assert (counts(seek), seek["last_change"]) == ((1, 1, 0, 0, 0, 0), None)
    assert asked("files", CHILD, "--changed", "--json").json == []


@pytest.mark.parametrize(
    ("glob", "found"),
    [
        ("*.py", ["src/seek.py"]),
        ("docs/*", ["docs/seek.md"]),
        ("docs%", ["docs/seek.md"]),
        ("seek.md", ["docs/seek.md"]),
        ("src", ["src/seek.py"]),
        (f"{PROJECT}/src", ["src/seek.py"]),
        (f"{PROJECT}/src/*.py", ["src/seek.py"]),
        (f"{PROJECT}/sr", []),
        ("eek.py", []),
        ("shop", []),
    ],
)
def test_files_are_picked_by_glob_or_name(asked: Ask, glob: str, found: list[str]) -> None:
    assert [row["file_path"] for row in asked("files", "--path", glob, "--json").json] == found


def test_filters_and_limits(asked: Ask) -> None:
    assert asked("files", "--agent", "codex", "--json").json == []
    assert [counts(row) for row in asked("files", "--since", "2026-11-11", "--json").json] == [(1, 0, 0, 1, 0, 0)]
    one = asked("files", "-n", "1")
    assert (len(one.rows), "there are more" in one.err) == (1, True)
    assert one.rows[0]["agents"] == '["claude"]'
    nothing = asked("files", "--path", "*.rs")
    assert (nothing.code, len(nothing.out.splitlines())) == (0, 1)
    assert "no file fits" in nothing.err


def test_heat_by_turn(asked: Ask) -> None:
    rows = asked("files", FIRST, "--heat", "turn", "--json").json
    assert [(row["file_path"], row["turn"], counts(row)) for row in rows] == [
        ("docs/seek.md", 2, (1, 0, 1, 0, 0, 0)),
        ("src/seek.py", 1, (2, 1, 0, 1, 0, 0)),
    ]
    refused = asked("files", "--heat", "turn")
    assert (refused.code, refused.out) == (2, "") and "one session" in refused.err


def test_heat_by_day(asked: Ask) -> None:
    rows = asked("files", "--heat", "day", "--csv").out.splitlines()
    assert rows[0].split(",")[:4] == ["file_path", "project_dir", "day", "total_operations"]
    assert [row.split(",")[2:6] for row in rows[1:]] == [
        ["2026-11-10", "1", "0", "1"],
        ["2026-11-10", "3", "2", "0"],
        ["2026-11-11", "1", "0", "0"],
    ]
    assert len(asked("files", "--heat", "day", "--changed", "--path", "src", "--json").json) == 2


def test_a_map_of_characters(screen: Screen, told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(told))
    lines = screen("files", SECOND, "--heat", "turn", env={"NO_COLOR": "1"}).splitlines()
    assert lines[:3] == [
        "src/seek.py  ▒▒     3",
        "             turn 1 … turn 2",
        "░ read   ▒ one change   ▓ 2–4   █ 5 and more",
    ]
    days = screen("files", "--heat", "day", env={"NO_COLOR": "1"}).splitlines()
    assert [line.split() for line in days[:2]] == [["src/seek.py", "▒▒", "4"], ["docs/seek.md", "▒·", "1"]]


def test_a_map_of_many_turns_fits_the_terminal(screen: Screen, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tachograph.open() as store:
        steps = []
        for turn in range(1, 301):
            steps.append(Step(f"prompt:{turn}", "prompt", AT + turn * 10, content="go on"))
            path = f"some/deeply/nested/folder/with/a/long/name/file{turn % 3}.py"
            steps.append(Step(f"call:{turn}", "file_op", AT + turn * 10 + 1, operation="edit", file_path=path))
        store.steps.put("x-1", "x", steps, source="transcript")
    lines = screen("files", "x-1", "--heat", "turn", env={"NO_COLOR": "1"}).splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert lines[0].endswith(" 100") and "file0.py" in lines[0]
    assert lines[3].split() == ["turn", "1", "turn", "300"]
    assert "turns a column" in lines[4]


def test_sessions_in_different_folders_meet_in_the_whole_path(home: Path) -> None:
    def edit(path: str) -> Step:
        return Step(f"call:{path}", "file_op", AT, operation="edit", file_path=path)

    with tachograph.open() as store:
        store.sessions.add(Session("top", "a", project_dir="/srv/shop", started_at=AT))
        store.sessions.add(Session("sub", "b", project_dir="/srv/shop/web", started_at=AT))
        for session, path in [("top", "web/x.py"), ("sub", "./x.py"), ("sub", "/srv/shop/web/y.py"), ("lone", "x.py"),
                              ("alone", "x.py"), ("lone", "/etc/hosts"), ("alone", "/etc/hosts")]:  # fmt: skip
            store.steps.put(session, session, [edit(path)], source="transcript")
        found = {(used.file_path, tuple(used.session_ids)) for used in store.files.used()}
    assert found == {
        ("/srv/shop/web/x.py", ("sub", "top")),
        ("y.py", ("sub",)),
        ("x.py", ("lone",)),
        ("x.py", ("alone",)),
        ("/etc/hosts", ("alone", "lone")),
    }


def test_what_failed_changed_nothing(home: Path) -> None:
    def write(status: str, at: int) -> Step:
        told = {"lines_added": 5, "lines_removed": 1}
        return Step(f"call:{status}", "file_op", at, operation="write", file_path="/x", status=status, metadata=told)

    with tachograph.open() as store:
        steps = [write("ok", AT), write("error", AT + 1), write("rejected", AT + 2), write("unknown", AT + 3)]
        store.steps.put("s", "a", steps, source="transcript")
        (used,) = store.files.used()
    assert (used.writes, used.failed, used.lines_added, used.lines_removed) == (4, 2, 10, 2)
    assert (used.last_at, used.last_change) == (AT + 3, AT + 3)


def test_activity_of_a_session_has_the_columns_of_the_view(asked: Ask) -> None:
    with tachograph.open() as store:
        rows = store.files.activity(FIRST)
        view = store.sql("SELECT * FROM file_activity WHERE session_id = ? ORDER BY 3 DESC", (FIRST,))
    assert list(rows[0]) == list(view.columns[1:])
    assert [list(row.values()) for row in rows] == [list(row[1:]) for row in view.rows]
    assert [(row["file_path"], row["total_operations"]) for row in rows] == [("src/seek.py", 2), ("docs/seek.md", 1)]
