"""GET /api/export/session/{id}: the same bytes as the command's, as a file that no browser runs."""

from __future__ import annotations

import http.client
import re
from pathlib import Path

import pytest

import tachograph
from tachograph import keys, paths
from tachograph.formats.exports import FORMATS, NAMES
from tachograph.ingest import exporting
from tachograph.records import Event, Session
from tachograph.serve import page_file
from tachograph.serve.app import description
from tachograph.serve.run import Background
from tests.cli import histories
from tests.formats.recorded import STEPS, steps
from tests.serve.conftest import Ask
from tests.store.samples import AT, printed

ODD = "/api/export/session/agent%2F..%2Fodd%20id"


@pytest.fixture
def session(home: Path) -> str:
    with tachograph.open() as store:
        return steps(store)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_as_a_file(session: str, ask: Ask, form: str) -> None:
    reply = ask("GET", f"{ODD}?as={form}")
    assert reply.status == 200, reply.body
    with tachograph.open() as store:
        assert reply.body == b"".join(page_file.export(store, STEPS, form).pieces)  # what the command writes
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', reply.headers["content-disposition"])
    assert reply.headers["content-disposition"].endswith(f'{FORMATS[form].suffix}"')
    assert reply.headers["content-type"].partition(";")[0] == FORMATS[form].media_type
    assert reply.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["session/{session_id}?as=har", "session/{session_id}?as=in-toto", "audit?as=json"])
def test_a_file_that_is_json_is_described_as_one(session: str, ask: Ask, path: str) -> None:
    reply = ask("GET", f"/api/export/{path}".replace("{session_id}", "last"))
    answers = description()["paths"][f"/api/export/{path.partition('?')[0]}"]["get"]["responses"]
    described = answers["200"]["content"][reply.headers["content-type"]]["schema"]["type"]
    assert {list: "array", dict: "object"}[type(reply.json)] in described


def test_sessions_are_named_as_everywhere(session: str, ask: Ask) -> None:
    for words in ("last", "@agent", "agent"):
        assert ask("GET", f"/api/export/session/{words}?as=md").status == 200
    assert ask("GET", "/api/export/session/nobody?as=md").status == 404


def test_what_is_wrong_is_named(session: str, ask: Ask) -> None:
    for query, words in (
        ("", "as="),
        ("?as=pdf", "pdf"),
        ("?as=har&since=tomorrowish", "since"),
        ("?as=har&until=9999999999999999999999d", "until"),
        ("?as=har&turn=0", "turn"),
        ("?as=har&turn=3", "turn 3"),
        ("?as=jsonl&turn=1", "as a whole"),
        ("?as=har&turns=1", "turns"),
    ):
        reply = ask("GET", ODD + query)
        assert reply.status == 400 and words in reply.json["error"]["message"], (query, reply.body)
    assert all(name in ask("GET", f"{ODD}?as=pdf").json["error"]["hint"] for name in NAMES)
    assert ask("GET", f"{ODD}?as=in-toto").status == 404
    assert ask("GET", f"{ODD}?as=original").status == 404


def test_a_part(session: str, ask: Ask) -> None:
    body = ask("GET", f"{ODD}?as=md&turn=2").body.decode()
    assert "and now remove it" in body and "I look first." not in body


def test_it_needs_the_token_and_is_noted(session: str, ask: Ask) -> None:
    assert ask("GET", f"{ODD}?as=md", token="").status == 401
    assert ask("GET", f"{ODD}?as=md").status == 200
    with tachograph.open() as store:
        (entry,) = store.audit.list(agent="tachograph")
    assert (entry.operation, entry.details) == ("export", f"session {STEPS} as md, over HTTP")


def test_a_server_that_only_reads_exports_and_notes_nothing(session: str, home: Path) -> None:
    with Background(paths.places(), 0, read_only=True) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", f"{ODD}?as=md", headers={"authorization": f"Bearer {keys.opening(paths.places())}"})
        assert connection.getresponse().status == 200
        connection.close()
    with tachograph.open() as store:
        assert store.audit.list(agent="tachograph") == []


def test_originals_come_masked(home: Path, ask: Ask, tmp_path: Path) -> None:
    from tachograph.cli.main import main

    files = histories.write(tmp_path / "h")
    assert main(["import", str(tmp_path / "h")]) == 0
    reply = ask("GET", f"/api/export/session/{histories.FIRST}?as=original")
    assert reply.status == 200 and b"fix the seek test" in reply.body
    assert histories.SECRET.encode() in files[histories.FIRST].read_bytes()
    assert histories.SECRET.encode() not in reply.body
    assert ask("GET", f"/api/export/session/{histories.FIRST}?as=in-toto").json["payloadType"].endswith("in-toto+json")


def test_who_goes_away_in_the_middle_harms_nobody(home: Path, server: Background, token: str, ask: Ask) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("long-1", "long", started_at=AT))
        printed(store, "long-1", *[(AT + number, b"x" * 60_000 + b"\n") for number in range(300)])
        store.events.add_many([Event("long-1", "marker", content="y" * 500, at=AT) for _ in range(5000)])
    for _ in range(6):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        path = "/api/export/session/long-1?as=jsonl"
        connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
        assert connection.getresponse().read(1000).startswith(b'{"record":"tachograph"')
        connection.close()
    reply = ask("GET", "/api/export/session/long-1?as=jsonl")
    assert reply.body.endswith(b'"records":5301}\n') or reply.body.rstrip().endswith(b"}")
    with tachograph.open() as store:
        assert reply.body == b"".join(exporting.export(store, "long-1", "jsonl").pieces)
