"""Search: every hit holds the words, and none that holds them is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph import clock
from tachograph.records import Event, Line, Session
from tachograph.store import Store, passages, search
from tachograph.store.filters import Where
from tachograph.store.parts import PART, PARTS
from tachograph.store.query_words import marks, parse
from tachograph.store.search import Hit

from .samples import AT, SECOND, event, extraction, printed, scratch, session

WORDS = [
    "lock",
    "locked",
    "Database",
    "is",
    "not",
    "error",
    "café",
    "CAFE",
    "한글",
    "がある",
    "日本語のテキスト",
    "🤖done",
    "snake_case",
    "a.b",
]
LINES = st.lists(st.sampled_from(WORDS), max_size=5).flatmap(
    lambda words: st.sampled_from([" ", "  ", ": ", "-"]).map(lambda between: between.join(words))
)
TYPED = st.lists(
    st.sampled_from(
        [*WORDS, "lock*", "-not", '"is locked"', '"is not"', "-error", "ca*", "本語", "*", "-", "NOT", "(", "a", "b"]
    )
    | st.text(max_size=6),
    max_size=3,
).map(" ".join)


def texts(hits: Sequence[Hit]) -> list[str]:
    return [hit.text for hit in hits]


def expected(lines: Sequence[str], typed: str) -> list[str]:
    """A naive scan of the same lines."""
    terms = parse(typed).terms
    if not any(not term.negated for term in terms):
        return []  # nothing to look for, only something to leave out
    return [line for line in lines if marks(line, terms) is not None]


@settings(max_examples=100)
@given(st.lists(LINES, max_size=30), TYPED, st.sampled_from([60, 300, 65536]))
def test_hits_in_output_are_what_a_scan_finds(lines: list[str], typed: str, size: int) -> None:
    pieces = [(AT + n, f"{line}\n".encode()) for n, line in enumerate(lines)]
    with scratch() as store:
        printed(store, "codex-1", *pieces, size=size)
        results = store.search(typed, limit=1000)
        assert Counter(texts(results.hits)) == Counter(expected(lines, typed))
        assert not results.truncated
        assert [hit.line_number for hit in results.hits] == sorted({h.line_number for h in results.hits}, reverse=True)
        for hit in results.hits:
            assert lines[hit.line_number - 1] == hit.text
            assert hit.at == AT + hit.line_number - 1
            around = [Line(n, lines[n - 1], AT + n - 1) for n in range(1, len(lines) + 1)]
            assert hit.before == around[max(0, hit.line_number - 3) : hit.line_number - 1], "across chunks, too"
            assert hit.after[:2] == around[hit.line_number : hit.line_number + 2][: len(hit.after)]


@pytest.mark.usefixtures("portions")
@settings(max_examples=60)
@given(st.lists(st.lists(LINES, min_size=1, max_size=3).map("\n".join), max_size=150), TYPED)
def test_hits_in_events_are_what_a_scan_finds(contents: list[str], typed: str) -> None:
    with scratch() as store:
        store.events.add_many([event(f"codex-{n % 2}", content=text, at=AT + n) for n, text in enumerate(contents)])
        results = store.search(typed, limit=1000)
        assert sorted(hit.at - AT for hit in results.hits) == [
            n for n, text in enumerate(contents) if expected([*text.split("\n"), text], typed)
        ]
        assert all(hit.text in contents[hit.at - AT] for hit in results.hits)
        if any(not term.negated for term in parse(typed).terms):
            typed_too = store.search(f"{typed} type:marker", limit=1000)
            assert Counter(hit.event_id for hit in typed_too.hits) == Counter(hit.event_id for hit in results.hits)


@pytest.fixture
def filled(store: Store) -> Store:
    """Output, findings and steps of two agents."""
    store.sessions.add(session("codex-1"))
    store.sessions.add(session("aider-1"))
    printed(store, "codex-1", (AT, b"one\ntwo\ndatabase is locked\nfour\nfive\n"), (AT + 9 * SECOND, b"retry\n"))
    printed(store, "aider-1", (AT + SECOND, b"the lock is locked\n"), stream=1)
    store.extractions.add_many(
        [
            extraction(
                original_line="OperationalError: database is locked",
                line_number=3,
                pattern="sqlite",
                source="wrapper",
                at=AT,
            )
        ]
    )
    store.events.add_many(
        [
            event("codex-1", "command", command="rm tachograph.lock --force", at=AT + 2 * SECOND),
            event("aider-1", "reply", content="It was locked.\nI unlocked it.", at=AT + 3 * SECOND),
            event("aider-1", "file_op", file_path="src/lock/__init__.py", tool_name="Edit", at=AT + 4 * SECOND),
        ]
    )
    return store


def test_a_hit_says_where_and_when(filled: Store) -> None:
    (hit,) = filled.search('"database is locked"').hits
    assert hit == Hit(
        "codex-1", "codex", AT, "output", None, 3, None, "database is locked", [(0, 18)],
        [Line(1, "one", AT), Line(2, "two", AT)], [Line(4, "four", AT), Line(5, "five", AT)], "stdout",
    )  # fmt: skip
    (hit,) = filled.search("force", context=0).hits
    command = filled.events.list(type="command")[0]
    assert (hit.kind, hit.event_type, hit.event_id, hit.text, hit.stream) == (
        "event", "command", command.id, "rm tachograph.lock --force", None,
    )  # fmt: skip
    assert [hit.text[start:end] for start, end in hit.marks] == ["force"]


def test_context_is_as_wide_as_asked(filled: Store) -> None:
    for context, wide in ((0, (0, 0)), (1, (1, 1)), (50, (2, 3))):
        (hit,) = filled.search("database", context=context).hits
        assert (len(hit.before), len(hit.after)) == wide


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("locked", ["database is locked", "the lock is locked", "It was locked."]),
        ("lock", ["the lock is locked", "rm tachograph.lock --force", "src/lock/__init__.py"]),
        ("locked -database", ["the lock is locked", "It was locked."]),
        ("locked agent:codex", ["database is locked"]),
        ("locked agent:a*", ["the lock is locked", "It was locked."]),
        ("locked session:@aider", ["the lock is locked", "It was locked."]),
        ("locked type:reply", ["It was locked."]),
        ("locked type:error", ["OperationalError: database is locked"]),
        ("locked pattern:sqlite", ["OperationalError: database is locked"]),
        ("locked pattern:sqlite agent:aider", []),
        ("locked type:error session:aider-1", []),
        ("locked type:error session:codex-1", ["OperationalError: database is locked"]),
        ("--force", ["rm tachograph.lock --force"]),
        ("edit", ["src/lock/__init__.py"]),
        ("was unlocked", ["It was locked."]),
        ("locked agent:nobody", []),
        ("locked type:nothing", []),
        ("type:reply", ["It was locked."]),
        ("pattern:sqlite", ["OperationalError: database is locked"]),
        ("type:reply -locked", ["I unlocked it."]),
        ("type:reply -it", []),
        ("-locked", []),
    ],
)
def test_fields_and_words(filled: Store, typed: str, found: list[str]) -> None:
    if typed == "edit":  # the tool's name stands before the file's
        assert [hit.event_type for hit in filled.search(typed).hits] == ["file_op"]
        return
    assert sorted(texts(filled.search(typed).hits)) == sorted(found)


def test_words_spread_over_an_events_lines_show_its_first(filled: Store) -> None:
    (hit,) = filled.search("was unlocked").hits
    assert (hit.text, hit.marks) == ("It was locked.", [])


def test_arguments_filter_as_fields_do(filled: Store) -> None:
    for field in ({"agent": "aider"}, {"session": "aider-1"}):
        assert sorted(texts(filled.search("locked", **field).hits)) == ["It was locked.", "the lock is locked"]
    assert texts(filled.search("locked", type="reply").hits) == ["It was locked."]
    assert texts(filled.search("locked", pattern="sqlite").hits) == ["OperationalError: database is locked"]
    assert filled.search("locked agent:codex", agent="aider").hits[0].agent == "aider", "the argument is meant"


def test_time_is_that_of_the_line(filled: Store) -> None:
    assert texts(filled.search("retry", since=AT + 9 * SECOND).hits) == ["retry"], "printed after the last event"
    assert filled.search("retry", until=AT + 8 * SECOND).hits == []
    assert texts(filled.search("locked", since=AT + SECOND, until=AT + 2 * SECOND).hits) == ["the lock is locked"]
    assert texts(filled.search("locked", type="reply", since=AT + 3 * SECOND).hits) == ["It was locked."]
    assert filled.search("locked", type="reply", since=AT + 4 * SECOND).hits == []


def test_output_of_a_session_without_events_is_found_by_time(store: Store) -> None:
    printed(store, "codex-1", (AT, b"needle\n"))
    assert texts(store.search("needle", since=AT, until=AT).hits) == ["needle"]
    assert store.search("needle", since=AT + 1).hits == []


def test_the_limit_is_kept_and_said(store: Store) -> None:
    printed(store, "codex-1", (AT, b"needle\n" * 30))
    for limit, truncated in ((-1, True), (0, True), (1, True), (29, True), (30, False), (500, False)):
        results = store.search("needle", limit=limit)
        assert (len(results.hits), results.truncated) == (min(max(limit, 0), 30), truncated)
    assert [hit.line_number for hit in store.search("needle", limit=2).hits] == [30, 29], "the latest"
    assert store.search("needle").terms == ["needle"]
    assert store.search("needle").took_ms > 0


def test_more_passages_than_are_looked_up_at_once(store: Store) -> None:
    number = store.sessions.number(store.sessions.add(session("codex-1")).id)
    lines = 2 * passages.PAGE + 7
    with store.transaction():
        printed(store, "codex-1", (AT, b"needle\n" * lines))
        for line in range(1, lines + 1):
            store.output.index(number, 0, line, line, "needle")
    results = store.search("needle", limit=10_000)
    assert [hit.line_number for hit in results.hits] == list(range(lines, 0, -1)), "each once, whatever covers it"
    assert not results.truncated


@pytest.mark.parametrize("alone", [0, 1, 3, 100])
def test_a_chunk_is_looked_at_by_passage_or_as_a_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch, alone: int
) -> None:
    monkeypatch.setattr(passages, "_ALONE", alone)
    lines = [f"{'one' if n % 7 else 'ONE'} {'x' * 60} {'two' if n % 5 else 'zero'} {n}" for n in range(1, 600)]
    lines[300] += " \x1b[31mred\x1b[0m"
    printed(store, "codex-1", (AT, "".join(f"{line}\n" for line in lines).encode()))
    found = [hit.line_number for hit in store.search("one zero", limit=1000).hits]
    assert found == [n for n in range(599, 0, -1) if n % 5 == 0]
    assert [hit.line_number for hit in store.search("one two red", limit=1000).hits] == [301]


def test_beginnings_of_words(store: Store) -> None:
    words = ["pre", "prelude", "prefix9", "pre0", "pref", "prz", "PREcise", "preß", "press", "prf", "pr"]
    printed(store, "codex-1", (AT, "".join(f"a {word} b\n" for word in words).encode()))
    looking = passages.Looking(store._connection, store.output, parse("pre*").terms)
    assert looking._beginning("pre") == ["pre", "pre0", "precise", "pref", "prefix9", "prelude", "press"]
    assert looking._beginning("prz") == ["prz"]
    assert looking._beginning("nothing") == looking._beginning("zzz") == []


def test_events_beyond_ascii_are_found(store: Store) -> None:
    told = ["Ärger im CAFÉ", "cafe nearby", "nul\0 and cafe", "none"]
    store.extractions.add_many([extraction(original_line=line, at=AT + n) for n, line in enumerate(told)])
    for _ in range(2):
        assert {hit.text for hit in store.search("cafe").hits} == set(told[:3])
        assert [hit.text for hit in store.search("arger cafe").hits] == told[:1]
        with store.transaction():
            store._writer.settle()


@pytest.mark.parametrize("at_first", [1, 3, 250])
def test_the_newest_first_before_they_are_in_the_index(
    store: Store, monkeypatch: pytest.MonkeyPatch, at_first: int
) -> None:
    monkeypatch.setattr(passages, "_FIRST_EVENTS", at_first)
    lines = [f"needle {number}" if number % 3 else f"other {number}" for number in range(30)]
    store.extractions.add_many([extraction(original_line=line, at=AT + n) for n, line in enumerate(lines)])
    wanted = [line for line in reversed(lines) if "needle" in line]
    assert texts(store.search("needle").hits) == wanted
    assert texts(store.search("needle", limit=3).hits) == wanted[:3]


def test_the_newest_sessions_first_in_whatever_order_they_came(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Histories are imported the newest first: what came last is the oldest."""
    days = {"new": 3, "newer": 4, "old": 1, "older": 0}
    for name, day in days.items():
        store.sessions.add(Session(name, "tin", started_at=AT + day * clock.DAY))
        store.events.add(Event(name, "reply", content=f"needle of {name}", at=AT + day * clock.DAY + SECOND))
        if name == "newer":  # some of them are in the index, the others not yet
            with store.transaction():
                store._writer.settle()
    wanted = [f"needle of {name}" for name in ("newer", "new", "old", "older")]
    for _ in range(2):
        assert texts(store.search("needle").hits) == wanted
        assert texts(store.search("needle", limit=1).hits) == wanted[:1]
        with store.transaction():
            store._writer.settle()
    monkeypatch.setattr(passages, "_SORTED", 0)
    assert sorted(texts(store.search("needle").hits)) == sorted(wanted), "too many to be put in order"


