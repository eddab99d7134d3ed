"""aider's chat history: many runs in one Markdown file."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.readers import Origin, aider
from tachograph.records import Usage
from tests.readers.told import HISTORIES, Session, Told, read, watched

RECORDING = (HISTORIES / "aider" / "chat.history.md").read_bytes()
PATH = "/home/user/thing/.aider.chat.history.md"
SONNET = "claude-3-5-sonnet-20240620"


def told() -> Told:
    return read(aider, RECORDING, PATH)


def run(name: str) -> Session:
    return told().sessions[f"aider-{name}"]


def kinds(session: Session) -> list[object]:
    return [step["metadata"]["kind"] for step in session.all("marker")]  # type: ignore[index]


def test_every_header_is_a_session_and_what_is_before_the_first_is_one_too() -> None:
    ids = list(told().sessions)
    assert ids[0].split("-")[1] == "undated"
    assert ids[1:] == [
        "aider-20240805-193302",
        "aider-20240805-193332",
        "aider-20240806-084710",
        "aider-20240821-212841",
        "aider-20240821-212841-2",
    ]
    assert not told().unknown


def test_what_a_run_says_of_itself() -> None:
    facts = run("20240805-193332").facts
    assert facts["project_dir"] == "/home/user/thing"
    assert (facts["model"], facts["version"], facts["status"]) == (SONNET, "0.47.2-dev", "completed")
    assert facts["started_at"] == facts["last_at"] == 1722886412 * 10**9
    assert facts["metadata"]["command"] == "/Users/user/Projects/aider/.venv/bin/aider aider/utils.py"  # type: ignore[index]


def test_a_turn_with_an_edit() -> None:
    session = run("20240805-193332")
    assert session.column("prompt", "content") == ["Use the Spinner instead of the inlined custom spinner"]
    (reply,) = session.column("reply", "content")
    assert str(reply).startswith("Certainly!") and str(reply).rstrip().endswith("update the spinner, and call")
    assert session.column("usage", "usage") == [Usage(SONNET, 5244, 604, cost_usd=0.02)]
    assert [(s["operation"], s["file_path"], s["status"]) for s in session.all("file_op")] == [
        ("read", "aider/utils.py", "ok"),
        ("edit", "aider/utils.py", "ok"),
    ]
    assert [s.get("tool_call_id") for s in session.all("file_op")] == [
        None,
        "edit:#1",
    ]  # the user adds, the agent edits
    assert kinds(session) == ["commit", "slash_command", "slash_command"]


def test_commands_of_the_user_have_their_output_once() -> None:
    (test, lint, ran, declined, declined_too) = run("20240806-084710").all("command")
    assert (test["tool_name"], test["command"], test["status"]) == (
        "/test",
        "pytest tests/basic/test_repomap.py",
        "error",
    )
    assert str(test["content"]).count("1 failed, 6 passed") == 1
    assert ">           repo = GitRepo(" in str(test["content"])
    assert lint["command"] == "/Users/user/Projects/aider/tmp.lint.sh aider/commands.py"
    assert lint["status"] == "error" and "F821 undefined name" in str(lint["content"])
    assert str(ran["command"]).endswith("test_cmd_reset") and "status" not in ran
    assert [declined["status"], declined_too["status"]] == ["rejected", "rejected"]


def test_a_quotation_belongs_to_the_reply_and_words_sent_again_are_no_second_prompt() -> None:
    session = run("20240806-084710")
    replies = session.column("reply", "content")
    assert "\n> name GitRepo is not defined\n" in str(replies[0])
    assert session.column("prompt", "content") == [
        "/ask is there a portable way to know the user's preferred language?"
    ]
    assert kinds(session).count("automatic_prompt") == 1  # what the linter said, handed to the model
    assert kinds(session).count("undo") == 1


def test_blocks_that_fitted_nowhere_are_failed_edits() -> None:
    (failed,) = [step for step in run("20240806-084710").all("file_op") if step["status"] == "error"]
    assert failed["file_path"] == "tests/basic/test_main.py"
    assert "    def test_map_tokens_option(self):" in str(failed["content"])


def test_tokens_rounded_over_two_lines_and_with_a_cache() -> None:
    found = run("20240806-084710").column("usage", "usage")
    model = "openrouter/anthropic/claude-3.5-sonnet"
    assert found[1:] == [
        Usage(model, 19000, 157, 0, 2100, cost_usd=0.06),
        Usage(model, 2930, 18, 2728, cost_usd=0.00014),
    ]
    assert run("20240821-212841-2").column("usage", "usage") == [Usage("gpt-4o", 9680, 85, 9474, cost_usd=0.00016)]


def test_errors_interruptions_and_refusals() -> None:
    session = run("20240821-212841-2")
    assert kinds(session) == [
        *("api_error", "interruption", "slash_command", "model_switch", "permission", "interruption"),
    ]
    assert [step.get("status") for step in session.all("reply")] == ["interrupted", None]
    (skipped,) = session.all("file_op")
    assert (skipped["file_path"], skipped["status"]) == ("show_greeting.py", "rejected")


def test_a_history_without_the_two_spaces_still_has_its_edits() -> None:
    bare = b"\n".join(line.rstrip() for line in RECORDING.split(b"\n"))
    session = read(aider, bare, PATH).sessions["aider-20240805-193332"]
    assert [step["operation"] for step in session.all("file_op")] == ["read", "edit"]
    assert len(session.all("usage")) == len(session.all("prompt")) == 1


def test_watched_line_by_line_the_same_is_told() -> None:
    lines = RECORDING.split(b"\n")[:-1]
    once = told()
    live = Told(watched(aider.parse(Origin(PATH)), lines))
    assert {name: list(s.steps) for name, s in live.sessions.items()} == {
        n: list(s.steps) for n, s in once.sessions.items()
    }
    assert [s.column("reply", "content") for s in live.sessions.values()] == [
        s.column("reply", "content") for s in once.sessions.values()
    ]


def test_it_is_looked_for_near_the_home_and_where_the_environment_says_it_is() -> None:
    near, named = aider.places("/home/user", {"AIDER_CHAT_HISTORY_FILE": "/notes/chat.md"})
    assert (near.root, len(near.patterns), near.watched) == ("/home/user", 3, False)
    assert (named.root, named.patterns) == ("/notes", ("chat.md",))
    assert aider.places("/home/user", {"AIDER_CHAT_HISTORY_FILE": "chat.md"}) == [near]


def test_detects_its_own_only() -> None:
    assert aider.detect(RECORDING, "notes.txt")
    assert not aider.detect(b"# aider chat started at the office\n", PATH)
    assert not aider.detect(b'{"text": "# aider chat started at 2024-08-05 19:33:02"}\n', PATH)
    assert not aider.detect(b"", PATH)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.binary(max_size=40), max_size=12))
def test_lines_in_any_order_never_raise(seed: int, odd: list[bytes]) -> None:
    lines = [*RECORDING.split(b"\n"), *odd, *(b"> " + line for line in odd), *(b"#### /" + line for line in odd)]
    random.Random(seed).shuffle(lines)
    Told(watched(aider.parse(Origin("")), (line for piece in lines for line in piece.split(b"\n"))))


def test_half_of_a_line_never_tells_what_the_whole_does_not() -> None:
    asked = b"#### /ask which file  \n#### greets?  \n\n#### which file  \n#### greets?  \n\nIt is hello.py.  \n\n"
    counted = b"> Tokens: 1k sent, 9 received.  \n"
    for data in (RECORDING, RECORDING[: RECORDING.find(b"#### /diff")] + asked + counted):
        whole = read(aider, data, PATH)
        for cut in range(len(data)):
            for name, half in read(aider, data[:cut], PATH).sessions.items():
                session = whole.sessions[name]
                assert half.steps.keys() <= session.steps.keys(), data[:cut][-80:]
                assert all(session.steps[key]["event_type"] == step["event_type"] for key, step in half.steps.items())
                assert session.text().startswith(half.text())
