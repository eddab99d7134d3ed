"""Events of OpenCode 2, as our plugin passes them on: `{id, type, created, location, data{sessionID, …}}`.

A prompt is admitted and later promoted into the conversation; a step of the model begins and ends, with texts and calls
of tools in between, each told by events of its own. Keys are those of its messages in the database. Source:
packages/schema/src/session-event.ts of anomalyco/opencode.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tachograph.readers._opencode_messages import failure, usage_of
from tachograph.readers._opencode_second import error_of, tool_of
from tachograph.readers._opencode_tools import tool_steps
from tachograph.readers.hooking import Teller
from tachograph.readers.values import Object, table, text
from tachograph.records import Step

_OPEN = 500  # prompts and calls of a session that wait for what becomes of them


def _renamed(teller: Teller, said: Object) -> None:
    teller.facts(title=text(said.get("title")))


def _began(teller: Teller, said: Object) -> None:
    teller.state("running")


def _ended(teller: Teller, said: Object) -> None:
    teller.state("waiting")


def _failed(teller: Teller, said: Object) -> None:
    teller.steps.append(failure(error_of(said.get("error")), str(teller.at), teller.at))
    teller.state("waiting")


def _interrupted(teller: Teller, said: Object) -> None:
    if said.get("reason") == "user":
        teller.marker("interruption", "interrupted by the user")
    teller.state("waiting")


def _admitted(teller: Teller, said: Object) -> None:
    name, given = text(said.get("inputID")), table(said.get("input"))
    words = text(table(given.get("data")).get("text"))
    if name and words is not None and given.get("type") == "user":
        _keep(teller, "prompts", name, words)


def _promoted(teller: Teller, said: Object) -> None:
    name = text(said.get("inputID")) or ""
    words = teller.memory.known(teller.session, "prompts").pop(name, None)
    if isinstance(words, str):
        teller.said("prompt", name, words)


def _step_began(teller: Teller, said: Object) -> None:
    model, name = text(table(said.get("model")).get("id")), text(said.get("assistantMessageID"))
    teller.facts(model=model)
    if name and model:
        _keep(teller, "models", name, model)


def _step_ended(teller: Teller, said: Object) -> None:
    name = text(said.get("assistantMessageID"))
    if name is None:
        return
    model = text(teller.memory.known(teller.session, "models").pop(name, None))
    usage = usage_of(said.get("tokens"), said.get("cost"), model)
    if usage is not None:
        teller.steps.append(Step(f"usage:{name}", "usage", teller.at, usage=usage))
    if said.get("error") is not None:
        teller.steps.append(failure(error_of(said["error"]), name, teller.at))


def _text(teller: Teller, said: Object) -> None:
    """A text of a reply, whole; a message can have several."""
    name, words = text(said.get("assistantMessageID")), text(said.get("text"))
    if name is None or words is None:
        return
    texts = teller.memory.known(teller.session, "texts")
    if texts.get("message") != name:
        texts.clear()
        texts["message"] = name
    texts[str(said.get("ordinal"))] = words
    teller.said("reply", name, "\n".join(str(value) for key, value in texts.items() if key != "message"))


def _named(teller: Teller, said: Object) -> None:
    """What is called; its arguments are still to come."""
    if call := text(said.get("callID")):
        _keep(teller, "calls", call, {"name": said.get("name")})


def _called(teller: Teller, said: Object) -> None:
    call = text(said.get("callID"))
    if call is None:
        return
    begun = {**table(teller.memory.known(teller.session, "calls").get(call)), "input": said.get("input")}
    begun["ran"] = teller.at // 1_000_000
    _keep(teller, "calls", call, begun)
    for step in _steps(teller, call, begun, {"status": "running"}):
        teller.steps.append(replace(step, status=None))


def _done(teller: Teller, said: Object) -> None:
    _over(teller, said, "completed")


def _went_wrong(teller: Teller, said: Object) -> None:
    _over(teller, said, "error")


def _over(teller: Teller, said: Object, status: str) -> None:
    call = text(said.get("callID"))
    if call is not None:
        begun = table(teller.memory.known(teller.session, "calls").pop(call, None))
        teller.steps += _steps(teller, call, begun, {**said, "status": status})


def _steps(teller: Teller, call: str, begun: Object, state: Object) -> list[Step]:
    """A call as far as it is told: as a message in the database has it."""
    ended = None if state["status"] == "running" else teller.at // 1_000_000
    part = {
        "id": call,
        "name": begun.get("name"),
        "state": {**state, "input": begun.get("input")},
        "time": {"ran": begun.get("ran"), "completed": ended},
    }
    return list(tool_steps(tool_of(part), call, teller.at))


def _compacted(teller: Teller, said: Object) -> None:
    teller.marker("compaction", "context compacted")


def _keep(teller: Teller, what: str, name: str, value: object) -> None:
    kept = teller.memory.known(teller.session, what)
    kept[name] = value
    while len(kept) > _OPEN:
        del kept[next(iter(kept))]


HANDLERS: dict[str, Callable[[Teller, Object], None]] = {
    "session.renamed": _renamed,
    "session.execution.started": _began,
    "session.execution.succeeded": _ended,
    "session.execution.failed": _failed,
    "session.execution.interrupted": _interrupted,
    "session.input.admitted": _admitted,
    "session.input.promoted": _promoted,
    "session.step.started": _step_began,
    "session.step.ended": _step_ended,
    "session.step.failed": _step_ended,
    "session.text.ended": _text,
    "session.tool.input.started": _named,
    "session.tool.called": _called,
    "session.tool.success": _done,
    "session.tool.failed": _went_wrong,
    "session.compaction.ended": _compacted,
}