@pytest.mark.parametrize("words_most", [200, 1])
@pytest.mark.parametrize("few", [4000, 1])
def test_every_way_finds_the_same(store: Store, monkeypatch: pytest.MonkeyPatch, few: int, words_most: int) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    monkeypatch.setattr(passages, "_WORDS_MAX", words_most)
    printed(store, "codex-1", (AT, b"needle one\nnothing\nneedles two\nnot this\n"))
    store.extractions.add_many(
        [
            extraction(original_line="needle one", source="wrapper", at=AT + 1),
            extraction(original_line="needles two", source="wrapper", at=AT + 2),
            extraction(original_line="needle by hand", at=AT + 3),
            extraction(original_line="needle elsewhere", event_type="warning", at=AT + 4),
        ]
    )
    for _ in range(2):
        assert texts(store.search("needle* type:error").hits) == ["needle by hand", "needles two", "needle one"]
        assert texts(store.search("needle type:error session:codex-1 one").hits) == ["needle one"]
        assert len(store.search("needle*").hits) == 4
        with store.transaction():
            store._writer.settle()  # and again when all is in the index


@pytest.mark.parametrize(
    ("gap", "stretches", "stepped"), [(1000, 16, 20_000), (1, 3, 20_000), (1, 100, 20_000), (1, 4, 5)]
)
def test_a_session_among_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, gap: int, stretches: int, stepped: int
) -> None:
    monkeypatch.setattr(passages, "_GAP", gap)
    monkeypatch.setattr(passages, "_STRETCHES", stretches)
    monkeypatch.setattr(passages, "_STEPPED", stepped)
    names = ["codex-1", "codex-2", "codex-3"]
    for turn, name in enumerate([*names, "codex-1", "codex-1", "codex-3", "codex-2", *names, "codex-1"]):
        lines = [f"needle {turn} {number}" for number in range(20 * (1 + turn % 3))]
        with store.transaction():
            store.extractions.add_many([extraction(name, original_line=line, at=AT + turn) for line in lines])
            store._writer.settle()
    for name in [*names, "codex-4"]:
        everywhere = [hit for hit in store.search("needle", limit=1000).hits if hit.session_id == name]
        assert len(everywhere) == len(store.extractions.list(session=name, limit=None))
        assert store.search("needle", session=name, limit=1000).hits == everywhere
        looking = passages.Looking(store._connection, store.output, parse("needle").terms)
        found = [one for page in looking.passages(Where(), name) for one in page]
        assert {one.id for one in found if one.session_id == name} == {
            one.id for page in looking.passages(Where(), None) for one in page if one.session_id == name
        }
        assert [one.id for one in found] == sorted({one.id for one in found}, reverse=True), "newest first, once"


