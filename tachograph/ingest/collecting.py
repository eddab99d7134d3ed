"""Python's search for circles of objects, seldom: what is read from histories lives shortly or long, and in no circles,
so that looking for them in all of it again and again costs time and frees nothing.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_SELDOM = (50_000, 20, 50)  # of objects that are new, and of searches among the younger; circles are still found


@contextlib.contextmanager
def seldom() -> Iterator[None]:
    """While much is read. What is there already is looked at no more until it is over."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
