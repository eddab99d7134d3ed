"""Claude Code: outputs of tools that were too long for the transcript, a file each in `<session>/tool-results/`; and
the journals of workflows, which say only which subagents there were.

The transcript has the beginning of such an output and the path of its file. They are kept word for word and given back
with their session. What is in them is the output of anything, transcripts of agents included: nobody reads it as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tachograph.readers import claude
from tachograph.readers.reading import Origin, Parser, Place, Shape
from tachograph.records import Fact
from tachograph.regexes import regex

name = "claude"
shape = Shape.LINES
_PATH = regex(
    r"/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/(?:tool-results/|subagents/workflows/[^/]+/journal\.jsonl$)"
)
_PATTERNS = ("projects/*/*/tool-results/**", "projects/*/*/subagents/workflows/*/journal.jsonl")


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """Beside the subagents of a session; deleted with it."""
    return [place._replace(patterns=_PATTERNS) for place in claude.places(home, environment)]


def detect(head: bytes, path: str) -> bool:
    """By its place alone: it may hold anything."""
    return _PATH.search(path.replace("\\", "/")) is not None


def parse(origin: Origin) -> Parser:
    """A parser that has nothing to say."""
    return _Silent()


class _Silent:
    def feed(self, data: bytes) -> Iterable[Fact]:
        """Nothing: the call and the beginning of its output are told by the transcript."""
        return ()

    def finish(self) -> Iterable[Fact]:
        """Nothing is left open."""
        return ()
