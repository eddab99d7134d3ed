"""HAR: what its specification asks, read by a parser that nobody here wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from haralyzer import HarParser

from tachograph.records import Event, Session
from tests.formats.recorded import SESSIONS, STEPS, exported
from tests.store.samples import AT, SECOND, opened

_TIMINGS = ("blocked", "dns", "connect", "send", "wait", "receive")


@pytest.fixture
def log(tmp_path: Path) -> dict[str, Any]:
    with opened(tmp_path) as store:
        found: dict[str, Any] = msgspec.json.decode(exported(store, SESSIONS["steps"](store), "har"))["log"]
    return found


def entry(log: dict[str, Any], **known: object) -> dict[str, Any]:
    (found,) = [one for one in log["entries"] if all(one.get(f"_{name}") == value for name, value in known.items())]
    return found  # type: ignore[no-any-return]


def test_a_parser_finds_pages_and_entries(log: dict[str, Any]) -> None:
    parser = HarParser({"log": log})
    assert parser.version == "1.2" and parser.creator["name"] == "tachograph"
    assert [(page.page_id, len(page.entries)) for page in parser.pages] == [("turn-1", 4), ("turn-2", 3)]
    assert [len(page.filter_entries(status_code="500")) for page in parser.pages] == [1, 0]
    assert {one.request.method for page in parser.pages for one in page.entries} == {"POST"}


def test_times_add_up_and_what_is_unknown_says_so(log: dict[str, Any]) -> None:
    for one in log["entries"]:
        assert one["time"] == sum(one["timings"][name] for name in _TIMINGS if one["timings"][name] != -1)
        assert min(one["timings"][name] for name in ("send", "wait", "receive")) >= 0
        assert ("unknown" in one.get("comment", "")) == (one["time"] == 0)
    assert entry(log, tool_call_id="c1")["time"] == 2500.5
    began = [one["startedDateTime"] for one in log["entries"]]
    assert began == sorted(began)


def test_addresses_are_absolute_and_never_leave_for_a_tool(log: dict[str, Any]) -> None:
    for one in log["entries"]:
        address = urlsplit(one["request"]["url"])
        assert address.scheme in {"http", "https"} and address.fragment == ""
        host = {"dragon-1": "tachograph.localhost", "gpt-5": "api.openai.com", None: "tachograph.localhost"}
        assert address.hostname == host[one.get("_model")]
    assert "/agent%2F..%2Fodd%20id/turn-1/Bash?command=pytest" in entry(log, tool_call_id="c1")["request"]["url"]


def test_how_calls_ended(log: dict[str, Any]) -> None:
    statuses = {one["_tool_call_id"]: one["response"]["status"] for one in log["entries"] if "_tool_call_id" in one}
    assert statuses == {"c1": 500, "f1": 200, "f2": 200, "c2": 403, "t2": 0}


def test_a_call_of_a_model_has_what_was_asked_and_answered(log: dict[str, Any]) -> None:
    call = entry(log, model="dragon-1")
    assert call["request"]["postData"]["text"].startswith("fix `seek`, please")
    assert call["response"]["content"]["text"] == "On it: <b>now</b>\n\nMore of the same answer"
    assert call["_usage"]["input_tokens"] == 1200 and call["_cost_usd"] == 0.0125
    assert entry(log, model="gpt-5")["time"] == 750


def test_fields_that_the_format_does_not_know_begin_with_an_underscore(log: dict[str, Any]) -> None:
    known = {
        *("pageref", "startedDateTime", "time", "request", "response", "cache", "timings", "serverIPAddress"),
        *("connection", "comment"),
    }
    assert {name for one in log["entries"] for name in one if not name.startswith("_")} <= known
    assert {name for name in log if not name.startswith("_")} <= {"version", "creator", "pages", "entries", "comment"}


def test_without_tokens_every_reply_is_a_call(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.add(Session("quiet-1", "quiet", started_at=AT))
        for number, kind in enumerate(("prompt", "reply", "prompt", "reply")):
            store.events.add(Event("quiet-1", kind, content=f"{kind} {number}", at=AT + number * SECOND))
        entries = msgspec.json.decode(exported(store, "quiet-1", "har"))["log"]["entries"]
    assert [(one["request"]["postData"]["text"], one["response"]["content"]["text"]) for one in entries] == [
        ("prompt 0", "reply 1"),
        ("prompt 2", "reply 3"),
    ]
    assert STEPS != "quiet-1"


def test_a_wrapped_command_is_an_entry_with_its_output(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (one,) = msgspec.json.decode(exported(store, SESSIONS["screen"](store), "har"))["log"]["entries"]
    assert (one["startedDateTime"], one["time"]) == ("2026-11-21T09:14:02.123Z", 5000)
    assert "ValueError: bad" in one["response"]["content"]["text"]
