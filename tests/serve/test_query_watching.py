"""A session for the screen: where it opens, its lines by their numbers, one event in coloured words."""

from __future__ import annotations

import pytest

import tachograph
from tachograph import clock
from tachograph.records import Event, Session
from tachograph.serve.query import recordings, watching
from tachograph.serve.query.events import Events
from tests.serve.answers import refused, typed
from tests.serve.conftest import Ask

COUNT = 300
SECOND = clock.SECOND
EDIT = {
    "file_path": "src/seek.py",
    "old_string": "def seek():\n    return 3",
    "new_string": "def seek():\n    return 4",
}


@pytest.fixture(autouse=True)
def recorded(home: object) -> None:
    """Every tenth of 300 is a prompt, number 207 fails; a terminal with an error; an edit and a reply with code."""
    start = clock.parse_time("2026-03-01T10:00:00Z", 0)
    with tachograph.open() as store:
        store.sessions.add(Session("long", "tin", started_at=start))
        made = [
            Event("long", "prompt", content=f"say {n}", at=start + n * SECOND)
            if n % 10 == 0
            else Event(
                "long", "command", command=f"pytest -k {n}", tool_call_id=f"c{n}", exit_code=int(n == 207),
                status="ok", duration_ms=500.0, at=start + n * SECOND,
            )
            for n in range(COUNT)
        ]  # fmt: skip
        store.events.add_many(made)
        store.sessions.add(Session("printed", "tin", command="make", started_at=start))
        store.events.add_many(
            [
                Event("printed", "warning", pattern="w", matched_value="careful", at=start + SECOND),
                Event("printed", "error", pattern="e", matched_value="ValueError: no", at=start + 2 * SECOND),
            ]
        )
        store.sessions.add(Session("read", "tin", started_at=start, ended_at=start + clock.SECOND, status="completed"))
        store.events.add_many(
            [
                Event("read", "reply", content="Like so:\n```python\nx = 41\n```\ndone", at=start),
                Event("read", "file_op", operation="edit", file_path="src/seek.py", metadata={"input": EDIT}, at=start),
                Event("read", "command", command="ls | wc -l", content="\x1b[31m3\x1b[0m", tool_call_id="c", at=start),
                Event("read", "tool_call", tool_name="find", metadata={"input": {"deep": True}}, at=start),
            ]
        )


def opening(ask: Ask, query: str) -> watching.Opening:
    return typed(ask("GET", f"/api/query/session/{query}"), watching.Opening)


def test_a_session_opens_at_its_first_failure(ask: Ask) -> None:
    found = opening(ask, "long/opening?some=5")
    chosen = next(event for event in found.events if event.id == found.chosen)
    assert chosen.command == "pytest -k 207"
    assert [event.seq - chosen.seq for event in found.events] == list(range(-5, 5))
    printed = opening(ask, "printed/opening")
    assert [event.event_type for event in printed.events] == ["warning", "error"]
    assert printed.chosen == printed.events[1].id


def test_it_opens_where_it_is_asked_to(ask: Ask) -> None:
    fifth = opening(ask, "long/opening?at=5000&some=2")
    chosen = next(event for event in fifth.events if event.id == fifth.chosen)
    assert chosen.command == "pytest -k 5"
    assert opening(ask, f"long/opening?event={chosen.id}&some=2").chosen == chosen.id
    assert opening(ask, "long/opening?at=0&some=1").events[0].content == "say 0"
    assert opening(ask, "read/opening").chosen == opening(ask, "read/opening").events[0].id, "nothing failed"
    refused(ask("GET", "/api/query/session/none-such/opening"), 404, "none-such")


def test_what_is_being_recorded_opens_at_its_end_when_nothing_failed(ask: Ask) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("runs", "tin", started_at=clock.now()))
        store.events.add_many([Event("runs", "reply", content=f"{n}", at=clock.now()) for n in range(9)])
    found = opening(ask, "runs/opening?some=2")
    assert [event.content for event in found.events] == ["7", "8"]
    assert found.chosen == found.events[-1].id


def test_a_message_without_words_is_no_line(ask: Ask) -> None:
    """Agents that tell of every message of the model tell of those, too, which only called tools."""
    start = clock.parse_time("2026-03-01T10:00:00Z", 0)
    told = [("prompt", "go"), ("reply", None), ("command", None), ("thinking", None), ("reply", "so"), ("reply", None)]
    with tachograph.open() as store:
        store.sessions.add(Session("terse", "tin", started_at=start, ended_at=start + clock.SECOND, status="completed"))
        store.events.add_many(
            [
                Event("terse", name, content=said, at=start + n * clock.SECOND, status="error" if n == 5 else None)
                for n, (name, said) in enumerate(told)
            ]
        )
    lines = ["prompt", "command", "reply", "reply"]  # the last failed: that is told
    drawn = typed(ask("GET", "/api/query/session/terse/timeline"), recordings.Timeline)
    assert [drawn.kinds[kind].event_type for kind in drawn.columns.kind] == lines
    assert [event.event_type for event in opening(ask, "terse/opening").events] == lines
    wordless = opening(ask, "terse/opening").events[0].id + 1
    assert opening(ask, f"terse/opening?event={wordless}").chosen == wordless + 1, "what it called"


