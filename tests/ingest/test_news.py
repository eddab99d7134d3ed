"""Collisions are told once, when they are found."""

from __future__ import annotations

from pathlib import Path

from tachograph import paths
from tachograph.ingest.news import MOST, News
from tachograph.ingest.opening import open_store

from .agents_at_work import Agent


def test_what_is_found_after_the_first_look_is_told_once(home: Path) -> None:
    news = News(paths.places())
    assert news.collisions() == ((), 0), "there is no store yet"
    with open_store(paths.places().database) as store:
        Agent("codex-1").edits(10, "a.py").edits(20, "b.py").runs(900, "ls").tell(store)
        Agent("claude-1").edits(15, "a.py").runs(800, "ls").tell(store)
        assert news.collisions() == ((), 0), "it was found before anybody looked"
        Agent("gemini-1").runs(1, "ls").edits(25, "b.py").runs(700, "ls").tell(store)
        found, more = news.collisions()
        assert ([one.subject for one in found], more) == (["/home/u/shop/b.py"], 0)
        assert news.collisions() == ((), 0)
        one, other = Agent("codex-2").runs(2000, "ls"), Agent("claude-2").runs(2000, "ls")
        for number in range(MOST + 5):
            one.edits(2001, f"{number}.py")
            other.edits(2002, f"{number}.py")
        one.runs(2100, "ls").tell(store)
        other.runs(2100, "ls").tell(store)
        found, more = news.collisions()
        assert (len(found), more) == (MOST, 5)
    news.close()
