"""Collisions as they are kept: once each, sealed, resolved."""

from __future__ import annotations

import msgspec
import pytest

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.records import Collision, Session
from tachograph.store import Store

from .samples import AT, SECOND


@pytest.fixture
def flow(store: Store) -> str:
    return store.workflows.start(at=AT).session_id


def collision(flow: str, **fields: object) -> Collision:
    known = Collision(
        flow, "codex", "claude", "file_conflict", "claude and codex edited a.py", "warning", clock.iso(AT),
        session_id_1="codex-1", session_id_2="claude-1", event_id_1=1, event_id_2=2, subject="/p/a.py",
    )  # fmt: skip
    return msgspec.structs.replace(known, **fields)


def test_the_same_two_events_collide_once(store: Store, flow: str) -> None:
    first = store.collisions.add(collision(flow))
    assert first is not None
    assert store.collisions.add(collision(flow, description="told again")) is None
    assert store.collisions.add(collision(flow, subject="/p/a.py::main", collision_type="semantic_overlap"))
    assert [one.description for one in store.collisions.list(type="file_conflict")] == ["claude and codex edited a.py"]
    report = store.ledger.verify()
    assert report.sound and not report.unsealed


def test_resolving_is_sealed_and_can_be_asked_for(store: Store, flow: str) -> None:
    number = store.collisions.add(collision(flow)) or 0
    assert [one.id for one in store.collisions.list(open=True)] == [number]
    resolved = store.collisions.resolve(number, "codex's version was kept")
    assert resolved.resolution == "codex's version was kept" and resolved.resolved_at
    assert store.collisions.list(open=True) == []
    assert store.collisions.stats() == [
        {"collision_type": "file_conflict", "severity": "warning", "count": 1, "unresolved": 0}
    ]
    assert store.ledger.verify().sound
    with pytest.raises(BadRecord, match="empty"):
        store.collisions.resolve(number, "  ")
    with pytest.raises(NotFound):
        store.collisions.resolve(99, "x")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"session": "claude-1"}, [1, 2]),
        ({"session": "gemini-1"}, [2]),
        ({"agent": "gem*"}, [2]),
        ({"agent": "codex"}, [1]),
        ({"severity": "critical"}, [2]),
        ({"type": "structural_overlap"}, []),
        ({"since": AT + SECOND}, [2]),
        ({"until": AT}, [1]),
        ({"limit": 1}, [2]),
    ],
)
def test_lists_are_filtered(store: Store, flow: str, filters: dict[str, object], found: list[int]) -> None:
    store.collisions.add(collision(flow))
    store.collisions.add(
        collision(
            flow, agent_id_1="gemini", session_id_1="gemini-1", event_id_1=3, severity="critical",
            timestamp=clock.iso(AT + SECOND),
        )
    )  # fmt: skip
    assert sorted(one.id for one in store.collisions.list(**filters)) == found
    assert store.collisions.list(workflow="another") == []


def test_what_repeats_what_was_said_already(store: Store, flow: str) -> None:
    store.collisions.add(collision(flow))
    later = collision(flow, event_id_1=5, timestamp=clock.iso(AT + SECOND))
    turned = msgspec.structs.replace(later, session_id_1="claude-1", session_id_2="codex-1")
    since = clock.iso(AT - SECOND)
    assert store.collisions.repeats(later, since) and store.collisions.repeats(turned, since)
    assert not store.collisions.repeats(msgspec.structs.replace(later, severity="critical"), since)
    assert not store.collisions.repeats(msgspec.structs.replace(later, subject="/p/b.py"), since)
    assert not store.collisions.repeats(later, clock.iso(AT + 1_000_000))


def test_a_lost_race_for_a_memory_has_a_workflow_of_its_own_or_that_of_its_session(store: Store, flow: str) -> None:
    alone = store.collisions.get(store.collisions.memory_conflict("planner", description="version 3 was expected"))
    assert (alone.collision_type, alone.subject, alone.agent_id_2) == ("memory_conflict", "planner", "planner")
    assert store.workflows.get(alone.session_id).opened_by == "tachograph"
    store.sessions.add(Session("codex-1", "codex"))
    store.workflows.join(flow, ["codex-1"])
    again = store.collisions.memory_conflict(
        "planner", description="again", session_id="codex-1", agent="codex", overlap={"expected": 3, "found": 4}
    )
    found = store.collisions.get(again)
    assert (found.session_id, found.agent_id_2, found.overlap_json) == (flow, "codex", '{"expected":3,"found":4}')


def test_words_and_workflows_nobody_knows_are_refused(store: Store, flow: str) -> None:
    for wrong in ({"collision_type": "fight"}, {"severity": "bad"}, {"description": ""}):
        with pytest.raises(BadRecord):
            store.collisions.add(collision(flow, **wrong))
    with pytest.raises(BadRecord, match="FOREIGN KEY"):
        store.collisions.add(collision("no-workflow"))
    assert store.collisions.list() == []
