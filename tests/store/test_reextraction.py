"""Other rules over an old recording: what is found again keeps its id and what people said of it."""

from __future__ import annotations

import pytest

from tachograph.errors import BadRecord, NotFound
from tachograph.records import Extraction
from tachograph.store import Store, settling
from tachograph.store.code_blocks import digest_of

from .samples import AT, block, event
from .samples import extraction as any_extraction


def extraction(session: str = "codex-1", **fields: object) -> Extraction:
    """As the importer stores what it finds in output."""
    return any_extraction(session, **{"source": "wrapper", **fields})


def again(one: Extraction, **fields: object) -> Extraction:
    """The same finding as another run of the rules gives it: without an id, perhaps with another time."""
    values = {name: getattr(one, name) for name in one.__struct_fields__}
    return Extraction(**{**values, "id": 0, "at": AT + 5, **fields})


def test_what_is_found_again_stays(store: Store) -> None:
    given = [extraction(line_number=n, metadata={"n": n}, matched_value=f"v{n}") for n in range(4)]
    first = store.extractions.add_many(given)
    said = store.feedback.add(first + 1, "correct", "yes")
    stored = store.extractions.list(session="codex-1")
    new = extraction(line_number=9, pattern="new")
    counts = store.extractions.replace("codex-1", [again(given[1]), new, again(given[3])], [])
    assert counts == (2, 1)
    left = store.extractions.list(session="codex-1")
    assert left[:2] == [stored[1], stored[3]], "ids, times and order are as they were"
    assert left[2].id > stored[-1].id and left[2].pattern == "new"
    assert store.feedback.list() == [said]
    assert store.check() == []


def test_the_same_rules_change_nothing(store: Store) -> None:
    given = [extraction(line_number=1), extraction(line_number=1), extraction(line_number=2, code_block_language="go")]
    store.extractions.add_many(given)
    before = store.events.list(after=0)
    assert store.extractions.replace("codex-1", [again(one) for one in given], []) == (0, 0)
    assert store.events.list(after=0) == before


def test_of_equal_findings_the_earliest_stay(store: Store) -> None:
    first = store.extractions.add_many([extraction(line_number=1)] * 3)
    assert store.extractions.replace("codex-1", [again(extraction(line_number=1))], []) == (2, 0)
    assert [one.id for one in store.extractions.list(session="codex-1")] == [first]


def test_a_difference_in_any_column_is_another_finding(store: Store) -> None:
    given = extraction(line_number=1, matched_value="a", original_line="b", metadata={"c": 1})
    for field, value in {
        "event_type": "warning", "pattern": "other", "risk_level": "high", "auto_confirmable": True,
        "code_block_language": "go", "line_number": 2, "matched_value": "x", "original_line": "x", "metadata": {"c": 2},
    }.items():  # fmt: skip
        name = f"codex-{field}"
        number = store.extractions.add(again(given, session_id=name))
        assert store.extractions.replace(name, [again(given, session_id=name, **{field: value})], []) == (1, 1)
        assert store.extractions.list(session=name)[0].id > number


def test_what_goes_takes_its_feedback_and_counts_along(store: Store) -> None:
    first = store.extractions.add_many([extraction(line_number=n) for n in range(1200)])
    store.feedback.add(first, "wrong")
    assert store.extractions.replace("codex-1", [], []) == (1200, 0)
    found = store.sessions.get("codex-1")
    assert (found.events, found.extractions, found.errors, found.feedbacks) == (0, 0, 0, 0)
    assert store.feedback.list() == []
    assert store.extractions.pattern_stats("python_exception")["total"] == 0
    assert store.sessions.counts("codex-1") == {}
    assert store.check() == []
    assert store.extractions.add(extraction()) == first + 1200, "numbers are never handed out twice"


def test_other_sessions_and_what_people_added_are_left_alone(store: Store) -> None:
    mine = store.events.add(event(event_type="error", pattern="by_hand", source="user"))
    step = store.events.add(event(event_type="reply", content="hello"))
    other = store.extractions.add(extraction("aider-1"))
    api = store.extractions.add(extraction(source=""))
    store.extractions.add(extraction())
    assert store.extractions.replace("codex-1", [], []) == (1, 0)
    assert [one.id for one in store.events.list(after=0)] == [mine, step, other, api]


def test_first_and_last_time_of_a_rule_follow(store: Store) -> None:
    store.extractions.add_many([extraction(line_number=n, at=AT + n) for n in range(5)])
    store.extractions.add(extraction("aider-1", at=AT + 2))
    keep = [again(extraction(line_number=n)) for n in (1, 3)]
    store.extractions.replace("codex-1", keep, [])
    stats = store.extractions.pattern_stats("python_exception")
    assert (stats["first"], stats["last"]) == (AT + 1, AT + 3)
    store.extractions.replace("codex-1", [], [])
    stats = store.extractions.pattern_stats("python_exception")
    assert (stats["total"], stats["first"], stats["last"]) == (1, AT + 2, AT + 2)


def test_what_is_not_in_the_totals_yet_is_not_taken_from_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settling.settle.__kwdefaults__, "after", 5)
    store.extractions.add_many([extraction("codex-1", line_number=n) for n in range(6)])
    store.extractions.add_many([extraction("codex-2", line_number=n, at=AT + 9) for n in range(3)])
    assert store.extractions.replace("codex-2", [], []) == (3, 0)
    stats = store.extractions.pattern_stats("python_exception")
    assert (stats["total"], stats["first"], stats["last"]) == (6, AT, AT)
    assert store.check() == []


def test_code_found_again_stays_where_it_was_seen(store: Store) -> None:
    for content, line in (("a = 1", 1), ("b = 2", 5), ("b = 2", 9)):
        store.code_blocks.add(block(content, line_start=line, line_end=line + 2))
    store.code_blocks.add(block("a = 1", "aider-1", line_start=7, line_end=9, at=AT + 1))
    before = {one.content: one for one in store.code_blocks.list()}
    store.extractions.replace(
        "codex-1",
        [],
        [
            block("b = 2", line_start=9, line_end=11, at=AT + 99, digest=digest_of("b = 2")),
            block("c = 3", line_start=12, line_end=14),
        ],
    )
    after = {one.content: one for one in store.code_blocks.list()}
    assert after.keys() == {"a = 1", "b = 2", "c = 3"}
    assert after["a = 1"].id == before["a = 1"].id, "another session has seen it, too"
    assert (after["a = 1"].session_id, after["b = 2"].id) == ("aider-1", before["b = 2"].id)
    assert [(one.line_start, one.at) for one in store.code_blocks.sightings(after["b = 2"].id)] == [(9, AT)]
    store.extractions.replace("codex-1", [], [])
    assert [one.content for one in store.code_blocks.list()] == ["a = 1"]
    assert store.check() == []


def test_it_is_all_or_nothing(store: Store) -> None:
    store.extractions.add_many([extraction(line_number=n) for n in range(3)])
    store.code_blocks.add(block("a = 1"))
    before = (store.events.list(after=0), store.code_blocks.list(), store.stats_by("type"))
    for found, blocks in (
        ([extraction(line_number="x")], []),
        ([extraction()], [block("")]),
        ([extraction(metadata={"a": object()})], []),
    ):
        with pytest.raises(BadRecord):
            store.extractions.replace("codex-1", found, blocks)
        assert (store.events.list(after=0), store.code_blocks.list(), store.stats_by("type")) == before
    with pytest.raises(NotFound):
        store.extractions.replace("codex-9", [], [])
    assert store.check() == []
