"""Sessions of which several sources tell, and that turn out to be one while they are told."""

from __future__ import annotations

import pytest

import tachograph
from tachograph.records import Session
from tests.ingest.machine import machine
from tests.ingest.test_history_files import FIRST, NAME, SECOND, SESSION, prompts


@pytest.mark.parametrize("cut", [len(FIRST), len(FIRST) + 40], ids=["whole lines", "a torn line"])
def test_another_process_joins_it_with_the_run_it_is_part_of(cut: int) -> None:
    """The follower holds what it knows of a session; a recording of its terminal comes later, and takes it in."""
    with machine() as one:
        path = one.put(NAME, SECOND[:cut], None)
        one.take(path, final=False)
        with tachograph.open(one.folder / "tachograph.db") as other:
            other.sessions.add(Session("claude-1", "claude", command="claude"))
            with other.transaction():
                other.merging.merge("claude-1", SESSION)
                other.sessions.add_alias(SESSION, "claude-1")
        one.put(NAME, SECOND, None)
        one.take(path, final=False)
        assert prompts(one) == [("claude-1", "look at it"), ("claude-1", "mend it")]
        assert [session.id for session in one.store.sessions.list()] == ["claude-1"]
        session = one.store.sessions.get("claude-1")
        assert (session.tool_calls, session.tool_errors, session.commands) == (2, 1, 1)
        assert one.originals("claude-1") == [SECOND]
