"""`<uuid>.settings.json` beside a session of droid: its model and the tokens of the whole session."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from tachograph.readers._droid_words import usage_of
from tachograph.readers.droid import sessions_folder
from tachograph.readers.json_lines import objects, unknown
from tachograph.readers.reading import Origin, Place, Shape
from tachograph.readers.values import text
from tachograph.records import Fact, SessionFacts, Unknown

name = "droid"
shape = Shape.DOCUMENT
_SUFFIX = ".settings.json"
_TOKENS = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheCreationTokens", "thinkingTokens")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Beside the sessions."""
    return [Place(sessions_folder(home, environment), (f"*{_SUFFIX}", f"*/*{_SUFFIX}"))]


def detect(head: bytes, path: str) -> bool:
    """Its name says whose settings they are, its fields that they are those of a session."""
    return path.endswith(_SUFFIX) and head.lstrip().startswith(b"{") and b'"assistantActiveTimeMs"' in head


def parse(origin: Origin) -> SettingsParser:
    """A parser for the settings of one session."""
    return SettingsParser(origin)


class SettingsParser:
    """What the settings say, all at once."""

    def __init__(self, origin: Origin) -> None:
        self._id = os.path.basename(origin.path).removesuffix(_SUFFIX) or "unnamed"

    def feed(self, data: bytes) -> Iterator[Fact]:
        found, strange = objects(data)
        yield from strange
        for settings in found:
            if "assistantActiveTimeMs" not in settings and "tokenUsage" not in settings:
                yield Unknown("document without settings of a session", unknown("", data).sample)
                continue
            model = text(settings.get("model"))
            about = {
                field: settings[field] for field in ("reasoningEffort", "autonomyMode") if text(settings.get(field))
            }
            yield SessionFacts(
                self._id,
                model=model,
                parent_id=text(settings.get("callingSessionId")),
                usage=usage_of(settings.get("tokenUsage"), model, _TOKENS),
                metadata=about or None,
            )

    def finish(self) -> Iterator[Fact]:
        return iter(())
