"""The tools that agents are given: what they are called, what they take, what they ask of the store.

Nothing here knows the protocol. A tool is a function of a store, its arguments and who asks; it gives a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from tachograph import clock
from tachograph.errors import UsageError
from tachograph.extract.redact import redact_text
from tachograph.formats.rows import Row, to_row
from tachograph.ingest.locating import repository
from tachograph.ingest.preparing import without_secrets
from tachograph.recall import at_work, finding, fixes, past
from tachograph.store import Store

_TEXT = 4000

# What is left out is "" or 0: a type or null in one schema is more than some clients understand.
_Limit = Annotated[int, Meta(ge=1, le=50)]
_Agent = Annotated[str, Meta(description="Only agents whose name fits this glob.", max_length=200)]
_Since = Annotated[str, Meta(description="Not before: a time back from now (15m, 7d), or ISO-8601.", max_length=60)]
_Project = Annotated[str, Meta(description="Only sessions begun in this folder or below it.", max_length=_TEXT)]
_Whose = Annotated[str, Meta(description="Whose memory.", min_length=1, max_length=200)]


class Caller(NamedTuple):
    """Who asks: the client's name, the session it runs in (""), the folder it was started in (None: not known)."""

    client: str
    session: str
    folder: str | None


class SearchHistory(msgspec.Struct, forbid_unknown_fields=True):
    query: Annotated[
        str,
        Meta(
            description='Words that must stand in one line; "a phrase", begin*, -without.',
            min_length=1,
            max_length=_TEXT,
        ),
    ]
    project: _Project = ""
    agent: _Agent = ""
    since: _Since = ""
    limit: _Limit = 20


class LastTimeHere(msgspec.Struct, forbid_unknown_fields=True):
    path: Annotated[
        str,
        Meta(
            description="Absolute path of a folder; the repository around it counts. Left out: where you are.",
            max_length=_TEXT,
        ),
    ] = ""
    agent: _Agent = ""
    limit: Annotated[int, Meta(description="How many sessions.", ge=1, le=10)] = 3


class SimilarFailures(msgspec.Struct, forbid_unknown_fields=True):
    message: Annotated[
        str, Meta(description="The error as it was printed; several lines are taken, too.", max_length=20_000)
    ] = ""
    event_id: Annotated[int, Meta(description="Or the event of an error, or of a step that failed.", ge=0)] = 0
    project: _Project = ""
    agent: _Agent = ""
    since: _Since = ""
    limit: Annotated[int, Meta(ge=1, le=20)] = 5


class WhoIsEditing(msgspec.Struct, forbid_unknown_fields=True):
    path: Annotated[
        str,
        Meta(description="A file or folder: whole, or the end of its path; a glob.", min_length=1, max_length=_TEXT),
    ]
    since: Annotated[str, Meta(description="How far back to look.", max_length=60)] = "2h"


class SessionInShort(msgspec.Struct, forbid_unknown_fields=True):
    session: Annotated[
        str, Meta(description="An id, a unique beginning of it, last, last~2, @agent.", min_length=1, max_length=500)
    ]


class ReadMemory(msgspec.Struct, forbid_unknown_fields=True):
    agent: _Whose
    version: Annotated[int, Meta(description="An old version; the current one when left out.", ge=0)] = 0


class ListMemory(msgspec.Struct, forbid_unknown_fields=True):
    agent: _Agent = ""
    limit: _Limit = 20


class WriteMemory(msgspec.Struct, forbid_unknown_fields=True):
    agent: _Whose
    memory: Annotated[dict[str, Any], Meta(description="All of what is to be remembered; it replaces what was there.")]
    expect: Annotated[
        int, Meta(description="The version you have read, 0 when there is none. Refused when it is another.", ge=0)
    ]


class Tool(NamedTuple):
    """`about` is what a model reads of it. `answer` raises TachographError."""

    name: str
    title: str
    about: str
    arguments: type[msgspec.Struct]
    answer: Callable[[Store, Any, Caller], Row]
    writes: bool = False

    def schema(self) -> dict[str, Any]:
        """Of the arguments, as JSON Schema."""
        found: dict[str, Any] = msgspec.json.schema(self.arguments)["$defs"][self.arguments.__name__]
        return {name: value for name, value in found.items() if name != "title"}

    def takes(self) -> str:
        """Its arguments in one sentence, for who gave it others."""
        fields = msgspec.structs.fields(self.arguments)
        needed = [one.name for one in fields if one.required]
        more = [one.name for one in fields if not one.required]
        said = [*([f"needs {', '.join(needed)}"] if needed else []), *([f"takes {', '.join(more)}"] if more else [])]
        return f"it {' and '.join(said)}"


