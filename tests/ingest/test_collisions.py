"""Collisions as facts arrive: who collided with whom, how badly, and who did not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.ingest.opening import open_store
from tachograph.ingest.telling import Telling
from tachograph.records import Fact
from tachograph.store import Store

from .agents_at_work import AT, RULES, Agent, found

A = "/home/u/shop/a.py"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with open_store(str(home / "tachograph.db")) as made:
        yield made


def told(store: Store, *agents: Agent) -> list[tuple[str, str, str]]:
    for agent in agents:
        agent.tell(store)
    return found(store)


def two(first: str = "codex-1", second: str = "claude-1") -> tuple[Agent, Agent]:
    """At work for a quarter of an hour, both of them."""
    return Agent(first).runs(0, "ls").runs(900, "ls"), Agent(second).runs(1, "ls").runs(901, "ls")


def test_two_sessions_that_change_one_file_collide(store: Store) -> None:
    one, other = two()
    one.edits(60, "a.py")
    other.edits(100, A)
    assert told(store, one, other) == [("file_conflict", "warning", A)]
    (collision,) = store.collisions.list()
    assert (collision.session_id_1, collision.session_id_2) == ("codex-1", "claude-1")
    assert (collision.agent_id_1, collision.agent_id_2) == ("codex", "claude")
    assert collision.description == "claude-1 edited /home/u/shop/a.py 40 s after codex-1 had edited it"
    events = [store.events.get(number or 0) for number in (collision.event_id_1, collision.event_id_2)]
    assert [event.session_id for event in events] == ["codex-1", "claude-1"]
    assert json.loads(collision.overlap_json or "")["gap_ms"] == 40_000
    assert store.ledger.verify().sound


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_it_does_not_matter_whose_history_is_read_first(store: Store, order: tuple[int, ...]) -> None:
    one, other = two()
    third = Agent("gemini-1").runs(2, "ls").edits(160, "a.py").runs(903, "ls")
    agents = one.edits(60, "a.py"), other.edits(100, "a.py"), third
    told(store, *(agents[number] for number in order))
    pairs = {(row.session_id_1, row.session_id_2) for row in store.collisions.list()}
    assert {("codex-1", "claude-1"), ("claude-1", "gemini-1")} <= pairs
    assert pairs <= {("codex-1", "claude-1"), ("claude-1", "gemini-1"), ("codex-1", "gemini-1")}
    flows = store.workflows.list()
    assert len(flows) == 1 and sorted(store.workflows.sessions(flows[0].session_id)) == [
        "claude-1",
        "codex-1",
        "gemini-1",
    ]


def test_telling_it_again_changes_nothing(store: Store) -> None:
    one, other = two()
    one.edits(60, "a.py")
    other.edits(100, "a.py")
    before = told(store, one, other)
    entries = store.ledger.verify().entries
    assert told(store, one, other, one) == before
    assert store.ledger.verify().entries == entries


def test_worse_when_the_second_had_read_what_was_there_before(store: Store) -> None:
    one, other = two()
    other.reads(50, "a.py").edits(100, "a.py")
    one.edits(60, "a.py")
    assert told(store, one, other) == [("file_conflict", "critical", A)]
    (collision,) = store.collisions.list()
    assert "having seen it as it was 10 s before that" in collision.description


@pytest.mark.parametrize("look", ["reads", "cat a.py", "sed -n 1,20p src/../a.py"])
def test_not_so_bad_when_it_had_looked_since(store: Store, look: str) -> None:
    one, other = two()
    one.edits(60, "a.py")
    other.reads(50, "a.py")
    other.reads(80, "a.py") if look == "reads" else other.runs(80, look)
    assert told(store, one, other.edits(100, "a.py")) == [("file_conflict", "warning", A)]


def test_far_apart_in_the_window_is_only_worth_knowing(store: Store) -> None:
    one, other = two()
    assert told(store, one.edits(10, "a.py"), other.edits(920, "a.py").runs(2000, "ls")) == [
        ("file_conflict", "info", A)
    ]


@pytest.mark.parametrize(
    "quarrel",
    [
        "another file", "out of the window", "one after the other", "it failed", "refused", "only read", "another root",
    ],
)  # fmt: skip
def test_what_is_no_collision(store: Store, quarrel: str) -> None:
    one, other = two()
    one.edits(60, "a.py")
    if quarrel == "another file":
        other.edits(100, "b.py")
    elif quarrel == "out of the window":
        one.runs(5000, "ls")
        other.edits(60 + 1801, "a.py")
    elif quarrel == "one after the other":
        other = Agent("claude-1").reads(1000, "a.py").edits(1010, "a.py")
    elif quarrel in ("it failed", "refused"):
        other.edits(100, "a.py", status="error" if quarrel == "it failed" else "rejected")
    elif quarrel == "only read":
        other.reads(100, "a.py")
    else:
        other = Agent("claude-1", "/home/u/shop-worktree").runs(0, "ls").edits(100, "a.py").runs(901, "ls")
    assert told(store, one, other) == []


def test_a_window_can_be_set(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_COLLISIONS_WINDOW", "30s")
    one, other = two()
    assert told(store, one.edits(60, "a.py").edits(200, "b.py"), other.edits(100, "a.py").edits(220, "b.py")) == [
        ("file_conflict", "info", "/home/u/shop/b.py")
    ]


def test_a_long_quarrel_is_one_collision(store: Store) -> None:
    one, other = two()
    for number in range(20):
        one.edits(10 + 20 * number, "a.py")
        other.edits(20 + 20 * number, "a.py")
    assert [severity for _, severity, _ in told(store, one, other)] == ["warning", "critical"]


def test_a_link_is_the_file_it_leads_to(store: Store, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    one = Agent("codex-1", tmp_path / "real").edits(10, "a.py").runs(90, "ls")
    other = Agent("claude-1", tmp_path / "link").runs(5, "ls").edits(20, "sub/../a.py")
    assert told(store, one, other) == [("file_conflict", "warning", str(tmp_path / "real" / "a.py"))]


def test_a_copy_of_a_session_does_not_collide_with_it(store: Store) -> None:
    one, other = two()
    copy = Agent("codex-2").runs(2000, "ls")
    one.edits(60, "a.py")
    copy.steps = [*one.steps, *copy.steps]
    assert told(store, one, copy, other.edits(100, "a.py")) == [("file_conflict", "warning", A)]


@pytest.mark.parametrize("name", ["a\0b", "\udce4.py", "x" * 5000, "..", "/", "", "C:\\\\a.py", "~/a"])
def test_names_that_are_no_names_are_in_nobodys_way(store: Store, name: str) -> None:
    for agent in ("codex-1", "claude-1"):
        one = (
            Agent(agent, f"/home/{name}").edits(1, name).runs(50, f"rm '{name}'").does(60, "read", name, status="error")
        )
        one.tell(store)
    assert len(store.sessions.ids()) == 2


def test_who_goes_on_when_another_has_come_was_there_all_along(store: Store) -> None:
    one = Agent("claude-1").edits(10, "a.py").runs(60, "ls")
    other = Agent("claude-2").edits(20, "a.py").runs(30, "ls")
    hooks = Telling(store, RULES, "claude", source="hook")

    def heard(*facts: Fact) -> list[tuple[str, str, str]]:
        with store.transaction():
            hooks.tell(facts, now=AT)
        return found(store)

    assert heard(one.facts(), one.steps[0], other.facts(), *other.steps) == []
    assert heard(one.facts(), one.steps[1]) == [("file_conflict", "warning", A)]


# -- families -------------------------------------------------------------------------------------------------------


def test_who_waits_for_a_subagent_does_not_collide_with_it(store: Store) -> None:
    parent = Agent("claude-1").edits(10, "a.py").edits(300, "a.py")
    child = Agent("agent-1", parent="claude-1").reads(50, "a.py").edits(60, "a.py").runs(200, "ls")
    assert told(store, parent, child) == []
    assert store.workflows.list() == []


def test_who_goes_on_beside_a_subagent_does(store: Store) -> None:
    parent = Agent("claude-1").edits(10, "a.py").edits(100, "a.py")
    child = Agent("agent-1", parent="claude-1").reads(50, "a.py").edits(60, "a.py").runs(200, "ls")
    assert told(store, child, parent) == [("file_conflict", "critical", A)]


def test_two_subagents_side_by_side_collide_and_share_their_workflow_with_their_parent(store: Store) -> None:
    one = Agent("agent-1", parent="claude-1").runs(20, "ls").edits(60, "a.py").runs(200, "ls")
    other = Agent("agent-2", parent="claude-1").runs(21, "ls").edits(70, "a.py").runs(200, "ls")
    assert told(store, Agent("claude-1").runs(0, "ls"), one, other) == [("file_conflict", "warning", A)]


def test_sessions_side_by_side_open_a_workflow_and_others_do_not(store: Store) -> None:
    one, other = two()
    later = Agent("gemini-1").runs(1000, "ls")
    elsewhere = Agent("aider-1", "/home/u/garden").runs(100, "ls")
    assert told(store, later, one, elsewhere, other) == []
    (flow,) = store.workflows.list()
    assert store.workflows.sessions(flow.session_id) == ["codex-1", "claude-1"]
    assert (flow.opened_by, flow.project_dir, flow.agent_count) == ("tachograph", "/home/u/shop", 2)
    assert store.workflows.settle() == [flow.session_id]
    ended = store.workflows.get(flow.session_id)
    assert (ended.status, ended.total_duration_ms, ended.successful_operations) == ("completed", 901_000, 4)


def test_folders_of_one_repository_are_one_place_and_a_worktree_is_another(store: Store, tmp_path: Path) -> None:
    for folder in ("shop/.git", "shop/web", "tree/web"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tree" / ".git").write_text("gitdir: elsewhere\n")
    for name, folder in (("codex-1", "shop"), ("claude-1", "shop/web"), ("gemini-1", "tree/web")):
        Agent(name, tmp_path / folder).runs(1, "ls").runs(500, "ls").tell(store)
    (flow,) = store.workflows.list()
    assert store.workflows.sessions(flow.session_id) == ["codex-1", "claude-1"]


def test_a_name_from_the_environment_is_a_workflow(store: Store) -> None:
    one = Agent("claude-1").edits(10, "a.py").runs(90, "ls")
    one.tell(store, workflow="release-7")
    Agent("codex-1").runs(5, "ls").edits(20, "a.py").tell(store)
    (collision,) = store.collisions.list()
    assert collision.session_id == "release-7"
    assert store.workflows.sessions("release-7") == ["codex-1", "claude-1"]


# -- structure ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "path"),
    [("rm a.py", "a.py"), ("git mv src lib", "src/deep/a.py"), ("cd src && rm -rf deep", "src/deep/a.py")],
)
def test_removing_what_another_changed(store: Store, command: str, path: str) -> None:
    one, other = two()
    assert told(store, one.edits(60, path), other.runs(100, command)) == [
        ("structural_overlap", "critical", f"/home/u/shop/{path}")
    ]


@pytest.mark.parametrize("operation", ["read", "edit"])
def test_using_what_another_removed(store: Store, operation: str) -> None:
    one, other = two()
    one.runs(60, "rm -r src")
    other.reads(40, "src/a.py").does(100, operation, "src/a.py", status="error")
    assert told(store, one, other) == [("structural_overlap", "warning", "/home/u/shop/src/a.py")]


def test_both_create_the_same_file(store: Store) -> None:
    one, other = two()
    assert told(store, one.creates(60, "new.py"), other.creates(70, "new.py")) == [
        ("structural_overlap", "critical", "/home/u/shop/new.py")
    ]


def test_a_command_that_failed_removed_nothing(store: Store) -> None:
    one, other = two()
    assert told(store, one.edits(60, "a.py"), other.runs(100, "rm a.py", status="error")) == []


# -- meaning --------------------------------------------------------------------------------------------------------

SHOP = """\
import os