def test_the_index_tells_words_of_a_line_from_words_near_each_other(store: Store) -> None:
    lines = [f"line{number} {'one' if number % 2 else 'two'} {'x' * PART}" for number in range(500)]
    printed(store, "codex-1", (AT, "".join(f"{line}\n" for line in lines).encode()))
    sizes = [last - first + 1 for first, last in store._connection.execute("SELECT first, last FROM _passages")]
    assert sum(sizes) == 500
    assert max(sizes) == PARTS
    looking = passages.Looking(store._connection, store.output, parse("one two").terms)
    assert list(looking.passages(Where(), None)) == [], "none has to be looked at"
    assert len(store.search("one").hits) == 50
    for number in (0, 250, 499):
        assert [hit.line_number for hit in store.search(f"line{number}").hits] == [number + 1]


def test_no_time_left_is_said(store: Store) -> None:
    printed(store, "codex-1", (AT, b"needle\n"))
    store.extractions.add(extraction(original_line="needle"))
    for typed in ("needle", "needle type:error"):
        results = store.search(typed, budget_ms=-1)
        assert (results.hits, results.truncated) == ([], True)
        assert store.search(typed, budget_ms=60_000).hits


def test_lines_longer_than_a_chunk_and_hits_in_every_chunk(store: Store) -> None:
    line = b"x" * 40 + b" needle " + b"y" * 40 + b" pin " + b"z" * 40
    printed(store, "codex-1", (AT, b"needle one\n" + line + b"\nneedle three\n"), size=64)
    hits = store.search("needle").hits
    assert sorted((hit.line_number, "needle" in hit.text) for hit in hits) == [(1, True), (2, True), (3, True)]
    assert [hit.line_number for hit in store.search("pin").hits] == [2]


