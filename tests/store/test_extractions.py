"""Findings of the rules. The first tests carry the names of the design they come from."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.records import EXTRACTED_TYPES, Extraction
from tachograph.store import Store

from .samples import AT, SECOND, event, extraction, opened, session


def test_new_extraction_store(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.extractions.list() == []
        assert store.extractions.stats("codex")["total_extractions"] == 0


def test_save_and_retrieve(store: Store) -> None:
    given = Extraction(
        "codex", "codex-1", "error", "python_exception", "TypeError", "TypeError: undefined", 42, {"severity": "error"},
        None, "high", False, AT,
    )  # fmt: skip
    number = store.extractions.add(given)
    found = store.extractions.get(number)
    assert found == Extraction(**{**{n: getattr(given, n) for n in given.__struct_fields__}, "id": number})
    assert store.extractions.list(agent="codex", limit=10) == [found]


def test_save_batch(store: Store) -> None:
    first = store.extractions.add_many([extraction(line_number=line, at=AT + line) for line in range(1000)])
    found = store.extractions.list(session="codex-1", limit=None)
    assert [(one.id, one.line_number) for one in found] == [(first + line, line) for line in range(1000)]
    assert store.extractions.add_many([]) == 0


def many(store: Store) -> None:
    """Two agents, three sessions, several types, rules and risks; every second something happens."""
    store.extractions.add_many(
        [
            extraction("codex-1", at=AT + SECOND, risk_level="high"),
            extraction("codex-2", at=AT + 2 * SECOND, event_type="warning", pattern="deprecation"),
            extraction("aider-1", at=AT + 3 * SECOND, risk_level="medium"),
            extraction("codex-1", at=AT + 4 * SECOND, pattern="go_panic", risk_level="high"),
            extraction("codex-2", at=AT + 5 * SECOND, event_type="metric", pattern="duration", auto_confirmable=True),
        ]
    )


def seconds(found: object) -> list[int]:
    return [(one.at - AT) // SECOND for one in found]


def test_batches_of_several_sessions(store: Store) -> None:
    chance = random.Random(8151)
    told: list[Extraction] = []
    ends: Counter[str] = Counter()
    for size in (1, 2, 9, 50, 51, 137, 260):
        batch: list[Extraction] = []
        while len(batch) < size:
            name, number = f"codex-{chance.randint(1, 3)}", len(told) + len(batch)
            fields = {
                "original_line": f"line {number}",
                "line_number": chance.choice([None, number]),
                "matched_value": chance.choice([None, "m"]),
                "metadata": chance.choice([None, {}, {"é\n": number}]),
            }
            batch += [extraction(name, at=AT + number, **fields)] * chance.randint(1, 90)
        first = store.extractions.add_many(batch[:size])
        assert first == len(told) + 1
        told += batch[:size]
    stored = store.extractions.list(limit=None, ascending=True)
    assert [one.id for one in sorted(stored, key=lambda one: one.id)] == list(range(1, len(told) + 1))
    for one in sorted(stored, key=lambda one: one.id):
        assert msgspec.structs.replace(one, id=0) == msgspec.structs.replace(told[one.id - 1], id=0)
        ends[one.session_id] += 1
        assert store.extractions.place(one, one.session_id) == (ends[one.session_id],)


def test_get_by_type(store: Store) -> None:
    many(store)
    assert seconds(store.extractions.list(type="error")) == [4, 3, 1]
    assert seconds(store.extractions.list(agent="codex", type="error")) == [4, 1]
    assert seconds(store.extractions.list(agent="codex", type="error", limit=1)) == [4]
    assert store.extractions.list(type="url") == []


def test_get_by_pattern(store: Store) -> None:
    many(store)
    assert seconds(store.extractions.list(pattern="python_exception")) == [3, 1]
    assert seconds(store.extractions.list(agent="codex", pattern="python_exception")) == [1]
    assert store.extractions.list(pattern="no_such_rule") == []


def test_get_by_session(store: Store) -> None:
    many(store)
    assert seconds(store.extractions.list(session="codex-2")) == [2, 5], "a session reads from its beginning"
    assert seconds(store.extractions.list(session="codex-2", ascending=False)) == [5, 2]
    assert seconds(store.extractions.list(session="codex-1", pattern="go_panic")) == [4]
    assert store.extractions.list(session="codex-9") == []


def test_get_by_risk_and_time(store: Store) -> None:
    many(store)
    assert seconds(store.extractions.list(risk="high")) == [4, 1]
    assert seconds(store.extractions.list(since=AT + 2 * SECOND, until=AT + 4 * SECOND)) == [4, 3, 2]
    assert seconds(store.extractions.list(since=AT + 2 * SECOND, ascending=True)) == [2, 3, 4, 5]
    assert seconds(store.extractions.list(session="codex-1", since=AT + 2 * SECOND)) == [4]
    assert seconds(store.extractions.list(agent="c*")) == seconds(store.extractions.list(agent="c%")) == [5, 4, 2, 1]


def test_get_stats(store: Store) -> None:
    many(store)
    store.sessions.complete("codex-1", 0)
    store.sessions.complete("codex-2", 1)
    store.sessions.add(session("codex-3"))
    assert store.extractions.stats("codex") == {
        "agent_name": "codex",
        "total_sessions": 3,
        "total_extractions": 4,
        "extractions_by_type": {"error": 2, "metric": 1, "warning": 1},
        "success_rate": 0.5,
    }
    assert store.extractions.stats("aider")["success_rate"] is None
    assert store.extractions.stats("nobody") == {
        "agent_name": "nobody", "total_sessions": 0, "total_extractions": 0, "extractions_by_type": {},
        "success_rate": None,
    }  # fmt: skip


def test_pattern_stats(store: Store) -> None:
    many(store)
    assert store.extractions.pattern_stats("python_exception") == {
        "pattern": "python_exception",
        "total": 2,
        "agents": {"codex": 1, "aider": 1},
        "event_types": {"error": 2},
        "risk_levels": {"high": 1, "medium": 1},
        "first": AT + SECOND,
        "last": AT + 3 * SECOND,
    }, "first and last are the rule's own, not those of the batch it came in"
    unseen = store.extractions.pattern_stats("no_such_rule")
    assert (unseen["total"], unseen["first"], unseen["last"]) == (0, None, None)


def test_persistence(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        many(store)
        before = store.extractions.list()
    with opened(tmp_path) as again:
        assert again.extractions.list() == before
        assert again.extractions.add(extraction()) == before[0].id + 1, "numbers are never handed out twice"


def test_time_is_now_when_nobody_says(store: Store) -> None:
    before = clock.now()
    found = store.extractions.get(store.extractions.add(extraction(at=0)))
    assert before <= found.at <= clock.now()


@pytest.mark.parametrize("event_type", [*EXTRACTED_TYPES, "acme.deploy"])
def test_types_are_the_listed_ones_and_a_users_own(store: Store, event_type: str) -> None:
    store.extractions.add(extraction(event_type=event_type))
    assert store.extractions.list(type=event_type)[0].event_type == event_type


BAD = {
    "no session": {"session_id": ""},
    "session is no text": {"session_id": 5},
    "no agent": {"agent_name": "", "session_id": "new"},
    "type unknown": {"event_type": "deploy"},
    "type empty": {"event_type": ""},
    "type is no text": {"event_type": 5},
    "no pattern": {"pattern": ""},
    "pattern is no text": {"pattern": ["a"]},
    "risk unknown": {"risk_level": "deadly"},
    "line is no number": {"line_number": "abc"},
    "line is too large": {"line_number": 1 << 70},
    "half a character": {"matched_value": "\ud800"},
    "half a character in metadata": {"metadata": {"a": "\ud800"}},
    "metadata is not JSON": {"metadata": {"a": object()}},
    "text is a list": {"original_line": ["a"]},
    "language is no text": {"code_block_language": 5},
    "time is no number": {"at": "yesterday"},
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_one_bad_record_leaves_nothing_of_its_batch(store: Store, fields: dict[str, object]) -> None:
    store.extractions.add(extraction())
    before = [store.stats(), store.sessions.list(), store.events.list(), store.stats_by("type")]
    batch = [extraction("codex-2"), extraction(agent_name="new"), extraction(**fields), extraction()]
    with pytest.raises(BadRecord) as caught:
        store.extractions.add_many(batch)
    assert str(caught.value)
    assert [store.stats(), store.sessions.list(), store.events.list(), store.stats_by("type")] == before
    assert store.check() == []
    following = store.extractions.add(extraction("codex-3", agent_name="new", pattern="go_panic"))
    assert store.extractions.get(following).pattern == "go_panic", "and the words it would have added are not missed"
    assert store.check() == []


def test_a_batch_that_fails_inside_a_transaction_fails_alone(store: Store) -> None:
    with store.transaction():
        store.extractions.add(extraction(line_number=1))
        with pytest.raises(BadRecord):
            store.extractions.add_many([extraction("codex-2", line_number=2), extraction(line_number="abc")])
        store.extractions.add(extraction(line_number=3))
    assert [one.line_number for one in store.extractions.list(session="codex-1")] == [1, 3]
    assert [found.id for found in store.sessions.list()] == ["codex-1"]
    assert store.check() == []


def test_what_is_no_extraction_is_not_found_as_one(store: Store) -> None:
    number = store.events.add(event(content="a note"))
    for wrong in (number, number + 1, 0, -1):
        with pytest.raises(NotFound) as caught:
            store.extractions.get(wrong)
        assert "tachograph events" in caught.value.hint
    assert store.extractions.list() == []


def test_one_store_sees_what_another_adds(tmp_path: Path) -> None:
    """Both intern words of their own meanwhile: neither may miss the other's."""
    with opened(tmp_path) as one, opened(tmp_path) as two:
        one.extractions.add(extraction(pattern="a"))
        two.extractions.add(extraction(pattern="b"))
        one.extractions.add(extraction(pattern="c"))
        assert two.extractions.list()
        one.extractions.add(extraction("aider-1", pattern="d"))
        two.extractions.add(extraction("goose-1", pattern="e"))
        for store in (one, two):
            assert sorted(found.pattern for found in store.extractions.list()) == list("abcde")
            assert len(store.events.list()) == 5
            assert {found["agent_name"] for found in store.stats_by("agent")} == {"codex", "aider", "goose"}
