"""What a call of a model cost: from a dated price table, or unknown. Never guessed.

The table is that of the package genai-prices (imported when the first price is asked for); its version is named with
every figure. Nothing is fetched.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple

from tachograph.clock import SECOND
from tachograph.records import Usage

_DAY = 86_400 * SECOND


class Price(NamedTuple):
    """US dollars, and the table they are from."""

    usd: float
    source: str


def price(usage: Usage, at: int) -> Price | None:
    """What `usage` cost at a time in ns; None for a model that the table does not have."""
    if not usage.model or not (usage.input_tokens or usage.output_tokens):
        return None
    found = _table(usage.model, at // _DAY)
    if found is None:
        return None
    table, flat, source = found
    return Price(round(_flat(usage, flat) if flat else _tiered(usage, table), 9), source)


def _flat(usage: Usage, dollars: tuple[float, float, float, float]) -> float:
    """One price a token, which is nearly always so; asking the package costs a quarter of a millisecond a call."""
    new, read, write, out = dollars
    fresh = max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens)
    return (
        fresh * new + usage.cache_read_tokens * read + usage.cache_write_tokens * write + usage.output_tokens * out
    ) / 1e6


def _tiered(usage: Usage, table: Any) -> float:
    from genai_prices import Usage as Asked

    asked = Asked(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
    )
    return float(table.calc_price(asked)["total_price"])


@lru_cache(maxsize=4096)
def _table(model: str, day: int) -> tuple[Any, tuple[float, float, float, float] | None, str] | None:
    """(prices of a model on a day, the same flat when they are, name of the table)."""
    from genai_prices import Usage as Asked
    from genai_prices import calc_price

    moment = datetime.fromtimestamp(day * 86_400 + 43_200, UTC) if day > 0 else None
    for name in dict.fromkeys((model, model.rpartition("/")[2], model.rpartition(".")[2])):
        try:
            found = calc_price(
                Asked(input_tokens=1, output_tokens=1), model_ref=name, genai_request_timestamp=moment
            ).model_price
        except (LookupError, ValueError):
            continue
        return found, _numbers(found), f"genai-prices {version('genai-prices')}"
    return None


def _numbers(prices: Any) -> tuple[float, float, float, float] | None:
    new, out = prices.input_mtok, prices.output_mtok
    read = new if prices.cache_read_mtok is None else prices.cache_read_mtok
    write = new if prices.cache_write_mtok is None else prices.cache_write_mtok
    if all(isinstance(value, Decimal | int | float) for value in (new, read, write, out)):
        return float(new), float(read), float(write), float(out)
    return None
