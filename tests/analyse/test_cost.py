"""Prices: as the package itself has them, for every tier, and for counts that it refuses."""

from datetime import UTC, datetime

import pytest
from genai_prices import Usage as Asked
from genai_prices import calc_price

from tachograph.analyse.cost import price
from tachograph.clock import SECOND
from tachograph.records import Usage

AT = 1_790_000_000 * SECOND


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "gpt-5", "gemini-2.5-pro", "gemini-2.5-flash"])
@pytest.mark.parametrize("tokens", [1, 199_999, 200_000, 200_001, 1_000_000])
def test_a_price_is_that_of_the_table(model: str, tokens: int) -> None:
    usage = Usage(
        model=model, input_tokens=tokens, output_tokens=700, cache_read_tokens=tokens // 2, cache_write_tokens=0
    )
    asked = Asked(input_tokens=tokens, output_tokens=700, cache_read_tokens=tokens // 2, cache_write_tokens=0)
    expected = calc_price(asked, model_ref=model, genai_request_timestamp=datetime.fromtimestamp(AT // SECOND, UTC))
    found = price(usage, AT)
    assert found is not None
    assert found.usd == pytest.approx(float(expected.total_price), abs=1e-9)
    assert found.source.startswith("genai-prices ")


def test_the_dearer_tier_is_paid_for_all_of_the_input() -> None:
    below, above = (
        price(Usage(model="claude-sonnet-4-5", input_tokens=tokens, output_tokens=0), AT)
        for tokens in (200_000, 200_001)
    )
    assert below is not None and above is not None
    assert above.usd > 1.9 * below.usd


def test_more_read_from_the_cache_than_was_put_in_has_a_price() -> None:
    found = price(Usage(model="gpt-5", input_tokens=10, cache_read_tokens=50, output_tokens=1), AT)
    assert found is not None
    assert found.usd > 0


def test_what_the_table_does_not_have_is_unknown() -> None:
    assert price(Usage(model="no-such-model", input_tokens=10, output_tokens=1), AT) is None
    assert price(Usage(input_tokens=10, output_tokens=1), AT) is None
    assert price(Usage(model="gpt-5", input_tokens=0, output_tokens=0), AT) is None
