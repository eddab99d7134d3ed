"""`sessions`: subagents below their parents, who waits, what agents will delete, what nobody understood."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import tachograph
from tachograph import clock
from tachograph.records import Session, StateChange
from tests.cli import histories
from tests.cli.conftest import Ask, Screen
from tests.cli.histories import CHILD, FIRST, OTHER, SECOND

AT = 1_795_000_000_000_000_000
PLAIN = {"NO_COLOR": "1"}


def test_subagents_lie_below_their_parents_and_are_summed_up(asked: Ask) -> None:
    rows = asked("sessions", "--tree", "--json").json
    assert {(row["id"], row["depth"], row["below"]) for row in rows} == {
        *((OTHER, 0, 0), (SECOND, 0, 0), (FIRST, 0, 1), (CHILD, 1, 0))
    }
    order = [row["id"] for row in rows]
    assert order[0] == OTHER and order.index(CHILD) == order.index(FIRST) + 1
    first, child = (next(row for row in rows if row["id"] == name) for name in (FIRST, CHILD))
    assert first["family_cost_usd"] == pytest.approx(first["cost_usd"] + child["cost_usd"])
    assert first["family_input_tokens"] == first["input_tokens"] + child["input_tokens"] == 16499
    assert (first["tool_calls"], first["family_tool_calls"]) == (8, 10)
    assert child["family_cost_usd"] == child["cost_usd"]


def test_the_limit_counts_families(asked: Ask) -> None:
    listed = asked("sessions", "--tree", "--agent", "claude", "-n", "2", "--json").json
    assert {row["id"] for row in listed} == {FIRST, SECOND, CHILD}
    one = asked("sessions", "--tree", "-n", "1")
    assert len(one.rows) == 1 and "the first 1 session and what they started" in one.err
    assert asked("sessions", "--tree", "--agent", "codex").rows[0]["id"] == OTHER
    assert asked("sessions", "--tree", "--project", "elsewhere", "--json").json == []


def test_a_tree_on_a_terminal(screen: Screen, told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(told))
    lines = screen("sessions", "--tree", env=PLAIN).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("✓  aaaaaaaa "))
    assert "Σ 0.01" in lines[place] and "fix the" in lines[place]
    assert lines[place + 1].startswith(f"✓  └ {CHILD}") and "look" in lines[place + 1]
    assert all(len(line) <= 80 for line in lines)


def test_families_of_many_generations_and_of_sessions_that_name_each_other(home: Path) -> None:
    with tachograph.open() as store:
        for number in range(300):
            parent = f"s-{number - 1}" if number else None
            store.sessions.add(Session(f"s-{number}", "a", parent_id=parent, started_at=AT + number, cost_usd=0.25))
        store.sessions.add(Session("x", "a", parent_id="y", started_at=AT))
        store.sessions.add(Session("y", "a", parent_id="x", started_at=AT))
        store.sessions.add(Session("self", "a", parent_id="self", started_at=AT))
        store.sessions.add(Session("lost", "a", parent_id="never heard of", started_at=AT))
        store.sessions.add(Session("wrapped", "a", started_at=AT))
        store.sessions.add_alias("its own name", "wrapped")
        store.sessions.add(Session("below", "a", parent_id="its own name", started_at=AT))
        roots = {session.id for session in store.sessions.list(root=True, limit=None)}
        assert roots == {"s-0", "self", "lost", "wrapped"}
        members = store.families.members([store.sessions.get("s-0"), store.sessions.get("x")])
        assert [member.depth for member in members[:300]] == list(range(300))
        assert (members[0].below, members[0].cost_usd) == (299, 75.0)
        assert [(member.session.id, member.depth) for member in members[300:]] == [("x", 0), ("y", 1)]
        assert [m.session.id for m in store.families.members([store.sessions.get("wrapped")])] == ["wrapped", "below"]


def test_which_one_waits_for_me_and_for_what(call: Ask, screen: Screen, home: Path) -> None:
    with tachograph.open() as store:
        for name in ("busy", "stuck"):
            store.sessions.add(Session(name, "a", started_at=clock.now() - clock.DAY))
        asked_for = {"message": "may I run rm -rf build?"}
        waiting = StateChange("stuck", "waiting", metadata=asked_for, at=clock.now() - 300 * clock.SECOND)
        store.sessions.add_state(waiting)
    assert [row["id"] for row in call("sessions", "--waiting", "--json").json] == ["stuck"]
    assert call("sessions", "--waiting", "--status", "failed").code == 2
    shown = screen("sessions", "--waiting", env=PLAIN)
    assert "◌  stuck" in shown and "waits for you since 5m" in shown
    assert "may I run rm" in screen("sessions", env={**PLAIN, "COLUMNS": "200"})


def place_of(home: Path) -> Path:
    return home.parent / "me" / ".claude"


@pytest.fixture
def kept(home: Path, call: Ask, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Histories where the agent keeps them for 30 days: FIRST goes in two days, the others are younger."""
    monkeypatch.setenv("HOME", str(home.parent / "me"))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    files = histories.write(place_of(home))
    for session, path in files.items():
        age = 28 if session in (FIRST, CHILD) else 3
        os.utime(path, ns=(clock.now() - age * clock.DAY,) * 2)
    assert call("import", "claude").code == 0
    return files


