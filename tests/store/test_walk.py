"""Events across sessions in order of time: always what sorting everything would give."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.records import Event, Extraction
from tachograph.store import Store, walk
from tachograph.store.walk import Window

from .samples import AT, scratch

SESSIONS = ("codex-1", "codex-2", "aider-1", "aider-2", "goose-1")
KINDS = (("error", "panic"), ("error", "traceback"), ("warning", "panic"), ("url", "link"))

# Clocks jump: a time is drawn anew for every event, from so few that many are equal.
TIMES = st.integers(0, 40).map(lambda n: AT + n)
FINDINGS = st.builds(
    lambda session, kind, at: Extraction(session.split("-")[0], session, *kind, at=at),
    st.sampled_from(SESSIONS),
    st.sampled_from(KINDS),
    TIMES,
)
STEPS = st.builds(
    lambda session, kind, status, at: Event(session, kind, status=status, at=at),
    st.sampled_from(SESSIONS),
    st.sampled_from(["command", "reply"]),
    st.sampled_from([None, "ok", "error"]),
    TIMES,
)
BATCHES = st.lists(st.lists(FINDINGS, max_size=30) | st.lists(STEPS, max_size=30), max_size=8)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "agent": st.sampled_from(["codex", "a*", "%", "nobody"]),
        "type": st.sampled_from(["error", "command", "usage"]),
        "since": TIMES,
        "until": TIMES,
        "limit": st.sampled_from([0, 1, 2, 7, 1000, None]),
        "ascending": st.booleans(),
    },
).filter(lambda chosen: chosen.get("since", 0) <= chosen.get("until", 1 << 62))


@pytest.fixture(params=[walk.PAGE, 3], ids=["pages as they are", "pages of three"])
def pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages, so that a few events reach every boundary."""
    monkeypatch.setattr(walk, "PAGE", request.param)
    if request.param < 10:
        monkeypatch.setattr(walk, "_LARGE", 1)


def add(store: Store, batches: list[list[Event]]) -> None:
    for session in SESSIONS:
        store.sessions.create(session.split("-")[0], session)
    for batch in batches:
        adding = store.extractions if batch and isinstance(batch[0], Extraction) else store.events
        adding.add_many(batch)


def naive(everything: list[Event], agent: str | None, wanted: dict[str, object]) -> list[Event]:
    """The same by sorting all there is."""
    types, since, until = wanted.get("type"), wanted.get("since", 0), wanted.get("until", 1 << 62)
    agents = {"codex": ("codex",), "a*": ("aider",), "nobody": ()}.get(str(agent), ("codex", "aider", "goose"))
    found = [
        one
        for one in everything
        if one.session_id.split("-")[0] in agents and types in (None, one.event_type) and since <= one.at <= until
    ]
    return sorted(found, key=lambda one: (one.at, one.id))


@pytest.mark.usefixtures("pages")
@settings(max_examples=60)
@given(batches=BATCHES, filters=FILTERS)
def test_it_is_what_sorting_everything_gives(batches: list[list[Event]], filters: dict[str, object]) -> None:
    with scratch() as store:
        add(store, batches)
        everything = store.events.list(after=0, limit=None)
        assert len(everything) == sum(map(len, batches))
        limit = filters.get("limit", 1000)
        for status in (None, "error"):
            expected = [one for one in naive(everything, filters.get("agent"), filters) if status in (None, one.status)]
            ordered = expected if filters.get("ascending", True) else expected[::-1]
            assert list(store.events.list(status=status, **filters)) == ordered[:limit]

        found = store.extractions.list(pattern="panic", **{"ascending": None, **filters})
        expected = [one for one in naive(everything, filters.get("agent"), filters) if one.pattern == "panic"]
        ordered = expected if filters.get("ascending") else expected[::-1]
        default = filters.get("limit", 100)
        assert [one.id for one in found] == [one.id for one in ordered[:default]]


@pytest.mark.usefixtures("pages")
@settings(max_examples=30)
@given(batches=BATCHES, filters=FILTERS, session=st.sampled_from([*SESSIONS, "codex-9"]))
def test_one_session_is_in_its_own_order(batches: list[list[Event]], filters: dict[str, object], session: str) -> None:
    with scratch() as store:
        add(store, batches)
        everything = store.events.list(after=0, limit=None)
        expected = [one for one in naive(everything, filters.get("agent"), filters) if one.session_id == session]
        expected.sort(key=lambda one: one.seq, reverse=not filters.get("ascending", True))
        assert list(store.events.list(session=session, **filters)) == expected[: filters.get("limit", 1000)]
        rules = [one.id for one in expected if one.pattern]
        found = store.extractions.list(session=session, **filters)
        assert [one.id for one in found] == rules[: filters.get("limit", 100)]
        window = Window(None, session, filters.get("since"), filters.get("until"))
        walked = [event.id for event in store.events.walked(window)]
        in_time = [one for one in naive(everything, None, filters | {"type": None}) if one.session_id == session]
        assert walked == [one.id for one in in_time[::-1]]


@pytest.mark.parametrize("size", [walk.PAGE - 1, walk.PAGE, walk.PAGE + 1, 4500])
def test_very_large_sessions_are_read_to_their_end(store: Store, size: int) -> None:
    """All events at one time is the hardest case for pages: only the id tells where one ends."""
    store.extractions.add_many(
        [Extraction("codex", "codex-1", "error", "panic", line_number=n, at=AT) for n in range(size)]
    )
    store.extractions.add_many([Extraction("aider", "aider-1", "url", "link", at=AT + n % 2) for n in range(300)])
    for ascending in (True, False):
        for filters in ({"agent": "codex"}, {"type": "error"}, {"pattern": "panic"}):
            found = [one.line_number for one in store.extractions.list(limit=None, ascending=ascending, **filters)]
            assert found == sorted(range(size), reverse=not ascending)
        everything = [one.id for one in store.events.list(limit=None, ascending=ascending)]
        assert len(everything) == len(set(everything)) == size + 300


def test_many_sessions_that_have_the_kind(store: Store) -> None:
    """More than are named one by one: then each is asked."""
    times = [AT + number * 7919 % 520 for number in range(520)]
    store.extractions.add_many(
        [Extraction("codex", f"codex-{n}", "error", "panic", at=at) for n, at in enumerate(times)]
    )
    store.extractions.add(Extraction("codex", "codex-x", "url", "link", at=AT + 1000))
    found = [one.at - AT for one in store.extractions.list(type="error", limit=None)]
    assert found == list(range(519, -1, -1))
    assert [one.at - AT for one in store.extractions.list(type="error", limit=3, ascending=True)] == [0, 1, 2]


def test_the_latest_few_open_only_the_sessions_they_lie_in(store: Store) -> None:
    store.extractions.add_many([Extraction("codex", f"codex-{n}", "error", "panic", at=AT + n) for n in range(50)])
    looked_into: list[int] = []
    original = walk._Nearest._in_small

    def noted(self: walk._Nearest, some: list[walk._Session]) -> list[walk.Entry]:
        looked_into.extend(session.number for session in some)
        return original(self, some)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(walk._Nearest, "_in_small", noted)
        assert len(store.extractions.list(limit=5)) == 5
        assert len(looked_into) <= 7
