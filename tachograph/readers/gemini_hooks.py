"""Hooks of Gemini CLI, as of 0.61.0 (its documentation, and recordings).

Calls of tools have no id here: they get numbers, and a call and its end are found together by tool and arguments. Those
of a subagent name the session that it works for, not its own: what begins while one is at work is left to the
histories, of which each knows its calls. The hooks around the model are left out: each holds the whole conversation.
"""

from __future__ import annotations

import msgspec

from tachograph.readers import _gemini_calls as calls
from tachograph.readers import _hook_shape as shape
from tachograph.readers._hook_shape import Handler, understood
from tachograph.readers.hooking import Memory, Teller
from tachograph.readers.times import iso
from tachograph.readers.values import Object, lasted, table, text
from tachograph.records import Fact, Step

# PreCompress comes before every message to the model, whether anything is compressed or not.
_QUIET = {"BeforeModel", "AfterModel", "BeforeToolSelection", "PreCompress"}
_SUBAGENT = "invoke_agent"  # the tool
_CLOCKS_APART = 3600 * 10**9  # ns; a message that says another time than ours by more is not believed


def hook(event: str | None, body: object, at: int, memory: Memory) -> list[Fact]:
    """Facts of one message; see hooking."""
    said = iso(table(body).get("timestamp"))
    at = said if said is not None and abs(said - at) < _CLOCKS_APART else at
    return understood(event, body, at, memory, handlers=_HANDLERS, quiet=_QUIET)


def answer(note: str, refuse: bool) -> Object:
    """What BeforeTool is answered. A note reaches the user alone: only a refusal is shown to the model."""
    return {"decision": "deny", "reason": note} if refuse else {"systemMessage": note}


def _prompted(teller: Teller, given: Object) -> None:
    teller.state("running")
    teller.said("prompt", None, text(given.get("prompt")))


def _answered(teller: Teller, given: Object) -> None:
    """The turn is over."""
    _give_up(teller)
    if said := text(given.get("prompt_response")):
        teller.said("reply", None, said)
    teller.state("waiting")


def _ended(teller: Teller, given: Object) -> None:
    _give_up(teller)
    shape.ended(teller, given)


def _give_up(teller: Teller) -> None:
    """Calls that were refused or cut short: nobody says so."""
    for name in teller.memory.give_up(teller.session):
        teller.steps.append(Step(f"call:{name}", "tool_call", status="unknown"))


def _tool_begins(teller: Teller, given: Object) -> None:
    teller.state("running")
    tool, asked = text(given.get("tool_name")) or "?", given.get("tool_input")
    if tool != _SUBAGENT and teller.memory.waits(teller.session, _SUBAGENT):
        return
    name = teller.memory.begin(teller.session, tool, asked, teller.at)
    teller.steps.append(calls.call(f"call:{name}", {"name": tool, "args": asked}, teller.at, _about(given)))


def _tool_ended(teller: Teller, given: Object) -> None:
    teller.state("running")
    tool, asked = text(given.get("tool_name")) or "?", given.get("tool_input")
    within = tool != _SUBAGENT and teller.memory.waits(teller.session, _SUBAGENT)
    if within and not teller.memory.waits(teller.session, tool, asked):
        return
    name, began = teller.memory.end(teller.session, tool, asked)
    response = table(given.get("tool_response"))
    error = response.get("error")
    record = {
        "name": tool,
        "args": asked,
        "status": "error" if error else "success",
        "result": response.get("llmContent") or text(table(error).get("message")),
        "resultDisplay": response.get("returnDisplay"),
    }
    step = calls.call(f"call:{name}", record, began or teller.at, _about(given))
    teller.steps.append(msgspec.structs.replace(step, duration_ms=lasted(began, teller.at)))


def _about(given: Object) -> Object:
    server = text(table(given.get("mcp_context")).get("server_name"))
    return {"mcp_server": server} if server else {}


def _notified(teller: Teller, given: Object) -> None:
    message, kind = text(given.get("message")), text(given.get("notification_type"))
    if kind == "ToolPermission":
        teller.state("waiting", kind="permission", message=message)
    elif message:
        teller.marker("notification", message, type=kind)


_HANDLERS: dict[str, Handler] = {
    "SessionStart": shape.started,
    "SessionEnd": _ended,
    "BeforeAgent": _prompted,
    "AfterAgent": _answered,
    "BeforeTool": _tool_begins,
    "AfterTool": _tool_ended,
    "Notification": _notified,
}
