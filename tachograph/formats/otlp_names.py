"""What things are called in OTLP: GenAI semantic conventions of today, or those of version 1.36 for receivers that lag.

Source: open-telemetry/semantic-conventions-genai, and semantic-conventions v1.36.0 before it. What the conventions have
no name for is called `tachograph.…`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

NEW, OLD = "new", "1.36"
NAMES = (NEW, OLD)

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
CONVERSATION = "gen_ai.conversation.id"
AGENT = "gen_ai.agent.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_ID = "gen_ai.response.id"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE = "gen_ai.usage.cache_write.input_tokens"
REASONING = "gen_ai.usage.reasoning.output_tokens"
COST = "gen_ai.usage.cost"  # no convention, but what receivers read; US dollars
TOOL = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
CALL = "gen_ai.tool.call.id"
ARGUMENTS = "gen_ai.tool.call.arguments"
RESULT = "gen_ai.tool.call.result"
INPUT = "gen_ai.input.messages"
OUTPUT = "gen_ai.output.messages"

_OLD = {
    PROVIDER: "gen_ai.system",
    CACHE_READ: "gen_ai.usage.cache_read_input_tokens",
    CACHE_WRITE: "gen_ai.usage.cache_creation_input_tokens",
    REASONING: "gen_ai.usage.reasoning_tokens",
}
_OLD_PROVIDERS = {"x_ai": "xai"}


def called(attributes: dict[str, object], names: str) -> dict[str, object]:
    """The same attributes under the names of that edition."""
    if names == NEW:
        return attributes
    found = {_OLD.get(name, name): value for name, value in attributes.items()}
    if isinstance(made_by := found.get("gen_ai.system"), str):
        found["gen_ai.system"] = _OLD_PROVIDERS.get(made_by, made_by)
    return found


@cache
def provider(model: str | None) -> str | None:
    """Who makes a model; None when its name does not say."""
    name = (model or "").lower()
    fitting = [
        (len(start), made_by)
        for one in (name, name.rpartition("/")[2])
        for made_by, starts in _providers().items()
        for start in starts
        if one.startswith(start)
    ]
    return max(fitting)[1] if fitting else None


@cache
def _providers() -> dict[str, list[str]]:
    text = files("tachograph.formats").joinpath("providers.toml").read_text("utf-8")
    found: dict[str, list[str]] = tomllib.loads(text)["providers"]
    return found


def host_of(model: str | None) -> str | None:
    """The host at which who makes a model answers; None when that is not known."""
    found: str | None = _hosts().get(provider(model) or "")
    return found


@cache
def _hosts() -> dict[str, str]:
    text = files("tachograph.formats").joinpath("providers.toml").read_text(encoding="utf-8")
    hosts: dict[str, str] = tomllib.loads(text)["hosts"]
    return hosts
