"""Which readers there are. A new one is a module of this room and a line here."""

from __future__ import annotations

import importlib
from codecs import BOM_UTF8
from collections.abc import Sequence
from functools import cache
from typing import cast

from tachograph.readers.reading import DatabaseReader, FolderReader, Reader

# In the order in which they are asked whose a file is: the pickiest first, plain logs last.
MODULES: tuple[str, ...] = (
    *("claude_results", "qwen", "claude", "codex", "codex_json"),
    *("opencode", "opencode_export", "opencode_storage", "opencode_stream"),
    *("copilot", "gemini", "gemini_jsonl", "cursor_store", "openhands", "openhands_files", "droid", "droid_settings"),
    *("droid_stream", "pi", "kiro", "kiro_session", "kiro_lines", "kiro_store", "kimi", "amp"),
    *("cline", "cline_sessions", "swe_agent", "mini_swe_agent"),
    *("asciicast", "terminal_bench", "cursor", "cursor_text", "aider", "json_records", "plain_log"),
)


UNREAD = ""  # the module of files that no reader knows, where their names are stored


@cache
def reader(module: str) -> Reader:
    """A reader by the name of its module; imported when it is first asked for."""
    return cast(Reader, importlib.import_module(f"tachograph.readers.{module or 'unread'}"))


def database_reader(module: str) -> DatabaseReader:
    """The same for one whose shape is DATABASE or FOLDER."""
    return cast(DatabaseReader, reader(module))


def folder_reader(module: str) -> FolderReader:
    """The same for one whose shape is FOLDER."""
    return cast(FolderReader, reader(module))


def which(head: bytes, path: str, named: Sequence[str] = ()) -> str | None:
    """The module that reads a file which begins with these bytes, `named` ones asked first; None when nobody does."""
    return _asked(named, head, path) or detected(head, path)


def detected(head: bytes, path: str) -> str | None:
    """The module that reads a file which begins with these bytes; None when nobody does."""
    return _asked(MODULES, head, path)


def _asked(modules: Sequence[str], head: bytes, path: str) -> str | None:
    plain = head.removeprefix(BOM_UTF8)  # a mark that editors put there; parsers step over it
    return next((module for module in modules if reader(module).detect(plain, path)), None)
