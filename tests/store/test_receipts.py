"""Receipts: content-addressed, told apart by what went in and came out, sealed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.errors import BadRecord, NotFound, UsageError
from tachograph.proof.canonical import canonical
from tachograph.store import Store

from .samples import AT, opened, raw


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path))
    with opened(tmp_path) as store:
        yield store


def test_its_id_is_the_digest_of_what_it_says(store: Store) -> None:
    made = store.receipts.add(
        "exec-1", "codegen", "generation", "passed", duration_ms=12, receipt={"files": ["ä", 1.0]}, timestamp=AT
    )
    assert made.receipt_json == (
        '{"agent_id":"codegen","duration_ms":12,"execution_id":"exec-1","files":["ä",1],"operation":"generation",'
        '"status":"passed","timestamp":"2026-11-21T09:14:02.123Z"}'
    )
    assert made.receipt_id == hashlib.sha256(made.receipt_json.encode()).hexdigest()
    assert made.determinism_hash is None
    assert store.ledger.verify().sound and store.ledger.verify().rows == 1


def test_the_same_work_has_the_same_determinism_hash(store: Store) -> None:
    def made(number: int, content: str) -> str | None:
        found = store.receipts.add(
            f"exec-{number}", f"agent-{number}", "generation", "success", duration_ms=number,
            inputs=[{"path": "a", "sha256": content}], outputs={"exit_code": 0},
        )  # fmt: skip
        assert json.loads(found.receipt_json or "")["inputs"] == [{"path": "a", "sha256": content}]
        return found.determinism_hash

    first, again, other = made(1, "aa"), made(2, "aa"), made(3, "ab")
    both = {"inputs": [{"path": "a", "sha256": "aa"}], "outputs": {"exit_code": 0}}
    assert first == again == hashlib.sha256(canonical(both)).hexdigest() != other
    assert [one.execution_id for one in store.receipts.list(determinism=first)] == ["exec-2", "exec-1"]


def test_a_hash_of_ones_own_is_kept(store: Store) -> None:
    receipt = {"determinism_hash": "sha256:abc123", "status": "success", "files_generated": 12}
    made = store.receipts.add("exec-1", "v", "validation", "success", receipt=receipt)
    assert (made.determinism_hash, made.status) == ("sha256:abc123", "passed")
    assert json.loads(made.receipt_json or "")["status"] == "passed"
    assert store.receipts.add("exec-2", "v", "validation", "failed", receipt={"determinism_hash": 7}).receipt_json


def test_an_execution_has_one_receipt(store: Store) -> None:
    store.receipts.add("exec-1", "a", "generation", "partial")
    done = store.receipts.add("exec-1", "a", "generation", "error", error_message="no space")
    assert (done.id, done.status, done.error_message) == (1, "failed", "no space")
    with pytest.raises(BadRecord, match="has a receipt already"):
        store.receipts.add("exec-1", "a", "generation", "passed")
    assert store.receipts.add("exec-1", "a", "generation", "passed", replace=True).id == 1
    report = store.ledger.verify()
    assert report.sound and (report.entries, report.rows) == (3, 1)


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (("", "a", "generation", "passed"), {}),
        (("e", "", "generation", "passed"), {}),
        (("e", "a", "deploying", "passed"), {}),
        (("e", "a", "generation", "green"), {}),
        (("e", "a", "generation", "passed"), {"receipt": {"n": 2**60}}),
        (("e", "a", "generation", "passed"), {"receipt": {"n": float("nan")}}),
        *((("e", "a", "generation", "passed"), {"duration_ms": wrong}) for wrong in (1.5, -1, "5", True, None, 2**53)),
        (("e", "a", "generation", "passed"), {"files_generated": -1}),
        (("e", "a", "generation", "passed"), {"timestamp": "some day"}),
        (("e", "a", "generation", "passed"), {"receipt": '{"a": 1}'}),
        (("e", 7, "generation", "passed"), {}),
        (("e", "a\ud800", "generation", "passed"), {}),
    ],
)
def test_what_is_no_receipt_is_refused(
    store: Store, words: tuple[str, str, str, str], fields: dict[str, object]
) -> None:
    with pytest.raises(BadRecord):
        store.receipts.add(*words, **fields)  # type: ignore[arg-type]
    assert store.receipts.list() == [] and store.ledger.verify().entries == 0


def test_it_is_found_by_every_name(store: Store) -> None:
    made = [store.receipts.add(name, "a", "generation", "passed", timestamp=AT) for name in ("exec-1", "exec-2", "1")]
    first = made[0]
    assert store.receipts.get("exec-1") == store.receipts.get(first.receipt_id or "") == store.receipts.get(1) == first
    assert store.receipts.get((first.receipt_id or "")[:12]) == first
    assert store.receipts.get("1").execution_id == "1", "a name comes before a number"
    for name in ("exec-9", 9, "abc", "ffffffff"):
        with pytest.raises(NotFound):
            store.receipts.get(name)


def test_a_beginning_that_fits_two_names_both(store: Store, tmp_path: Path) -> None:
    for name in ("exec-1", "exec-2"):
        store.receipts.add(name, "a", "generation", "passed")
    raw(tmp_path / "tachograph.db").execute("UPDATE receipts SET receipt_id = printf('abcd%060d', id)")
    with pytest.raises(UsageError, match="fits several"):
        store.receipts.get("abcd")


def test_lists_and_counts(store: Store) -> None:
    for number, status in enumerate(("passed", "failed", "passed", "cancelled")):
        store.receipts.add(
            f"exec-{number}", f"agent-{number % 2}", "generation" if number else "validation", status,
            duration_ms=number * 10, timestamp=AT + number * 1_000_000_000,
            session_id="codex-1" if number == 2 else None,
        )  # fmt: skip

    def names(**filters: object) -> list[str]:
        return [one.execution_id for one in store.receipts.list(**filters)]  # type: ignore[arg-type]

    assert names() == ["exec-3", "exec-2", "exec-1", "exec-0"]
    assert names(agent="%-1") == names(agent="agent-1") == ["exec-3", "exec-1"]
    assert names(status="success") == ["exec-2", "exec-0"]
    assert names(operation="val*") == ["exec-0"]
    assert names(session="codex-1") == ["exec-2"]
    assert names(since=AT + 1_000_000_000, until=AT + 2_000_000_000) == ["exec-2", "exec-1"]
    assert names(limit=1) == ["exec-3"]
    assert store.receipts.stats() == {
        "receipts_total": 4, "receipts_success": 2, "receipts_error": 1, "receipts_partial": 0,
        "receipts_cancelled": 1, "avg_duration_ms": 15.0, "last_receipt": "2026-11-21T09:14:05.123Z",
    }  # fmt: skip
