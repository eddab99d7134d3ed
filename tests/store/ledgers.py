"""A home with a row in every sealed table and two sealed sessions, as files to copy; and how to check a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

from tachograph.ingest.sealing import seal_quiet
from tachograph.proof.report import Report
from tachograph.records import AuditEntry, Collision, SloViolation, Step
from tachograph.store import Store

from .samples import AT, SECOND, event, extraction, opened, printed, raw, session

FILES = ("tachograph.db", "heads.log", "signing.key")


def write(folder: Path) -> None:
    """Into TACHOGRAPH_HOME, which is `folder`. Everything is sealed and no log is left beside the database."""
    folder.mkdir(parents=True, exist_ok=True)
    with opened(folder) as store:
        fill(store)
        seal_quiet(store, quiet=0)
    connection = raw(folder / "tachograph.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
    connection.close()


def fill(store: Store) -> None:
    for number in (1, 2):
        name = f"codex-{number}"
        store.sessions.add(session(name, command="make", exit_code=0, ended_at=AT + SECOND, status="completed"))
        store.events.add_many([event(name, event_type="command", command=f"make {n}", at=AT + n) for n in range(8)])
        store.extractions.add_many([extraction(name, matched_value=f"boom {n}", line_number=n) for n in range(4)])
        store.steps.put(name, "codex", [Step("call:1", "command", AT, command="ls", status="ok")], source="hook")
        printed(store, name, (AT, b"one\ntwo\nthree\n"))
    store.audit.add_many([AuditEntry("codex", f"step {n}", "completed", duration_ms=n) for n in range(6)])
    for number in range(4):
        execution = f"exec-{number}"
        store.receipts.add(execution, "codegen", "generation", "passed", inputs=[number], outputs={"n": number})
        store.stages.add(execution, "μ₁_normalize", 10 + number, "passed", input_size_bytes=number)
        store.slo.add(SloViolation(execution, "latency", 1.5, 2.25 + number, "warning"))
        store.memory.set("codex", {"n": number}, source="cli")
    flow = store.workflows.start(title="both").session_id
    for number in range(3):
        store.collisions.add(
            Collision(
                flow, "codex", "codex", "file_conflict", f"both wrote {number}", "warning", "2026-11-21T09:00:00.000Z",
                subject=f"file {number}",
            )
        )  # fmt: skip


def copy(source: Path, folder: Path) -> Path:
    """Another home with the same in it."""
    folder.mkdir()
    for name in FILES:
        shutil.copyfile(source / name, folder / name)
    return folder


def verified(folder: Path) -> Report:
    with opened(folder) as store:
        return store.ledger.verify()
