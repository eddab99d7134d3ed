"""What came after this place? Whatever happens between two questions, who asks ends up with what the store has."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.records import Collision, Event, Session, Step
from tachograph.store import Store, arrivals, changes
from tachograph.store.arrivals import EVERYTHING, Arrival, Filter, Position

from .samples import AT, event, extraction, opened, scratch, session

NAMES = ("codex-1", "codex-2", "aider-1")


class Viewer:
    """Knows what it was told, and complains when it is told twice."""

    def __init__(self, store: Store, wanted: Filter = EVERYTHING, limit: int = 500) -> None:
        self._store, self._wanted, self._limit = store, wanted, limit
        self.events: dict[int, Event] = {}
        self.told: list[Arrival] = []
        self.seen: set[tuple[int | None, int | None]] = set()
        self.position = Position(0, store.arrivals.now().change)

    def ask(self) -> bool:
        """One page; whether there is more."""
        page = self._store.arrivals.after(self.position, self._wanted, self._limit)
        assert page.lost is None and not page.other
        known = self.position
        for place, one in page.arrivals:
            assert known.event <= place.event and known.change <= place.change and place != known
            key = (one.id, None) if place.change == known.change else (one.id, place.change)
            assert key not in self.seen, f"{one} is told twice"
            self.seen.add(key)
            self._take(one)
            known = place
        assert page.position >= self.position
        self.position = page.position
        return page.more

    def catch_up(self) -> None:
        while self.ask():
            pass
        assert self.position == self._store.arrivals.now()
        assert not self._store.arrivals.after(self.position, self._wanted).arrivals

    def _take(self, one: Arrival) -> None:
        self.told.append(one)
        if one.record is None and one.id is None:  # the session was deleted
            self.events = {number: row for number, row in self.events.items() if row.session_id != one.sessions[0]}
        if one.id is None:
            return
        if isinstance(one.record, Event):
            self.events[one.id] = one.record
        else:
            self.events.pop(one.id, None)


def stored(store: Store, **wanted: str) -> dict[int, Event]:
    return {one.id: one for one in store.events.list(after=0, limit=None, **wanted)}  # type: ignore[arg-type]


def step(key: int, content: str | None, event_type: str = "command") -> Step:
    return Step(f"call:{key}", event_type, AT, command="make", tool_call_id=str(key), content=content)


KEYS, WORDS = st.integers(1, 6), st.sampled_from([None, "a", "b"])
ACTS = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(NAMES), st.integers(1, 5)),
    st.tuples(st.just("find"), st.sampled_from(NAMES), st.integers(1, 3)),
    st.tuples(st.just("call"), st.sampled_from(NAMES[:2]), st.lists(st.tuples(KEYS, WORDS), min_size=1, max_size=4)),
    st.tuples(st.just("say"), st.sampled_from(NAMES[:2]), st.sampled_from(["hook", "transcript"]), KEYS),
    st.tuples(st.just("retract"), st.sampled_from(NAMES[:2]), KEYS),
    st.tuples(st.just("merge")),
    st.tuples(st.just("delete"), st.sampled_from(NAMES)),
    st.tuples(st.just("title"), st.sampled_from(NAMES), WORDS),
    st.tuples(st.just("ask"), st.integers(0, 3)),
)


def act(store: Store, viewers: list[Viewer], what: str, *more: object) -> None:
    if more and more[0] in NAMES and not store.sessions.exists(more[0]):  # it became part of another
        store.sessions.add(session(str(more[0])))
    match what, more:
        case "ask", (int(which),):
            viewers[which].ask()
        case "add", (str(name), int(count)):
            store.events.add_many([event(name)] * count)
        case "find", (str(name), int(count)):
            store.extractions.add_many([extraction(name)] * count)
        case "call", (str(name), list(told)):
            store.steps.put(name, "codex", [step(key, content) for key, content in told], source="hook")
        case "say", (str(name), str(source), int(key)):
            store.steps.put(name, "codex", [Step(f"{source}:{key}", "reply", AT, content=str(key))], source=source)
        case "retract", (str(name), int(key)):
            store.steps.retract(name, [f"call:{key}"])
        case "title", (str(name), title):
            store.sessions.update(name, title=title)
        case "delete", (str(name),):
            store.deleting.delete(store.deleting.plan([name]))
        case "merge", ():
            if store.sessions.exists("codex-1") and store.sessions.exists("codex-2"):
                store.merging.merge("codex-1", "codex-2")


@given(st.lists(ACTS, max_size=40), st.integers(1, 4), st.lists(st.booleans(), min_size=40, max_size=40))
def test_a_viewer_has_what_the_store_has(acts: list[tuple[object, ...]], limit: int, together: list[bool]) -> None:
    with scratch() as store:
        for name in NAMES:
            store.sessions.add(session(name))
        viewers = [
            Viewer(store, limit=limit),
            Viewer(store, Filter(session="codex-1"), limit),
            Viewer(store, Filter(agent="cod%"), limit),
            Viewer(store, Filter(types=frozenset({"command", "error"})), limit),
        ]
        for joined, (what, *more) in zip(together, acts, strict=False):
            if joined and what != "ask":
                with store.transaction():
                    act(store, viewers, str(what), *more)
                    act(store, viewers, "add", "codex-1", 1)
            else:
                act(store, viewers, str(what), *more)
        for viewer in viewers:
            viewer.catch_up()
        assert viewers[0].events == stored(store)
        assert viewers[1].events == stored(store, session="codex-1")
        assert viewers[2].events == stored(store, agent="cod*")
        assert viewers[3].events == {**stored(store, type="command"), **stored(store, type="error")}


def test_what_is_new_is_told_in_order_of_arrival(store: Store) -> None:
    viewer = Viewer(store, limit=3)
    numbers = [store.events.add(event(name)) for name in NAMES * 3]
    viewer.catch_up()
    assert [one.id for one in viewer.told if one.id] == numbers
    store.events.add(event())
    viewer.catch_up()
    assert len(viewer.events) == len(numbers) + 1


def test_a_session_is_told_when_it_begins_and_ends(store: Store) -> None:
    viewer = Viewer(store)
    store.sessions.add(session("codex-1"))
    viewer.catch_up()
    store.sessions.complete("codex-1", 0)
    viewer.catch_up()
    rows = [one for one in viewer.told if isinstance(one.record, Session)]
    assert [(one.record.status, one.ended) for one in rows if isinstance(one.record, Session)] == [
        ("running", False),
        ("completed", True),
    ]
    assert rows[0].type == arrivals.STATE and rows[0].sessions == ("codex-1",) and rows[0].agents == ("codex",)


def test_a_viewer_of_a_session_that_becomes_part_of_another_goes_with_it(store: Store) -> None:
    store.events.add_many([event("codex-1"), event("codex-2")])
    viewer = Viewer(store, Filter(session="codex-2"))
    viewer.catch_up()
    store.merging.merge("codex-1", "codex-2")
    store.sessions.add_alias("codex-2", "codex-1")
    viewer.catch_up()
    assert [one.sessions for one in viewer.told[-2:]] == [("codex-2", "codex-1"), ("codex-1", "codex-2")]
    later = store.events.add(event("codex-1"))
    viewer.catch_up()
    assert later in viewer.events and {one.session_id for one in viewer.events.values()} == {"codex-1"}


def test_a_collision_is_told_to_both(store: Store) -> None:
    workflow = store.workflows.start("both").session_id
    viewers = [
        Viewer(store),
        Viewer(store, Filter(session="codex-1")),
        Viewer(store, Filter(session="aider-1", types=frozenset({arrivals.COLLISION}))),
        Viewer(store, Filter(session="codex-2")),
        Viewer(store, Filter(types=frozenset({"error"}))),
    ]
    number = store.collisions.add(
        Collision(
            workflow, "codex", "aider", "file_conflict", "x", "warning", "2026-11-21T09:14:02Z",
            session_id_1="codex-1", session_id_2="aider-1",
        )
    )  # fmt: skip
    assert number
    for viewer in viewers:
        viewer.catch_up()
    told = [[one.record for one in viewer.told] for viewer in viewers]
    assert told == [[store.collisions.get(number)]] * 3 + [[], []]


def test_changes_that_nobody_knows_any_more_are_said_to_be_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT", 5)
    monkeypatch.setattr(changes, "_SLACK", 1)
    store.events.add(event())
    before = store.arrivals.now()
    for number in range(10):
        store.sessions.update("codex-1", title=str(number))
    now = store.arrivals.now()
    page = store.arrivals.after(before)
    assert page == ((), now, False, (before.change + 1, now.change), False)
    store.events.add(event())
    assert [one.id for _, one in store.arrivals.after(page.position).arrivals] == [now.event + 1]
    assert store.arrivals.after(now._replace(change=now.change - 5)).lost is None


def test_a_place_of_another_store_begins_anew(store: Store) -> None:
    store.events.add(event())
    now = store.arrivals.now()
    for place in (Position(now.event + 1, 0), Position(0, now.change + 1)):
        assert store.arrivals.after(place) == ((), now._replace(event=0), True, None, True)


def test_a_store_that_was_made_anew_is_another_one_however_much_it_holds(store: Store, tmp_path: Path) -> None:
    """As after `tachograph db reset`: its numbers begin anew, and soon pass those that somebody knows."""
    store.events.add(event())
    known = Position.read(str(store.arrivals.now()))
    with opened(tmp_path, "anew.db") as anew:
        anew.sessions.add(Session("codex-1", "codex"))
        anew.events.add_many([event() for _ in range(3)])
        now = anew.arrivals.now()
        page = anew.arrivals.after(known)
        assert page.other and page.position == now._replace(event=0)
        assert len(anew.arrivals.after(page.position).arrivals) == 3
        nothing = Position(0, now.change)  # what somebody knows who came before there was a store
        assert len(anew.arrivals.after(nothing).arrivals) == 3 and not anew.arrivals.after(nothing).other


def test_long_texts_make_short_pages(store: Store) -> None:
    store.events.add_many([event(content="x" * 700_000) for _ in range(5)])
    page = store.arrivals.after(Position(0, store.arrivals.now().change))
    assert len(page.arrivals) == 2 and page.more and page.position.event == page.arrivals[-1][1].id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "-",
        "1-2",
        "-1-2",
        "1-2-",
        "a-1-2",
        "1-2-3-4",
        "１-2-3",
        "+1-2-3",
        " 1-2-3",
        "1" * 30 + "-2-" + "3" * 30,
    ],
)
def test_a_place_that_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        Position.read(text)
    assert Position.read("12-3-4") == Position(12, 3, 4) and str(Position(12, 3, 4)) == "12-3-4"
