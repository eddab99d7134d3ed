"""Cleaning up: what is old goes with all that hangs on it, what is young stays, and the ledger still holds."""

from __future__ import annotations

from tachograph import clock
from tachograph.store import Store, cleaning

from .samples import raw

DAY = 86400 * clock.SECOND


def aged(store: Store, name: str, days: int) -> None:
    """An execution of some days ago with a stage, a missed objective and an audit entry, all sealed then."""
    db = store._connection
    with store.transaction():
        receipt = db.execute(
            "INSERT INTO receipts (execution_id, agent_id, status, created_at)"
            " VALUES (?, 'codegen', 'passed', datetime('now', ?)) RETURNING id", (name, f"-{days} days"),
        ).get  # fmt: skip
        entry = db.execute(
            "INSERT INTO audit_log (agent_id, operation, status, timestamp) VALUES ('codegen', ?, 'completed',"
            " strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?)) RETURNING id", (name, f"-{days} days"),
        ).get  # fmt: skip
        store.ledger.seal("receipts", [receipt])
        store.ledger.seal("audit_log", [entry])
    store.stages.add(name, "μ₁_normalize", 5, "passed")
    with store.transaction():
        missed = db.execute(
            "INSERT INTO slo_violations (execution_id, metric, target_value, actual_value, severity, timestamp)"
            " VALUES (?, 'm', 1, 2, 'warning', 'now') RETURNING id", (name,),
        ).get  # fmt: skip
        store.ledger.seal("slo_violations", [missed])


def left(store: Store) -> list[list[str]]:
    return [
        [str(row[0]) for row in store.sql(f"SELECT {column} FROM {table} ORDER BY id").rows]
        for table, column in (
            *(("receipts", "execution_id"), ("pipeline_metrics", "execution_id")),
            *(("slo_violations", "execution_id"), ("audit_log", "operation")),
        )
    ]


def test_what_is_old_goes_with_all_that_hangs_on_it(store: Store) -> None:
    for name, days in (("ancient", 400), ("old", 91), ("young", 89), ("new", 0)):
        aged(store, name, days)
    before = clock.now() - 90 * DAY
    assert store.clean(before, dry_run=True) == cleaning.Cleaned(2, 2, 2, 2)
    assert left(store)[0] == ["ancient", "old", "young", "new"], "a dry run changes nothing"
    assert store.clean(before) == cleaning.Cleaned(2, 2, 2, 2)
    assert left(store) == [["young", "new"]] * 3 + [["young", "new", "clean"]]
    store.vacuum()
    report = store.ledger.verify()
    assert report.sound and report.tombstones == 8 and report.unsealed == []
    (noted,) = store.audit.list(operation="clean")
    assert (noted.agent_id, noted.operation_type) == ("tachograph", "recorder")
    assert "2 receipts, 2 stages, 2 missed objectives, 2 audit entries" in str(noted.details)
    assert store.check() == []


def test_when_there_is_nothing_old_nothing_is_noted(store: Store) -> None:
    aged(store, "new", 0)
    assert not any(store.clean(clock.now() - 90 * DAY))
    assert left(store)[3] == ["new"]


def test_rows_that_nobody_sealed_go_too(store: Store) -> None:
    raw(store.path).execute(
        "INSERT INTO receipts (execution_id, agent_id, status, created_at) VALUES ('x', 'a', 'passed', '2001-01-01')"
    )
    raw(store.path).execute(
        "INSERT INTO audit_log (timestamp, agent_id, operation, status) VALUES ('2001-01-01', 'a', 'b', 'skipped')"
    )
    assert store.clean(clock.now() - DAY) == cleaning.Cleaned(1, 0, 0, 1)
    assert store.ledger.verify().sound


def test_many_are_removed_a_portion_at_a_time(store: Store) -> None:
    with store.transaction():
        for number in range(1201):
            store.audit.add("a", str(number), "completed")
            store.receipts.add(f"exec-{number}", "a", "watch", "passed")
    assert store.clean(clock.now() + DAY) == cleaning.Cleaned(1201, 0, 0, 1201)
    assert left(store)[0] == [] and left(store)[3] == ["clean"]
    assert store.ledger.verify().sound
