"""A store in a file of its own, opened as everybody opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tachograph.store import Store, settling

from .samples import fresh


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with fresh(tmp_path) as made:
        yield made


@pytest.fixture(params=[settling.AFTER, 5], ids=["portions as they are", "small portions"])
def portions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and totals are written some thousand events at a time; five, so that a few events show what that does."""
    monkeypatch.setitem(settling.settle.__kwdefaults__, "after", request.param)
    monkeypatch.setattr(settling, "COUNTED_AFTER", min(request.param, settling.COUNTED_AFTER) * 3 // 5)
