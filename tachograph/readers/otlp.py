"""Telemetry that agents export over OTLP → facts: whose a record is, and the module that understands it.

An agent that we know has a list of what is worth telling; all else of it is dropped and counted: one turn of some comes
with hundreds of spans about their insides. Other senders are understood by the GenAI conventions.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

from tachograph import ids
from tachograph.readers import _otlp_genai
from tachograph.readers._otlp_told import Told
from tachograph.readers._otlp_wire import Mask, Record, records
from tachograph.readers.hooking import Memory
from tachograph.readers.values import Object
from tachograph.records import Fact

_AGENTS = {  # beginning of service.name → agent; its module is <agent>_otlp
    "claude-code": "claude",
    "codex": "codex",
    "gemini-cli": "gemini",
    "github-copilot": "copilot",
    "opencode": "opencode",
}


def facts(
    signal: str, encoding: str, body: bytes, at: int, memory: Memory, mask: Mask = bytes
) -> list[tuple[str, list[Fact]]]:
    """(agent, facts) for each agent that one message is of. `signal` is logs, traces or metrics; `at` in ns; `mask` is
    asked once the message is a text, before anything of it is told or remembered."""
    found, strange = records(signal, encoding, body, mask)
    told: dict[str, Told] = {}
    for record in sorted(found, key=lambda record: record.at):
        agent, module = _sender(record)
        if agent not in told:
            told[agent] = Told(memory)
        if not (record.at or record.end_at):
            record = record._replace(at=at)  # noqa: PLW2901
        understood = module.read(record, told[agent])
        if not understood:
            told[agent].drop(agent, record)
    if strange:
        told.setdefault("otlp", Told(memory)).unknown += strange
    return [(agent, everything.done()) for agent, everything in told.items()]


def dropped(state: Object) -> dict[str, dict[str, int]]:
    """Agent → what of it was left out, by name; out of the state of the memory that was handed to `facts`."""
    found: dict[str, dict[str, int]] = {}
    for name, kept in state.items():
        if name.startswith("dropped ") and isinstance(kept, dict):
            counts = [counted for counted in kept.values() if isinstance(counted, dict)]
            found[name.removeprefix("dropped ")] = {kind: n for held in counts for kind, n in held.items()}
    return found


def _sender(record: Record) -> tuple[str, ModuleType]:
    if record.service == "tachograph":  # what another installation exports: the agent is the one it recorded
        return ids.agent_name(record.resource.text("gen_ai.agent.name") or record.service), _otlp_genai
    for beginning, agent in _AGENTS.items():
        if record.service.startswith(beginning):
            return agent, _module(agent)
    return ids.agent_name(record.service), _otlp_genai


@cache
def _module(agent: str) -> ModuleType:
    return importlib.import_module(f"tachograph.readers.{agent}_otlp")