def test_lines_are_asked_for_by_their_numbers(ask: Ask) -> None:
    ids = [event.id for event in opening(ask, "long/opening?some=3").events]
    asked = [ids[4], ids[0], 10**15, ids[0]]
    found = typed(ask("GET", f"/api/query/events?session=long&ids={','.join(map(str, asked))}"), Events)
    assert [event.id for event in found.events] == [ids[4], ids[0]]
    assert not typed(ask("GET", f"/api/query/events?session=read&ids={ids[0]}"), Events).events
    refused(ask("GET", "/api/query/events?ids=1;2"), 400, "ids")
    for other in ("agent=x", "since=odd", "reverse=true", "type=error", "tool=Bash", "risk=high", "cursor=k"):
        refused(ask("GET", f"/api/query/events?ids=1,2&{other}"), 400, "ids: nothing but a session")


def test_columns_are_in_order_with_their_turns_and_failures(ask: Ask) -> None:
    drawn = typed(ask("GET", "/api/query/session/long/timeline"), recordings.Timeline)
    assert drawn.events == COUNT
    assert [turn.first for turn in drawn.turns] == list(range(0, COUNT, 10))
    assert [(turn.tool_calls, turn.failed) for turn in drawn.turns if turn.failed] == [(9, 1)]
    assert [n for n, status in enumerate(drawn.columns.status) if drawn.statuses[status] == "error"] == [207]
    assert sum(drawn.buckets.lanes["failures"]) == 1
    printed = typed(ask("GET", "/api/query/session/printed/timeline"), recordings.Timeline)
    assert [printed.kinds[kind].event_type for kind in printed.columns.kind] == ["warning", "error"]
    assert sum(printed.buckets.lanes["failures"]) == 1


def test_what_was_kept_of_a_session_is_not_told_again_once_it_changed(ask: Ask) -> None:
    before = ask("GET", "/api/query/session/long/timeline")
    assert ask("GET", "/api/query/session/long/timeline").body == before.body
    with tachograph.open() as store:
        store.events.add(Event("long", "reply", content="more", at=clock.parse_time("2026-03-01T11:00:00Z", 0)))
    assert ask("GET", "/api/query/session/long/timeline").json["events"] == COUNT + 1


def parts(ask: Ask, index: int) -> list[watching.ShownPart]:
    event = opening(ask, "read/opening").events[index].id
    return typed(ask("GET", f"/api/query/session/read/event/{event}/shown"), watching.Shown).parts


def text(part: watching.ShownPart) -> str:
    return "".join(word for _, word in part.words)


def test_what_was_said_has_its_code_apart(ask: Ask) -> None:
    found = parts(ask, 0)
    assert [(part.kind, part.language, text(part)) for part in found] == [
        ("text", None, "Like so:"), ("code", "python", "x = 41"), ("text", None, "done"),
    ]  # fmt: skip
    assert ("m", "41") in found[1].words


def test_a_change_is_shown_as_lines(ask: Ask) -> None:
    (diff,) = parts(ask, 1)
    signs = [(line.sign, "".join(word for _, word in line.words)) for line in diff.lines]
    assert signs == [(" ", "def seek():"), ("-", "    return 3"), ("+", "    return 4")]


def test_a_change_by_a_patch_is_shown_from_the_command_that_made_it(ask: Ask) -> None:
    """One call, and a file_op for each of its files, which say how many lines it was and not which."""
    patch = "*** Begin Patch\n*** Update File: a.py\n@@\n-x = 3\n+x = 4\n*** Add File: b.py\n+y = 1\n*** End Patch"
    at = clock.parse_time("2026-03-01T10:00:00Z", 0)
    given = {"input": {"command": ["apply_patch", patch]}}
    with tachograph.open() as store:
        store.sessions.add(Session("patched", "tin", started_at=at))
        store.events.add(Event("patched", "command", command=patch, tool_call_id="c", metadata=given, at=at))
        for path, operation in (("/repo/a.py", "edit"), ("/repo/b.py", "write"), ("/repo/c.py", "edit")):
            store.events.add(Event("patched", "file_op", operation=operation, file_path=path, tool_call_id="c", at=at))
        ids = [event.id for event in store.events.list(session="patched", type="file_op")]
    drawn = [
        ["".join([line.sign, *(text for _, text in line.words)]) for part in shown.parts for line in part.lines]
        for shown in (typed(ask("GET", f"/api/query/session/patched/event/{one}/shown"), watching.Shown) for one in ids)
    ]
    assert drawn == [["-x = 3", "+x = 4"], ["+y = 1"], []]


def test_a_command_has_its_output_without_what_acts_on_a_screen(ask: Ask) -> None:
    asked, answered = parts(ask, 2)
    assert (text(asked), text(answered)) == ("ls | wc -l", "3")
    assert text(parts(ask, 3)[0]) == '{\n  "deep": true\n}'


def test_an_event_is_shown_with_its_own_session_only(ask: Ask) -> None:
    event = opening(ask, "read/opening").chosen
    refused(ask("GET", f"/api/query/session/long/event/{event}/shown"), 404, "read")
