"""Collisions and workflows on the command line: lists, both changes side by side, a page, what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import tachograph
from tests.cli.conftest import Answer
from tests.hostile import PAYLOADS
from tests.ingest.agents_at_work import Agent

Call = Callable[..., Answer]


def quarrel(new: str = "return sum(cart) * 2", path: str = "a.py") -> None:
    """codex changes a file that claude had read, and claude changes it."""
    one = Agent("codex-1").runs(0, "ls").edits(60, path, "return sum(cart)", new).runs(900, "ls", "error")
    other = Agent("claude-1").reads(50, path, "def total(cart):\n    return sum(cart)\n")
    other.edits(100, path, "def total(cart):", "def total(cart, tax):").runs(901, "ls")
    with tachograph.open() as store:
        for agent in (one, other):
            agent.tell(store)


def test_they_are_listed(call: Call) -> None:
    quarrel()
    rows = call("collisions", "--json").json
    assert [(row["collision_type"], row["severity"]) for row in rows] == [
        ("semantic_overlap", "critical"), ("file_conflict", "critical"),
    ]  # fmt: skip
    assert rows[1]["subject"] == "/home/u/shop/a.py" and rows[1]["overlap_json"]["symbols"] == ["total"]
    assert len(call("collisions", "--type", "file_conflict", "--jsonl").out.splitlines()) == 1
    assert len(call("collisions", "--session", "codex-1", "--agent", "cla%", "--csv").out.splitlines()) == 3
    assert call("collisions", "--severity", "info", "--json").json == []
    assert call("collisions", "--workflow", rows[0]["session_id"], "--json").json == rows


def test_both_changes_side_by_side(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    quarrel()
    monkeypatch.setenv("COLUMNS", "140")
    out = call("collisions", "show", "1").out
    assert out.startswith("Collision 1: file_conflict, critical\nclaude-1 edited /home/u/shop/a.py 40 s after codex-1")
    assert re.search(
        r"-return sum\(cart\) +│ -def total\(cart\):\n\+return sum\(cart\) \* 2 +│ \+def total\(cart, tax\):", out
    )
    assert re.search(r"^codex-1 +│ claude-1$", out, re.M)
    monkeypatch.setenv("COLUMNS", "80")
    narrow = call("collisions", "show", "1").out
    assert narrow.index("+return sum(cart) * 2") < narrow.index("+def total(cart, tax):") and "│" not in narrow


def test_a_page_shows_the_same(call: Call, tmp_path: Path) -> None:
    quarrel()
    page = tmp_path / "page.html"
    assert call("collisions", "show", "1", "--html", str(page)).code == 0
    text = page.read_text()
    assert "+def total(cart, tax):" in text and "+return sum(cart) * 2" in text
    assert (page.stat().st_mode & 0o777) == 0o600
    assert call("collisions", "show", "1", "--html", str(page)).code == 4
    assert call("collisions", "show", "1", "--html", "-").out == text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("text", [*PAYLOADS.values(), "</pre><script>alert(1)</script><img src=x onerror=alert(1)>"])
def test_what_agents_wrote_does_nothing(call: Call, text: str) -> None:
    quarrel(new=text, path="a\"'<b>.py")
    tags = Tags()
    tags.feed(call("collisions", "show", "1", "--html", "-").out)
    assert tags.seen <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "dl", "dt", "dd", "main", "section"),
        *("pre", "span"),
    }
    assert tags.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    for command in (("collisions",), ("collisions", "show", "1"), ("workflow", "list")):
        answer = call(*command)
        assert answer.code == 0 and not set(map(ord, answer.out)) & {*range(9), *range(11, 32), *range(0x7F, 0xA0)}


def test_a_resolution_is_kept_and_masked(call: Call) -> None:
    quarrel()
    secret = "ghp_" + "a1B2" * 9
    assert call("collisions", "resolve", "1", f"kept claude's, {secret}").code == 0
    rows = call("collisions", "--json").json
    assert rows[1]["resolution"].startswith("kept claude's, ") and secret not in rows[1]["resolution"]
    assert [row["id"] for row in call("collisions", "--open", "--json").json] == [2]
    assert "resolution" in call("collisions", "show", "1").out
    assert call("collisions", "resolve", "99", "x").code == 3
    assert call("collisions", "resolve", "1", " ").code == 2
    assert call("audit", "verify").code == 0


def test_files_say_where_sessions_collided(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("files", "--json").json == []
    quarrel()
    Agent("gemini-1").edits(5000, "b.py").tell(tachograph.open())
    rows = {row["file_path"]: row["collisions"] for row in call("files", "--json").json}
    assert rows == {"a.py": 1, "b.py": 0}
    assert {row["collisions"] for row in call("files", "gemini-1", "--json").json} == {0}


def test_they_mark_the_workflow_they_are_in(call: Call) -> None:
    quarrel()
    (row,) = call("workflow", "list", "--json").json
    assert (row["agent_count"], row["status"], row["opened_by"]) == (2, "completed", "tachograph")
    assert (row["successful_operations"], row["failed_operations"]) == (5, 1)
    assert (row["project_dir"], row["total_duration_ms"]) == ("/home/u/shop", 901_000)
    shown = call("workflow", "show", row["session_id"])
    assert "codex-1" in shown.out and "2 collisions, 2 critical" in shown.out
    assert call("workflow", "show", row["session_id"], "--json").json["sessions"] == ["codex-1", "claude-1"]


def test_a_workflow_from_start_to_end(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = call("workflow", "start", "login page", "--agents", "3", "--context", '{"topology": "mesh"}')
    name = begun.out.strip()
    assert f"export TACHOGRAPH_WORKFLOW={name}" in begun.err
    monkeypatch.setenv("TACHOGRAPH_WORKFLOW", name)
    ended = call("workflow", "end")
    assert ended.code == 0 and f"{name} completed" in ended.err
    found = call("workflow", "show", name, "--json").json
    assert (found["agent_count"], found["context_json"], found["title"]) == (3, {"topology": "mesh"}, "login page")
    assert call("workflow", "list", "--agent", "codex", "--json").json == []
    monkeypatch.delenv("TACHOGRAPH_WORKFLOW")
    assert call("workflow", "end").code == 3, "none is running"
    assert call("workflow", "end", name, "--status", "failed").code == 0
    assert call("workflow", "list", "--status", "failed", "--json").json[0]["session_id"] == name
    assert call("workflow", "start", "--id", name).code == 2
