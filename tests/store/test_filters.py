"""A pattern picks the same whoever looks: SQLite where there is a table, we where there is none."""

from __future__ import annotations

import apsw
from hypothesis import given
from hypothesis import strategies as st

from tachograph.store.filters import fits, pattern

VALUES = ["codex", "claude", "c", "a!b", "a^b", "co-dex", "ü", "[x]", ""]


@given(
    st.lists(st.sampled_from(["*", "%", "?", "[!c]", "[^c]", "[a-c]", "c", "o", "!", "^", "-", "ü"]), max_size=5),
    st.sampled_from(VALUES),
)
def test_a_pattern_picks_the_same_in_sql_and_outside(parts: list[str], value: str) -> None:
    glob = "".join(parts)
    known = pattern(glob)
    there = known is None or bool(apsw.Connection(":memory:").execute("SELECT ? GLOB ?", (value, known)).get)
    assert fits(glob, value) is there


def test_not_one_of_some_letters() -> None:
    assert [value for value in VALUES if fits("[!c]*", value)] == ["a!b", "a^b", "ü", "[x]"]
    assert pattern("[!c]%") == "[^c]*"