def _search_history(store: Store, asked: SearchHistory, _: Caller) -> Row:
    found = finding.find(
        store, asked.query, project=asked.project or None, agent=asked.agent or None, since=_since(asked.since),
        limit=asked.limit,
    )  # fmt: skip
    return {"hits": found.hits, "truncated": found.truncated}


def _last_time_here(store: Store, asked: LastTimeHere, caller: Caller) -> Row:
    folder = asked.path or caller.folder
    if folder is None:
        raise UsageError("path: which folder is meant is not known here", "give its absolute path")
    if not folder.startswith("/") and folder[1:2] != ":":
        raise UsageError("path: it is not absolute", "give all of it")
    root = repository(folder) or folder
    return {"folder": root, "sessions": past.last_time(store, root, agent=asked.agent or None, limit=asked.limit)}


def _similar_failures(store: Store, asked: SimilarFailures, _: Caller) -> Row:
    if bool(asked.message) == bool(asked.event_id):
        raise UsageError(
            "message or event_id: one of them is needed, not both",
            "give the error as it was printed, or the id of its event",
        )
    found = fixes.similar(
        store, asked.message or asked.event_id, project=asked.project or None, agent=asked.agent or None,
        since=_since(asked.since), limit=asked.limit,
    )  # fmt: skip
    return found._asdict()


def _who_is_editing(store: Store, asked: WhoIsEditing, _: Caller) -> Row:
    now = clock.now()
    return {"path": asked.path, "sessions": at_work.editors(store, asked.path, _since(asked.since) or 0, now)}


def _session(store: Store, asked: SessionInShort, _: Caller) -> Row:
    return {"session": past.session(store, asked.session)}


def _read_memory(store: Store, asked: ReadMemory, _: Caller) -> Row:
    return {"memory": to_row(store.memory.get(asked.agent, asked.version or None))}


def _list_memory(store: Store, asked: ListMemory, _: Caller) -> Row:
    found = store.memory.list(agent=asked.agent or None, limit=asked.limit + 1)
    return {"memories": [to_row(one) for one in found[: asked.limit]], "truncated": len(found) > asked.limit}


def _write_memory(store: Store, asked: WriteMemory, caller: Caller) -> Row:
    text = without_secrets(msgspec.json.encode(asked.memory).decode())
    stored = store.memory.set(
        redact_text(asked.agent.strip())[0], text, agent_type=redact_text(caller.client)[0] or None,
        expect=asked.expect, session_id=caller.session, source="mcp",
    )  # fmt: skip
    return {"written": {name: value for name, value in to_row(stored).items() if name != "memory_json"}}


def _since(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        return clock.parse_time(text, clock.now())
    except ValueError as error:
        raise UsageError(f"since: {error}") from None


TOOLS = (
    Tool(
        "search_history", "Search the history",
        "Find lines in everything that was recorded on this machine: prompts, replies, commands and their output, of"
        " all agents. Newest first.",
        SearchHistory, _search_history,
    ),
    Tool(
        "last_time_here", "What was done here last time",
        "The last sessions in this repository: what was asked, which files were changed, what failed, how it ended.",
        LastTimeHere, _last_time_here,
    ),
    Tool(
        "similar_failures", "Failures like this one, and what fixed them",
        "Earlier errors like this one, with the next run of the same command that went well and the edits in between.",
        SimilarFailures, _similar_failures,
    ),
    Tool(
        "who_is_editing", "Who is at this file now",
        "Sessions that read or changed a file lately, and whether they are still at work. Ask before you change a file"
        " that others may be at.",
        WhoIsEditing, _who_is_editing,
    ),
    Tool(
        "session", "One session in short",
        "One recorded session: its prompts, changed files, failures, how it ended and what the agent said last.",
        SessionInShort, _session,
    ),
    Tool(
        "read_memory", "Read a memory", "What an agent wrote down for later, with its version and who wrote it.",
        ReadMemory, _read_memory,
    ),
    Tool("list_memory", "List memories", "What all agents wrote down for later.", ListMemory, _list_memory),
    Tool(
        "write_memory", "Write a memory",
        "Remember a JSON object for an agent. Read it first: the write is refused when somebody else wrote meanwhile."
        " Old versions are kept.",
        WriteMemory, _write_memory, writes=True,
    ),
)  # fmt: skip
BY_NAME = {tool.name: tool for tool in TOOLS}
