"""OpenCode 2, which keeps its sessions in tables of its own, alone and in the database of OpenCode 1."""

from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, opencode, opencode_export
from tests.readers.test_opencode_store import EXPORT, PATCHING, database, told
from tests.readers.told import mangled, sound

__all__ = ["database"]  # a fixture

SECOND = """
CREATE TABLE session_v2 (id text PRIMARY KEY, project_id text, parent_id text, directory text, title text, version text,
  model text, time_created integer, time_updated integer);
CREATE TABLE session_message (id text PRIMARY KEY, session_id text, type text, seq integer, time_created integer,
  time_updated integer, data text);
INSERT INTO session_v2 VALUES ('ses_second', 'global', NULL, '/home/user/fib', 'Second', '2.0.12', NULL, 1000, 9000);
"""
MESSAGES: list[tuple[str, dict[str, object]]] = [
    (
        "user",
        {
            "text": "Fix it",
            "files": [{"uri": "file:///a", "name": "a.txt", "mime": "text/plain"}],
            "time": {"created": 2000},
        },
    ),
    ("model-switched", {"model": {"id": "m", "providerID": "p"}, "time": {"created": 2001}}),
    (
        "assistant",
        {
            "agent": "build",
            "model": {"id": "m", "providerID": "p"},
            "content": [
                {"type": "reasoning", "text": "Look first", "time": {"created": 3000, "completed": 3100}},
                {
                    "type": "tool",
                    "id": "call_1",
                    "name": "shell",
                    "state": {
                        "status": "completed",
                        "input": {"command": "ls"},
                        "content": [
                            {"type": "text", "text": "a.txt"},
                            {"type": "text", "text": "Command exited with code 2."},
                        ],
                        "metadata": {"exit": 2, "truncated": False},
                    },
                    "time": {"created": 3200, "ran": 3300, "completed": 3500},
                },
                {
                    "type": "tool",
                    "id": "call_2",
                    "name": "edit",
                    "state": {
                        "status": "completed",
                        "input": {"path": "src/a.py", "oldString": "a", "newString": "b"},
                        "content": [{"type": "text", "text": "Edited"}],
                        "structured": {"files": [{"file": "src/a.py", "additions": 1, "deletions": 2}]},
                    },
                    "time": {"created": 3600},
                },
                {
                    "type": "tool",
                    "id": "call_3",
                    "name": "read",
                    "state": {
                        "status": "error",
                        "input": {"path": "b.py"},
                        "error": {"type": "unknown", "message": "Unable to read b.py"},
                    },
                    "time": {"created": 3700},
                },
                {"type": "text", "text": "Done."},
            ],
            "finish": "stop",
            "cost": 0.5,
            "tokens": {"input": 10, "output": 5, "reasoning": 2, "cache": {"read": 3, "write": 0}},
            "time": {"created": 2900, "completed": 4000},
        },
    ),
    (
        "shell",
        {
            "shellID": "sh_1",
            "command": "make",
            "status": "exited",
            "exit": 0,
            "output": {"output": "ok"},
            "time": {"created": 5000},
        },
    ),
    (
        "compaction",
        {"reason": "auto", "status": "completed", "summary": "So far", "recent": "", "time": {"created": 6000}},
    ),
    ("idle", {"outcome": "succeeded", "time": {"created": 7000}}),
]


def second(path: str, session: str = "ses_second") -> None:
    """The tables of OpenCode 2, with messages of `session`."""
    connection = apsw.Connection(path)
    connection.execute(SECOND).fetchall()
    for seq, (kind, data) in enumerate(MESSAGES):
        row = (f"msg_{seq}", session, kind, seq, seq, seq, json.dumps(data))
        connection.execute("INSERT INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()


def test_sessions_of_opencode_2_are_read_beside_those_of_1(database: str) -> None:
    second(database)
    assert len(opencode.sessions(database)) == 6
    assert opencode.detect(b"SQLite format 3\x00", database)
    assert json.loads(opencode.document(database, PATCHING)) == EXPORT
    everything = told(database, "ses_second")
    session = everything.only
    assert not everything.unknown
    assert (session.facts["project_dir"], session.facts["model"], session.facts["version"]) == (
        "/home/user/fib",
        "m",
        "2.0.12",
    )
    assert session.column("prompt", "content") == ["Fix it"]
    assert session.column("reply", "content") == ["Done.", "So far"]
    assert session.column("thinking", "duration_ms") == [100.0]
    assert [(s["command"], s.get("exit_code"), s["status"]) for s in session.all("command")] == [
        ("ls", 2, "ok"),
        ("make", 0, "ok"),
    ]
    edit, failed = session.all("file_op")
    assert (edit["file_path"], edit["operation"], edit["status"]) == ("src/a.py", "edit", "ok")
    assert edit["metadata"]["lines_added"] == 1 and edit["metadata"]["lines_removed"] == 2  # type: ignore[index]
    assert (failed["status"], failed["content"]) == ("error", "Unable to read b.py")
    (used,) = session.all("usage")
    assert (used["usage"].input_tokens, used["usage"].output_tokens, used["usage"].cost_usd) == (13, 7, 0.5)  # type: ignore[attr-defined]
    assert [m["metadata"]["kind"] for m in session.all("marker")] == ["compaction"]  # type: ignore[index]


def test_a_database_of_opencode_2_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "opencode.db")
    second(path)
    before = opencode.sessions(path)
    assert list(before) == ["ses_second"] and told(path, "ses_second").only.column("prompt", "content") == ["Fix it"]
    writer = apsw.Connection(path)
    writer.execute("UPDATE session_message SET data = json_set(data, '$.text', 'Fix it all') WHERE seq = 0")
    writer.close()
    assert opencode.sessions(path) != before
    with pytest.raises(KeyError):
        opencode.document(path, "ses_of_nobody")


def test_a_session_of_both_is_told_as_the_second_has_it(database: str) -> None:
    second(database, session=PATCHING)
    connection = apsw.Connection(database)
    connection.execute("UPDATE session_v2 SET id = ?", (PATCHING,))
    connection.close()
    assert len(opencode.sessions(database)) == 5
    assert told(database, PATCHING).only.column("prompt", "content") == ["Fix it"]


@settings(max_examples=60)
@given(st.data())
def test_nothing_in_a_message_breaks_it(data: st.DataObject) -> None:
    messages = [{"id": f"msg_{seq}", "type": kind, **given} for seq, (kind, given) in enumerate(MESSAGES)]
    document = json.dumps({"info": {"id": "ses_second", "directory": "/p"}, "messages": messages}).encode()
    sound(opencode_export.parse(Origin("")).feed(mangled(data.draw, document)))
