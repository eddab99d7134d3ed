"""Events of OpenCode, as our plugin passes them on: `{type, properties, at}` of 1.18 (recordings, types of its SDK);
OpenCode 2 has `data` in place of `properties`, and other events (`_opencode_second_events`).

A message comes in many events: that it is there and whose, its parts one by one, its tokens when it is complete. Keys
are those of its database, so what is told here is told again there.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from tachograph.readers import _opencode_second_events
from tachograph.readers._opencode_messages import Messages, failure, made_as, usage_of
from tachograph.readers._opencode_tools import tool_steps
from tachograph.readers.hooking import Memory, Teller, not_understood
from tachograph.readers.opencode_export import session_facts
from tachograph.readers.values import Object, millis, table, text
from tachograph.records import Fact, SessionFacts, Step

_OURS = ("session.", "message.", "permission.", "question.")  # of the many kinds of events
_QUIET = {"session.diff", "message.removed", "message.part.removed", "message.part.delta"}
_CLOCKS_APART = 3600 * 10**9  # ns; an event that says another time than ours by more is not believed
_REMEMBERED = 50  # messages of a session whose author is known


def hook(event: str | None, body: object, at: int, memory: Memory) -> list[Fact]:
    """Facts of one event, or of a list of them; see hooking."""
    if isinstance(body, list):
        return [fact for one in body for fact in hook(event, one if isinstance(one, dict) else {}, at, memory)]
    given = table(body)
    kind, said = text(given.get("type")) or event or "", table(given.get("properties")) or table(given.get("data"))
    if not kind.startswith(_OURS):
        return [] if kind else [not_understood("event without a type", body)]
    info = table(said.get("info"))
    session = (
        text(said.get("sessionID")) or text(info.get("sessionID")) or text(table(said.get("part")).get("sessionID"))
    )
    if kind.startswith("session."):
        session = session or text(info.get("id"))
    tell = _HANDLERS.get(kind)
    if session is None:
        return [not_understood("event without a session", body)]
    if tell is None and kind not in _QUIET:
        return [not_understood(f"event {kind}", body)]
    happened = millis(given.get("at")) or millis(said.get("time"))
    at = happened if happened is not None and abs(happened - at) < _CLOCKS_APART else at
    teller = Teller(session, at, memory)
    teller.facts(project_dir=text(table(given.get("location")).get("directory")))
    if tell:
        tell(teller, said)
    return teller.done()


def _about(teller: Teller, said: Object) -> None:
    """The session itself, as it is now."""
    for fact in session_facts({"info": said.get("info") if isinstance(said.get("info"), dict) else {}}):
        if isinstance(fact, SessionFacts) and fact.id == teller.session:
            teller.facts(
                project_dir=fact.project_dir, title=fact.title, parent_id=fact.parent_id, version=fact.version,
                model=fact.model,
            )  # fmt: skip


def _created(teller: Teller, said: Object) -> None:
    _about(teller, said)
    teller.state("started")


def _deleted(teller: Teller, said: Object) -> None:
    teller.marker("deleted", "the session was deleted by the user")


def _status(teller: Teller, said: Object) -> None:
    status = table(said.get("status"))
    kind = status.get("type")
    if kind == "busy":
        teller.state("running")
    elif kind == "idle":
        teller.state("waiting")
    elif kind == "retry":
        message = text(status.get("message")) or "the model's API refused"
        teller.marker("api_error", message, status="error", attempt=status.get("attempt"))


def _idle(teller: Teller, said: Object) -> None:
    teller.state("waiting")


def _erred(teller: Teller, said: Object) -> None:
    teller.steps.append(failure(table(said.get("error")), str(teller.at), teller.at))
    teller.state("waiting")


def _compacted(teller: Teller, said: Object) -> None:
    teller.marker("compaction", "context compacted")


def _message(teller: Teller, said: Object) -> None:
    info = table(said.get("info"))
    name, role = text(info.get("id")), text(info.get("role"))
    if name is None or role is None:
        return
    roles = teller.memory.known(teller.session, "roles")
    roles[name] = role
    while len(roles) > _REMEMBERED:
        del roles[next(iter(roles))]
    if role != "assistant":
        return
    teller.facts(model=text(info.get("modelID")))
    time = table(info.get("time"))
    completed = millis(time.get("completed"))
    if completed is None:
        return
    usage = usage_of(info.get("tokens"), info.get("cost"), text(info.get("modelID")))
    if usage is not None:
        origin = made_as(millis(time.get("created")) or 0, usage.model)
        teller.steps.append(Step(f"usage:{name}", "usage", completed, usage=usage, made_as=origin))
    if info.get("error") is not None:
        teller.steps.append(failure(table(info["error"]), name, completed))


def _part(teller: Teller, said: Object) -> None:
    part = table(said.get("part"))
    kind, message = part.get("type"), text(part.get("messageID"))
    if kind == "text" and message:
        _text(teller, part, message)
    elif kind == "tool":
        status = table(part.get("state")).get("status")
        if status == "pending":  # its arguments are not there yet
            return
        for step in tool_steps(part, text(part.get("callID")) or text(part.get("id")) or "", teller.at):
            teller.steps.append(replace(step, status=None) if status == "running" else step)
    elif kind == "reasoning" and table(part.get("time")).get("end") is not None:
        thought = Messages().thinking(part, teller.at)
        teller.steps += [thought] if thought else []


def _text(teller: Teller, part: Object, message: str) -> None:
    """Text of a prompt, or of a reply once it is whole; a message can have several."""
    words = text(part.get("text"))
    prompt = teller.memory.known(teller.session, "roles").get(message) == "user"
    if words is None or part.get("synthetic") is True or not (prompt or table(part.get("time")).get("end")):
        return
    texts = teller.memory.known(teller.session, "texts")
    if texts.get("message") != message:
        texts.clear()
        texts["message"] = message
    texts[str(part.get("id"))] = words
    content = "\n".join(str(value) for name, value in texts.items() if name != "message")
    teller.said("prompt" if prompt else "reply", message, content)


def _asked(teller: Teller, said: Object) -> None:
    given = said.get("patterns") or said.get("pattern") or said.get("resources")
    patterns = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    tool = text(said.get("permission")) or text(said.get("type")) or text(said.get("action"))
    teller.state("waiting", kind="permission", tool_name=tool, what=", ".join(map(str, patterns)) or None)


def _questioned(teller: Teller, said: Object) -> None:
    teller.state("waiting", kind="question")


def _replied(teller: Teller, said: Object) -> None:
    teller.state("running")


_HANDLERS: dict[str, Callable[[Teller, Object], None]] = {
    **_opencode_second_events.HANDLERS,
    "session.created": _created,
    "session.updated": _about,
    "session.deleted": _deleted,
    "session.status": _status,
    "session.idle": _idle,
    "session.error": _erred,
    "session.compacted": _compacted,
    "message.updated": _message,
    "message.part.updated": _part,
    "permission.asked": _asked,
    "permission.updated": _asked,
    "permission.replied": _replied,
    "question.asked": _questioned,
    "question.replied": _replied,
    "question.rejected": _replied,
}
