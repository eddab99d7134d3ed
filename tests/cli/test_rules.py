"""rules list, check and test, and extract: rules tried, judged, and run over old recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import recordings
from tests.cli.conftest import Ask, Recorded

MINE = """
[[rule]]
name = "compiling"
event_type = "acme.compile"
pattern = 'compiling (?P<file>[a-z.]+)'
value = "file"
description = "A file being compiled"
examples = ["compiling one.c"]
counter_examples = ["compiled one.c"]

[[rule]]
name = "pytest_summary"
enabled = false
"""
BROKEN = MINE + "\n[[rule]]\nname = 'open'\nevent_type = 'error'\npattern = '('\n"


@pytest.fixture
def mine(home: Path) -> Path:
    home.mkdir(mode=0o700, exist_ok=True)
    path = home / "rules.toml"
    path.write_text(MINE)
    return path


def test_rules_are_listed_with_where_they_come_from(call: Ask, mine: Path) -> None:
    rules = {rule["name"]: rule for rule in call("rules", "list", "--json").json}
    assert len(rules) > 40
    assert rules["compiling"]["origin"] == "yours"
    assert (rules["pytest_summary"]["origin"], rules["pytest_summary"]["enabled"]) == ("changed by you", False)
    assert rules["python_traceback"]["origin"] == "shipped"
    assert [rule["name"] for rule in call("rules", "list", "--type", "acme.compile").rows] == ["compiling"]
    assert "no rule finds nothing" in call("rules", "list", "--type", "nothing").err


def test_good_rules_pass(call: Ask, mine: Path) -> None:
    assert call("rules", "check").code == 0
    assert call("rules", "check", str(mine)).err.startswith("✓ 2 rules of yours")


def test_without_a_file_only_the_shipped_ones_count(call: Ask) -> None:
    answer = call("rules", "check")
    assert (answer.code, answer.out) == (0, "")
    assert "you have none of your own" in answer.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BROKEN, ":18: open: "),
        (MINE.replace("compiling one.c", "compiled one.c"), "does not find its example 'compiled one.c'"),
        (MINE.replace("compiled one.c", "compiling two.c"), "finds its counter-example 'compiling two.c'"),
        (MINE.replace("acme.compile", "compile"), "event_type 'compile'"),
        (MINE.replace("value =", "valu ="), "valu"),
        ("[[rules]]\nname = 'x'\n", "begins with [[rule]]"),
        ("[[rule]\n", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(call: Ask, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    answer = call("rules", "check", str(path))
    assert answer.code == 6
    assert told in answer.out
    assert all(line.startswith(str(path)) for line in answer.out.splitlines())


def test_one_bad_rule_leaves_the_others_in_force(call: Ask, mine: Path) -> None:
    mine.write_text(BROKEN)
    answer = call("rules", "list", "--json")
    assert "compiling" in [rule["name"] for rule in answer.json]
    assert "1 rule of" in answer.err and "tachograph rules check" in answer.err


def test_rules_are_tried_on_a_file_or_on_what_is_piped_in(call: Ask, mine: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("compiling one.c\nfoo.c:3:1: error: no\n\x1b[31mValueError: x\x1b[0m\n3 passed in 0.1s\n")
    found = call("rules", "test", str(log), "--json").json
    assert [(one["line_number"], one["pattern"]) for one in found[:2]] == [(1, "compiling"), (2, "compiler_error")]
    assert "pytest_summary" not in [one["pattern"] for one in found]
    assert found[0]["matched_value"] == "one.c"
    assert call("rules", "test", "-", "--json", input=log.read_text()).json == found
    assert len(call("rules", "test", str(log), "--rule", "compiling").rows) == 1
    assert call("sessions", "--json").json == []  # nothing is recorded


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["rules", "check", "nowhere.toml"], 3, "there is no file nowhere.toml"),
        (["rules", "check", "/"], 1, "name a file, not a folder"),
        (["rules", "test", "nowhere.log"], 3, "there is no file nowhere.log"),
        (["rules", "test", "/"], 1, "name a file, not a folder"),
        (["rules", "test", "-", "--rule", "nobody"], 3, "no rule is called"),
        (["rules", "test", "-", "--rules", "nowhere.toml"], 3, "there is no file nowhere.toml"),
        (["rules", "mend"], 2, "tachograph rules --help"),
        (["extract", "--rules", "nowhere.toml"], 3, "there is no file nowhere.toml"),
        (["extract", "--dry-run", "--apply"], 2, "exclude each other"),
        (["extract", "nobody"], 3, "no session matches"),
        (["extract", "--csv"], 2, "--json"),
    ],
)
def test_wrong_words(call: Ask, recorded: Recorded, words: list[str], code: int, told: str) -> None:
    answer = call(*words)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err


def test_a_broken_rule_file_changes_nothing(call: Ask, recorded: Recorded, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(BROKEN)
    answer = call("extract", "--rules", str(path), "--apply")
    assert (answer.code, answer.out) == (2, "")
    assert f"{path}:18: open: " in answer.err


def test_a_file_that_is_no_text(call: Ask, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    for words in (["rules", "check", str(path)], ["extract", "--rules", str(path)]):
        answer = call(*words)
        assert answer.code == 1
        assert "is not UTF-8 text" in answer.err


def test_a_dry_run_says_what_would_change_and_changes_nothing(call: Ask, recorded: Recorded, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    before = call("events", "--json", "-n", "0").json
    facts = call("extract", "--rules", str(path), "--json").json
    assert (facts["applied"], facts["sessions"], facts["added"], facts["removed"]) == (False, 2, 3, 1)
    assert {"pattern": "compiling", "event_type": "acme.compile", "added": 2, "removed": 0} in facts["patterns"]
    assert {(one["session_id"], one["added"], one["removed"]) for one in facts["changed_sessions"]} == {
        (recorded.good, 2, 0),
        (recorded.bad, 1, 1),  # another rule reads that line now
    }
    shown = call("extract", "--rules", str(path), "--dry-run", "--examples")
    assert f"+ compiling  {recorded.good}:1  one.c" in shown.out
    assert "- pytest_summary" in shown.out
    assert "3 would be added, 1 would go" in shown.err and "--apply does it" in shown.err
    assert call("events", "--json", "-n", "0").json == before


def test_apply_makes_it_so_and_keeps_what_stays(call: Ask, recorded: Recorded, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    error = call("events", recorded.bad, "--failed", "--json").json[0]
    call("feedback", str(error["id"]), "correct")
    assert "3 added, 1 removed" in call("extract", "--rules", str(path), "--apply").err
    assert len(call("events", "--type", "acme.compile", "--json").json) == 2
    assert [row["pattern"] for row in call("events", "--type", "test_result", "--json").json] == ["test_counts"]
    assert error in call("events", recorded.bad, "--failed", "--json").json
    assert call("db", "sql", "SELECT event_id FROM feedback", "--json").json == [{"event_id": error["id"]}]
    assert call("extract", "--rules", str(path), "--json").json["patterns"] == []
    assert call("db", "check").code == 0
    call("extract", "--apply")  # and back again
    assert call("events", "--type", "acme.compile", "--json").json == []


def test_extract_can_be_kept_to_some_sessions(call: Ask, recorded: Recorded, home: Path) -> None:
    call("sessions")
    (home / "rules.toml").write_text(MINE)
    for words in (["last~1"], ["--agent", "buil%"], ["--until", "150m"]):
        facts = call("extract", *words, "--json").json
        assert (facts["sessions"], facts["added"], facts["removed"]) == (1, 2, 0)
    assert call("extract", "-n", "1", "--json").json["removed"] == 1


def test_your_own_rules_find_in_new_recordings(call: Ask, mine: Path) -> None:
    recordings.write(recordings.GOOD)
    rows = call("events", "--type", "acme.compile", "--json").json
    assert [row["matched_value"] for row in rows] == ["two.c", "one.c"]
