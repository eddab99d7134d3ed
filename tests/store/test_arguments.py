"""What a tool was given is stored once, and everybody reads it whole."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tachograph.errors import StoreDamaged
from tachograph.records import Step
from tachograph.store import Store, arguments
from tests.recount import rows

from .samples import AT, event, opened, scratch

TEXT = "a line of a file that was written\n" * 40
NAMES = st.sampled_from(("cmd", "command", "a b", "x", "", "$.x", "ä"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=9)
    | st.sampled_from((TEXT, "make")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
COMMANDS = st.sampled_from((None, "", "make", TEXT, "nul\0"))


@given(st.dictionaries(st.sampled_from(("input", "other")), VALUES), COMMANDS)
@example({"input": {"cmd": "make", "n": 1}}, "make")
@example({"input": {"command": ["bash", "-lc", TEXT]}, "other": 1}, TEXT)
@example({"input": {"command": TEXT, "content": "b" + TEXT}}, TEXT)
@example({"input": {"edits": [{"new": TEXT, "old": "a" + TEXT}, {}]}}, None)
@example({"input": {"cmd": "nul\0"}}, "nul\0")
@settings(max_examples=60)
def test_it_is_read_as_it_was_told(metadata: dict[str, Any], command: str | None) -> None:
    kept = arguments.stored(metadata, command)
    assert arguments.whole(kept.metadata_json, command, kept.arguments) == metadata
    plain = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    size = len((kept.metadata_json or "").encode()) + len(kept.arguments or "")
    assert size <= len(plain.encode()) + len(".command[2]")
    if isinstance(kept.arguments, str):
        view = "SELECT json_set(?, '$.input' || ?, ?)"  # as the view `events` has it
        ((shown,),) = sqlite3.connect(":memory:").execute(view, (kept.metadata_json, kept.arguments, command))
        assert json.loads(shown) == metadata


def shown(folder: Path, session: str) -> dict[str, Any]:
    """What another program finds, by tool."""
    connection = sqlite3.connect(folder / "tachograph.db")
    sql = "SELECT tool_name, metadata_json FROM events WHERE session_id = ? ORDER BY seq"
    found = {tool: json.loads(text) for tool, text in connection.execute(sql, (session,))}
    connection.close()
    return found


def call(name: str, command: str | None = None, /, **given: Any) -> Step:
    kind = "file_op" if command is None else "command"
    return Step(f"call:{name}", kind, AT, tool_name=name, tool_call_id=name, command=command, metadata={"input": given})


def test_what_is_stored_is_short_and_what_other_programs_see_is_cut(tmp_path: Path) -> None:
    patch = "".join(chr(97 + n * n % 26) for n in range(900))
    steps = [
        call("Bash", "make " + patch, command="make " + patch, description="all"),
        call("shell", patch, command=["bash", "-lc", patch], workdir="/x"),
        call("Write", content=TEXT, file_path="/x/y"),
    ]
    with opened(tmp_path) as store:
        store.steps.put("codex-1", "codex", steps, source="transcript")
        read = {one.tool_name: one.metadata for one in store.events.list(session="codex-1")}
        assert read == {step.tool_name: step.metadata for step in steps}
        ((size,),) = rows(store, "SELECT sum(length(metadata_json)) FROM _events")
        assert size < 350
    found = shown(tmp_path, "codex-1")
    assert (found["Bash"], found["shell"]) == (read["Bash"], read["shell"])
    assert found["Write"] == {"input": {"content": TEXT[: arguments.KEPT], "file_path": "/x/y"}}


def test_a_call_that_is_told_again_keeps_what_it_was_given() -> None:
    first = call("Bash", "make", cmd="make", more=TEXT)
    result = Step("call:Bash", "command", AT, content="done", status="ok", metadata={"lines": 1})
    with scratch() as store:
        read = whole_of(store, first, result)
        assert read == {"input": {"cmd": "make", "more": TEXT}, "lines": 1}
    with scratch() as store:
        other = Step("call:Bash", "command", AT, command="make all", metadata={"lines": 1})
        short = call("Bash", "make", cmd="make")
        assert whole_of(store, short, other) == {"input": {"cmd": "make"}, "lines": 1}
        assert store.events.list(session="codex-1")[0].command == "make all"


def whole_of(store: Store, *steps: Step) -> Any:
    for step in steps:
        store.steps.put("codex-1", "codex", [step], source="transcript")
    store.steps.retract("codex-1", ["call:Bash"])
    (found,) = store.events.list(session="codex-1")
    metadata = dict(found.metadata or {})
    assert metadata.pop("rewound") is True
    return metadata


def test_what_a_rule_found_is_no_call() -> None:
    with scratch() as store:
        given = {"input": {"text": TEXT}}
        one = event(pattern="mine", matched_value="x", metadata=given, original_line="x")
        number = store.events.add(one)
        assert store.events.get(number).metadata == given
        assert [found.metadata for found in store.extractions.list(session="codex-1")] == [given]


@pytest.mark.parametrize("wrong", [b"", b"\x28\xb5\x2f\xfd", b"hello", ".", ".cmd[7]", ".there[0]", ".cmd.more"])
def test_damage_is_told(wrong: str | bytes) -> None:
    with pytest.raises(StoreDamaged):
        arguments.whole('{"input":{"cmd":["a"]}}', "make", wrong)
    with pytest.raises(StoreDamaged):
        arguments.whole('{"other":[]}', "make", wrong)
