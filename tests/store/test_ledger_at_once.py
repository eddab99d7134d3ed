"""Twenty processes write receipts, memories and audit entries at once: none is lost, nobody meets a lock."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

from .clients import Module
from .samples import opened

WRITERS, EACH = 20, 5
WRITER = """
import sys
import tachograph
path, me, each = sys.argv[1], *map(int, sys.argv[2:])
with tachograph.open(path) as store:
    for number in range(each):
        store.receipts.add(f"exec-{me}-{number}", f"agent-{me}", "validation", "success", duration_ms=number)
        store.memory.set(f"agent-{me}", {"number": number})
        store.memory.set("everybody", {"me": me, "number": number})
        store.audit.add(f"agent-{me}", f"step-{number}", "completed", execution_id=f"exec-{me}-{number}")
"""


def test_twenty_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.db"  # which the first of them makes
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, str(me), str(EACH)], stderr=subprocess.PIPE, text=True
        )
        for me in range(WRITERS)
    ]  # fmt: skip
    errors = [writer.communicate(timeout=200)[1] for writer in writers]
    assert errors == [""] * WRITERS, "no lock error reaches anyone"
    with opened(tmp_path) as store:
        receipts = store.receipts.list(limit=None)
        wanted = {f"exec-{me}-{number}" for me in range(WRITERS) for number in range(EACH)}
        assert {one.execution_id for one in receipts} == wanted and len(receipts) == len(wanted)
        entries = Counter((one.agent_id, one.operation) for one in store.audit.list(limit=None))
        assert entries == Counter((f"agent-{me}", f"step-{n}") for me in range(WRITERS) for n in range(EACH))
        for me in range(WRITERS):
            assert [one.memory_json for one in store.memory.history(f"agent-{me}")] == [
                f'{{"number":{number}}}' for number in reversed(range(EACH))
            ]
        assert [one.version for one in store.memory.history("everybody")] == list(range(WRITERS * EACH, 0, -1))
        report = store.ledger.verify()
        assert report.sound and (report.entries, report.unsealed) == (WRITERS * EACH * 4, [])
        assert store.check() == []
        assert store.analytics.stats()["receipts_success"] == WRITERS * EACH
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_client_writes_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.db"
    opened(tmp_path).close()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(me), str(EACH)]) for me in range(4)]
    client = Module(str(path), True)
    for number in range(40):
        client(
            "INSERT INTO receipts (execution_id, agent_id, operation, status, timestamp, duration_ms)"
            f" VALUES ('theirs-{number}', 'other', 'watch', 'passed', '2026-01-29T12:34:56Z', 1)"
        )
        client(f"INSERT OR REPLACE INTO agent_memory (agent_id, memory_json) VALUES ('everybody', '{number}')")
    client.close()
    assert [writer.wait(200) for writer in writers] == [0] * 4
    with opened(tmp_path) as store:
        assert len(store.receipts.list(agent="other", limit=None)) == 40
        assert len(store.memory.history("everybody")) == 40 + 4 * EACH
        report = store.ledger.verify()
        assert report.sound and {one.name: one.total for one in report.unsealed} == {
            "receipts": 40, "agent_memory_versions": 40,
        }  # fmt: skip
