"""GET /api/live: what is stored is told at once, once, and to everybody who wants it; a slow client hurts nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tachograph
from tachograph import paths
from tachograph.formats.rows import to_row
from tachograph.records import Event, Session, Step
from tachograph.serve import pulse
from tachograph.serve.run import Background
from tachograph.store import Store

from .conftest import Ask
from .listening import LONG, EventSource, Json, Refused, Viewer

AT = 1_795_252_442_123_456_789


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with tachograph.open() as found:
        for name in ("codex-1", "aider-1"):
            found.sessions.add(Session(name, name.split("-")[0], started_at=AT))
        yield found


def marker(session: str = "codex-1", content: str = "here") -> Event:
    return Event(session, "marker", content=content, at=AT)


def is_event(number: int):  # type: ignore[no-untyped-def]  # a question to a message
    return lambda message: message["id"] == number


def rows(store: Store, **wanted: str) -> dict[int, Json]:
    return {one.id: to_row(one) for one in store.events.list(after=0, limit=None, **wanted)}  # type: ignore[arg-type]


def test_it_begins_with_where_it_stands(store: Store, server: Background, token: str) -> None:
    store.events.add(marker())
    with EventSource(server.port, token) as source:
        name, first = next(iter(source))
        assert source.headers["content-type"].startswith("text/event-stream")
        assert source.headers["cache-control"] == "no-store"
        assert name == first["type"] == "heartbeat" and first["cursor"] == source.last_id == str(store.arrivals.now())
        assert source.retry == 1000


def test_what_is_stored_is_told_as_its_row(store: Store, server: Background, token: str) -> None:
    with EventSource(server.port, token) as source:
        viewer, told = Viewer(), iter(source)
        viewer.listen(told, lambda message: message["type"] == "heartbeat")
        numbers = [store.events.add(marker(name)) for name in ("codex-1", "aider-1", "codex-1")]
        message = viewer.listen(told, is_event(numbers[-1]))
        assert viewer.events == rows(store) and list(viewer.events) == numbers
        assert (message["session_id"], message["seq"], message["at"]) == ("codex-1", 2, "2026-11-21T09:14:02.123Z")


def test_from_the_beginning_in_pages(store: Store, server: Background, token: str) -> None:
    first = store.events.add_many([marker(content=str(n)) for n in range(1800)])
    with EventSource(server.port, token, after=0) as source:
        viewer = Viewer()
        viewer.listen(iter(source), is_event(first + 1799))
    assert viewer.events == rows(store)
    with EventSource(server.port, token, after=first + 1700) as source:
        viewer = Viewer()
        viewer.listen(iter(source), is_event(first + 1799))
    assert list(viewer.events) == list(range(first + 1701, first + 1800))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"session": "codex-1"}, ["a", "c"]),
        ({"agent": "aid*"}, ["b", "d"]),
        ({"agent": "co%", "type": "prompt,error"}, ["c"]),
        ({"session": "nobody-1"}, []),
    ],
)
def test_filters(store: Store, server: Background, token: str, query: dict[str, str], expected: list[str]) -> None:
    with EventSource(server.port, token, **query) as following, EventSource(server.port, token) as all_of_it:
        told, everything = iter(following), iter(all_of_it)
        next(told), next(everything)
        store.events.add(marker(content="a"))
        store.events.add(marker("aider-1", "b"))
        store.events.add(Event("codex-1", "prompt", content="c", at=AT))
        last = store.events.add(Event("aider-1", "prompt", content="d", at=AT))
        Viewer().listen(everything, is_event(last))
        for one in expected:
            assert next(told)[1]["event"]["content"] == one
        with EventSource(server.port, token, after=0, **query) as reading:
            again = iter(reading)
            next(again)
            for one in expected:
                assert next(again)[1]["event"]["content"] == one


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("after=yesterday", "after"),
        ("after=-1", "after"),
        ("after=1-2", "after"),
        ("type=promt", "type"),
        ("agnet=tin", "agnet"),
    ],
)
def test_what_is_wrong_is_named(ask: Ask, query: str, name: str) -> None:
    reply = ask("GET", f"/api/live?{query}")
    assert (reply.status, reply.json["error"]["message"].split(":")[0]) == (400, name)


def test_a_last_event_id_of_something_else(server: Background, token: str) -> None:
    with pytest.raises(Refused) as refused:
        source = EventSource(server.port, token)
        source.last_id = "abcdef:3"
        source.open()
    assert refused.value.status == 400


def test_who_comes_again_goes_on_where_it_was(store: Store, server: Background, token: str) -> None:
    viewer = Viewer()
    with EventSource(server.port, token, after=0) as source:
        first = store.events.add(marker())
        viewer.listen(iter(source), is_event(first))
        source.close()
        more = [store.events.add(marker(content=str(n))) for n in range(20)]
        source.open()
        viewer.listen(iter(source), is_event(more[10]))
        source.open()
        viewer.listen(iter(source), is_event(more[-1]))
    assert viewer.events == rows(store)


def test_who_comes_back_to_a_store_that_was_made_anew_is_told_so(store: Store, home: Path, token: str) -> None:
    """It has more events by then than the one before had: no number says that it is another one."""
    store.events.add(marker())
    with Background(paths.places(), 0) as server, EventSource(server.port, token, after="0") as source:
        told = iter(source)
        assert [next(told)[0] for _ in range(2)] == ["heartbeat", "event"]
        known = source.last_id
    store.close()
    for file in home.glob("tachograph.db*"):
        file.unlink()
    with tachograph.open() as anew:
        anew.events.add_many([marker() for _ in range(5)])
    with Background(paths.places(), 0) as server, EventSource(server.port, token) as source:
        source.last_id = known
        source.open()
        told = iter(source)
        messages = [next(told)[1] for _ in range(7)]
    assert [message["type"] for message in messages] == ["heartbeat", "gap", *["event"] * 5]
    assert messages[1]["event"]["kind"] == "other_store"


def test_a_result_is_told_under_the_number_of_its_call(store: Store, server: Background, token: str) -> None:
    call = Step("call:1", "command", AT, command="make", tool_call_id="1")
    number = store.steps.put("codex-1", "codex", [call], source="transcript").events["call:1"]
    with EventSource(server.port, token) as following, EventSource(server.port, token, session="codex-1") as away:
        told = iter(following)
        next(told), next(iter(away))
        away.close()
        result = Step("call:1", "command", AT, tool_call_id="1", content="done", status="ok")
        store.steps.put("codex-1", "codex", [result], source="transcript")
        for source in (told, None):
            if source is None:
                away.open()
                source = iter(away)
                next(source)
            _, message = next(source)
            assert message["id"] == number
            assert (message["event"]["content"], message["event"]["status"]) == ("done", "ok")


def test_what_becomes_of_a_session(store: Store, server: Background, token: str) -> None:
    with EventSource(server.port, token, type="state") as source:
        told = iter(source)
        next(told)
        store.sessions.create("pi", "pi-1")
        seen = [next(told)[1]]
        store.events.add(marker("pi-1"))
        store.sessions.complete("pi-1", 3)
        seen += [next(told)[1] for _ in range(2)]
    assert [(one["type"], one["event"].get("status")) for one in seen] == [
        ("state", "running"),
        ("event", None),
        ("end", "failed"),
    ]
    assert seen[2]["event"] == to_row(store.sessions.get("pi-1"))


def test_before_anything_was_recorded(server: Background, token: str) -> None:
    with EventSource(server.port, token) as source:
        told = iter(source)
        assert next(told)[1]["cursor"] == "0-0-0"
        with tachograph.open() as store:
            store.events.add(marker())
        assert [next(told)[0] for _ in range(2)] == ["state", "event"]


def test_a_silent_stream_says_that_it_lives(
    home: Path, store: Store, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "HEARTBEAT", 0.05)
    with Background(paths.places(), 0) as server, EventSource(server.port, token, type="error") as source:
        told = iter(source)
        assert [next(told)[0] for _ in range(3)] == ["heartbeat"] * 3
        number = store.events.add(marker())
        deadline = time.monotonic() + LONG
        while not source.last_id.startswith(f"{number}-"):
            assert next(told)[0] == "heartbeat" and time.monotonic() < deadline


def test_a_slow_client_hurts_nobody_and_misses_nothing(store: Store, server: Background, token: str) -> None:
    with EventSource(server.port, token) as slow, EventSource(server.port, token) as quick:
        told = iter(quick)
        next(told)
        viewer = Viewer()
        for _ in range(40):  # more than any buffer between us takes
            last = store.events.add_many([marker(content="x" * 2000) for _ in range(200)]) + 199
            viewer.listen(told, is_event(last))
        late = Viewer()
        late.listen(iter(slow), is_event(last))
        assert late.events == viewer.events == rows(store)


def test_a_server_that_stops_ends_its_streams(store: Store, token: str) -> None:
    with Background(paths.places(), 0) as server:
        source = EventSource(server.port, token)
        told = iter(source)
        next(told)
    assert list(told) == []


def test_who_left_is_forgotten(store: Store, server: Background, token: str, ask: Ask) -> None:
    def clients() -> int:
        found = [
            line
            for line in ask("GET", "/metrics").body.decode().splitlines()
            if line.startswith("tachograph_live_clients ")
        ]
        return int(found[0].split()[1])

    sources = [EventSource(server.port, token) for _ in range(5)]
    for source in sources:
        next(iter(source))
    assert clients() == 5
    for source in sources:
        source.close()
    deadline = time.monotonic() + LONG
    while clients():
        assert time.monotonic() < deadline
        store.events.add(marker())
