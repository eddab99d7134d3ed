"""Envelopes around what agents send, and the names of the journals they lie in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph import clock, ids
from tachograph.capture import received

AT = 1_795_227_397_149_000_123


def test_a_hook_message_is_kept_as_it_came() -> None:
    raw = b'{"tool_input": {"command":"ls"},\n "n": 1.50}\n'
    body = received.hook("pi", "PreToolUse", 'run"1', raw)
    assert raw.strip() in body
    assert json.loads(body) == {
        "agent": "pi",
        "event": "PreToolUse",
        "session": 'run"1',
        "body": {"tool_input": {"command": "ls"}, "n": 1.5},
    }


def test_no_message_is_null() -> None:
    assert json.loads(received.hook("pi", None, None, b" \n")) == {
        "agent": "pi",
        "event": None,
        "session": None,
        "body": None,
    }


def test_a_message_that_is_too_large_leaves_its_size() -> None:
    body = received.hook("pi", "x", None, b"[" + b"1," * (received.BODY_MAX // 2) + b"1]")
    assert json.loads(body)["body"] == {"oversize": received.BODY_MAX + 3}


def test_telemetry_has_a_line_before_it() -> None:
    head, _, rest = received.telemetry("logs", "protobuf", b"\x00\n\xff").partition(b"\n")
    assert json.loads(head) == {"signal": "logs", "encoding": "protobuf"}
    assert rest == b"\x00\n\xff"


def test_names_sort_by_time() -> None:
    names = [received.journal_name("pi", AT + step, 99999 - n) for n, step in enumerate((0, 1, 10**6, 10**9, 10**12))]
    assert names == sorted(names)
    assert names[0] == "received-pi-20261121-021637-149000123-99999"


@given(st.text(max_size=30), st.integers(0, 2**62))
def test_a_received_journal_is_told_from_any_session(name: str, at: int) -> None:
    assert received.is_received(received.journal_name(name, at, 1))
    assert received.is_received(received.journal_name(name, at, 1) + ".journal")
    for session in (ids.session_id(name, at), ids.session_id(f"received-{name}", at, 7), ids.agent_name(name)):
        assert not received.is_received(session)


@pytest.mark.parametrize("name", ["received", "received-", "received-1-2-3", "claude-20261121-021637"])
def test_other_names(name: str) -> None:
    assert not received.is_received(name)


def test_the_largest_message_fits_into_a_record() -> None:
    from tachograph.journal import frame

    body = received.hook("a" * 500, "b" * 500, "c" * 500, b"1" * received.BODY_MAX)
    assert len(body) < frame.BODY_MAX
    assert frame.head(b"K", clock.SECOND, body, 1)
