"""What a Claude Code transcript says of its session as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tachograph.readers._claude_text import number, string
from tachograph.readers.json_lines import objects
from tachograph.readers.reading import Origin
from tachograph.readers.values import Object, table
from tachograph.records import Fact, SessionFacts
from tachograph.regexes import regex

_UUID = regex(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_META = ".meta.json"
_DIRECTORIES = 12  # working directories of one session that are worth telling
_TITLES = {"custom-title": ("customTitle", 4), "agent-name": ("agentName", 3), "ai-title": ("aiTitle", 2)}
_NOTED = {"entrypoint": "entrypoint", "sessionKind": "session_kind", "teamName": "team"}  # field → name in metadata


def stem(path: str) -> str:
    """The name of a transcript's file without its ending."""
    return os.path.basename(path).removesuffix(_META).removesuffix(".jsonl")


def is_subagent(session_id: str) -> bool:
    """Whether a session was started by another one: its file is named after the agent inside that."""
    return session_id.startswith("agent-")


def session_id(record: Object, path: str) -> str | None:
    """The session that a record's file tells of; None when this record leaves it open."""
    outside = stem(path)
    inside = string(record.get("sessionId"))
    printed = string(record.get("session_id"))
    if inside is None and printed:  # printed by `claude -p`: the name of the file is anyone's
        return printed
    talk = record.get("type") in ("user", "assistant")
    if inside is None and not talk:
        return None
    if _UUID.fullmatch(outside) or is_subagent(outside):
        return outside
    return inside or outside or string(record.get("uuid")) or "unnamed"


class Told:
    """What was told of a session so far; only what changes is told again."""

    def __init__(self, id: str, path: str) -> None:
        self.id = id
        self.subagent = is_subagent(id)
        self._path = path
        self._told: dict[str, object] = {}
        self._envelope: tuple[object, ...] = ()
        self._directories: list[str] = []
        self._metadata: dict[str, object] = {}
        self._rank = 0

    def tell(self, out: list[Fact], **facts: object) -> None:
        """A SessionFacts with those that are known and new."""
        new = {name: value for name, value in facts.items() if value is not None and self._told.get(name) != value}
        if new:
            self._told |= new
            out.append(SessionFacts(self.id, **new))  # type: ignore[arg-type]

    def note(self, out: list[Fact], **metadata: object) -> None:
        """More metadata."""
        if any(self._metadata.get(name) != value for name, value in metadata.items() if value is not None):
            self._metadata = {**self._metadata, **{k: v for k, v in metadata.items() if v is not None}}
            self.tell(out, metadata=self._metadata)

    def envelope(self, record: Object, out: list[Fact], at: int) -> None:
        """What nearly every record repeats."""
        get = record.get
        envelope = (
            get("cwd"),
            get("gitBranch"),
            get("version"),
            get("entrypoint"),
            get("sessionKind"),
            get("teamName"),
        )
        if envelope == self._envelope:
            return
        first = not self._told
        self._envelope = envelope
        if (cwd := string(envelope[0])) and cwd not in self._directories and len(self._directories) < _DIRECTORIES:
            self._directories.append(cwd)
        noted = {name: record[field] for field, name in _NOTED.items() if string(get(field))}
        if fork := string(get("forkedFrom")) or string(table(get("forkedFrom")).get("sessionId")):
            noted["forked_from"] = fork
        if first and self.subagent:
            noted |= _workflow(self._path)
        if len(self._directories) > 1:
            noted["project_dirs"] = list(self._directories)
        if any(self._metadata.get(name) != value for name, value in noted.items()):
            self._metadata = {**self._metadata, **noted}
        branch = string(envelope[1])
        self.tell(
            out,
            project_dir=self._directories[0] if self._directories else None,
            branch=None if branch == "HEAD" else branch,  # which it says where there is none
            version=string(envelope[2]) or string(get("claude_code_version")),
            parent_id=self._parent(record) if self.subagent and "parent_id" not in self._told else None,
            started_at=(at or None) if first else None,
            metadata=self._metadata or None,
        )
        if not self._told:  # nothing known but its name
            self._told["id"] = self.id
            out.append(SessionFacts(self.id))

    def title(self, record: Object, out: list[Fact]) -> None:
        """A title given by the user goes before one given by an agent, and that before a summary."""
        field, rank = _TITLES[record["type"]]
        self.named(string(record.get(field)), rank, out)

    def named(self, title: str | None, rank: int, out: list[Fact]) -> None:
        """A title and how much it is worth: the best wins, of equals the latest."""
        if title and rank >= self._rank:
            self._rank = rank
            self.tell(out, title=title)

    def _parent(self, record: Object) -> str | None:
        inside = string(record.get("sessionId"))
        if inside and inside != self.id:
            return inside
        folders = self._path.replace("\\", "/").split("/")
        return folders[folders.index("subagents") - 1] or None if "subagents" in folders[1:] else None


def _workflow(path: str) -> Object:
    folders = path.replace("\\", "/").split("/")
    return {"workflow": folders[-2]} if len(folders) > 2 and folders[-3] == "workflows" else {}


class SubagentFile:
    """`agent-<id>.meta.json`: what a subagent is, beside its transcript."""

    def __init__(self, origin: Origin) -> None:
        self._told = Told(stem(origin.path), origin.path)
        self._lines: list[bytes] = []
        self._new = False

    def feed(self, data: bytes) -> Iterable[Fact]:
        """The document, or a line of it."""
        self._lines.append(data)
        self._new = True
        return ()

    def finish(self) -> Iterable[Fact]:
        """What the document says."""
        out: list[Fact] = []
        if self._new:
            self._new = False
            found, strange = objects(b"\n".join(self._lines))
            for meta in found[-1:]:
                self._told.tell(out, title=string(meta.get("description")) or string(meta.get("name")))
                self._told.note(
                    out, agent_type=string(meta.get("agentType")), depth=number(meta.get("spawnDepth")) or None
                )
            out.extend(strange)
        return out


def is_subagent_file(path: str) -> bool:
    """Whether that is the name of such a file."""
    return os.path.basename(path).startswith("agent-") and path.endswith(_META)
