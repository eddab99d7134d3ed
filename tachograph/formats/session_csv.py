"""The events of a session as CSV: the columns of the view `events`, every event of every type."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph.formats import as_csv
from tachograph.formats.recording import Recording
from tachograph.formats.rows import columns, to_row
from tachograph.records import Event


def export(recording: Recording) -> Iterator[str]:
    """Turn by turn, in the order in which they were told."""
    yield from as_csv.lines((to_row(moment.event) for moment in recording.moments()), columns(Event))
