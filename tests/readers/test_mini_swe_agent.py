"""Trajectories of mini-swe-agent, in its three forms."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import mini_swe_agent
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Told, facts, mangled, read

CALLING = (HISTORIES / "mini-swe-agent" / "tool_calls.traj.json").read_bytes()
BARE = (HISTORIES / "mini-swe-agent" / "bare.traj.json").read_bytes()
WRITTEN = 1_700_000_000 * 10**9
START = 1775795869.9063604


def document(*messages: dict[str, object], **info: object) -> bytes:
    head = [{"role": "system", "content": "s"}, {"role": "user", "content": "Fix it"}]
    return json.dumps({"info": {"mini_version": "2.4", **info}, "messages": [*head, *messages]}).encode()


def says(text: str, *commands: str, at: float = 1000.0, **extra: object) -> dict[str, object]:
    actions = [{"command": command, "tool_call_id": f"c-{command}"} for command in commands]
    return {"role": "assistant", "content": text, "extra": {"actions": actions, "timestamp": at, **extra}}


def gets(command: str, code: int, output: str = "", wrong: str = "", at: float = 1001.5) -> dict[str, object]:
    extra = {"returncode": code, "raw_output": output, "exception_info": wrong, "timestamp": at}
    return {"role": "tool", "tool_call_id": f"c-{command}", "content": "<returncode>…", "extra": extra}


def test_commands_with_their_codes_outputs_and_durations() -> None:
    told = read(mini_swe_agent, CALLING, "/run/pydicom-1256/pydicom-1256.traj.json", WRITTEN)
    assert list(told.sessions) == ["pydicom__pydicom-1256-20260410-043749"]
    found = told.only.all("command")
    assert [(step.get("exit_code"), step["status"]) for step in found] == [
        *((0, "ok"), (0, "ok"), (1, "error"), (-1, "error"), (None, "ok")),
    ]
    assert found[0]["tool_call_id"] == "call_00_z5yQs8NPAWCunVUcCCvMRYSE"
    assert str(found[0]["command"]).startswith("find . -type f") and "jsonrep.py" in str(found[0]["content"])
    assert 0 < float(str(found[0]["duration_ms"])) < 1000
    assert "timed out after 60 seconds" in str(found[3]["content"]) or "[cut]" in str(found[3]["content"])
    assert str(found[4]["content"]).startswith("diff --git")  # what was handed in


def test_what_the_run_says_of_itself() -> None:
    session = read(mini_swe_agent, CALLING, "", WRITTEN).only
    expected = ("pydicom__pydicom-1256", "deepseek/deepseek-chat", "2.2.7", "completed", "/testbed")
    assert tuple(session.facts[key] for key in ("title", "model", "version", "status", "project_dir")) == expected
    assert abs(int(str(session.facts["started_at"])) - START * 10**9) < 10**6
    first = session.column("usage", "usage")[0]
    assert first == Usage("deepseek-chat", 1671, 88, 320, cost_usd=0.00042420000000000007)
    assert "cost_usd" not in session.facts  # every message says its own
    (prompt,) = session.column("prompt", "content")
    assert str(prompt).startswith("<pr_description>")


def test_a_bare_list_of_messages() -> None:
    told = read(mini_swe_agent, BARE, "/home/user/test_data/github_issue.traj.json", WRITTEN)
    session = told.only
    assert next(iter(told.sessions)).startswith("github_issue-")
    assert [(step["command"], step.get("exit_code"), step["status"]) for step in session.all("command")] == [
        ("cat /home/user/swe-agent-test-repo/tests/./missing_colon.py", 1, "error"),
        ("ls -la", 0, "ok"),
        ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && git add -A && git diff --cached", None, "ok"),
    ]
    assert str(session.column("command", "content")[0]).startswith("cat: /home/user")
    assert len(session.all("reply")) == 3 and len(session.all("prompt")) == 1
    assert {step["at"] for step in session.all("reply")} == {WRITTEN}


def test_a_command_that_the_user_did_not_want() -> None:
    refusal = "Commands not executed. The user rejected your commands with the following message: use uv"
    session = read(
        mini_swe_agent,
        document(
            says("a", "ls", "rm -r x"),
            gets("ls", 0, "a\n"),
            gets("rm -r x", -1, wrong="action was not executed"),
            {"role": "user", "content": refusal, "extra": {"interrupt_type": "UserRejection"}},
            says("b", "uv sync", at=1002),
            {"role": "user", "content": "Interrupted by user: wait", "extra": {"interrupt_type": "UserInterruption"}},
            {"role": "exit", "content": "LimitsExceeded", "extra": {"exit_status": "LimitsExceeded"}},
            exit_status="LimitsExceeded",
        ),
    ).only
    assert session.column("command", "status") == ["ok", "rejected", None]
    assert session.column("prompt", "content") == ["Fix it", "use uv", "wait"]
    assert [step["metadata"]["kind"] for step in session.all("marker")] == ["interruption", "exit"]  # type: ignore[index]
    assert session.facts["status"] == "failed"
    assert [step.get("duration_ms") for step in session.all("command")] == [None] * 3  # two at once share their time


def test_what_the_user_ran_and_what_was_not_understood() -> None:
    response = {"id": "r1", "model": "m", "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
    error = {"interrupt_type": "FormatError", "response": response, "cost": 0.5}
    session = read(
        mini_swe_agent,
        document(
            {"role": "user", "content": "User command: \n```bash\nls\n```", "extra": {"actions": [{"command": "ls"}]}},
            {"role": "user", "content": "<returncode>0", "extra": {"returncode": 0, "raw_output": "x"}},
            {"role": "user", "content": "Format error: no tool call", "extra": error},
            {"role": "narrator"},
        ),
    )
    (command,) = session.only.all("command")
    assert (command["command"], command["content"], command["metadata"]) == ("ls", "x", {"by": "user"})
    assert session.only.column("usage", "usage") == [Usage("m", 7, 3, cost_usd=0.5)]
    assert session.only.column("marker", "metadata") == [{"kind": "format_error"}]
    assert [unknown.kind for unknown in session.unknown] == ["role narrator"]


def test_responses_of_the_newer_api() -> None:
    answer = {
        "object": "response",
        "id": "resp_1",
        "model": "gpt-5",
        "output": [
            {"type": "reasoning", "summary": []},
            {"type": "message", "content": [{"type": "output_text", "text": "Look."}]},
            {"type": "function_call", "call_id": "k1", "name": "bash"},
        ],
        "usage": {
            "input_tokens": 90,
            "input_tokens_details": {"cached_tokens": 50},
            "output_tokens": 9,
            "output_tokens_details": {"reasoning_tokens": 4},
        },
        "extra": {"actions": [{"command": "ls", "tool_call_id": "k1"}], "cost": 0.01, "timestamp": 5.0},
    }
    result = {
        "type": "function_call_output",
        "call_id": "k1",
        "output": "<returncode>0</returncode>\n<output>\na\n</output>",
    }
    session = read(mini_swe_agent, document(answer, {**result, "extra": {"timestamp": 5.25}})).only
    assert session.column("reply", "content") == ["Look."]
    assert session.column("usage", "usage") == [Usage("gpt-5", 90, 9, 50, 0, 4, 0.01)]
    (command,) = session.all("command")
    assert (command["exit_code"], command["content"], command["duration_ms"]) == (0, "a", 250.0)


def test_detects_its_own_only() -> None:
    assert mini_swe_agent.detect(CALLING, "x") and mini_swe_agent.detect(BARE, "x")
    for other in (b'[{"role": "user"}]', b'[{"role": "system", "content": "hi"}]', b"{}", b"", b'{"mini_version": 1}'):
        assert not mini_swe_agent.detect(other, "a.traj.json")


@settings(max_examples=100)
@given(st.data())
def test_mangled_documents_never_raise(data: st.DataObject) -> None:
    Told(
        facts(
            mini_swe_agent, mangled(data.draw, data.draw(st.sampled_from([CALLING, BARE]))), "/a/b.traj.json", WRITTEN
        )
    )
    Told(facts(mini_swe_agent, data.draw(st.binary(max_size=50))))