def total(cart):
    return sum(cart)


class Cart:
    def add(self, item):
        self.items.append(item)
"""


def test_the_same_function(store: Store) -> None:
    one, other = two()
    one.reads(30, "a.py", SHOP).edits(60, "a.py", "return sum(cart)", "return sum(cart) * 2")
    other.edits(100, "a.py", "def total(cart):", "def total(cart, tax):")
    assert told(store, one, other) == [("file_conflict", "warning", A), ("semantic_overlap", "warning", f"{A}::total")]


def test_another_function_of_the_same_file(store: Store) -> None:
    one, other = two()
    one.reads(30, "a.py", SHOP).edits(60, "a.py", "return sum(cart)", "return sum(cart) * 2")
    other.reads(70, "a.py", SHOP).edits(100, "a.py", "self.items.append(item)", "self.items.insert(0, item)")
    assert told(store, one, other) == [("file_conflict", "warning", A)]


PROMPT = "Please make the login page work again, it fails for everybody who has a plus sign in the address."


@pytest.mark.parametrize(
    ("text", "folder", "count"),
    [(PROMPT, "/home/u/shop", 1), ("continue", "/home/u/shop", 0), (PROMPT, "/home/u/other", 0)],
)
def test_the_same_prompt_in_one_repository(store: Store, text: str, folder: str, count: int) -> None:
    one = Agent("codex-1").says(10, "prompt", text).runs(100, "ls")
    other = Agent("claude-1", folder).runs(5, "ls").says(20, "prompt", f"{text}\n")
    assert len(told(store, one, other)) == count


def test_the_same_code_in_two_replies(store: Store) -> None:
    code = "```python\n" + "\n".join(f"def compute_{n}(value):\n    return value * {n}" for n in range(6)) + "\n```\n"
    one = Agent("codex-1").says(10, "reply", code).runs(100, "ls")
    other = Agent("claude-1").runs(5, "ls").says(20, "reply", f"Here it is:\n{code}")
    ((kind, severity, subject),) = told(store, one, other)
    assert (kind, severity, subject[:6]) == ("semantic_overlap", "info", "block:")
