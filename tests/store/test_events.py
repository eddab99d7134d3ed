"""Structured steps: what is stored comes back, in the order that was asked for."""

from __future__ import annotations

import msgspec
import pytest

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.records import EVENT_TYPES, Event
from tachograph.store import Store

from .samples import AT, SECOND, event, extraction, session


def test_every_field_of_an_event_comes_back(store: Store) -> None:
    store.sessions.add(session("codex-1"))
    samples: dict[str, object] = {"str": "text", "bool": True, "int": 7, "float": 0.5, "dict": {"a": [1, None, "é"]}}
    fields = {
        field.name: next(value for kind, value in samples.items() if kind in str(field.type))
        for field in msgspec.structs.fields(Event)
    }
    fields |= {"session_id": "codex-1", "event_type": "command", "risk_level": "medium", "seq": 1}
    given = Event(**fields)
    number = store.events.add(given)
    assert store.events.get(number) == msgspec.structs.replace(given, id=number)
    assert store.events.list(session="codex-1") == store.timeline() == [store.events.get(number)]


@pytest.mark.parametrize("event_type", [*EVENT_TYPES, "acme.deploy"])
def test_an_event_needs_nothing_but_a_session_and_a_type(store: Store, event_type: str) -> None:
    before = clock.now()
    found = store.events.get(store.events.add(Event("codex-1", event_type)))
    assert before <= found.at <= clock.now()
    assert found == Event("codex-1", event_type, at=found.at, id=found.id, seq=1)


def test_order_is_the_sessions_own_whatever_the_clock_says(store: Store) -> None:
    jumps = [5, 3, 9, 3]
    store.events.add_many([event(content=str(n), at=AT + n * SECOND) for n in jumps])
    assert [one.content for one in store.events.list(session="codex-1")] == ["5", "3", "9", "3"]
    assert [one.content for one in store.events.list(session="codex-1", ascending=False, limit=3)] == ["3", "9", "3"]
    assert [one.seq for one in store.events.list(session="codex-1")] == [1, 2, 3, 4]
    assert [one.content for one in store.timeline()] == ["3", "3", "5", "9"]
    assert [one.seq for one in store.timeline()] == [2, 4, 1, 3], "equal times: the order of arrival"


def test_filters(store: Store) -> None:
    store.sessions.add(session("codex-1"))
    store.sessions.add(session("aider-1"))
    store.events.add_many(
        [
            event("codex-1", "command", status="ok", at=AT),
            event("aider-1", "command", status="error", at=AT + SECOND),
            event("codex-1", "reply", content="done", at=AT + 2 * SECOND),
            event("codex-1", "command", status="error", at=AT + 3 * SECOND),
        ]
    )
    store.extractions.add(extraction(at=AT + 4 * SECOND))

    def found(**filters: object) -> list[int]:
        return [(one.at - AT) // SECOND for one in store.events.list(**filters)]

    assert found() == [0, 1, 2, 3, 4]
    assert found(ascending=False, limit=2) == [4, 3]
    assert found(type="command") == [0, 1, 3]
    assert found(agent="aider") == found(agent="a*") == [1]
    assert found(agent="nobody") == found(type="usage") == found(session="nobody") == found(limit=0) == []
    assert found(status="error") == [1, 3]
    assert found(status="error", limit=1, ascending=False) == [3]
    assert found(session="codex-1", status="error") == [3]
    assert found(session="codex-1", type="error") == [4]
    assert found(session="codex-1", agent="aider") == []
    assert found(since=AT + SECOND, until=AT + 3 * SECOND) == [1, 2, 3]
    assert found(session="codex-1", since=AT + SECOND, until=AT + 3 * SECOND) == [2, 3]
    assert found(limit=None) == [0, 1, 2, 3, 4]


def test_after_an_id_in_order_of_arrival(store: Store) -> None:
    assert store.events.last_id() == 0
    first = store.events.add_many([event(at=AT + 9 * SECOND), event("aider-1", at=AT), event(at=AT - SECOND)])
    assert store.events.last_id() == first + 2
    assert [one.id for one in store.events.list(after=0)] == [first, first + 1, first + 2]
    assert [one.id for one in store.events.list(after=first)] == [first + 1, first + 2]
    assert [one.id for one in store.events.list(after=first - 1, session="codex-1")] == [first, first + 2]
    assert [one.id for one in store.events.list(after=first, type="marker", limit=1)] == [first + 1]
    assert store.events.list(after=store.events.last_id()) == []


def test_an_event_of_many_kinds_of_text(store: Store) -> None:
    texts = [
        "",
        " ",
        "\x00",
        "a\x00b",
        "\x1b[31mred\x1b[0m",
        "한글 がある 🤖",
        "x" * 200_000,
        "'; DROP TABLE _events; --",
    ]
    first = store.events.add_many([event(content=text, command=text, metadata={"t": text}) for text in texts])
    found = [store.events.get(first + number) for number in range(len(texts))]
    assert [one.content for one in found] == texts
    assert [one.command for one in found] == texts
    assert [one.metadata for one in found] == [{"t": text} for text in texts]


BAD = {
    "no session": {"session_id": ""},
    "type unknown": {"event_type": "deploy"},
    "duration is no number": {"duration_ms": "long"},
    "exit code is no number": {"exit_code": "no"},
    "exit code is too large": {"exit_code": 1 << 64},
    "half a character": {"content": "\udcff"},
    "metadata is not JSON": {"metadata": {"a": object()}},
    "content is bytes": {"content": b"raw"},
    "source is no text": {"source": 5},
    "risk unknown": {"pattern": "p", "risk_level": "deadly"},
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_one_bad_event_leaves_nothing_of_its_batch(store: Store, fields: dict[str, object]) -> None:
    store.events.add(event())
    before = [store.stats(), store.sessions.list(), store.events.list()]
    given = {"session_id": "codex-2", "event_type": "marker", "at": AT, **fields}
    with pytest.raises(BadRecord):
        store.events.add_many([event("codex-3"), event(), Event(**given)])
    assert [store.stats(), store.sessions.list(), store.events.list()] == before
    assert store.check() == []


def test_an_unknown_event_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        store.events.get(7)
    assert "tachograph events" in caught.value.hint
    assert store.events.add_many([]) == 0
