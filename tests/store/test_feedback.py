"""What people say of events."""

from __future__ import annotations

import pytest

from tachograph import clock
from tachograph.errors import BadRecord, NotFound
from tachograph.store import Store

from .samples import event, extraction


def test_feedback_comes_back_and_is_counted(store: Store) -> None:
    first = store.extractions.add_many([extraction(), extraction()])
    other = store.events.add(event("aider-1"))
    before = clock.now()
    one = store.feedback.add(first, "correct", "really a bug")
    two = store.feedback.add(first, "wrong")
    three = store.feedback.add(other, "correct")
    assert (one.event_id, one.outcome, one.note, one.session_id) == (first, "correct", "really a bug", "codex-1")
    assert before <= one.at <= clock.now()
    assert store.feedback.list() == [three, two, one], "newest first"
    assert store.feedback.list(session="codex-1") == store.feedback.list(event=first) == [two, one]
    assert store.feedback.list(event=first + 1) == []
    assert [store.sessions.get(name).feedbacks for name in ("codex-1", "aider-1")] == [2, 1]


@pytest.mark.parametrize(("outcome", "error"), [("", BadRecord), ("\ud800", BadRecord), ("fine", NotFound)])
def test_bad_feedback_leaves_nothing(store: Store, outcome: str, error: type[Exception]) -> None:
    number = store.extractions.add(extraction())
    with pytest.raises(error):
        store.feedback.add(number + (error is NotFound), outcome)
    assert store.feedback.list() == []
    assert store.sessions.get("codex-1").feedbacks == 0
