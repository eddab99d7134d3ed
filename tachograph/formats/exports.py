"""The formats that a session can be exported in, by name. A new one is a module with `export`, and a line here."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import NamedTuple

from tachograph.errors import UsageError
from tachograph.formats.recording import Recording


class Format(NamedTuple):
    """`module` of this room has a `function(recording) -> Iterator[str | bytes]`; imported when it is asked for."""

    name: str
    module: str
    media_type: str
    suffix: str
    about: str  # in a few words
    whole: bool = False  # a part of a session would not be what the format promises
    function: str = "export"

    def pieces(self, recording: Recording) -> Iterator[bytes]:
        """The file in pieces. Raises UsageError where the format needs an extra that is not installed."""
        made = getattr(importlib.import_module(f"tachograph.formats.{self.module}"), self.function)(recording)
        return (piece.encode() if isinstance(piece, str) else piece for piece in made)


_FORMATS = (
    Format("jsonl", "jsonl", "application/jsonl", ".jsonl", "all of it, a record a line; import reads it", True),
    Format("cast", "asciicast", "application/x-asciicast", ".cast", "its terminal, or its transcript, for asciinema"),
    Format(
        *("cast-v2", "asciicast", "application/x-asciicast", ".cast", "the same for asciinema before 3.0"),
        function="export_v2",
    ),
    Format("har", "har", "application/json", ".har", "calls of tools and models, for the network panel of a browser"),
    Format("chrome-trace", "chrome_trace", "application/json", ".trace.json", "when what ran, for Perfetto"),
    Format("md", "markdown", "text/markdown", ".md", "a transcript to read"),
    Format("json", "session_json", "application/json", ".json", "the session and its events as one JSON document"),
    Format("csv", "session_csv", "text/csv", ".csv", "its events, safe for spreadsheets"),
    Format(
        "parquet",
        "parquet",
        "application/vnd.apache.parquet",
        ".parquet",
        "its events as a table, for DuckDB, pandas …",
    ),
    Format(
        "html",
        "html",
        "text/html",
        ".html",
        "the page of a session in the web app, as one file of its own",
    ),
    Format("html-plain", "html", "text/html", ".html", "a page to read, without any script"),
    Format("otlp", "otlp", "application/json", ".otlp.json", "OTLP traces, with today's GenAI names"),
    Format(
        *("otlp-1.36", "otlp", "application/json", ".otlp.json", "the same with the names of 2025"),
        function="export_old",
    ),
)
FORMATS = {one.name: one for one in _FORMATS}
SPECIAL = ("original", "in-toto")  # not made from the records: from what the agent wrote, from the receipt
NAMES = (*SPECIAL, *FORMATS)


def named(name: str) -> Format:
    """Raises UsageError, which names those there are."""
    try:
        return FORMATS[name]
    except KeyError:
        raise UsageError(f"there is no format {name!r}", f"use one of {', '.join(NAMES)}") from None
