"""What leads from one thing to another: an event to the failures it is a case of and back, a search to what narrows it,
names with slashes in an address, a store with nothing in it to the sample."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import tachograph
from tachograph import clock, paths
from tachograph.extract.rules import load
from tachograph.ingest.telling import Telling
from tachograph.records import Event, Session, SessionFacts, Step
from tachograph.serve import page_file
from tachograph.serve.query import sessions, watching
from tachograph.serve.query.search import SearchCounts
from tachograph.serve.run import Background
from tests.serve.answers import refused, typed
from tests.serve.conftest import Ask

NAME = "teams/alpha (1)!"
QUOTED = "teams%2Falpha%20(1)!"
TRACE = 'Traceback (most recent call last):\n  File "/srv/a/store.py", line 3, in add\n    go()\nValueError: no row 7\n'
LONG = "store.py\n" + "a.py\n" * 1000  # of which the event has the beginning, too
START = clock.parse_time("2026-03-01T10:00:00Z", 0)


@pytest.fixture
def told(home: object) -> None:
    """A session of an agent in whose second command a traceback is found; its name has slashes in it."""
    with tachograph.open() as store:
        telling = Telling(store, load()[0], "tin", source="transcript")
        with store.transaction():
            telling.tell(
                [
                    SessionFacts(NAME, "tin", "/srv/a", "of many names", started_at=START),
                    Step("p1", "prompt", START, content="run it"),
                    Step("call:a", "command", START + clock.SECOND, "Bash", "a", command="ls", content=LONG),
                    Step(
                        "call:b", "command", START + 2 * clock.SECOND, "Bash", "b", command="python store.py",
                        content=TRACE, status="error", exit_code=1, duration_ms=900.0,
                    ),
                    Step("r1", "reply", START + 3 * clock.SECOND, content="So:\n```python\nstore.add(Row)\n```\n"),
                ],
                now=START,
            )  # fmt: skip
            telling.close()
            telling.settle(modified_at=START)
        store.memory.set("team/writer", '{"knows": 1}')
        store.memory.set("team/writer", '{"knows": 2}')
        store.workflows.start("Both", "work/flow")


def test_a_name_may_have_slashes_in_an_address(told: None, ask: Ask) -> None:
    for path in ("", "/turns", "/timeline", "/tree", "/opening"):
        reply = ask("GET", f"/api/query/session/{QUOTED}{path}")
        assert (reply.status, NAME in reply.body.decode() or path == "/turns") == (200, True), path
    assert ask("GET", f"/api/query/session/{QUOTED.lower()}").status == 200
    assert ask("GET", "/api/query/memory/team%2Fwriter/diff?from=1&to=2").json["changes"]
    assert ask("GET", "/api/query/workflows/work%2Fflow").status == 200
    assert ask("GET", f"/api/export/session/{QUOTED}?as=md").status == 200
    assert ask("GET", f"/sessions/{QUOTED}", headers={"accept": "text/html"}).status == 200
    refused(ask("GET", "/api/query/session/teams%2Fbeta"), 404, "teams/beta")
    # Elsewhere one is no way to another address.
    for path in (
        "/api%2Fquery/info",
        "/api/query%2Finfo",
        "/assets/..%2F..%2Fweb.py",
        "/healthz%2F..%2Fapi/query/info",
    ):
        assert ask("GET", path).status == 404, path


def test_a_link_keeps_them(told: None, server: Background) -> None:
    from tachograph import keys
    from tachograph.serve import entry

    secret = entry.secret(keys.opening(paths.places()), server.port)

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(Stay)
    with pytest.raises(urllib.error.HTTPError) as answered:
        opener.open(f"http://127.0.0.1:{server.port}/sessions/{QUOTED}?token={secret}")
    assert answered.value.headers["location"] == "/sessions/teams%2Falpha%20%281%29%21"


def test_such_a_session_is_exported_as_a_page_of_its_own(told: None) -> None:
    with tachograph.open() as store:
        asked = page_file._ask(store, f"/api/query/session/{QUOTED}", {})
    assert asked["id"] == NAME


def test_an_event_leads_to_all_cases_of_its_failure_and_a_case_to_its_step(told: None, ask: Ask) -> None:
    rows = ask("GET", f"/api/query/events?session={QUOTED}").json["events"]
    failed = next(row for row in rows if row["command"] == "python store.py")
    address = f"/api/query/session/{QUOTED}/event"
    found = typed(ask("GET", f"{address}/{failed['id']}/failures"), watching.FailuresOf).failures
    assert [(one.kind, one.pattern, one.signature) for one in found] == [
        ("error", "python_traceback", "ValueError: no row …")
    ]
    cluster = ask("GET", f"/api/query/failures/{found[0].fingerprint}").json
    case = cluster["occurrences"][0]
    assert case["session_id"] == NAME
    alike = typed(ask("GET", f"{address}/{case['event_id']}/failures"), watching.FailuresOf).failures
    assert [one.fingerprint for one in alike] == [found[0].fingerprint]
    opened = typed(ask("GET", f"/api/query/session/{QUOTED}/opening?event={case['event_id']}"), watching.Opening)
    assert opened.chosen == failed["id"]
    well = next(row for row in rows if row["command"] == "ls")
    assert ask("GET", f"{address}/{well['id']}/failures").json == {"failures": []}


def test_a_search_says_what_it_can_be_narrowed_to(told: None, ask: Ask) -> None:
    found = typed(ask("GET", "/api/query/search/counts?q=store"), SearchCounts)
    assert found.types["command"] == len(ask("GET", "/api/query/search?q=store&type=command").json["hits"])
    assert found.types.get("output", 0) == len(ask("GET", "/api/query/search?q=store&type=output").json["hits"])
    hits = ask("GET", "/api/query/search?q=store").json["hits"]
    assert found.counted == len(hits) == len({(hit["event_id"], hit["text"]) for hit in hits}), "a line is one hit"
    assert (found.agents, found.sessions, found.languages) == ({"tin": found.counted}, 1, {"python": 1})
    narrow = typed(ask("GET", "/api/query/search/counts?q=store&agent=no*"), SearchCounts)
    assert (narrow.types, narrow.agents, narrow.sessions) == ({}, found.agents, 0)
    assert typed(ask("GET", "/api/query/search/counts?q=ValueError"), SearchCounts).types["error"] == 1


def test_code_is_found_by_words(told: None, ask: Ask) -> None:
    def languages(words: str) -> list[str]:
        return [one["language"] for one in ask("GET", f"/api/query/code-blocks?text={words}").json["code_blocks"]]

    assert languages("ROW+store") == languages("%22add(Row)%22") == ["python"]
    assert languages("row+other") == languages("%22Row+add%22") == []
    assert languages("%25") == languages("_") == []


def test_sessions_have_shapes_where_they_are_wanted(home: Path, ask: Ask) -> None:
    with tachograph.open() as store:
        store.sessions.add(Session("even", "tin", started_at=START))
        store.sessions.add(Session("bare", "tin", started_at=START))
        store.events.add_many(
            [Event("even", "command", command="x", at=START + n * clock.SECOND) for n in range(16_000)]
        )
    plain = typed(ask("GET", "/api/query/sessions"), sessions.Sessions)
    shaped = typed(ask("GET", "/api/query/sessions?shapes=true"), sessions.Sessions)
    assert plain.shapes is None
    assert shaped.sessions == plain.sessions
    assert shaped.shapes == {"even": [4] * 16, "bare": [0] * 16}


def test_the_sample_is_made_where_nothing_is_and_ends_with_the_server(home: Path) -> None:
    import json

    from tachograph import keys

    def order(server: Background) -> tuple[int, dict[str, str]]:
        asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/api/sample", b"{}", method="POST")
        asked.add_header("authorization", f"Bearer {keys.opening(paths.places())}")
        asked.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=120) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["error"]

    with tachograph.open():
        pass
    with Background(paths.places(), 0, read_only=True) as server:
        assert order(server)[0] == 403
    with Background(paths.places(), 0) as server:
        status, made = order(server)
        again = order(server)[1]["link"]
        assert status == 201
        assert re.sub("token=.*", "", made["link"]) == re.sub("token=.*", "", again)
        assert made["link"] != again
        with urllib.request.urlopen(re.sub(r"/\?.*", "/healthz", again)) as reply:
            assert reply.status == 200
        with tachograph.open() as store:
            assert not store.sessions.ids(1)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(re.sub(r"/\?.*", "/healthz", again), timeout=5)
        except urllib.error.URLError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the sample goes on without its server")
    with tachograph.open() as store:
        store.sessions.add(Session("mine", "tin", started_at=START))
    with Background(paths.places(), 0) as server:
        assert order(server) == (
            409,
            {"code": "not_empty", "message": "there are sessions here", "hint": "tachograph demo shows sample data"},
        )
