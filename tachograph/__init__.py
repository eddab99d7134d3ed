"""Tachograph: the flight recorder for coding agents.

The names below are the whole public Python interface; they are imported when first used, so that
`import tachograph` stays cheap for the hot commands.
"""

from __future__ import annotations

__version__ = "0.1.0"

_PUBLIC = {
    "open": "tachograph.store",
    "Store": "tachograph.store",
    "Recorder": "tachograph.recorder",
    "Extractor": "tachograph.recorder",
}
__all__ = ["Extractor", "Recorder", "Store", "__version__", "open"]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tachograph' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_PUBLIC[name]), name)
