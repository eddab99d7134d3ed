"""Opening the store with everything it is joined with: how bytes become lines."""

from __future__ import annotations

import os

from tachograph import paths
from tachograph.store import Store


def open_store(path: str | os.PathLike[str] | None = None, *, readonly: bool = False) -> Store:
    """The store at `path`, or the one that `TACHOGRAPH_DB`, `TACHOGRAPH_HOME` and the platform name.

    Made with 0600 in a folder of its own when it does not exist; `readonly` neither makes nor changes anything and
    raises NotFound when there is no file. Raises StoreError and its children.
    """
    from tachograph.extract.lines import split

    where = paths.places(None if path is None else os.fspath(path))
    return Store(where.database, split=split, readonly=readonly)