def test_a_screen_that_is_redrawn_is_found_once(store: Store) -> None:
    printed(store, "codex-1", (AT, b"\x1b[H\x1b[2Kneedle\x1b[2;1Hother\x1b[1;1H\x1b[2Kneedle\n"))
    assert texts(store.search("needle").hits) == ["needle"]


def test_what_a_reextraction_removed_is_not_found(store: Store) -> None:
    printed(store, "codex-1", (AT, b"needle one\nneedle two\n"))
    found = [extraction(original_line=f"needle {word}", source="wrapper") for word in ("one", "two")]
    store.extractions.add_many(found)
    store.extractions.replace("codex-1", found[1:], [])
    assert sorted(texts(store.search("needle").hits)) == ["needle one", "needle two"], "the output stays as it is"
    assert texts(store.search("needle type:error").hits) == ["needle two"]


@pytest.fixture(scope="module")
def words() -> Iterator[Store]:
    """One store for everything that is typed."""
    with scratch() as store:
        printed(store, "codex-1", (AT, b'AND OR NOT "quoted" (a) agent type: x-y ^ 0\n'))
        store.events.add(Event("codex-1", "marker", content="NEAR AND OR type"))
        yield store


@settings(max_examples=150)
@given(st.text() | st.text(alphabet="\"'*-:()^+{}[]ANDORNT agent:type\x00\\/\n\udc80", max_size=30))
def test_nothing_typed_is_an_error(words: Store, typed: str) -> None:
    results = words.search(typed)
    assert all(hit.text for hit in results.hits)
