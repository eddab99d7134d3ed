"""What each of several sources of a session is asked for: texts and notes the best, usage the best that has any."""

from __future__ import annotations

from itertools import permutations

import pytest

from tachograph.clock import SECOND
from tachograph.records import Session, Step, Usage
from tachograph.store import Store

AT = 1_790_000_000 * SECOND
PROMPT = Step("prompt:1", "prompt", AT, content="go")
TOLD = {
    "transcript": [PROMPT, Step("usage:t", "usage", AT, usage=Usage("m", 7, 1))],
    "hook": [Step("prompt:h", "prompt", AT, content="go")],
    "otlp": [Step("prompt:o", "prompt", AT, content="go")]
    + [Step(f"usage:{id}", "usage", AT, usage=Usage("m", 10, 1)) for id in "ab"],
}


def tell(store: Store, source: str, *steps: Step, session: str = "s") -> None:
    store.steps.put(session, "agent", steps, source=source)


def counted(store: Store) -> tuple[int, int]:
    session = store.sessions.get("s")
    return session.prompts, session.input_tokens


@pytest.mark.parametrize("order", [*permutations(["hook", "otlp"])], ids=" ".join)
def test_usage_comes_from_whoever_has_it(store: Store, order: tuple[str, ...]) -> None:
    """That hooks know better what was said is no reason to leave out what telemetry knows of usage."""
    for source in order:
        tell(store, source, *TOLD[source])
    assert counted(store) == (1, 20)


@pytest.mark.parametrize("order", [*permutations(TOLD)], ids=" ".join)
def test_usage_of_the_best_that_has_it(store: Store, order: tuple[str, ...]) -> None:
    for source in order:
        for step in TOLD[source]:
            tell(store, source, step)
    assert counted(store) == (1, 7)
    assert store.check() == []


@pytest.mark.parametrize("order", [*permutations(["hook", "transcript"])], ids=" ".join)
def test_what_all_notice_is_noted_once(store: Store, order: tuple[str, ...]) -> None:
    for source in order:
        notes = [
            Step(f"{kind}:{source}", "marker", AT, content=kind, metadata={"kind": kind})
            for kind in ("compaction", f"seen by {source}")
        ]
        tell(store, source, *TOLD[source], *notes)
    noted = store.events.list(session="s", type="marker", limit=None)
    assert sorted(str(note.content) for note in noted) == ["compaction", "seen by hook", "seen by transcript"]


@pytest.mark.parametrize("into", ["s", "other"])
def test_one_session_of_two_keeps_the_best_of_each(store: Store, into: str) -> None:
    store.sessions.add(Session("s", "agent", started_at=AT))
    store.sessions.add(Session("other", "agent", started_at=AT))
    first, second = ("otlp", "hook") if into == "s" else ("hook", "otlp")
    tell(store, first, *TOLD[first])
    tell(store, second, *TOLD[second], session="other")
    store.merging.merge("s", "other")
    assert counted(store) == (1, 20)
    tell(store, "otlp", Step("prompt:y", "prompt", AT), Step("usage:c", "usage", AT, usage=Usage("m", 5, 1)))
    assert counted(store) == (1, 25)
    tell(store, "transcript", *TOLD["transcript"])
    assert counted(store) == (1, 7)
