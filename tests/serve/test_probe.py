"""A probe from outside: what other sites, other users and broken programs try. Every check has a name and must hold.

The server is a real one, in a process of its own, and is spoken to over sockets. Routes are taken from the
application, so those of a new part are probed as soon as they are registered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tachograph import keys
from tests.serve import probe_pages, probe_users  # noqa: F401  # the checks themselves
from tests.serve.outside import Outside
from tests.serve.probing import CHECKS


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    home = tmp_path_factory.mktemp("probed") / "home"
    found = Outside(home, "--socket", str(home.parent / "run" / "door"))
    yield found
    found.close()


@pytest.mark.parametrize("name", CHECKS)
def test_holds(door: Outside, name: str) -> None:
    CHECKS[name](door)


def test_there_are_enough_checks() -> None:
    assert len(CHECKS) >= 51


def test_nothing_was_said_that_opens_anything(door: Outside) -> None:
    """After all of that: no token, no cookie and no used link in what the server said or keeps, and no traceback."""
    said = door.all_said()
    journals = b"".join(file.read_bytes() for file in (door.home / "journal").rglob("*") if file.is_file())
    for text in (said, journals):
        for secret in (door.token, keys.sending(door.token), door.cookie.partition("=")[2]):
            assert secret.encode() not in text
    assert len(re.findall(rb"once-", said)) == 1
    assert b"Traceback" not in said
    assert b"Exception" not in said
