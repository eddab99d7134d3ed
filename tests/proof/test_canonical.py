"""Canonical JSON and what is hashed over it."""

from __future__ import annotations

import hashlib
import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import BadRecord
from tachograph.proof.canonical import canonical, canonical_row, digest, row_digest

# The example of RFC 8785, section 3.2.2 and 3.2.3.
RFC = {
    "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
    "literals": [None, True, False],
}
SPELLED = (
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
    '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
)
SAFE = (1 << 53) - 1
values = st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.floats(allow_nan=False, allow_infinity=False)
rows = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1),
    values | st.text(st.characters(exclude_categories=["Cs"])),
)


def test_the_example_of_the_standard() -> None:
    assert canonical(RFC) == SPELLED.encode()
    assert digest(RFC) == hashlib.sha256(SPELLED.encode()).hexdigest()


@given(rows)
def test_rows_are_spelled_as_the_standard_says(row: dict[str, object]) -> None:
    assert canonical_row(row) == rfc8785.dumps(row)
    assert row_digest(row) == hashlib.sha256(rfc8785.dumps(row)).digest()


@pytest.mark.parametrize("value", [SAFE + 1, -SAFE - 1, math.nan, math.inf, "\ud800", {1: 2}, object()])
def test_what_has_no_spelling_is_refused(value: object) -> None:
    with pytest.raises(BadRecord, match="canonical JSON"):
        canonical(value)
    with pytest.raises(BadRecord, match="canonical JSON"):
        canonical_row({"a": value})
