"""Two sessions that turn out to be one: nothing of the second is lost, counted twice, or said of anybody else."""

from __future__ import annotations

from tachograph.ingest.sealing import seal_quiet
from tachograph.records import Step, Usage
from tachograph.store import Store
from tachograph.store.sending import Position
from tests.recount import recount, rows

from .samples import AT, SECOND, event, printed, session


def test_a_new_session_is_none_that_was_there_before(store: Store) -> None:
    """What is kept of sessions by their number (seals, what was sent on, who was where) is that of one alone."""
    for name in ("codex-1", "codex-2"):
        store.sessions.add(session(name))
        store.events.add(event(name))
    number = store.sessions.number("codex-2")
    with store.transaction():
        store.workflows.present("/p", number, [100])
    store.sending.put("codex-2", Position(turn=7, last_seq=99), open=False)
    seal_quiet(store, quiet=0)
    store.merging.merge("codex-1", "codex-2")
    store.sessions.add(session("codex-3", project_dir="/elsewhere"))
    store.events.add(event("claude-4"))
    assert store.ledger.verify().sound, "that number was buried"
    assert number not in (store.sessions.number("codex-3"), store.sessions.number("claude-4"))
    assert store.sending.position("codex-3") == store.sending.position("claude-4") == Position()
    found = store.workflows.company("/p", store.sessions.number("codex-3"), [100])
    assert found == (store.sessions.number("codex-1"), None, AT), "where one was, both were"


def test_it_stays_in_the_workflow_that_either_was_in(store: Store) -> None:
    flow = store.workflows.start(at=AT).session_id
    for name in ("codex-1", "codex-2"):
        store.sessions.add(session(name))
    store.workflows.join(flow, ["codex-2"])
    store.merging.merge("codex-1", "codex-2")
    assert store.workflows.sessions(flow) == ["codex-1"]


def test_of_a_stream_that_both_printed_one_is_kept_whole(store: Store) -> None:
    """Chunk by chunk, the rest of a longer one would follow on the end of a shorter."""
    printed(store, "codex-1", (AT, b"first alpha\n"))
    printed(store, "codex-2", *[(AT + n, b"second beta %d\n" % n) for n in range(9)], size=40)
    printed(store, "codex-2", (AT + SECOND, b"an error gamma\n"), stream=1)
    store.sessions.update("codex-2", lines=10)
    store.merging.merge("codex-1", "codex-2")
    assert [line.text for line in store.output.lines("codex-1")] == ["first alpha"]
    assert [line.text for line in store.output.lines("codex-1", stream="stderr")] == ["an error gamma"]
    found = store.sessions.get("codex-1")
    assert (found.lines, found.output_bytes) == (2, len(b"first alpha\nan error gamma\n"))
    assert store.search("beta").hits == [] and len(store.search("gamma").hits) == 1
    streams = rows(store, "SELECT DISTINCT stream FROM _passages ORDER BY 1")
    assert streams == [(0,), (1,)] and len(rows(store, "SELECT * FROM _passages")) == 2
    assert recount(store) == []


def test_what_a_call_of_a_model_cost_stays_counted_once(store: Store) -> None:
    """Both tell the same call; that of the session which stays had been taken for a copy."""
    used = Step("usage:1", "usage", AT, usage=Usage("gpt-5", 10, 5, cost_usd=0.5))
    for name in ("codex-2", "codex-1"):
        store.steps.put(name, "codex", [used], source="transcript")
    store.merging.merge("codex-1", "codex-2")
    assert [(one.calls, one.cost_usd) for one in store.usage.by("total")] == [(1, 0.5)]
    assert store.sessions.get("codex-1").cost_usd == store.sessions.facets().cost_usd == 0.5
    assert recount(store) == []
