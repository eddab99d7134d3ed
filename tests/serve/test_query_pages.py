"""Pages of one list with writes between them: every page means what the first one meant."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

import tachograph
from tachograph import clock
from tachograph.records import AuditEntry, Event, Session
from tests.serve.answers import refused
from tests.serve.conftest import Ask
from tests.store.samples import chunks

LISTS = {
    "events?session=last": "events",
    "events?session=last&reverse=true": "events",
    "events?session=last&type=file_op": "events",
    "extractions?session=last": "extractions",
    "files?session=last": "files",
    "commands?session=last": "commands",
    "failures?session=last": "failures",
    "search?q=odd&session=last": "hits",
    "session/last/turns?": "turns",
    "session/last/files?": "files",
    "session/last/output?stream=stdout": "pieces",
}


def recorded(name: str, started_at: int) -> None:
    """A session of three prompts, commands, files, failures and lines, which name it."""
    with tachograph.open() as store:
        store.sessions.add(Session(name, "tin", started_at=started_at))
        for number in range(3):
            at = started_at + number * clock.SECOND
            store.events.add(Event(name, "prompt", content=f"{name}: odd {number}", at=at))
            store.events.add(Event(name, "command", command=f"{name}-{number} odd", status="error", exit_code=1, at=at))
            store.events.add(Event(name, "file_op", file_path=f"/{name}/{number}", operation="edit", at=at))
            store.events.add(Event(name, "error", pattern=f"p{number}", matched_value=f"{name} odd {number}", at=at))
        with store.transaction():
            lines = [(started_at + number, b"%s: line\n" % name.encode()) for number in range(3)]
            store.output.write(store.sessions.number(name), chunks(lines))


def begun(cursor: str, at: object) -> str:
    """The same cursor of a walk that was begun at another time."""
    question, page, place, _, session = msgspec.msgpack.decode(base64.urlsafe_b64decode(cursor + "=="))
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([question, page, place, at, session])).decode().rstrip("=")


@pytest.mark.parametrize(("path", "noun"), LISTS.items())
def test_the_last_session_stays_the_one_it_was_on_the_first_page(ask: Ask, path: str, noun: str) -> None:
    """A new session begins between two pages."""
    now = clock.now()
    recorded("first", now - clock.HOUR)
    whole = ask("GET", f"/api/query/{path}&limit=1000").json[noun]
    page: Any = ask("GET", f"/api/query/{path}&limit=1").json
    told = page[noun]
    recorded("later", now - clock.MINUTE)
    while page["next_cursor"] is not None:
        page = ask("GET", f"/api/query/{path}&limit=1&cursor={page['next_cursor']}").json
        told += page[noun]
    assert told == whole
    assert len(told) >= 3


@pytest.mark.parametrize(
    ("path", "noun"),
    {
        "sessions?since=2h": "sessions",
        "sessions?days=0.5": "sessions",
        "events?since=2h": "events",
        "audit?days=0.5": "entries",
        "receipts?since=2h": "receipts",
    }.items(),
)
def test_a_time_back_from_now_counts_back_from_the_first_page(ask: Ask, path: str, noun: str) -> None:
    """The second page is asked for a day after the first one."""
    yesterday = clock.now() - clock.DAY
    recorded("first", yesterday - clock.MINUTE)
    recorded("second", yesterday - 2 * clock.MINUTE)
    with tachograph.open() as store:
        for number in range(2):
            at = clock.iso(yesterday - (number + 1) * clock.MINUTE)
            store.audit.add_many([AuditEntry("tin", "deploy", "completed", timestamp=at)])
            store.receipts.add(f"run-{number}", "tin", "generation", "passed", timestamp=at)
    for agent in ("claude", "codex"):  # so that there is a first page with a cursor
        recorded(agent, clock.now() - clock.MINUTE)
        with tachograph.open() as store:
            store.audit.add(agent, "deploy", "completed")
            store.receipts.add(f"run-{agent}", agent, "generation", "passed")
    page = ask("GET", f"/api/query/{path}&limit=1").json
    late = page["next_cursor"]
    early = begun(late, yesterday)
    old, new = (ask("GET", f"/api/query/{path}&limit=1000&cursor={cursor}").json[noun] for cursor in (early, late))
    assert len(old) > len(new) == len([row for row in old if row in new])


def test_a_cursor_from_a_time_that_cannot_be_is_refused(ask: Ask) -> None:
    recorded("first", clock.now() - clock.MINUTE)
    cursor = ask("GET", "/api/query/events?limit=1").json["next_cursor"]
    for began in (-1, 1 << 63, None, "now"):
        refused(ask("GET", f"/api/query/events?cursor={begun(cursor, began)}"), 400, "cursor")
