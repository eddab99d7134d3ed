"""A session as OTLP traces with the names of the GenAI conventions of 2025 (version 1.36), for receivers that lag."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph.formats import otlp
from tachograph.formats.otlp_names import OLD
from tachograph.formats.recording import Recording


def export(recording: Recording) -> Iterator[str]:
    """As `otlp.export`."""
    return otlp.export(recording, OLD)
