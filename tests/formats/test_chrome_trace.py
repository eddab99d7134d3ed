"""Trace events: well formed, nested as the format asks, true to the times."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.records import Session, Step
from tests.formats.recorded import SESSIONS, exported
from tests.store.samples import AT, SECOND, opened


@pytest.fixture
def events(tmp_path: Path) -> list[dict[str, Any]]:
    with opened(tmp_path) as store:
        found: list[dict[str, Any]] = msgspec.json.decode(exported(store, SESSIONS["steps"](store), "chrome-trace"))[
            "traceEvents"
        ]
    return found


def slices(events: list[dict[str, Any]]) -> dict[int, list[tuple[float, float]]]:
    found = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            found[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    return found


def test_every_event_has_what_the_format_asks(events: list[dict[str, Any]]) -> None:
    assert {event["ph"] for event in events} == {"M", "X", "i", "C"}
    for event in events:
        assert event["pid"] == 1 and isinstance(event["name"], str)
        assert event["ph"] == "M" or (event["ts"] >= 0 and isinstance(event["tid"], int))
    named = {event["tid"] for event in events if event.get("name") == "thread_name"}
    assert {event["tid"] for event in events if event["ph"] != "M"} <= named


def test_a_turn_lasts_until_the_next(events: list[dict[str, Any]]) -> None:
    first, second = [event for event in events if event["ph"] == "X" and event["cat"] == "turns"]
    assert first["name"].startswith("turn 1: fix `seek`") and second["name"] == "turn 2: and now remove it"
    assert (first["ts"], first["dur"]) == (0, second["ts"]) and second["dur"] > 1_000_000


def test_calls_have_their_times_and_overlap_on_threads_of_their_own(events: list[dict[str, Any]]) -> None:
    slices = [event for event in events if event["ph"] == "X" and event["cat"] == "tool"]
    calls = {event["args"]["tool_call_id"]: event for event in slices}
    assert calls["c1"]["dur"] == 2_500_500 and calls["f1"]["dur"] == 900_000
    assert calls["c1"]["tid"] != calls["f1"]["tid"]
    assert calls["c1"]["args"] == {
        "seq": 5, "time": "2026-11-21T09:14:04.123Z", "command": "pytest -q | tail -1", "status": "error",
        "exit_code": 1, "tool_call_id": "c1",
    }  # fmt: skip
    assert {event["name"] for event in events if event["ph"] == "i" and event["cat"] == "tool"} == {
        "Bash: rm -rf build",
        "mcp__search",
    }


def test_slices_of_a_thread_never_overlap_however_many_calls_run_at_once(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.add(Session("busy-1", "busy", started_at=AT))
        told = [
            Step(f"call:{number}", "command", AT + number * SECOND // 10, "Bash", str(number), command="x",
                 duration_ms=float(number * 7919 % 9000))
            for number in range(400)
        ]  # fmt: skip
        store.steps.put("busy-1", "busy", told, source="transcript")
        found = slices(msgspec.json.decode(exported(store, "busy-1", "chrome-trace"))["traceEvents"])
    assert sum(map(len, found.values())) == 400 and len(found) > 20
    for lane in found.values():
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(lane))


def test_tokens_and_cost_are_counters(events: list[dict[str, Any]]) -> None:
    counted = [event["args"] for event in events if event["ph"] == "C"]
    assert counted == [{"input": 1200, "output": 90}, {"usd": 0.0125}, {"input": 1210, "output": 95}, {"usd": 0.0125}]
