"""A client that somebody else's program generates from the OpenAPI document asks the server for sessions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tachograph.cli.main import main
from tachograph.serve.run import Background
from tests.serve.conftest import Ask

HISTORIES = Path(__file__).parent.parent / "histories"
USE = """
import sys
from made import AuthenticatedClient
from made.api.query import query_sessions, query_extractions, query_session

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], raise_on_unexpected_status=True)
found = query_sessions.sync(client=client, agent="c*", limit=2)
assert found.truncated and found.next_cursor, found
following = query_sessions.sync(client=client, agent="c*", limit=2, cursor=found.next_cursor)
print(*(one.id for page in (found, following) for one in page.sessions))
print(query_session.sync("last", client=client).id)
print(query_extractions.sync(client=client, type_="error").total)
wrong = query_sessions.sync_detailed(client=client, cursor="no")
print(wrong.status_code.value, wrong.parsed.error.code)
"""


def test_a_generated_client_lists_sessions(
    home: Path, server: Background, ask: Ask, token: str, tmp_path: Path
) -> None:
    assert main(["import", str(HISTORIES / "claude"), str(HISTORIES / "codex")]) == 0
    document = tmp_path / "openapi.json"
    document.write_bytes(ask("GET", "/api/openapi.json").body)
    made = tmp_path / "made"
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none"]
    ran = subprocess.run([*generate, "--output-path", str(made)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    address = f"http://127.0.0.1:{server.port}"
    used = subprocess.run(
        [sys.executable, "-c", USE, address, token], capture_output=True, text=True, cwd=tmp_path, timeout=100
    )
    assert used.returncode == 0, used.stderr
    ids, last, errors, wrong = used.stdout.splitlines()
    listed = ask("GET", "/api/query/sessions?agent=c%2A&limit=4").json["sessions"]
    assert ids.split() == [one["id"] for one in listed]
    assert last == ask("GET", "/api/query/session/last").json["id"]
    assert json.loads(errors) == ask("GET", "/api/query/extractions?type=error").json["total"]
    assert wrong == "400 usage"
