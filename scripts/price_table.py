"""Write tachograph/analyse/prices.json from the genai-prices installed: `python scripts/price_table.py`.

A test compares what the file and the package say of every model.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from genai_prices import Usage, types
from genai_prices.data import providers

from tachograph.analyse.cost import tiers_of
from tachograph.analyse.price_table import FILE, Clause, Model, Provider, Table, Tiers

NEVER = 1 << 40  # days
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a day's price is that of its noon, whatever changes with the hour


def table() -> Table:
    """Of providers that are found by the name of a model, and those whose models they offer."""
    wanted = [one for one in providers if one.model_match]
    for one in list(wanted):
        names = one.fallback_model_providers or []
        wanted += [other for other in providers if other.id in names and other not in wanted]
    places = {one.id: place for place, one in enumerate(wanted)}
    return Table(
        version("genai-prices"),
        [
            Provider(
                _clause(one.model_match) if one.model_match else None,
                [Model(_clause(model.match), _prices(model)) for model in one.models],
                [places[name] for name in one.fallback_model_providers or [] if name in places],
            )
            for one in wanted
        ],
    )


def text() -> str:
    """One provider a line."""
    made = msgspec.to_builtins(table())
    lines = [msgspec.json.encode(one).decode() for one in made["providers"]]
    return f'{{"version":"{made["version"]}","providers":[\n' + ",\n".join(lines) + "\n]}\n"


def _clause(found: Any) -> Clause:
    (kind,) = [field.name for field in fields(found)]
    part = getattr(found, kind)
    kind = kind.rstrip("_")
    if not isinstance(part, str):
        return kind, [_clause(one) for one in part]
    return kind, part if kind == "regex" else part.lower()


def _prices(model: types.ModelInfo) -> list[tuple[int | None, Tiers | None]]:
    if isinstance(model.prices, types.ModelPrice):
        return [(None, _tiers(model.prices))]
    found: list[tuple[int | None, Tiers | None]] = []
    for one in model.prices:
        since = None
        if isinstance(one.constraint, types.StartDateConstraint):
            since = (one.constraint.start_date - date(1970, 1, 1)).days
        elif one.constraint is not None and not one.constraint.active(NOON):
            since = NEVER
        found.append((since, _tiers(one.prices)))
    return found


def _tiers(prices: types.ModelPrice) -> Tiers | None:
    """None where the package refuses to tell what tokens cost."""
    try:
        prices.calc_price(Usage(input_tokens=1, output_tokens=1))
    except (LookupError, ValueError):
        return None
    return tiers_of(prices)


if __name__ == "__main__":
    Path(FILE).write_text(text(), encoding="utf-8")
