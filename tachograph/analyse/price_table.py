"""What genai-prices knows, as a file that opens at once: importing the package takes a third of a second.

`python scripts/price_table.py` writes the file from the version installed, which it names. Where another one is
installed, that one is asked itself (`cost`). Which model is meant by a name is told as the package tells it:
https://github.com/pydantic/genai-prices, data_snapshot.py and types.py.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import msgspec

FILE = os.path.join(os.path.dirname(__file__), "prices.json")
Rates = tuple[float, float, float, float]  # of a million tokens: new input, read from a cache, written to one, output
Tiers = list[tuple[int, Rates]]  # number of input tokens above which they count, rates; from the highest down
# A word for a kind of test, and what it is made with: a text, or other tests.
Clause = tuple[str, str | list[Any]]
_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda text, part: text == part,
    "starts_with": lambda text, part: text.startswith(part),
    "ends_with": lambda text, part: text.endswith(part),
    "contains": lambda text, part: part in text,
    "regex": lambda text, part: re.search(part, text) is not None,
}


class Model(msgspec.Struct, array_like=True):
    """One that has prices, and from which day (since 1970) on they hold, None: on all; the last that fits counts."""

    match: Clause
    prices: list[tuple[int | None, Tiers | None]]


class Provider(msgspec.Struct, array_like=True):
    """Whose models names that fit may mean; `others` are places of providers whose models these are, too."""

    match: Clause | None
    models: list[Model]
    others: list[int] = []


class Table(msgspec.Struct):
    """`version` is that of the package."""

    version: str
    providers: list[Provider]

    def tiers(self, name: str, day: int) -> Tiers | None:
        """Prices of the model that somebody calls so, on a day since 1970; None when there are none."""
        name = name.lower()
        provider = next((one for one in self.providers if one.match and _fits(one.match, name)), None)
        if provider is None:
            return None
        model = self._model(provider, name)
        if model is None and (dashed := _COMPACT_DATE.sub(_dashed, name)) != name:
            model = self._model(provider, dashed)
        if model is None:
            return None
        held = (tiers for since, tiers in reversed(model.prices) if since is None or day >= since)
        return next(held, model.prices[0][1])

    def _model(self, provider: Provider, name: str) -> Model | None:
        for one in (provider, *(self.providers[index] for index in provider.others)):
            for model in one.models:
                if _fits(model.match, name):
                    return model
        return None


@cache
def current() -> Table | None:
    """The table; None when it is not of the version that is installed."""
    with open(FILE, "rb") as file:
        found = msgspec.json.decode(file.read(), type=Table)
    package = importlib.util.find_spec("genai_prices")
    place = os.path.dirname(os.path.dirname(package.origin)) if package and package.origin else ""
    return found if os.path.isdir(os.path.join(place, f"genai_prices-{found.version}.dist-info")) else None


def _fits(clause: Clause, name: str) -> bool:
    kind, part = clause
    if isinstance(part, str):
        return _TESTS[kind](name, part)
    return any(_fits(one, name) for one in part) if kind == "or" else all(_fits(one, name) for one in part)


def _dashed(found: re.Match[str]) -> str:
    """`-20251211` as `-2025-12-11`, if there is such a day."""
    year, month, day = map(int, found.groups()[1:])
    try:
        date(year, month, day)
    except ValueError:
        return found[0]
    return f"-{year:04d}-{month:02d}-{day:02d}"
