"""Events of OpenCode, as our plugin passes them on."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tachograph.readers import opencode_hooks
from tachograph.records import Usage
from tests.readers.hook_messages import AT, Message, facts, odd, recorded, told

SESSION = "ses_e02c41fbeffeHAfdCiNk3a3YW2"


def event(kind: str, **said: Any) -> Message:
    return kind, {"id": "evt_1", "type": kind, "properties": {"sessionID": "s", **said}}


def part(**fields: Any) -> Message:
    return event("message.part.updated", part={"id": "prt_1", "messageID": "msg_1", "sessionID": "s", **fields})


def states(*messages: Message) -> list[object]:
    return told(opencode_hooks, messages).only.column("state", "content")


def test_a_short_run() -> None:
    found = told(opencode_hooks, recorded("opencode.jsonl"))
    assert found.unknown == []
    assert list(found.sessions) == [SESSION]
    session = found.only
    assert session.facts["title"] == "All done."
    assert (session.facts["model"], session.facts["version"]) == ("mock-model", "1.18.33")
    assert session.facts["project_dir"] == "/home/u/oc/proj"
    assert session.column("prompt", "content") == ['"Please say hello"']
    assert session.column("reply", "content") == ["All done."]
    assert session.column("state", "content") == ["started", "running", "waiting"]
    assert session.column("usage", "usage") == [Usage("mock-model", 1000, 50, 600, 0, 0, 0.0)] * 2
    assert session.all("command") == [
        {
            "key": "call:call_mock_1",
            "event_type": "command",
            "at": 1_795_249_927_894_000_000,
            "tool_name": "bash",
            "tool_call_id": "call_mock_1",
            "command": "echo hello-from-bash",
            "exit_code": 0,
            "duration_ms": 2507.0,
            "status": "ok",
            "content": "hello-from-bash\n",
            "metadata": {"input": {"command": "echo hello-from-bash", "description": "say hi"}},
        }
    ]


def test_keys_are_those_of_the_database() -> None:
    session = told(opencode_hooks, recorded("opencode.jsonl")).only
    assert {key for key in session.steps if not key.startswith("state:")} == {
        "prompt:msg_1fd3be1eb001NEHdcXmSFYkFGM",
        "call:call_mock_1",
        "usage:msg_1fd3bf189001G7cHRggez5JDO1",
        "usage:msg_1fd3c00fe001VUDbAibWmxEtri",
        "reply:msg_1fd3c00fe001VUDbAibWmxEtri",
    }


def test_a_running_call_has_no_status_yet() -> None:
    running = part(type="tool", tool="bash", callID="c", state={"status": "running", "input": {"command": "make"}})
    (command,) = told(opencode_hooks, [running]).only.all("command")
    assert (command["command"], "status" in command) == ("make", False)


def test_a_reply_of_several_texts() -> None:
    texts = [part(id=f"prt_{n}", type="text", text=words, time={"start": 1, "end": 2}) for n, words in enumerate("ab")]
    assert told(opencode_hooks, texts).only.column("reply", "content") == ["a\nb"]


def test_a_text_is_told_when_it_is_whole() -> None:
    begun = part(type="text", text="al", time={"start": 1})
    assert not told(opencode_hooks, [begun]).only.all("reply")


def test_thoughts() -> None:
    thought = part(type="reasoning", text="hm", time={"start": AT // 10**6, "end": AT // 10**6 + 5})
    assert told(opencode_hooks, [thought]).only.column("thinking", "duration_ms") == [5.0]


def test_permissions_and_questions_are_waited_for() -> None:
    busy = event("session.status", status={"type": "busy"})
    asked = event("permission.asked", permission="bash", patterns=["rm *"])
    assert states(busy, asked, event("permission.replied", reply="once")) == ["running", "waiting", "running"]
    assert states(busy, event("question.asked"), event("question.rejected")) == ["running", "waiting", "running"]
    session = told(opencode_hooks, [asked]).only
    assert session.column("state", "metadata") == [{"kind": "permission", "tool_name": "bash", "what": "rm *"}]


def test_errors() -> None:
    session = told(
        opencode_hooks,
        [
            event("session.error", error={"name": "APIError", "data": {"message": "429", "statusCode": 429}}),
            event("session.error", error={"name": "MessageAbortedError", "data": {}}),
            event("session.status", status={"type": "retry", "attempt": 2, "message": "overloaded"}),
            event("session.compacted"),
        ],
    ).only
    assert [(m["metadata"]["kind"], m["content"]) for m in session.all("marker")] == [  # type: ignore[index]
        ("api_error", "APIError: 429"),
        ("interruption", "interrupted by the user"),
        ("api_error", "overloaded"),
        ("compaction", "context compacted"),
    ]


def test_a_subagent_names_its_parent() -> None:
    info = {"id": "s", "parentID": "p", "directory": "/p", "time": {"created": 1}}
    assert told(opencode_hooks, [event("session.created", info=info)]).only.facts["parent_id"] == "p"


def test_events_of_other_kinds_say_nothing_and_new_ones_are_shown() -> None:
    found = facts(
        opencode_hooks, [event("file.edited"), event("session.brandnew"), (None, {}), ("session.idle", {"type": "x"})]
    )
    assert [getattr(fact, "kind", None) for fact in found] == ["event session.brandnew", "event without a type"]


@given(odd(recorded("opencode.jsonl")))
def test_nothing_raises(messages: list[Message]) -> None:
    facts(opencode_hooks, messages)


def second(kind: str, **said: Any) -> Message:
    """An event of OpenCode 2, of the form that packages/schema/src/session-event.ts describes."""
    envelope = {"id": "evt_1", "created": AT // 1_000_000, "location": {"directory": "/home/user/fib"}}
    return kind, {**envelope, "type": kind, "data": {"sessionID": "s", **said}}


SECOND = [
    second("session.input.admitted", inputID="msg_1", input={"type": "user", "data": {"text": "Fix it"}}),
    second("session.input.admitted", inputID="msg_0", input={"type": "user", "data": {"text": "never mind"}}),
    second("session.execution.started"),
    second("session.input.promoted", inputID="msg_1"),
    second("session.step.started", assistantMessageID="msg_2", agent="build", model={"id": "m", "providerID": "p"}),
    second("session.text.ended", assistantMessageID="msg_2", ordinal=0, text="Let me look."),
    second("session.tool.input.started", assistantMessageID="msg_2", callID="call_1", name="shell"),
    second("session.tool.called", assistantMessageID="msg_2", callID="call_1", input={"command": "ls"}, executed=False),
    second(
        "session.tool.success", assistantMessageID="msg_2", callID="call_1", executed=False,
        content=[{"type": "text", "text": "a.txt"}], structured={"exit": 2},
    ),
    second("session.tool.input.started", assistantMessageID="msg_2", callID="call_2", name="read"),
    second("session.tool.called", assistantMessageID="msg_2", callID="call_2", input={"path": "b.py"}, executed=False),
    second(
        "session.tool.failed", assistantMessageID="msg_2", callID="call_2", executed=False,
        error={"type": "unknown", "message": "Unable to read b.py"},
    ),
    second("session.text.ended", assistantMessageID="msg_2", ordinal=1, text="Done."),
    second(
        "session.step.ended", assistantMessageID="msg_2", finish="stop", cost=0.25,
        tokens={"input": 10, "output": 5, "reasoning": 1, "cache": {"read": 3, "write": 0}},
    ),
    second("session.renamed", title="Fixed"),
    second("permission.asked", action="shell", resources=["rm *"]),
    second("session.execution.interrupted", reason="user"),
]  # fmt: skip


def test_a_run_of_opencode_2() -> None:
    found = told(opencode_hooks, SECOND)
    assert found.unknown == []
    session = found.only
    facts = {name: session.facts[name] for name in ("project_dir", "title", "model")}
    assert facts == {"project_dir": "/home/user/fib", "title": "Fixed", "model": "m"}
    assert session.column("prompt", "content") == ["Fix it"]
    assert session.column("reply", "content") == ["Let me look.\nDone."]
    assert session.column("state", "content") == ["running", "waiting"]
    assert session.column("usage", "usage") == [Usage("m", 13, 6, 3, 0, 1, 0.25)]
    assert session.column("command", "command") == ["ls"]
    assert session.column("command", "exit_code") == [2]
    assert session.column("command", "content") == ["a.txt"]
    assert session.column("file_op", "file_path") == ["b.py"]
    assert session.column("file_op", "status") == ["error"]
    assert session.column("marker", "content") == ["interrupted by the user"]
    assert {"prompt:msg_1", "reply:msg_2", "usage:msg_2", "call:call_1", "call:call_2"} <= session.steps.keys()


@given(odd(SECOND))
def test_whatever_stands_in_events_of_opencode_2(messages: list[Message]) -> None:
    facts(opencode_hooks, messages)
