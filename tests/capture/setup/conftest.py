"""A user who has none of the agents yet, and the world as setting one up sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph import paths
from tachograph.capture.setup.world import World
from tests.capture.setup.home import TOKEN


@pytest.fixture
def user(tmp_path: Path) -> Path:
    place = tmp_path / "user"
    place.mkdir()
    return place


@pytest.fixture
def world(user: Path) -> World:
    return World(str(user), {"PATH": ""}, paths.places(), 8151, TOKEN)
