"""A store in a file of its own, opened as everybody opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tachograph.store import Store, settling

from .samples import opened

# Machines differ and databases sync: no deadline; the same examples every time, so that a failure is everybody's.
settings.register_profile(
    "store", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("store")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture(params=[settling.AFTER, 5], ids=["portions as they are", "small portions"])
def portions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and totals are written some thousand events at a time; five, so that a few events show what that does."""
    monkeypatch.setitem(settling.settle.__kwdefaults__, "after", request.param)
