"""OpenCode's sessions as one document: what `opencode export` prints, and what its database is read into.

`{info: session, messages: [{info: message, parts: [part]}]}`, times in milliseconds since 1970, costs in USD. Seen in
exports of 1.2.20 to 1.18.33. OpenCode 2 has messages of another form (`_opencode_second.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tachograph.readers._opencode_messages import Messages, parts_of, times_of
from tachograph.readers._opencode_second import is_second, message_of
from tachograph.readers.json_lines import objects, unknown
from tachograph.readers.reading import HEAD_BYTES, Origin, Place, Shape
from tachograph.readers.values import count, millis, table, tables, text
from tachograph.records import Fact, SessionFacts, Step, Unknown

name = "opencode"
shape = Shape.DOCUMENT
_MASKED = "REDACTED"


def places(home: str, environment: Mapping[str, str]) -> list[Place]:
    """None: exports lie where their user put them."""
    return []


def detect(head: bytes, path: str) -> bool:
    """`{info{…}, messages[…]}` with OpenCode's names in it, whichever comes first."""
    start = head.find(b"{")
    if start < 0 or start > 200:  # what comes before is at most a line that export says to the terminal
        return False
    first = head[start + 1 : start + 40].lstrip()
    if not first.startswith((b'"info"', b'"messages"')):
        return False
    if len(head) < HEAD_BYTES:
        found = objects(head[start:])[0]
        return len(found) == 1 and _is_export(found[0])
    return any(mark in head for mark in (b'"sessionID"', b'"projectID"', b'"messageID"'))


def _is_export(document: dict[str, Any]) -> bool:
    info, messages = document.get("info"), document.get("messages")
    if not isinstance(info, dict) or not isinstance(messages, list) or not text(info.get("id")):
        return False
    return any(field in info for field in ("projectID", "slug", "directory")) or str(info["id"]).startswith("ses_")


def parse(origin: Origin) -> ExportParser:
    """A parser for one document."""
    return ExportParser()


class ExportParser:
    """Facts of the document, all told with it: nothing is left for the end."""

    def feed(self, data: bytes) -> Iterator[Fact]:
        start = data.find(b"{")
        found, strange = objects(data[start:] if 0 < start <= 200 else data)
        yield from strange
        for document in found:
            if isinstance(document.get("info"), dict):
                yield from session_facts(document)
            else:
                yield Unknown("document without a session", unknown("", data).sample)

    def finish(self) -> Iterator[Fact]:
        return iter(())


def session_facts(document: dict[str, Any]) -> Iterator[Fact]:
    """Everything of one session."""
    info, messages = document["info"], tables(document.get("messages"))
    time = table(info.get("time"))
    own_time = {"time": {"created": time.get("created"), "updated": time.get("updated")}}
    times = [*times_of(own_time, [])]
    told = Messages()
    session = _session(info)
    yield session
    for message in messages:
        found = message_of(message) if is_second(message) else (table(message.get("info")), parts_of(message))
        if found is None:
            continue
        own, parts = found
        times.extend(times_of(own, parts))
        yield from told.facts(own, parts)
    if info.get("revert") is not None:
        yield _rewound(table(info["revert"]), millis(time.get("updated")) or 0)
    yield SessionFacts(
        session.id,
        model=told.model or text(table(info.get("model")).get("id")),
        started_at=millis(min(times, default=None)),
        last_at=millis(max(times, default=None)),
    )


def _session(info: dict[str, Any]) -> SessionFacts:
    native = text(info.get("id")) or _MASKED
    if _MASKED in native:  # several sessions share that name
        native = f"{native}-{count(table(info.get('time')).get('created'))}"
    parent = text(info.get("parentID"))
    return SessionFacts(
        native,
        project_dir=text(info.get("directory")),
        title=text(info.get("title")),
        parent_id=None if parent and _MASKED in parent else parent,
        version=text(info.get("version")),
        started_at=millis(table(info.get("time")).get("created")),
        metadata=_metadata(info),
    )


def _metadata(info: dict[str, Any]) -> dict[str, object] | None:
    summary = table(info.get("summary"))
    found: dict[str, object] = {
        f"summary_{field}": count(summary[field]) for field in ("additions", "deletions", "files") if field in summary
    }
    if slug := text(info.get("slug")):
        found["slug"] = slug
    return found or None


def _rewound(revert: dict[str, Any], at: int) -> Step:
    """The user took messages back: they stay in the session until the next prompt, and may come back."""
    target = text(revert.get("messageID")) or ""
    metadata: dict[str, object] = {"kind": "rewind", "to": target}
    return Step(f"rewind:{target}", "marker", at, content="taken back to an earlier message", metadata=metadata)
