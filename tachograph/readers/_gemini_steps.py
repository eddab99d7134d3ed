"""What one message of Gemini CLI says: `{id, timestamp, type, content, …}` → steps.

Source of the format: google-gemini/gemini-cli, packages/core/src/services/chatRecordingTypes.ts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tachograph.readers._gemini_calls import call, picture
from tachograph.readers.times import iso
from tachograph.readers.values import Object, count, only, table, tables, text
from tachograph.records import Step, Usage
from tachograph.regexes import regex

MODEL_TYPES = ("gemini", "model", "assistant")
_CONTEXT = ("<session_context>", "This is the Gemini CLI. We are setting up the context")  # the program tells the model
_CONTEXT_END = "</session_context>"
_HOOK, _HOOK_END = "<hook_context>", "</hook_context>"  # … what a hook had to say, ahead of what was asked
_OWN = ("System: Please continue.", "Please continue.")  # turns that the program takes when the model only paused
_SUMMARY = "<state_snapshot>"
_NOTES = ("info", "warning", "error")
_INTERRUPTED = ("Request cancelled", "User cancelled the request", "Agent execution stopped")
_COMPACTED = ("Context compressed", "Chat history compressed", "IMPORTANT: This conversation")
_SWITCHED = ("Switched to fallback model", "⚡ Automatically switching", "⚡ Slow response")

NameCall = Callable[[object, int, bool], str | None]  # id of a call, its place, whether it was answered → its key


def steps(message: Object, id_: str, name_call: NameCall) -> list[Step] | None:
    """The steps of one message, `id_` being its name in their keys. None: it is of a kind that nobody knows."""
    kind, at = message.get("type"), iso(message.get("timestamp")) or 0
    if kind == "user":
        return list(_user(message, id_, at))
    if kind in MODEL_TYPES:
        return list(_model(message, id_, at, name_call))
    if kind in _NOTES:
        return [_note(message, str(kind), id_, at)]
    return None


def words_of(content: object, pictures: list[Object] | None = None) -> str:
    """The text of a message's content, thoughts and calls left out; of pictures and files only what they are."""
    found: list[str] = []
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            found.append(part)
            continue
        given = table(part)
        if (words := text(given.get("text"))) and not given.get("thought"):
            found.append(words)
        if data := table(given.get("inlineData") or given.get("fileData")):
            found.append("[image]" if str(data.get("mimeType")).startswith("image") else "[file]")
            if pictures is not None:
                pictures.append(picture(data))
    return "".join(found)


def is_context(words: str) -> bool:
    """Whether the program wrote this to tell the model where it is."""
    return words.startswith(_CONTEXT)


def _content(message: Object) -> object:
    content = message.get("content")
    return message.get("parts") if content is None else content


def _user(message: Object, id_: str, at: int) -> Iterator[Step]:
    content = _content(message)
    pictures: list[Object] = []
    sent = words_of(content, pictures)
    if is_context(sent.lstrip()):
        sent = sent.partition(_CONTEXT_END)[2].strip()
        if not sent:
            return
    if not sent and any("functionResponse" in part for part in tables(content)):
        return  # what tools returned; their records hold it, too
    asked = sent.rpartition(_HOOK_END)[2].strip() if sent.startswith(_HOOK) else sent
    if sent.startswith(_SUMMARY):
        more: Object = {"kind": "compaction", "summary": sent}
        yield Step(f"marker:{id_}", "marker", at, content="Context compacted", metadata=more)
    elif sent and not asked:
        yield Step(f"marker:{id_}", "marker", at, content="The program spoke", metadata={"kind": "aside", "text": sent})
    else:
        own = sent in _OWN
        typed = sent if own else words_of(message.get("displayContent")) or asked
        metadata = only(images=pictures, sent=sent if sent != typed else None, synthetic=own or None)
        yield Step(f"prompt:{id_}", "prompt", at, content=typed or None, metadata=metadata or None)


def _model(message: Object, id_: str, at: int, name_call: NameCall) -> Iterator[Step]:
    content, model = _content(message), text(message.get("model"))
    about = only(model=model)
    for nth, (thought, when) in enumerate(_thoughts(message, content)):
        yield Step(f"thinking:{id_}:{nth}", "thinking", when or at, content=thought)
    pictures: list[Object] = []
    said = words_of(content, pictures)
    yield Step(f"reply:{id_}", "reply", at, content=said or None, metadata=only(model=model, images=pictures) or None)
    records = tables(message.get("toolCalls"))
    for place, record in enumerate(records):
        if key := name_call(record.get("id"), place, True):
            yield call(key, record, at, about)
    if not records:  # not yet written down, or never
        for place, part in enumerate(tables(content)):
            asked = table(part.get("functionCall"))
            if asked and (key := name_call(asked.get("id"), place, False)):
                yield call(key, asked, at, about)
    if used := _usage(table(message.get("tokens")), model):
        yield Step(f"usage:{id_}", "usage", at, usage=used)


def _thoughts(message: Object, content: object) -> Iterator[tuple[str, int]]:
    """Text and time of each thought: newer versions keep them among the parts of the content, too."""
    told = tables(message.get("thoughts"))
    for thought in told:
        parts = (text(thought.get("subject")), text(thought.get("description")))
        if whole := "\n\n".join(part for part in parts if part):
            yield whole, iso(thought.get("timestamp")) or 0
    if not told:
        for part in tables(content):
            if part.get("thought") and (words := text(part.get("text"))):
                yield words, 0


def _usage(tokens: Object, model: str | None) -> Usage | None:
    """`total` is the sum of input (with what was cached), tool (prompts of tools), output and thoughts."""
    read, cached, tool, output, thoughts = (
        count(tokens.get(part)) for part in ("input", "cached", "tool", "output", "thoughts")
    )
    if not (read or cached or tool or output or thoughts):
        return None
    return Usage(model, read + tool, output + thoughts, cached, 0, thoughts)


def _note(message: Object, kind: str, id_: str, at: int) -> Step:
    content = words_of(_content(message)) or kind
    if content.startswith(_INTERRUPTED):
        kind = "interruption"
    elif kind == "error":
        kind = "api_error"
    elif content.startswith(_COMPACTED):
        kind = "compaction"
    elif content.startswith(_SWITCHED):
        kind = "model_switch"
    status = "error" if kind == "api_error" else None
    return Step(f"marker:{id_}", "marker", at, status=status, content=content, metadata={"kind": kind})


_WORKSPACE = regex(
    r"(?:Workspace Directories:\*\*|in the following directories:)\s+- (\S[^\n]*)"
    r"|in the directory: (\S[^\n]*)"
)


def project_of(words: str) -> str | None:
    """The folder that the program names when it tells the model where it is."""
    found = _WORKSPACE.search(words[:4000])
    return (found[1] or found[2]).strip() if found else None
