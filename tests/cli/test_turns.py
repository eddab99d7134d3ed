"""`show` of a session with turns: the page, one turn, everything, one event."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tachograph.errors import NotFound
from tachograph.records import Event, Session, Step, Usage
from tests.cli.conftest import Ask, Screen
from tests.cli.histories import CHILD, FIRST, LONG, OTHER, PRICED, SECOND, SECRET

AT = 1_795_000_000_000_000_000
SECOND_NS = 1_000_000_000


def test_the_page_lists_turns(asked: Ask) -> None:
    lines = asked("show", FIRST).out.splitlines()
    assert lines[0] == "fix the seek test".ljust(69) + "✓ completed"
    assert lines[1].endswith(f"· claude · shop (main) · {PRICED}")
    assert lines[2].endswith("· took 20s · 2 turns")
    assert lines[3].startswith("8 tool calls (1 failed, 1 refused) · 16.4k tokens · $")
    assert lines[4] == "told by transcript · 2 lines of an unknown kind"
    head = lines.index(next(line for line in lines if line.startswith("TURN")))
    assert lines[head + 1].split()[:6] == ["1", "0:00", "fix", "the", "seek", "test"]
    assert lines[head + 2].split()[:4] == ["2", "0:10", "clean", "up"]
    assert "≥ 0.00" in lines[head + 2]  # the last call was cut off
    assert "Changed  src/seek.py +2 −1 · docs/seek.md +3 −0" in lines
    assert "Ran      pytest 2 (1 failed) · git commit 1 · rm 0" in lines
    assert all(len(line) <= 80 for line in lines)


def test_a_failed_call_is_told_once_on_the_page(asked: Ask) -> None:
    lines = asked("show", FIRST).out.splitlines()
    assert "Failures  1" in lines
    assert "  ✗     0:03  Bash    cd /srv/shop && pytest -q tests" in lines
    everything = asked("show", FIRST, "--failed").out
    assert everything.startswith("Failures  1 · 2 errors in the output\n")
    assert "Exit code 1" in everything
    assert asked("show", FIRST, "--exit-status").code == 6


def test_a_subagent_is_titled_by_its_task(asked: Ask) -> None:
    assert asked("show", CHILD).out.startswith("look for TODO ")


def test_one_turn_with_all_that_happened_in_it(asked: Ask) -> None:
    text = asked("show", FIRST, "--turn", "2").out
    assert text.startswith("turn 2 of 2 · 0:10 · took 8.0s · 4 tool calls (1 refused)\n9.0k tokens in, 9.0k cached, 81")
    for line in (
        "    0:10  you\n          clean up and document it\n",
        "    0:11  ⊘ Bash  rm -rf build  1.0s  refused\n",
        f"    0:13  ✓ Task  look around, look for TODO  4.0s  → {CHILD}\n          two TODO found\n",
        "    0:15  ✓ Write  docs/seek.md  1.0s  +3 −0\n",
        "    0:17  ▲ Bash  git commit -m 'document seek'  interrupted\n",
        "    0:18  interruption\n          [Request interrupted by user]\n",
    ):
        assert line in text
    assert "fix the seek test" not in text


def test_failures_and_long_results_are_marked(asked: Ask) -> None:
    text = asked("show", FIRST, "--turn", "1").out
    assert "    0:03  ✗ Bash  cd /srv/shop && pytest -q tests  1.0s  exit 1\n" in text
    assert "    0:05  ✓ Edit  src/seek.py  1.0s  +2 −1\n" in text
    assert "test 4 passed\n          …, 9.5 kB in all: tachograph show --event " in text
    assert "test 5 passed" not in text


def test_full_shows_every_turn_to_its_last_line(asked: Ask) -> None:
    text = asked("show", FIRST, "--full").out
    assert text.count("\nturn 2 of 2 ") == 1 and text.startswith("turn 1 of 2 ")
    assert "needle in the haystack" in text and "tachograph show --event" not in text
    one = asked("show", FIRST, "--turn", "1", "--full").out
    assert "test 600 passed" in one and "turn 2 of 2" not in one
    assert SECRET not in text


def test_an_event_with_all_that_is_known_of_it(asked: Ask) -> None:
    (found,) = [e for e in asked("events", FIRST, "--type", "command", "--json", "-n", "0").json
                if e["tool_call_id"] == "b2"]  # fmt: skip
    assert "needle" not in found["content"] and found["metadata_json"]["content_bytes"] == len(LONG)
    shown = asked("show", "--event", str(found["id"])).out
    assert "needle in the haystack\n" in shown and "command: pytest -q tests\n" in shown
    fields = dict(line.split(maxsplit=1) for line in shown.split("\n\n")[0].splitlines())
    assert (fields["tool_name"], fields["duration_ms"], fields["status"]) == ("Bash", "1000.0", "ok")
    whole = asked("show", "--event", str(found["id"]), "--json").json
    assert whole["content"] == LONG
    assert {**whole, "content": found["content"]} == found
    assert asked("show", "--event", "999999").code == 3


def test_turns_as_data(asked: Ask) -> None:
    facts = asked("show", FIRST, "--json").json
    assert facts["sources"] == ["transcript"]
    assert [history["unknown_lines"] for history in facts["histories"]] == [2]
    assert [(turn["turn"], turn["prompt"], turn["tool_calls"], turn["failed"], turn["rejected"], turn["interrupted"])
            for turn in facts["turns"]] == [(1, "fix the seek test", 4, 1, 0, False),
                                            (2, "clean up and document it", 4, 0, 1, True)]  # fmt: skip
    assert sum(turn["input_tokens"] for turn in facts["turns"]) == facts["input_tokens"]
    assert sum(turn["cost_usd"] for turn in facts["turns"]) == pytest.approx(facts["cost_usd"])
    turn = asked("show", FIRST, "--turn", "1", "--json").json
    assert {key: turn[key] for key in facts["turns"][0] if key != "events"} == {
        key: value for key, value in facts["turns"][0].items() if key != "events"
    }
    assert [event["content"] for event in turn["events"] if event["tool_call_id"] == "b2"] == [LONG]
    full = asked("show", FIRST, "--full", "--json").json
    assert [len(turn["events"]) for turn in full["turns"]] == [15, 14]
    assert full["id"] == FIRST


def test_other_agents_and_unpriced_turns(asked: Ask) -> None:
    assert "✗ exec_command  git -C /srv/shop diff --stat  0.5s  exit 1" in asked("show", OTHER, "--turn", "1").out
    assert "no price is known of 2 calls" in asked("show", SECOND, "--turn", "2").out
    lines = asked("show", SECOND).out.splitlines()
    assert next(line for line in lines if "once more" in line).endswith("unknown")


def test_a_turn_that_is_not_there(asked: Ask) -> None:
    answer = asked("show", FIRST, "--turn", "3")
    assert answer.code == 3 and "has no turn 3" in answer.err and "its last is 2" in answer.err


def test_many_turns_are_cut_on_the_page(home: Path, call: Ask) -> None:
    with tachograph.open() as store:
        store.steps.put(
            "x-1", "x", [Step(f"prompt:{n}", "prompt", AT + n, content=f"say {n}") for n in range(1, 101)],
            source="transcript",
        )  # fmt: skip
    text = call("show", "x-1").out
    assert "the last 40 of 100 turns" in text
    assert "say 61" in text and "say 60" not in text and "say 100" in text


def test_told_by_one_source_the_order_of_telling_counts(home: Path) -> None:
    with tachograph.open() as store:
        steps = [
            Step("prompt:1", "prompt", AT + 5, content="one"),
            Step("call:1", "command", AT + 90, command="a"),  # its clock was ahead
            Step("prompt:2", "prompt", AT + 20, content="two"),
            Step("call:2", "command", AT + 1, command="b"),  # its clock was behind
        ]
        store.steps.put("s", "a", steps, source="transcript")
        assert [[event.command for event in store.turns.events("s", n) if event.command] for n in (1, 2)] == [
            ["a"],
            ["b"],
        ]
        with pytest.raises(NotFound):
            store.turns.events("s", 3)


def test_told_by_several_sources_the_time_decides(home: Path) -> None:
    """Hooks tell calls at once; the transcript with the prompts is read later."""
    with tachograph.open() as store:
        calls = [Step("call:1", "command", AT + 10, command="a"), Step("call:2", "command", AT + 30, command="b")]
        store.steps.put("s", "a", calls, source="hook")
        prompts = [Step(f"prompt:{n}", "prompt", AT + 20 * (n - 1), content=str(n)) for n in (1, 2)]
        store.steps.put("s", "a", prompts, source="transcript")
        turns = store.turns.list("s")
        assert [(turn.prompt, turn.tool_calls) for turn in turns] == [("1", 1), ("2", 1)]
        assert [event.command or event.content for event in store.turns.events("s", 2)] == ["2", "b"]
        assert store.turns.sources("s") == {"hook": 2, "transcript": 2}


def test_what_the_agent_took_back_is_marked(home: Path, call: Ask) -> None:
    with tachograph.open() as store:
        steps = [Step(f"prompt:{n}", "prompt", AT + n, content=f"say {n}") for n in (1, 2)]
        used = Step("usage:1", "usage", AT + 1, usage=Usage("m", 10, 5, cost_usd=0.5))
        store.steps.put("s", "a", [steps[0], used, steps[1]], source="transcript")
        store.steps.retract("s", ["prompt:1", "usage:1"])
        first = store.turns.list("s")[0]
    assert (first.rewound, first.cost_usd, first.input_tokens) == (True, None, 0)
    assert "say 1 (taken back)" in call("show", "s").out


def test_a_wrapped_run_is_no_tool_call_of_its_agent(home: Path, call: Ask) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("s", "a", command="agent --go", started_at=AT, ended_at=AT + SECOND_NS))
        store.events.add(
            Event("s", "command", command="agent --go", source="wrapper", exit_code=1, status="error", at=AT)
        )
        steps = [Step("prompt:1", "prompt", AT + 1, content="go"), Step("call:1", "command", AT + 2, command="ls")]
        store.steps.put("s", "a", steps, source="transcript")
        (turn,) = store.turns.list("s")
    assert (turn.tool_calls, turn.failed) == (1, 0)
    page = call("show", "s").out
    assert "told by wrapper, transcript" in page and "1 tool call\n" in page


def test_nothing_recorded_acts_on_the_terminal(home: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "\x1b]0;title\x07\x1b[2Jgone\r\nnext"
    with tachograph.open() as store:
        steps = [
            Step("prompt:1", "prompt", AT, content=evil),
            Step(
                "call:1", "tool_call", AT, tool_name=evil, content=evil, status=evil, metadata={"input": {evil: evil}}
            ),
            Step("call:2", "command", AT, command=evil, content=evil, metadata={"subagent": evil, "lines_added": evil}),
            Step("marker:1", "marker", AT, content=evil, metadata={"kind": evil}),
        ]
        store.steps.put("s", "a", steps, source="transcript")
        number = store.events.list(session="s", type="tool_call")[0].id
    for words in (["s"], ["s", "--turn", "1"], ["s", "--full"], ["--event", str(number)]):
        shown = screen("show", *words, env={"NO_COLOR": "1"})
        assert "\x1b" not in shown and "\x07" not in shown and "gone" in shown


def test_failures_of_a_long_day_stand_below_each_other(call: Ask) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("long", "a", started_at=AT))
        for hours in (0, 11):
            at = AT + hours * 3600 * SECOND_NS
            store.events.add(Event("long", "command", command="make", status="error", at=at, tool_name="Bash"))
    first, last = (line for line in call("show", "long", "--failed").out.splitlines() if "✗" in line)
    assert first.index("Bash") == last.index("Bash") and "11:00:00" in last
