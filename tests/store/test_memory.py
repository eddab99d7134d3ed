"""What agents remember: versions, races, where a version came from, what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tachograph.errors import BadRecord, NotFound, Refused
from tachograph.store import Store

from .samples import opened, raw, session

STATE = {"active": True, "iterations": 5, "results": [{"rule": "validate_schema", "status": "passed"}]}


def value(store: Store, agent: str = "codex", version: int | None = None) -> Any:
    return json.loads(store.memory.get(agent, version).memory_json or "null")


def test_a_memory_is_added_first_and_changed_then(store: Store) -> None:
    first = store.memory.set("codex", STATE, agent_type="validation")
    assert (first.version, first.agent_type, first.source) == (1, "validation", "python")
    second = store.memory.set("codex", '{"active": false}')
    assert (second.version, second.memory_json) == (2, '{"active": false}')
    assert second.agent_type == "validation", "which is not forgotten when it is not said again"
    assert value(store, version=1) == STATE
    assert store.memory.set("codex", '{"active": false}').version == 3, "saying the same again is a version, too"
    assert [one.version for one in store.memory.history("codex")] == [3, 2, 1]
    assert store.check() == [] and store.ledger.verify().sound


def test_a_memory_is_kept_as_it_is_written(store: Store) -> None:
    text = '{ "b": 1.50,\n  "a": "é\\u0000\\ud83d" }'
    assert store.memory.set("codex", f"  {text}\n").memory_json == text


def test_a_memory_that_is_not_there(store: Store) -> None:
    for call in (store.memory.get, store.memory.history, store.memory.delete, store.memory.diff):
        with pytest.raises(NotFound, match="'nobody'"):
            call("nobody")
    store.memory.set("codex", [])
    with pytest.raises(NotFound, match="no version 2"):
        store.memory.get("codex", 2)
    with pytest.raises(NotFound):
        store.memory.rollback("codex", 7)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{a}", "expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("", "is empty"),
        ("hello", "line 1, column 1"),
        ("[1] [2]", "extra data at line 1, column 5"),
        ("[NaN]", "no number NaN"),
        ("[1e999]", "too large"),
        ("[" * 101 + "]" * 101, "nested 101 levels deep"),
        ("[" * 100_000, "nested 100000 levels deep"),
        (f'"{"x" * (1 << 20)}"', "more than the 1,048,576"),
        ('"\udc80"', "not UTF-8"),
        ({"a": float("nan")}, "nothing JSON can say"),
        ({"a": object()}, "nothing JSON can say"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(store: Store, written: object, told: str) -> None:
    with pytest.raises(BadRecord, match=told):
        store.memory.set("codex", written)
    assert store.memory.list() == []


def test_brackets_inside_a_text_are_no_levels(store: Store) -> None:
    deep = '"' + '[\\"{' * 200 + '"'
    assert store.memory.set("codex", deep).memory_json == deep
    assert store.memory.set("codex", "[" * 100 + "]" * 100).version == 2


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadRecord, match="agent_id"):
        store.memory.set(name, {})


def test_a_write_that_comes_too_late_is_refused_and_noted(store: Store) -> None:
    for name in ("codex-1", "claude-1"):
        store.sessions.add(session(name))
    store.memory.set("shared", {"n": 1}, session_id="codex-1")
    store.memory.set("shared", {"n": 2}, expect=1, session_id="codex-1")
    with pytest.raises(Refused, match="expected at version 1, and there is version 2"):
        store.memory.set("shared", {"n": 9}, expect=1, session_id="claude-1")
    assert value(store, "shared") == {"n": 2}
    (found,) = store.sql("SELECT * FROM collision_detection").rows
    noted = dict(zip(store.sql("SELECT * FROM collision_detection").columns, found, strict=True))
    assert (noted["collision_type"], noted["severity"], noted["subject"]) == ("memory_conflict", "warning", "shared")
    assert (noted["agent_id_1"], noted["session_id_1"]) == ("codex", "codex-1"), "who was first"
    assert (noted["agent_id_2"], noted["session_id_2"]) == ("claude", "claude-1"), "who came too late"
    assert json.loads(noted["overlap_json"]) == {"expected": 1, "found": 2, "lost_bytes": 7}
    (history, retries, error) = store.sql("SELECT collision_history, retry_count, last_error FROM agent_memory").rows[0]
    assert (len(json.loads(history)), retries) == (1, 1) and "expected at version 1" in error
    report = store.ledger.verify()
    assert report.sound and report.unsealed == []
    assert store.memory.set("shared", {"n": 3}, expect=2).version == 3, "with the right version it goes on"


def test_what_is_expected_may_be_nothing(store: Store) -> None:
    assert store.memory.set("codex", 1, expect=0).version == 1
    with pytest.raises(Refused, match="there is version 1"):
        store.memory.set("codex", 2, expect=0)
    with pytest.raises(Refused, match="there is none"):
        store.memory.set("gemini", 2, expect=4)
    store.memory.delete("codex", expect=1)
    assert store.memory.set("codex", 3, expect=0).version == 3


def test_a_conflict_belongs_to_the_workflow_of_its_session(store: Store) -> None:
    raw(store.path).execute(
        "INSERT INTO workflow_sessions (session_id, start_time, status, agent_count)"
        " VALUES ('nightly', datetime('now'), 'running', 2)"
    )
    store.sessions.add(session("codex-1", workflow_id="nightly"))
    store.memory.set("codex", 1)
    with pytest.raises(Refused):
        store.memory.set("codex", 2, expect=0, session_id="codex-1")
    assert store.sql("SELECT session_id FROM collision_detection").rows == [("nightly",)]


def test_who_wrote_a_version(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_SESSION", "codex-7")
    store.memory.set("codex", 1)
    monkeypatch.delenv("TACHOGRAPH_SESSION")
    store.memory.set("codex", 2, session_id="codex-8", source="mcp")
    store.memory.set("codex", 3, session_id="codex-8", source="mcp")
    store.memory.delete("codex", session_id="codex-9")
    wrote = [(one.version, one.session_id, one.source) for one in store.memory.history("codex")]
    assert wrote == [
        (4, "codex-9", "python"), (3, "codex-8", "mcp"), (2, "codex-8", "mcp"), (1, "codex-7", "python"),
    ]  # fmt: skip


def test_versions_that_another_client_wrote_are_kept_and_not_claimed(store: Store) -> None:
    store.memory.set("codex", {"n": 1}, session_id="codex-1")
    client = raw(store.path)
    client.execute("""UPDATE agent_memory SET memory_json = '{"n":2}' WHERE agent_id = 'codex'""")
    client.execute("""INSERT OR REPLACE INTO agent_memory (agent_id, memory_json) VALUES ('codex', '{"n":3}')""")
    client.execute(
        """INSERT INTO agent_memory (agent_id, memory_json) VALUES ('codex', '{"n":4}')
        ON CONFLICT (agent_id) DO UPDATE SET memory_json = excluded.memory_json, version = version + 1"""
    )
    found = store.memory.history("codex")
    assert [(one.version, json.loads(one.memory_json or "")["n"]) for one in found] == [(4, 4), (3, 3), (2, 2), (1, 1)]
    assert [(one.session_id, one.source) for one in found] == [(None, None)] * 3 + [("codex-1", "python")]
    assert store.memory.set("codex", {"n": 5}, expect=4).version == 5
    client.execute("DELETE FROM agent_memory")
    assert store.memory.history("codex")[0].memory_json is None
    report = store.ledger.verify()
    assert report.sound and [(one.name, one.total) for one in report.unsealed] == [("agent_memory_versions", 4)]


@pytest.mark.parametrize("version", ["50", "1", "NULL"])
def test_versions_only_ever_rise(store: Store, version: str) -> None:
    store.memory.set("codex", 1)
    raw(store.path).execute(f"UPDATE agent_memory SET version = {version}")
    before = store.memory.get("codex").version or 1
    after = store.memory.set("codex", 2).version
    assert after > before
    assert store.memory.history("codex")[0].version == after


def test_a_memory_changed_behind_the_triggers_is_found(store: Store) -> None:
    store.memory.set("codex", 1)
    client = raw(store.path)
    client.execute("DROP TRIGGER _agent_memory_changed")
    client.execute("UPDATE agent_memory SET memory_json = '2'")
    assert store.check() == ["the memory of 'codex' is not what its version 1 says"]
    (problem,) = store.ledger.verify().problems
    assert (problem.kind, problem.name, problem.row) == ("changed", "agent_memory", 1)


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("DROP TRIGGER _agent_memory_deleted; DELETE FROM agent_memory", None),
        ("UPDATE agent_memory SET session_id = 'claude-1'", 1),
        ("UPDATE agent_memory SET source = 'mcp'", 1),
    ],
)
def test_a_memory_that_is_gone_or_somebody_else_s_is_found(store: Store, sql: str, row: int | None) -> None:
    store.memory.set("codex", 1, session_id="codex-1")
    raw(store.path).execute(sql)
    (problem,) = store.ledger.verify().problems
    assert (problem.kind, problem.name, problem.row) == ("changed", "agent_memory", row)


def test_a_memory_that_got_another_name_is_no_more_under_the_first(store: Store) -> None:
    store.memory.set("codex", 1)
    raw(store.path).execute("UPDATE agent_memory SET agent_id = 'claude'")
    assert [one.memory_json for one in store.memory.history("codex")] == [None, "1"]
    assert [(one.version, one.memory_json) for one in store.memory.history("claude")] == [(2, "1")]
    assert store.memory.set("codex", 3).version == 3
    assert store.ledger.verify().sound and store.check() == []


def test_a_memory_that_only_lost_its_number_is_no_alarm(store: Store) -> None:
    store.memory.set("codex", 1)
    raw(store.path).execute("UPDATE agent_memory SET version = 50, retry_count = 3")
    assert store.ledger.verify().sound


def test_going_back_makes_a_new_version(store: Store) -> None:
    store.memory.set("codex", {"n": 1}, agent_type="coder")
    store.memory.set("codex", {"n": 2})
    back = store.memory.rollback("codex", 1)
    assert (back.version, back.memory_json) == (3, '{"n":1}')
    gone = store.memory.delete("codex")
    assert (gone.version, gone.memory_json) == (4, None)
    with pytest.raises(NotFound):
        store.memory.get("codex")
    with pytest.raises(BadRecord, match="deletion"):
        store.memory.rollback("codex", 4)
    again = store.memory.rollback("codex", 2)
    assert (again.version, again.agent_type, value(store)) == (5, "coder", {"n": 2})
    with pytest.raises(Refused):
        store.memory.rollback("codex", 1, expect=2)
    assert store.ledger.verify().sound


def test_what_is_different_between_versions(store: Store) -> None:
    store.memory.set("codex", {"a": 1, "b": [1, 2, 3], "c": {"x/y": True}, "d": 1})
    store.memory.set("codex", {"a": 1.0, "b": [0, 1, 2, 3], "c": {"x/y": 1}, "e": None})
    assert [tuple(change) for change in store.memory.diff("codex")] == [
        ("/d", "removed", 1, None),
        ("/b/0", "added", None, 0),
        ("/c/x~1y", "changed", True, 1),
        ("/e", "added", None, None),
    ]
    assert store.memory.diff("codex", 2, 2) == []
    assert [change.change for change in store.memory.diff("codex", 2, 1)] == ["removed", "removed", "changed", "added"]
    store.memory.delete("codex")
    (everything,) = store.memory.diff("codex")
    assert (everything.path, everything.change, everything.after) == ("", "changed", None)


def test_lists_are_filtered_by_pattern_and_time(store: Store) -> None:
    for name in ("agent-1", "agent-2", "validator-1"):
        store.memory.set(name, [name])
    assert {one.agent_id for one in store.memory.list()} == {"agent-1", "agent-2", "validator-1"}
    assert [one.agent_id for one in store.memory.list(agent="agent-%")] == ["agent-2", "agent-1"]
    assert [one.agent_id for one in store.memory.list(agent="validator-*")] == ["validator-1"]
    assert [one.agent_id for one in store.memory.list(limit=1)] == ["validator-1"]
    assert store.memory.list(until=10**18) == [] and len(store.memory.list(since=10**18)) == 3


RACER = """
import sys
import tachograph
from tachograph.errors import Refused
me, lost = int(sys.argv[2]), 0
with tachograph.open(sys.argv[1]) as store:
    for number in range(5):
        while True:
            seen = store.memory.get("shared")
            import json
            value = json.loads(seen.memory_json)
            value.append(f"{me}/{number}")
            try:
                store.memory.set("shared", value, expect=seen.version)
                break
            except Refused:
                lost += 1
print(lost)
"""


def test_writers_who_name_the_version_lose_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.memory.set("shared", [])
    writers = [
        subprocess.Popen([sys.executable, "-c", RACER, tmp_path / "tachograph.db", str(me)], stdout=subprocess.PIPE)
        for me in range(6)
    ]
    lost = sum(int(writer.communicate(timeout=100)[0]) for writer in writers)
    assert [writer.returncode for writer in writers] == [0] * 6
    with opened(tmp_path) as store:
        assert sorted(value(store, "shared")) == sorted(f"{me}/{n}" for me in range(6) for n in range(5))
        assert store.memory.get("shared").version == 31
        (conflicts,) = store.sql("SELECT count(*) FROM collision_detection").rows
        assert conflicts == (lost,), "every lost race is a conflict that was noted"
        assert store.check() == [] and store.ledger.verify().sound
