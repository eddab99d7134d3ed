"""A small session of every kind of step, as the store would give it."""

from __future__ import annotations

from typing import Any

from tachograph.clock import SECOND
from tachograph.formats.recording import Moment, Recording, Turn
from tachograph.records import Event, Session, Usage

START = 1_795_227_397_000_000_000
SESSION = Session(
    "s-1", "claude", project_dir="/home/ann/project", started_at=START, ended_at=START + 60 * SECOND, exit_code=0,
    status="completed", model="claude-opus-4-6", branch="main", title="Mend the tests", host="box", input_tokens=1100,
    output_tokens=70, parent_id="s-0", metadata={"version": "2.1.62"},
)  # fmt: skip
_CALL_A = {"model": "claude-opus-4-6", "request_id": "req_a"}
_CALL_B = {"model": "claude-opus-4-6", "request_id": "req_b"}


def event(number: int, second: float, kind: str, **fields: object) -> Event:
    """The event with that id, so many seconds into the session."""
    return Event("s-1", kind, id=number, seq=number, at=START + int(second * SECOND), source="transcript", **fields)  # type: ignore[arg-type]


STEPS: list[tuple[Event, Usage | None]] = [
    (event(1, 1, "prompt", content="why do the tests fail?"), None),
    (event(2, 4, "thinking", content="I should run them"), None),
    (event(3, 4, "reply", content="Let me look.", metadata=_CALL_A), None),
    (
        event(4, 4, "usage", metadata=_CALL_A | {"cost_source": "agent"}),
        Usage("claude-opus-4-6", 1000, 50, 800, 100, 10, 0.125),
    ),
    (
        event(
            5, 4.5, "command", tool_name="Bash", tool_call_id="toolu_1", command="pytest -q", exit_code=1,
            duration_ms=2000.0, status="error", content="1 failed", metadata={"input": {"command": "pytest -q"}},
            command_category="test",
        ),
        None,
    ),
    (event(6, 6.5, "test_result", pattern="pytest", matched_value="1 failed", original_line="== 1 failed =="), None),
    (
        event(
            7, 7, "file_op", tool_name="Edit", tool_call_id="toolu_2", file_path="a.py", operation="edit", status="ok",
            duration_ms=20.0, content="updated",
            metadata={"input": {"file_path": "a.py", "new_string": "x"}, "lines_added": 2, "lines_removed": 1},
        ),
        None,
    ),
    (
        event(8, 7, "file_op", tool_name="Edit", tool_call_id="toolu_2", file_path="b.py", operation="edit"),
        None,
    ),
    (event(9, 20, "prompt", content="and now push it"), None),
    (event(10, 24, "reply", content="Pushed.", metadata=_CALL_B), None),
    (event(11, 24, "usage", duration_ms=1500.0, metadata=_CALL_B), Usage("claude-opus-4-6", 100, 20)),
    (event(12, 25, "tool_call", tool_name="Push", tool_call_id="toolu_3", status="rejected"), None),
    (event(13, 26, "marker", status="error", content="529 overloaded", metadata={"kind": "api_error"}), None),
]  # fmt: skip


def recording(steps: list[tuple[Event, Usage | None]] = STEPS, session: Session = SESSION, **fields: Any) -> Recording:
    """What an exporter hands to a format: turns begin with prompts."""
    turns, moments = [Turn(1, START, None)], []
    for one, used in steps:
        if one.event_type == "prompt":
            begun = Turn(len(turns) + 1, one.at, one.content)
            turns = [Turn(1, one.at, one.content)] if turns == [Turn(1, START, None)] else [*turns, begun]
        moments.append(Moment(one, turns[-1].number, used))
    made: dict[str, Any] = {
        "session": session, "turns": turns, "moments": lambda: iter(moments), "by_time": lambda: iter(moments),
        "output": lambda: iter(()), "result": lambda one: one.content or "", "files": [], "code": lambda: iter(()),
        "feedback": [], "whole": lambda: iter(()),
    }  # fmt: skip
    return Recording(**made | fields)
