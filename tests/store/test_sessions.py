"""Sessions: the life of one, and how people name it. The first tests carry the names of the design they come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph import clock
from tachograph.errors import BadRecord, NotFound, UsageError
from tachograph.records import SESSION_STATUSES, STATES, Session, StateChange, Step, Usage
from tachograph.store import Store

from .samples import AT, SECOND, event, extraction, opened, session

DAY = 86400 * SECOND


def test_new_session_store(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.sessions.list() == []
        assert (tmp_path / "tachograph.db").stat().st_mode & 0o777 == 0o600


def test_create_and_get(store: Store) -> None:
    before = clock.now()
    made = store.sessions.create("codex", "codex-7", "staging")
    assert before <= made.started_at <= clock.now()
    assert made == store.sessions.get("codex-7")
    assert (made.agent, made.environment, made.status, made.ended_at, made.exit_code) == (
        "codex", "staging", "running", None, None,
    )  # fmt: skip


@pytest.mark.parametrize(("exit_code", "status"), [(0, "completed"), (1, "failed"), (137, "failed"), (None, "failed")])
def test_complete_session(store: Store, exit_code: int | None, status: str) -> None:
    store.sessions.create("codex", "codex-1")
    done = store.sessions.complete("codex-1", exit_code, lines=1200, extractions=45, feedbacks=3, at=AT)
    assert (done.status, done.exit_code, done.ended_at) == (status, exit_code, AT)
    assert (done.lines, done.extractions, done.feedbacks) == (1200, 45, 3)
    assert [change.state for change in store.sessions.states("codex-1")] == [status]


def test_completing_without_totals_keeps_what_was_counted(store: Store) -> None:
    store.sessions.create("codex", "codex-1")
    store.extractions.add_many([extraction(), extraction()])
    assert store.sessions.complete("codex-1", 0).extractions == 2


def test_update_session(store: Store) -> None:
    store.sessions.create("codex", "codex-1")
    fields = {"title": "seek test", "branch": "main", "metadata": {"cwd": "/src", "columns": 80}, "cost_usd": 1.25}
    changed = store.sessions.update("codex-1", **fields)
    assert {name: getattr(changed, name) for name in fields} == fields
    assert store.sessions.update("codex-1", metadata=None).metadata is None
    assert store.sessions.update("codex-1") == store.sessions.get("codex-1")


def test_get_sessions_by_agent(store: Store) -> None:
    for number, agent in enumerate(["codex", "aider", "codex", "codex-cli"]):
        store.sessions.add(session(f"{agent}-{number}", agent=agent, started_at=AT + number))
    named = {
        glob: [found.id for found in store.sessions.list(agent=glob)]
        for glob in ("codex", "codex*", "codex%", "*", "%", "?ider", "none*")
    }
    everything = ["codex-cli-3", "codex-2", "aider-1", "codex-0"]
    assert named == {
        "codex": ["codex-2", "codex-0"],
        "codex*": ["codex-cli-3", "codex-2", "codex-0"],
        "codex%": ["codex-cli-3", "codex-2", "codex-0"],
        "*": everything,
        "%": everything,
        "?ider": ["aider-1"],
        "none*": [],
    }
    assert [found.id for found in store.sessions.list(limit=1)] == ["codex-cli-3"]
    assert len(store.sessions.list(limit=None)) == 4


def test_get_session_history(store: Store) -> None:
    present = clock.now()
    for days in (0, 3, 10):
        store.sessions.add(session(f"codex-{days}", started_at=present - days * DAY - SECOND))
    assert [found.id for found in store.sessions.list(days=7)] == ["codex-0", "codex-3"]
    assert [found.id for found in store.sessions.list(agent="codex", days=30)] == ["codex-0", "codex-3", "codex-10"]
    since, until = present - 11 * DAY, present - 2 * DAY
    assert [found.id for found in store.sessions.list(since=since, until=until)] == ["codex-3", "codex-10"]


def test_get_active_sessions(store: Store) -> None:
    store.sessions.create("codex", "codex-1")
    store.sessions.create("codex", "codex-2")
    store.sessions.complete("codex-1", 0)
    assert [found.id for found in store.sessions.list(active=True)] == ["codex-2"]
    assert [found.id for found in store.sessions.list(active=False)] == ["codex-1"]
    assert [found.id for found in store.sessions.list(status="completed")] == ["codex-1"]


def test_record_state_change(store: Store) -> None:
    store.sessions.create("codex", "codex-1")
    number = store.sessions.add_state(StateChange("codex-1", "paused", None, {"reason": "user"}, AT))
    assert store.sessions.states("codex-1") == [StateChange("codex-1", "paused", None, {"reason": "user"}, AT, number)]
    assert store.sessions.get("codex-1").status == "paused"
    assert store.events.get(number).event_type == "state"


def test_state_tracking_lifecycle(store: Store) -> None:
    store.sessions.create("codex", "codex-1")
    statuses = []
    for state in ("started", "running", "waiting", "resumed", "paused", "running", "resized"):
        store.sessions.add_state(StateChange("codex-1", state))
        statuses.append(store.sessions.get("codex-1").status)
    assert statuses == ["running", "running", "waiting", "running", "paused", "running", "running"]
    store.sessions.complete("codex-1", 3)
    store.sessions.add_state(StateChange("codex-1", "running"))
    assert store.sessions.get("codex-1").status == "failed", "nothing that comes later revives a session"
    states = store.sessions.states("codex-1")
    assert [change.state for change in states][-2:] == ["failed", "running"]
    assert [change.exit_code for change in states][-2:] == [3, None]
    assert set(statuses) <= set(SESSION_STATUSES)


STATUS_OF_STATE = {
    "started": "running", "running": "running", "waiting": "waiting", "paused": "paused", "resumed": "running",
    "resized": "paused", "completed": "completed", "failed": "failed", "killed": "failed", "interrupted": "interrupted",
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_every_state_and_the_status_that_follows_it(store: Store, state: str) -> None:
    store.sessions.add(session("codex-1", status="paused"))
    store.sessions.add_state(StateChange("codex-1", state, 9))
    assert store.sessions.get("codex-1").status == STATUS_OF_STATE[state], "resized changes nothing"
    assert store.sessions.states("codex-1")[0].exit_code == 9


def test_get_session_not_found(store: Store) -> None:
    for name in ("codex-20261121-091402", "aider-1"):
        store.sessions.add(session(name))
    with pytest.raises(NotFound) as caught:
        store.sessions.get("codex-20261121-091420")
    assert "closest: codex-20261121-091402" in caught.value.hint
    for ask in (store.sessions.states, store.sessions.number, store.sessions.counts):
        with pytest.raises(NotFound):
            ask("nothing-like-it")
    assert not store.sessions.exists("nothing-like-it")


def test_persistence(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.sessions.create("codex", "codex-1")
        store.extractions.add(extraction())
        done = store.sessions.complete("codex-1", 0)
        states = store.sessions.states("codex-1")
    with opened(tmp_path) as again:
        assert again.sessions.get("codex-1") == done
        assert again.sessions.states("codex-1") == states


def test_every_field_of_a_session_comes_back(store: Store) -> None:
    samples: dict[str, object] = {"str": "text", "int": 7, "float": 0.5}
    fields = {
        field.name: next(value for kind, value in samples.items() if kind in str(field.type))
        for field in msgspec.structs.fields(Session)
        if field.name not in {"id", "agent", "status", "metadata"}
    }
    given = Session("codex-1", "codex", status="paused", metadata={"a": [1, None]}, **fields)
    assert store.sessions.add(given) == given
    changed = store.sessions.update("codex-1", **dict.fromkeys(("title", "pid", "cost_usd", "ended_at")))
    assert changed == msgspec.structs.replace(given, title=None, pid=None, cost_usd=None, ended_at=None)


def test_an_id_is_made_of_agent_and_time_and_is_free(store: Store) -> None:
    store.sessions.add(session("other-1"))
    names = [store.sessions.create("/usr/bin/codex").id for _ in range(3)]
    assert len(set(names)) == 3
    assert all(re.fullmatch(r"codex-\d{8}-\d{6}(-[23])?", name) for name in names)


@pytest.mark.parametrize(
    "bad",
    [
        Session("", "codex"),
        Session("codex-2", ""),
        Session("codex-1", "codex"),  # taken
        Session("codex-2", "codex", status="sleeping"),
        Session("codex-2", "codex", pid="many"),
        Session("codex-2", "codex", lines=None),
        Session("codex-2", "codex", title="\udc80"),
        Session("codex-2", "codex", pid=1 << 70),
        Session("codex-2", "codex", metadata={"a": object()}),
    ],
)
def test_a_bad_session_is_refused_and_leaves_nothing(store: Store, bad: Session) -> None:
    first = store.sessions.add(session("codex-1"))
    with pytest.raises(BadRecord):
        store.sessions.add(bad)
    assert store.sessions.list() == [first]
    assert store.check() == []


@pytest.mark.parametrize(
    "fields", [{"id": "x"}, {"agent": "x"}, {"nope": 1}, {"status": "x"}, {"started_at": None}, {"lines": "many"}]
)
def test_a_bad_update_is_refused_and_changes_nothing(store: Store, fields: dict[str, object]) -> None:
    first = store.sessions.add(session("codex-1"))
    with pytest.raises(BadRecord):
        store.sessions.update("codex-1", **{"title": "new", **fields})
    assert store.sessions.get("codex-1") == first
    with pytest.raises(NotFound):
        store.sessions.update("codex-2", title="new")


def test_a_state_nobody_knows_is_refused(store: Store) -> None:
    store.sessions.add(session("codex-1"))
    with pytest.raises(BadRecord, match="meditating"):
        store.sessions.add_state(StateChange("codex-1", "meditating"))
    with pytest.raises(NotFound):
        store.sessions.add_state(StateChange("codex-2", "running"))
    assert store.sessions.states("codex-1") == []


def test_resolve(store: Store) -> None:
    for number, name in enumerate(["codex-20261101-1", "codex-20261102-1", "aider-20261103-1", "codex-20261104-1"]):
        store.sessions.add(session(name, agent=name.split("-")[0], started_at=AT + number))
    named = {
        "": "codex-20261104-1",
        "last": "codex-20261104-1",
        "last~1": "aider-20261103-1",
        "last~3": "codex-20261101-1",
        "@codex": "codex-20261104-1",
        "@codex~1": "codex-20261102-1",
        "@ai*": "aider-20261103-1",
        "aider": "aider-20261103-1",
        "codex-20261102": "codex-20261102-1",
        "codex-20261101-1": "codex-20261101-1",
    }
    assert {words: store.sessions.resolve(words).id for words in named} == named
    assert store.sessions.resolve(None).id == "codex-20261104-1"


def test_a_whole_id_is_meant_even_when_others_begin_with_it(store: Store) -> None:
    for name in ("codex-1", "codex-1-2", "last"):
        store.sessions.add(session(name, agent="codex"))
    assert store.sessions.resolve("codex-1").id == "codex-1"


def test_resolve_says_why_it_cannot(store: Store) -> None:
    with pytest.raises(NotFound, match="no sessions yet") as caught:
        store.sessions.resolve("last")
    assert "tachograph run" in caught.value.hint
    for name in ("codex-20261101-1", "codex-20261102-1"):
        store.sessions.add(session(name))
    for words in ("last~2", "last~99999999999999999999", "@aider", "@codex~5", "nothing", "\udcff", "codex_", "%"):
        with pytest.raises(NotFound, match="no session"):
            store.sessions.resolve(words)
    with pytest.raises(UsageError, match="fits several sessions: codex-20261101-1, codex-20261102-1"):
        store.sessions.resolve("codex")


def test_children_are_found_by_their_parent(store: Store) -> None:
    store.sessions.add(session("codex-1"))
    store.sessions.add(session("codex-2", parent_id="codex-1"))
    assert [found.id for found in store.sessions.list(parent="codex-1")] == ["codex-2"]


def test_counts_are_by_type_most_first(store: Store) -> None:
    store.extractions.add_many([extraction(), extraction(pattern="go_panic"), extraction(event_type="url")])
    store.events.add(event(event_type="prompt", content="please"))
    assert store.sessions.counts("codex-1") == {"error": 2, "prompt": 1, "url": 1}
    assert list(store.sessions.counts("codex-1")) == ["error", "prompt", "url"]


def test_a_session_counts_what_happens_in_it(store: Store) -> None:
    for kind in ("prompt", "prompt", "reply", "command", "marker"):
        store.events.add(event(event_type=kind))
    store.extractions.add_many([extraction(), extraction(event_type="warning")])
    found = store.sessions.get("codex-1")
    assert (found.agent, found.status) == ("unknown", "running"), "nobody announced it"
    assert (found.events, found.prompts, found.replies, found.commands) == (7, 2, 1, 1)
    assert (found.extractions, found.errors) == (2, 1)


def test_a_run_that_another_process_wrapped_can_be_claimed(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        one.sessions.add(msgspec.structs.replace(session("codex-1"), command="codex fix it", started_at=AT))
        assert [run.id for run in other.sessions.unclaimed("codex", AT)] == ["codex-1"]
        assert other.sessions.unclaimed("nobody", AT) == []


@pytest.fixture
def several(store: Store) -> Store:
    for number, (agent, title, folder, cost, failures) in enumerate(
        [
            ("claude", "Änderung am Bericht", "/src/shop", 0.5, 0),
            ("codex", "fix the seek test", "/src/player", None, 2),
            ("claude", "fix the report", "/code/shop/", 2.0, 1),
            ("codex", "seek", None, 0.5, 0),
        ]
    ):
        store.sessions.add(
            Session(
                f"s{number}", agent, title=title, project_dir=folder, cost_usd=cost, tool_calls=3, errors=9,
                tool_errors=failures, events=number, started_at=(number + 1) * SECOND,
                ended_at=(9 - number) * SECOND,
            )
        )  # fmt: skip
    store.sessions.update("s3", status="waiting")
    return store


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"text": "fix THE"}, ["s2", "s1"]),
        ({"text": "ÄNDERUNG"}, ["s0"]),
        ({"text": " "}, ["s3", "s2", "s1", "s0"]),
        ({"text": "s1"}, ["s1"]),
        ({"failing": True}, ["s2", "s1"]),
        ({"failing": False, "agent": "cod*"}, ["s3"]),
        ({"sort": "cost"}, ["s2", "s3", "s0", "s1"]),
        ({"sort": "duration"}, ["s0", "s1", "s2", "s3"]),
        ({"sort": "events"}, ["s3", "s2", "s1", "s0"]),
        ({"sort": "failures"}, ["s1", "s2", "s3", "s0"]),
    ],
)
def test_sessions_are_found_and_sorted(several: Store, filters: dict[str, Any], expected: list[str]) -> None:
    assert [one.id for one in several.sessions.list(**filters)] == expected
    order, past = {"sort": filters.get("sort", "newest")}, None
    pages = []
    while found := several.sessions.list(**filters, limit=1, past=past):
        pages.append(found[0].id)
        past = several.sessions.place(found[0], **order)
    assert pages == expected


def test_facets_count_what_another_choice_would_lead_to(several: Store) -> None:
    found = several.sessions.facets(agent="claude", failing=None)
    assert (found.total, found.failing, found.events, found.failures) == (2, 1, 2, 1)
    assert found.cost_usd == 2.5
    assert found.unpriced == 0
    assert found.agents == {"claude": 2, "codex": 2}
    assert sum(found.statuses.values()) == 2
    assert found.folders == {"/src/shop": 1, "/code/shop/": 1}
    everything = several.sessions.facets()
    assert everything.unpriced == 1
    assert everything.statuses["waiting"] == 1
    nothing = several.sessions.facets(agent="nobody")
    assert (nothing.total, nothing.cost_usd, nothing.statuses) == (0, None, {})
    assert nothing.agents == {"claude": 2, "codex": 2}


@pytest.mark.parametrize(
    "part", ["sessions", "code_blocks", "receipts", "audit", "collisions", "slo", "stages", "workflows"]
)
def test_a_filter_that_is_misspelt_is_refused(store: Store, part: str) -> None:
    for ask in (getattr(store, part).list, getattr(store, part).total):
        with pytest.raises(TypeError, match="agnt"):
            ask(agnt="claude")


def test_what_was_copied_into_another_session_costs_once_in_every_sum(store: Store) -> None:
    """A session that goes on in another one begins with a copy of it."""
    used = Step("usage:msg_1", "usage", AT, usage=Usage("m", 10, 5, cost_usd=0.1))
    more = Step("usage:msg_2", "usage", AT + SECOND, usage=Usage("m", 10, 5, cost_usd=0.2))
    store.steps.put("first", "claude", [used], source="transcript")
    store.steps.put("second", "claude", [used, more], source="transcript")
    assert store.sessions.get("second").cost_usd == pytest.approx(0.3)
    (total,) = store.usage.by("total")
    assert store.sessions.facets().cost_usd == pytest.approx(total.cost_usd) == 0.3