def test_what_the_agent_will_delete_soon_is_said_with_the_list(kept: dict[str, Path], screen: Screen) -> None:
    shown = screen("sessions", env={**PLAIN, "COLUMNS": "200"})
    assert "2 sessions will be deleted by claude within 7 days; all of them are kept here" in shown
    first = next(line for line in shown.splitlines() if "fix the seek test" in line and "aaaaaaaa" in line)
    assert "claude deletes it in 1d23h, kept here" in first or "claude deletes it in 2d00h, kept here" in first
    second = next(line for line in shown.splitlines() if line.startswith("✓  bbbbbbbb"))
    assert "deletes" not in second


def test_a_session_says_what_will_become_of_it(kept: dict[str, Path], call: Ask) -> None:
    assert "2 lines of an unknown kind · claude deletes it in " in call("show", FIRST).out
    (history,) = call("show", FIRST, "--json").json["histories"]
    assert history["path"] == str(kept[FIRST]) and history["keeps_until"] > clock.iso(clock.now())
    with tachograph.open() as store, store.transaction():
        for one in store.histories.of_session(FIRST):
            store.histories.save(one.id, gone_at=clock.now())
    assert "deleted by claude, kept here" in call("show", FIRST).out


def test_what_is_not_all_here_is_not_called_kept(kept: dict[str, Path], call: Ask) -> None:
    with tachograph.open() as store:
        with store.transaction():
            for one in store.histories.of_session(FIRST):
                store.histories.save(one.id, size=one.size + 1)
        fate = store.keeping.of([FIRST])[FIRST]
        (agent,) = store.keeping.by_agent(clock.now() + 7 * clock.DAY)
    assert fate.kept is False
    assert (agent.agent, agent.deleted_soon, agent.soon_kept) == ("claude", 2, 1)
    assert "not all of it is kept here" in call("show", FIRST).out


def test_unknown_lines_are_noted_in_the_list(told: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(told))
    shown = screen("sessions", env={**PLAIN, "COLUMNS": "200"})
    assert [line[3:11] for line in shown.splitlines() if "2 lines of an unknown kind" in line] == ["aaaaaaaa"]


def test_ids_are_short_on_a_terminal_and_whole_in_a_pipe(
    home: Path, screen: Screen, call: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = ["11111111-2222-4333-8444-000000000001", "11111111-2222-4999-8444-000000000002"]
    with tachograph.open() as store:
        for name in [*twins, "run-1"]:
            store.sessions.add(Session(name, "a", started_at=AT, ended_at=AT))
    shown = screen("sessions", env=PLAIN)
    assert {line.split()[1] for line in shown.splitlines() if line[0] in "●✓"} == {
        *("11111111-2222-4333", "11111111-2222-4999", "run-1")
    }
    assert [row["id"] for row in call("sessions").rows] == ["run-1", *reversed(twins)]


@pytest.mark.parametrize(
    ("words", "about"),
    [("sessions", "ABOUT"), ("events", "WHAT"), ("timeline", "WHAT"), ("rules list", "WHAT IT FINDS")],
)
def test_a_narrow_terminal_has_room_for_what_a_list_is_about(
    asked: Ask, screen: Screen, words: str, about: str
) -> None:
    heading, *rows = screen(*words.split(), env={**PLAIN, "COLUMNS": "40"}).splitlines()
    table = [heading, *(line for line in rows if not re.match(r"the (first|latest) |tachograph ", line))]
    assert heading.endswith(about) and max(map(len, table)) <= 40
    room = 40 - len(heading.removesuffix(about))
    assert len(table) > 1 and room >= 10
