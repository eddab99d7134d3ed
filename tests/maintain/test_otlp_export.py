"""Sessions on their way to a receiver: all of it arrives, once, whatever the receiver says meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

import tachograph
from tachograph import clock, keys, paths
from tachograph.formats.otlp_spans import spans
from tachograph.ingest.catch_up import catch_up
from tachograph.records import Event
from tachograph.serve.run import Background
from tests.formats.sessions import STEPS, event
from tests.maintain.conftest import Receiver, Reply, Send, add, begin, end, fill
from tests.recount import rows


def expected(*sessions: str) -> list[str]:
    """Ids of all spans of some sessions."""
    with tachograph.open() as store:
        return [
            span.span_id
            for name in sessions or ("s-1",)
            for span in spans(store.sessions.get(name), store.sending.steps(name, 1))
        ]


def test_a_session_arrives_whole_and_once(receiver: Receiver, exporter: Send) -> None:
    fill()
    sender = exporter(batch="4")
    assert sender.round().sent == len(expected())
    assert sorted(receiver.ids) == sorted(expected())
    assert {len(message.spans) for message in receiver.messages} == {4, len(expected()) % 4}
    assert sender.round().sent == 0
    assert exporter().round().sent == 0  # one that was started anew


def test_what_runs_arrives_as_it_ends(receiver: Receiver, exporter: Send) -> None:
    with tachograph.open() as store:
        begin(store)
        add(store, STEPS[:8])
        sender = exporter()
        sender.round()
        first = list(receiver.names)
        assert first == ["chat claude-opus-4-6", "execute_tool Bash", "execute_tool Edit"]
        assert sender.round().sent == 0
        add(store, STEPS[8:])
        sender.round()
        assert "turn 1" in receiver.names
        assert "turn 2" not in receiver.names
        assert "invoke_agent claude" not in receiver.names
        end(store)
    sender.round()
    assert {"turn 2", "invoke_agent claude"} <= set(receiver.names)
    assert sorted(receiver.ids) == sorted(expected())


def test_a_call_is_sent_when_its_result_is_there(receiver: Receiver, exporter: Send) -> None:
    asked = event(1, 1, "prompt", content="go")
    with tachograph.open() as store:
        begin(store)
        add(store, [(asked, None), (event(2, 2, "tool_call", tool_name="Wait", tool_call_id="c-1"), None)])
        sender = exporter()
        assert sender.round().sent == 0
        end(store)
    sender.round()
    assert sorted(receiver.names) == ["execute_tool Wait", "invoke_agent claude", "turn 1"]


def test_a_session_that_goes_on_after_its_end_goes_on(receiver: Receiver, exporter: Send) -> None:
    fill()
    sender = exporter()
    sender.round()
    before = len(receiver.spans)
    with tachograph.open() as store:
        store.sessions.update("s-1", ended_at=None, status="running")
        add(store, [(event(50, 100, "prompt", content="more"), None), (event(51, 101, "reply", content="yes"), None)])
        sender.round()
        store.sessions.complete("s-1", 0)
    sender.round()
    counts = Counter(receiver.ids)
    assert set(counts) == set(expected())
    assert [name for name in receiver.names[before:] if name.startswith("turn")] == ["turn 3"]
    assert [span for span, count in counts.items() if count > 1] == [expected()[-1]]  # its own, with its new end


def test_what_has_only_just_happened_waits_a_moment(receiver: Receiver, exporter: Send) -> None:
    with tachograph.open() as store:
        begin(store)
        store.events.add(Event("s-1", "prompt", content="go"))
        store.events.add(Event("s-1", "tool_call", tool_name="Look", status="ok"))
    assert exporter().round().sent == 0
    with tachograph.open() as store:
        assert [(due.session_id, due.waits) for due in store.sending.due(0)] == [("s-1", True)]
        assert store.sending.behind(0) == 0


def test_a_session_that_goes_on_is_looked_at_again_only_for_what_is_not_complete(
    receiver: Receiver, exporter: Send
) -> None:
    with tachograph.open() as store:
        begin(store)
        add(store, STEPS)
        sender = exporter()
        sender.round()
        assert store.sending.due(0) == []
        add(store, [(event(50, 50, "tool_call", tool_name="Wait", tool_call_id="c-9"), None)])
        sender.round()
        assert [due.waits for due in store.sending.due(0)] == [True]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_receiver_that_is_away_is_asked_again_and_nothing_is_lost(
    receiver: Receiver, exporter: Send, status: int
) -> None:
    fill()
    receiver.replies = [Reply(), Reply(status), Reply(status)]
    sender = exporter(batch="4")
    first, second = sender.round(), sender.round()
    assert (first.sent, second.sent) == (4, 0)
    assert str(status) in second.trouble
    assert second.wait > first.wait * 1.2 > clock.SECOND // 2
    sender.round()
    assert sorted(receiver.ids) == sorted(expected())


def test_a_message_over_which_the_receiver_fails_each_time_is_dropped_in_the_end(
    receiver: Receiver, exporter: Send
) -> None:
    fill()
    receiver.replies = [Reply(500, b"cannot be")] * 9
    sender = exporter(batch="4")
    assert [sender.round().sent for _ in range(8)] == [0] * 8
    assert sender.round().sent == len(expected()) - 4
    with tachograph.open() as store:
        state = store.sending.state()
    assert state is not None
    assert state.dropped == 4


def test_a_session_that_cannot_be_told_is_in_nobodys_way(receiver: Receiver, exporter: Send) -> None:
    fill("s-1", steps=[(event(1, 1, "prompt", content="go"), None)])
    fill("s-2")
    with tachograph.open() as store:
        rows(store, "UPDATE _events SET metadata_json = '[1]' WHERE session = 1")  # nothing of ours writes that
    sender = exporter()
    sender.round()
    assert set(receiver.ids) == set(expected("s-2"))
    with tachograph.open() as store:
        assert store.sending.behind(0) == 1  # which doctor shows


def test_nobody_listens(receiver: Receiver, exporter: Send) -> None:
    fill()
    receiver.close()
    done = exporter().round()
    assert done.trouble == "Connection refused"
    with tachograph.open() as store:
        state = store.sending.state()
        assert state is not None
        assert (state.spans, state.dropped, state.trouble) == (0, 0, "Connection refused")


@pytest.mark.parametrize("said", ["120", "date"])
def test_it_waits_as_long_as_the_receiver_asks_for(receiver: Receiver, exporter: Send, said: str) -> None:
    from email.utils import formatdate

    fill()
    after = formatdate(clock.now() / 1e9 + 120, usegmt=True) if said == "date" else said
    receiver.replies = [Reply(503, headers={"Retry-After": after})]
    assert 110 * clock.SECOND < exporter().round().wait <= 120 * clock.SECOND


def test_what_is_refused_is_counted_and_the_rest_goes_on(receiver: Receiver, exporter: Send) -> None:
    fill()
    receiver.replies = [Reply(400, b"no such field")]
    exporter(batch="4").round()
    assert len(receiver.spans) == len(expected()) - 4
    with tachograph.open() as store:
        state = store.sending.state()
    assert state is not None
    assert (state.spans, state.dropped) == (len(expected()) - 4, 4)


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 415])
def test_where_the_settings_are_wrong_nothing_is_dropped(receiver: Receiver, exporter: Send, status: int) -> None:
    fill()
    receiver.replies = [Reply(status, b"", {"Location": receiver.url})]
    sender = exporter()
    done = sender.round()
    assert str(status) in done.trouble
    assert done.wait > 40 * clock.SECOND
    assert len(receiver.refused) == 1  # a redirect is not followed
    sender.round()
    assert sorted(receiver.ids) == sorted(expected())


def test_a_message_that_is_too_large_is_halved(receiver: Receiver, exporter: Send) -> None:
    fill()
    receiver.replies = [Reply(413), Reply(413)]
    assert exporter().round().sent == len(expected())
    assert sorted(receiver.ids) == sorted(expected())
    assert len(receiver.messages) == 3


@pytest.mark.parametrize("protocol", ["json", "protobuf"])
def test_what_a_receiver_takes_in_part_is_counted(receiver: Receiver, exporter: Send, protocol: str) -> None:
    fill()
    partial = ExportTracePartialSuccess(rejected_spans=2, error_message="too old")
    body, kind = b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}', "application/json"
    if protocol == "protobuf":
        body, kind = ExportTraceServiceResponse(partial_success=partial).SerializeToString(), "application/x-protobuf"
    receiver.replies = [Reply(200, body, {"Content-Type": kind})]
    done = exporter(protocol=protocol).round()
    assert done.sent == len(expected()) - 2
    with tachograph.open() as store:
        state = store.sending.state()
    assert state is not None
    assert (state.dropped, state.trouble) == (2, "too old")


def test_protobuf_says_the_same(receiver: Receiver, exporter: Send) -> None:
    fill()
    exporter(protocol="protobuf").round()
    assert sorted(receiver.ids) == sorted(expected())
    assert receiver.messages[0].headers["content-type"] == "application/x-protobuf"


def test_only_what_was_asked_for_is_sent(receiver: Receiver, exporter: Send) -> None:
    fill("s-1", agent="claude", project_dir="/p/one")
    fill("s-2", agent="codex", project_dir="/p/two")
    fill("s-3", agent="claude", project_dir="/q")
    exporter(agents="cl*", project="/p/*").round()
    assert sorted(receiver.ids) == sorted(expected("s-1"))


def test_without_a_since_only_sessions_from_now_on_are_sent(receiver: Receiver, exporter: Send) -> None:
    fill("s-1")
    sender = exporter(since="")
    sender.round()
    assert not receiver.messages
    fill("s-2", started_at=clock.now())
    sender.round()
    assert set(receiver.ids) == set(expected("s-2"))


def test_nothing_is_said_unless_it_was_asked_for_and_secrets_never(receiver: Receiver, exporter: Send) -> None:
    secret = "ghp_" + "a1B2" * 9
    fill(steps=[(event(1, 1, "prompt", content=f"my token is {secret}, mind it"), None)])
    exporter().round()
    assert "mind it" not in str(receiver.spans)
    fill("s-2", steps=[(event(1, 1, "prompt", content=f"my token is {secret}, mind it"), None)])
    exporter(content="true").round()
    assert "mind it" in str(receiver.spans)
    assert secret not in str(receiver.spans)


def test_headers_are_sent(receiver: Receiver, exporter: Send) -> None:
    fill()
    exporter(headers="Authorization=Bearer abc, x-one=1").round()
    assert receiver.messages[0].headers["authorization"] == "Bearer abc"
    assert receiver.messages[0].headers["x-one"] == "1"


def test_off_unless_an_endpoint_is_named(receiver: Receiver, exporter: Send) -> None:
    fill()
    assert exporter(endpoint="").round() == (0, 5 * clock.SECOND, "")
    with tachograph.open() as store:
        assert store.sending.state() is None


def test_we_do_not_send_to_ourselves(receiver: Receiver, exporter: Send) -> None:
    fill()
    assert "this server itself" in exporter(own=receiver.port).round().trouble
    assert not receiver.messages


_SENDING = """
import sys, threading
from tachograph import paths
from tachograph.config import Config
from tachograph.ingest import masking
from tachograph.ingest.opening import open_store
from tachograph.maintain.otlp_export import Exporter
made = Exporter(lambda: Config(""), lambda: open_store(paths.places().database), masking.record, own=lambda _: False)
made.run(threading.Event())
"""


def test_killed_at_any_moment_it_goes_on_where_it_was(receiver: Receiver) -> None:
    names = [f"s-{number}" for number in range(6)]
    for name in names:
        fill(name)
    settings = {"ENDPOINT": receiver.url, "SINCE": "2020-01-01", "BATCH": "3", "INTERVAL": "100ms"}
    environment = {**os.environ, **{f"TACHOGRAPH_OTLP_EXPORT_{name}": value for name, value in settings.items()}}
    wanted, kills = set(expected(*names)), 0
    while not wanted <= set(receiver.ids) and kills < 40:
        before = len(receiver.messages)
        process = subprocess.Popen([sys.executable, "-c", _SENDING], env=environment)
        deadline = clock.monotonic() + 90 * clock.SECOND
        while len(receiver.messages) < min(before + 4, 100) and clock.monotonic() < deadline:
            receiver.heard.clear()
            if wanted <= set(receiver.ids):
                break
            receiver.heard.wait(0.5)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        kills += 1
    assert kills > 1
    counts = Counter(receiver.ids)
    assert set(counts) == wanted
    assert sum(counts.values()) - len(wanted) <= 3 * kills  # at most the message on its way, with the same ids


def test_another_tachograph_understands_it(
    receiver: Receiver, exporter: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    here = os.environ["TACHOGRAPH_HOME"]
    with tachograph.open() as store:
        store.sessions.update("s-1", prompts=2, tool_calls=3, tool_errors=1, rejections=1)
        given = store.sessions.get("s-1")
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "there"))
    elsewhere = paths.places()
    with Background(elsewhere, 0) as server:
        headers = f"Authorization=Bearer {keys.sending(keys.opening(elsewhere))}"
        monkeypatch.setenv("TACHOGRAPH_HOME", here)
        sender = exporter(content="true", endpoint=f"http://127.0.0.1:{server.port}", headers=headers)
        assert sender.round().sent == len(expected())
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "there"))
    assert catch_up(elsewhere).complete
    with tachograph.open() as store:
        found = store.sessions.get("s-1")
    for name in ("agent", "model", "prompts", "tool_calls", "tool_errors", "rejections", "input_tokens"):
        assert getattr(found, name) == getattr(given, name), name


def test_it_stops_when_it_is_told_to(receiver: Receiver, exporter: Send) -> None:
    fill()
    stop = threading.Event()
    running = threading.Thread(target=exporter().run, args=(stop,))
    running.start()
    assert receiver.heard.wait(20)
    stop.set()
    running.join(20)
    assert not running.is_alive()
    assert set(receiver.ids) == set(expected())


def test_trouble_is_said_once_and_so_is_its_end(receiver: Receiver, exporter: Send) -> None:
    fill()
    receiver.replies = [Reply(503), Reply(503)]
    stop, said = threading.Event(), list[str]()

    def say(text: str) -> None:
        said.append(text)
        if "again" in text:
            stop.set()

    running = threading.Thread(target=exporter().run, args=(stop, say))
    running.start()
    running.join(30)
    assert not running.is_alive()
    assert said == [
        "otlp_export: HTTP 503 Service Unavailable", "otlp_export: the receiver takes what it is sent again",
    ]  # fmt: skip
