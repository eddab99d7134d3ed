"""What is no word, number or time is refused wherever a row of the ledger is made, and a time is stored as all are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tachograph.errors import BadRecord
from tachograph.records import AuditEntry, Collision, SloViolation
from tachograph.store import Store


def violation(**fields: object) -> SloViolation:
    told = {"execution_id": "e", "metric": "m", "target_value": 1, "actual_value": 2, "severity": "warning", **fields}
    return SloViolation(**told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "add",
    [
        *(
            lambda store, n=n: store.audit.add("a", "o", "completed", duration_ms=n)
            for n in (-1, 1.5, "5", True, 2**53)
        ),
        *(lambda store, n=n: store.stages.add("e", "emit", 1, "passed", input_size_bytes=n) for n in (-1, 1.5, "5")),
        *(lambda store, n=n: store.slo.add(violation(actual_value=n)) for n in ("2", None, True, float("nan"))),
        lambda store: store.slo.add(violation(metric=7)),
        lambda store: store.audit.add_many([AuditEntry("a", "o", "completed", timestamp="some day")]),
        lambda store: store.collisions.add(
            Collision("flow", "a", "b", "file_conflict", "both", "info", "some day", subject="x")
        ),
    ],
)
def test_it_is_refused(store: Store, add: Callable[[Store], object]) -> None:
    store.workflows.start(session_id="flow")
    before = store.ledger.verify().entries
    with pytest.raises(BadRecord):
        add(store)
    assert store.ledger.verify().entries == before


def test_a_time_with_another_zone_is_stored_as_all_are(store: Store) -> None:
    store.receipts.add("e", "a", "generation", "passed", timestamp="2026-11-21T10:14:02+01:00")
    assert store.receipts.get("e").timestamp == "2026-11-21T09:14:02.000Z"
