"""The program in docs/ledger.md knows nothing of ours and comes to the same verdict."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.proof.signing import existing_signer, signer

from . import ledgers
from .samples import raw

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"
CHANGES = [
    "UPDATE audit_log SET details = 'nothing' WHERE id = 2",
    "UPDATE slo_violations SET actual_value = 2.5 WHERE id = 1",
    "DELETE FROM agent_memory_versions WHERE id = 1",
    "UPDATE agent_memory SET source = 'mcp'",
    "DROP TRIGGER _agent_memory_deleted; DELETE FROM agent_memory",
    "DELETE FROM _events WHERE id = 3",
    "UPDATE _output SET data = x'00' WHERE id = 1",
    "UPDATE _sessions SET exit_code = 7 WHERE id = 2",
    "DELETE FROM _sessions WHERE id = 2",
    "DELETE FROM _ledger WHERE number = (SELECT max(number) FROM _ledger)",
    "DELETE FROM _ledger WHERE number = 4",
    "UPDATE _ledger SET at = at + 1 WHERE number = 4",
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert found
    path = tmp_path_factory.mktemp("verifier") / "verifier.py"
    path.write_text(found[1], encoding="utf-8")
    return path


@pytest.fixture
def honest(home: Path) -> Path:
    ledgers.write(home)
    return home


def run(program: Path, folder: Path, *key: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-I", program, folder, *key], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_it_agrees_on_honest_and_on_changed_stores(program: Path, honest: Path, tmp_path: Path) -> None:
    key = existing_signer(str(honest))
    assert key is not None and ledgers.verified(honest).sound
    assert run(program, honest) == run(program, honest, key.public) == (0, "\n")
    for number, sql in enumerate(CHANGES):
        folder = ledgers.copy(honest, tmp_path / str(number))
        connection = raw(folder / "tachograph.db")
        connection.pragma("foreign_keys", 0)
        connection.execute(sql)
        connection.close()
        code, said = run(program, folder)
        assert code == 1 and said.strip() and "Traceback" not in said, (sql, said)
        assert not ledgers.verified(folder).sound, sql


def test_a_key_of_somebody_else_does_not_fit(program: Path, honest: Path, tmp_path: Path) -> None:
    code, said = run(program, honest, signer(str(tmp_path / "other")).public)
    assert code == 1 and "InvalidSignature" in said


def test_it_is_short(program: Path) -> None:
    lines = [line for line in program.read_text().splitlines() if line.strip() and not line.startswith("# fmt")]
    assert len(lines) < 75, "SQL included"
