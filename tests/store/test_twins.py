"""Calls that one source names and another can only number are one call, whoever comes first."""

from __future__ import annotations

import itertools

import pytest

from tachograph.clock import SECOND
from tachograph.records import Event, Step
from tachograph.store import Store

AT = 1_790_000_000 * SECOND
SESSION = "s"


def command(id: str, line: str = "make", at: int = AT, **more: object) -> Step:
    return Step(f"call:{id}", "command", at, "bash", id, command=line, **more)  # type: ignore[arg-type]


def tell(store: Store, source: str, *steps: Step, session: str = SESSION) -> None:
    store.steps.put(session, "agent", steps, source=source)


def calls(store: Store) -> list[Event]:
    return list(store.events.list(session=SESSION, type="command", limit=None))


TELLINGS = {
    "hook": [command("#1", duration_ms=5.0, status="ok"), command("#1", content="told by the hook", exit_code=0)],
    "transcript": [command("call_1", status="error", exit_code=2), command("call_1", content="told by the agent")],
    "otlp": [command("call_1", duration_ms=7.0), command("call_1", status="ok")],
}


@pytest.mark.parametrize("order", [*itertools.permutations(TELLINGS)])
@pytest.mark.parametrize("by_turns", [False, True])
def test_one_call_by_three_sources_in_any_order(store: Store, order: tuple[str, ...], by_turns: bool) -> None:
    told = [(source, step) for source in order for step in TELLINGS[source]]
    for source, step in told[::2] + told[1::2] if by_turns else told:
        tell(store, source, step)
    (call,) = calls(store)
    assert (call.tool_call_id, call.status, call.exit_code, call.content) == ("call_1", "error", 2, "told by the agent")
    assert call.duration_ms == 5.0
    assert call.metadata
    assert call.metadata["sources"] == ["transcript", "hook", "otlp"]
    assert call.metadata["told"] == {"duration_ms": "hook"}
    session = store.sessions.get(SESSION)
    assert (session.tool_calls, session.tool_errors, session.commands) == (1, 1, 1)


@pytest.mark.parametrize("first", ["hook", "transcript"])
def test_equal_calls_find_their_own(store: Store, first: str) -> None:
    named = [command("a", at=AT), command("b", at=AT + 60 * SECOND)]
    numbered = [command("#1", at=AT + SECOND, exit_code=1), command("#2", at=AT + 61 * SECOND, exit_code=2)]
    for source in sorted(["hook", "transcript"], key=lambda source: source != first):
        tell(store, source, *(named if source == "transcript" else numbered))
    assert [(call.tool_call_id, call.exit_code) for call in calls(store)] == [("a", 1), ("b", 2)]


def test_calls_that_differ_stay_apart(store: Store) -> None:
    tell(store, "transcript", command("a", "make"), command("b", "make", at=AT - 7200 * SECOND))
    tell(store, "hook", command("#1", "make test"), command("#2", "make"), command("#3", "make"))
    assert sorted((call.command, call.tool_call_id) for call in calls(store)) == [
        ("make", "#3"), ("make", "a"), ("make", "b"), ("make test", "#1"),
    ]  # fmt: skip


def test_named_calls_are_never_taken_for_each_other(store: Store) -> None:
    tell(store, "transcript", command("a"))
    tell(store, "hook", command("b"))
    assert [call.tool_call_id for call in calls(store)] == ["a", "b"]


def test_sessions_that_become_one_have_it_once(store: Store) -> None:
    tell(store, "hook", command("#1", exit_code=2, status="error"), command("#2", "other", AT + SECOND))
    tell(store, "transcript", command("call_1", content="said"), session="native")
    store.merging.merge(SESSION, "native")
    tell(store, "hook", command("#1", duration_ms=3.0))
    found = {call.tool_call_id: call for call in calls(store)}
    assert sorted(map(str, found)) == ["#2", "call_1"]
    call = found["call_1"]
    assert (call.exit_code, call.content, call.duration_ms, call.status) == (2, "said", 3.0, "error")
    session = store.sessions.get(SESSION)
    assert (session.tool_calls, session.tool_errors, session.commands, session.events) == (2, 1, 2, 2)


@pytest.mark.parametrize("order", [*itertools.permutations(["hook", "transcript", "otlp"])], ids=" ".join)
def test_a_source_that_does_not_say_what_ran(store: Store, order: tuple[str, ...]) -> None:
    silent = Step("call:call_1", "command", AT, "bash", "call_1", status="ok", duration_ms=7.0)
    told = {"hook": command("#1", at=AT + SECOND), "otlp": silent, "transcript": command("call_1", content="said")}
    for source in order:
        tell(store, source, told[source])
    (call,) = calls(store)
    assert (call.tool_call_id, call.command, call.status, call.content) == ("call_1", "make", "ok", "said")


def test_what_is_told_alike_comes_before_what_is_left_open(store: Store) -> None:
    tell(store, "otlp", Step("call:a", "command", AT, "bash", "a"), command("b", "test", AT + 9 * SECOND))
    tell(store, "hook", command("#1", "test", AT, exit_code=1))
    assert [(call.tool_call_id, call.exit_code) for call in calls(store)] == [("a", None), ("b", 1)]
