"""The table of prices says of every name and day what the package says that it was made from."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from genai_prices.data import providers

from tachograph.analyse import price_table
from tachograph.analyse.cost import asked
from tachograph.analyse.price_table import Table

SCRIPTS = Path(__file__).parents[2] / "scripts"
DAYS = [19_000, 20_400, 20_500, 20_600, 20_700, 20_800, 21_000]  # from 2022 to 2027
ODD = ["", "<synthetic>", "no-such-model", "GPT-5", "gpt-5.2-20251211", "gpt-5.2-20251399", "mock", "anthropic/claude"]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What the script would write now."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield importlib.import_module("price_table").text()
    sys.modules.pop("price_table")


def words(clause: Any) -> Iterator[str]:
    for part in clause.__dict__.values():
        if isinstance(part, str):
            yield part
        else:
            for one in part:
                yield from words(one)


def test_every_model_costs_what_the_package_says(made: str) -> None:
    table = msgspec.json.decode(made, type=Table)
    names = {name for one in providers for model in one.models for name in (model.id, *words(model.match))}
    assert len(names) > 1000
    for place, name in enumerate(sorted(names) + ODD):
        day = DAYS[place % len(DAYS)]
        assert table.tiers(name, day) == asked(name, day), (name, day)


def test_prices_that_change_change_on_their_day(made: str) -> None:
    table = msgspec.json.decode(made, type=Table)
    dated = [model.id for one in providers for model in one.models if isinstance(model.prices, list)]
    assert dated
    for name in dated:
        assert [table.tiers(name, day) for day in DAYS] == [asked(name, day) for day in DAYS], name


def test_the_file_is_as_the_script_writes_it_or_is_not_used(made: str) -> None:
    kept = Path(price_table.FILE).read_text(encoding="utf-8")
    if price_table.current() is None:
        assert f'"version":"{msgspec.json.decode(made)["version"]}"' not in kept
    else:
        assert kept == made, "python scripts/price_table.py"
