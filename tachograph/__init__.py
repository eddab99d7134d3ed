"""Tachograph: the flight recorder for coding agents.

The names below are the whole public Python interface; they are imported when first used, so that
`import tachograph` stays cheap for the hot commands.
"""

from __future__ import annotations

__version__ = "0.1.0"

_PUBLIC = {  # name: where it is defined, and under which name
    "open": ("tachograph.ingest.opening", "open_store"),
    "Store": ("tachograph.store", "Store"),
    "Recorder": ("tachograph.recorder", "Recorder"),
    "Extractor": ("tachograph.recorder", "Extractor"),
    "pipeline": ("tachograph.pipelines", "Pipeline"),
}
__all__ = ["Extractor", "Recorder", "Store", "__version__", "open", "pipeline"]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tachograph' has no attribute {name!r}")
    import importlib

    module, attribute = _PUBLIC[name]
    return getattr(importlib.import_module(module), attribute)
