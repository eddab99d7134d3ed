"""Steps told again, by the same source and by others: one event each, and every sum right after each telling."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import BadRecord
from tachograph.records import Step, Usage
from tachograph.store import Store
from tachograph.store.tellings import RANKS
from tests.recount import recount, rows

from .samples import AT, event, opened, scratch

CALL = Step("call:c1", "command", AT, tool_name="Bash", tool_call_id="c1", command="make", metadata={"input": {"n": 1}})
DONE = Step("call:c1", "command", AT + 5, content="error: no", exit_code=2, status="error", duration_ms=5.0)
EDIT = Step("call:e1", "file_op", AT, tool_call_id="e1", file_path="a.py", operation="edit", status="ok")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Store]:
    """A store whose sums are right when the test is over."""
    with opened(tmp_path) as made:
        yield made
        assert recount(made) == []


def put(store: Store, *steps: Step, source: str = "transcript", session: str = "claude-1") -> dict[str, int]:
    found = store.steps.put(session, "claude", steps, source=source).events
    assert recount(store) == []
    return found


def session(store: Store, name: str = "claude-1") -> tuple[int, ...]:
    found = store.sessions.get(name)
    return (found.prompts, found.replies, found.commands, found.tool_calls, found.tool_errors, found.rejections)


def test_a_call_and_its_result_are_one_event(told: Store) -> None:
    first = put(told, CALL)
    assert session(told) == (0, 0, 1, 1, 0, 0)
    assert put(told, DONE) == first
    (event,) = told.events.list(session="claude-1")
    assert (event.command, event.content, event.exit_code, event.status) == ("make", "error: no", 2, "error")
    assert (event.at, event.metadata) == (AT, {"input": {"n": 1}})
    assert session(told) == (0, 0, 1, 1, 1, 0)


def test_told_in_one_batch_or_in_two_it_is_the_same() -> None:
    def events(*batches: list[Step]) -> list[object]:
        with scratch() as store:
            for batch in batches:
                put(store, *batch)
            return [(e.content, e.status, e.exit_code, e.at, e.metadata) for e in store.events.list(session="claude-1")]

    unknown = Step("call:c1", "command", AT + 9, status="unknown", metadata={"late": True})
    assert events([CALL, DONE, unknown]) == events([CALL], [DONE], [unknown]) == events([CALL, DONE], [unknown])
    ok = Step("call:c1", "command", AT + 9, content="fine", status="ok")
    assert events([CALL, DONE, ok]) == events([CALL], [DONE], [ok])


def test_not_to_know_how_it_ended_is_no_news(told: Store) -> None:
    put(told, CALL, Step("call:c1", "command", status="unknown", at=AT))
    assert told.events.list(session="claude-1")[0].status == "unknown"
    put(told, DONE)
    put(told, Step("call:c1", "command", status="unknown", at=AT))
    assert told.events.list(session="claude-1")[0].status == "error"


def test_errors_and_rejections_follow_the_status(told: Store) -> None:
    for status, expected in (("error", (1, 0)), ("rejected", (0, 1)), ("ok", (0, 0)), ("interrupted", (0, 0))):
        put(told, CALL, Step("call:c1", "command", AT, status=status))
        assert session(told)[4:] == expected


def test_a_patch_over_several_files_is_one_call(told: Store) -> None:
    more = [
        Step(f"call:e1:{name}", "file_op", AT, tool_call_id="e1", file_path=name, operation="edit") for name in "bc"
    ]
    put(told, EDIT, *more)
    assert session(told)[3] == 1
    assert told.sessions.get("claude-1").files_touched == 3


def test_a_result_whose_call_is_lost_and_found_again(told: Store) -> None:
    put(told, Step("call:x9", "tool_call", AT, content="boom", status="error"))
    assert session(told)[3:5] == (0, 1)
    put(told, Step("call:x9", "tool_call", AT, tool_call_id="x9", tool_name="Fetch"), source="hook")
    assert session(told)[3:5] == (1, 1)
    (event,) = told.events.list(session="claude-1")
    assert (event.tool_name, event.content, event.status) == ("Fetch", "boom", "error")


def test_what_turns_out_to_be_a_command_is_counted_as_one(told: Store) -> None:
    put(told, Step("call:c1", "tool_call", AT, tool_call_id="c1", tool_name="Bash"))
    assert session(told)[2:4] == (0, 1)
    put(told, CALL)
    assert session(told)[2:4] == (1, 1)
    assert told.sessions.counts("claude-1") == {"command": 1}
    put(told, Step("call:c1", "tool_call", AT, content="its result"))
    assert told.sessions.counts("claude-1") == {"command": 1}


def test_a_file_operation_that_turns_out_to_be_another(told: Store) -> None:
    put(told, EDIT, source="hook")
    put(told, Step("call:e1", "file_op", AT + 1, tool_call_id="e1", file_path="src/a.py", operation="write"))
    assert rows(told, "SELECT file_path, reads, writes, edits FROM file_activity") == [("src/a.py", 0, 1, 0)]


@pytest.mark.parametrize("order", list(itertools.permutations(["transcript", "hook", "otlp"])), ids="-".join)
def test_the_better_source_wins_whoever_speaks_first(told: Store, order: tuple[str, ...]) -> None:
    known = {
        "transcript": Step(
            "call:c1", "command", AT, tool_call_id="c1", command="make", content="whole", status="error"
        ),
        "hook": Step("call:c1", "command", AT, tool_call_id="c1", command="make", content="part", duration_ms=7.0),
        "otlp": Step("call:c1", "command", AT, tool_call_id="c1", exit_code=3, duration_ms=9.0, status="ok"),
    }
    for source in order:
        put(told, known[source], source=source)
    (event,) = told.events.list(session="claude-1")
    assert (event.content, event.status, event.duration_ms, event.exit_code) == ("whole", "error", 7.0, 3)
    assert event.metadata is not None
    assert event.metadata["sources"] == ["transcript", "hook", "otlp"]
    assert session(told) == (0, 0, 1, 1, 1, 0)


@pytest.mark.parametrize("order", list(itertools.permutations(["transcript", "hook", "otlp"])), ids="-".join)
def test_texts_are_told_by_the_best_source_of_their_kind(told: Store, order: tuple[str, ...]) -> None:
    used = {"transcript": None, "hook": None, "otlp": Usage("m", 10, 5)}
    for source in order:
        steps = [Step(f"prompt:{source}", "prompt", AT, content="do it")]
        if source != "hook":
            steps.append(Step(f"reply:{source}", "reply", AT, content="done"))
        if used[source]:
            steps.append(Step(f"usage:{source}", "usage", AT, usage=used[source]))
        put(told, *steps, source=source)
    found = [(event.event_type, event.source) for event in told.events.list(session="claude-1")]
    assert sorted(found) == [("prompt", "transcript"), ("reply", "transcript"), ("usage", "otlp")]
    assert session(told)[:2] == (1, 1)
    assert told.sessions.get("claude-1").input_tokens == 10


def test_steps_that_are_taken_back_stay_and_do_not_count(told: Store) -> None:
    used = Step("usage:1", "usage", AT, usage=Usage("m", 10, 5))
    put(told, Step("prompt:1", "prompt", AT, content="x"), CALL, DONE, EDIT, used)
    assert told.steps.retract("claude-1", ["prompt:1", "call:c1", "usage:1", "call:nobody"]) == 3
    assert recount(told) == []
    assert session(told) == (0, 0, 0, 1, 0, 0)
    assert told.sessions.get("claude-1").input_tokens == 0
    assert told.steps.retract("claude-1", ["prompt:1", "call:c1"]) == 0
    put(told, CALL, DONE, Step("call:c1", "command", AT, status="rejected"))  # told again, it does not count again
    assert session(told) == (0, 0, 0, 1, 0, 0)
    assert len(told.events.list(session="claude-1")) == 4
    put(told, Step("reply:2", "reply", AT), source="hook")
    told.steps.put("claude-1", "claude", [Step("prompt:2", "prompt", AT, content="y")], source="transcript")
    assert session(told)[0] == 1


def test_a_step_that_is_taken_back_and_then_told_better(told: Store) -> None:
    put(told, Step("prompt:1", "prompt", AT, content="x"), Step("prompt:2", "prompt", AT, content="y"), source="hook")
    told.steps.retract("claude-1", ["prompt:1"])
    assert session(told)[0] == 1
    put(told, Step("prompt:a", "prompt", AT, content="z"))
    assert session(told)[0] == 1


def test_the_same_key_in_two_sessions_is_two_steps(told: Store) -> None:
    put(told, CALL)
    put(told, CALL, session="claude-2")
    assert len(told.events.list(session="claude-1")) == len(told.events.list(session="claude-2")) == 1


def test_what_nothing_can_hold_is_refused_whole(told: Store) -> None:
    with pytest.raises(BadRecord):
        told.steps.put("claude-1", "claude", [CALL, Step("x", "command", AT, exit_code=2**70)], source="transcript")
    with pytest.raises(BadRecord, match="unknown"):
        told.steps.put("claude-1", "claude", [CALL], source="hearsay")
    assert told.steps.put("claude-1", "claude", [], source="hook").events == {}
    assert not told.sessions.exists("claude-1")


KEYS = ["call:a", "call:b", "call:a:f", "prompt:1", "prompt:2", "reply:1", "usage:1"]
RETRACTED = [key for key in KEYS if not key.startswith("call:a")]  # of a call over several files all are, or none
TYPES = {"call": ("command", "file_op", "tool_call"), "prompt": ("prompt",), "reply": ("reply",), "usage": ("usage",)}


@st.composite
def told_steps(draw: st.DrawFn) -> Step:
    key = draw(st.sampled_from(KEYS))
    kind = key.partition(":")[0]
    some = {
        "content": draw(st.sampled_from([None, "one", "two"])),
        "metadata": draw(st.sampled_from([None, {"n": 1}, {"m": 2}])),
        "usage": Usage("m", draw(st.integers(1, 9)), 1) if kind == "usage" else None,
    }
    if kind == "call":
        some |= {
            "status": draw(st.sampled_from([None, "ok", "error", "rejected", "unknown"]))
            if key != "call:a:f"
            else None,
            "tool_call_id": draw(st.sampled_from([None, key.split(":")[1]])) if key != "call:a:f" else "a",
            "file_path": draw(st.sampled_from([None, "x", "y"])),
            "operation": draw(st.sampled_from([None, "read", "edit"])),
        }
    return Step(key, draw(st.sampled_from(TYPES[kind])), AT + draw(st.integers(0, 9)), **some)


def with_their_calls(steps: list[Step]) -> list[Step]:
    """Another file of a call is never told without the call."""
    if any(step.key == "call:a:f" for step in steps):
        return [Step("call:a", "file_op", AT, tool_call_id="a"), *steps]
    return steps


TELLINGS = st.tuples(
    st.sampled_from(sorted(RANKS)), st.sampled_from("st"), st.lists(told_steps(), max_size=5).map(with_their_calls)
)


@given(
    st.lists(
        st.one_of(TELLINGS, st.tuples(st.just("retract"), st.sampled_from("st"), st.lists(st.sampled_from(RETRACTED)))),
        max_size=8,
    ),
    st.booleans(),
)
def test_whatever_is_told_the_sums_are_right(tellings: list[tuple[str, str, list]], merge: bool) -> None:  # type: ignore[type-arg]
    with scratch() as store:
        for source, name, told in tellings:
            if source == "retract":
                if store.sessions.exists(name):
                    store.steps.retract(name, told)
            else:
                store.steps.put(name, "claude", told, source=source)
            assert recount(store) == []
        if merge and store.sessions.exists("s") and store.sessions.exists("t"):
            store.merging.merge("s", "t")
            assert recount(store) == []
            assert not store.sessions.exists("t")


def test_what_two_agents_told_is_that_of_the_one_whose_session_stays(told: Store) -> None:
    """A command that nobody knew for an agent, and the agent's own history."""
    for name in ("npx-1", "claude-1"):
        told.steps.put(
            name, name.partition("-")[0], [Step(f"prompt:{name}", "prompt", AT, content=name)], source="transcript"
        )
    told.merging.merge("npx-1", "claude-1")
    assert [one.session_id for one in told.events.list(agent="npx")] == ["npx-1", "npx-1"]
    assert told.events.list(agent="claude") == []


def test_a_call_that_a_program_added_as_several_events_counts_once_whoever_tells_it_again(told: Store) -> None:
    call = {"tool_call_id": "c1", "status": "error"}
    told.events.add_many([event("claude-1", "command", **call), event("claude-1", "command", **call)])
    put(told, Step("call:c1", "command", AT, tool_call_id="c1", status="ok"))
    assert session(told)[3:5] == (1, 1), "one of the two still says that it failed"
    put(told, Step("call:c1", "command", AT, tool_call_id="c1", status="rejected"))


def test_a_text_that_a_program_added_as_part_of_a_call_is_replaced_with_its_call(told: Store) -> None:
    told.events.add(event("claude-1", "reply", tool_call_id="c1", content="so be it"))
    put(told, Step("reply:0", "reply", AT, content="so be it"), source="otlp")
    put(told, Step("reply:1", "reply", AT, content="so be it"))
    assert session(told) == (0, 1, 0, 0, 0, 0)
