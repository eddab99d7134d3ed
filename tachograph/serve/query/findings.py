"""What rules found: extractions, code blocks, and their totals."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from tachograph import clock
from tachograph.errors import NotFound
from tachograph.serve import paging
from tachograph.serve.bodies import Incoming
from tachograph.serve.query import parameters as p
from tachograph.serve.query.asking import answered, between, listed, session_of
from tachograph.serve.query.rows import CodeBlockRow, ExtractionRow
from tachograph.store import Store


class Extractions(msgspec.Struct):
    """`total` is null where only counting would tell it: with since or until."""

    extractions: list[ExtractionRow]
    total: int | None
    page: int
    next_cursor: str | None
    truncated: bool


class CodeBlocks(msgspec.Struct):
    """`total` is null when there are more than 10,000."""

    code_blocks: list[CodeBlockRow]
    total: int | None
    page: int
    next_cursor: str | None
    truncated: bool


class AgentStats(msgspec.Struct):
    """`success_rate` = sessions ended with exit code 0 / sessions ended; null when none has ended."""

    agent_name: str
    total_sessions: int
    total_extractions: int
    extractions_by_type: dict[str, int]
    success_rate: float | None


class PatternStats(msgspec.Struct):
    """What a rule found, counted by agent, type and risk; when it first and last did."""

    pattern: str
    total: int
    agents: dict[str, int]
    event_types: dict[str, int]
    risk_levels: dict[str, int]
    first: str | None
    last: str | None


@get("/extractions")
async def extractions(
    request: Incoming,
    agent: p.Agent = None,
    type: p.Type = None,
    pattern: p.Pattern = None,
    risk: p.Risk = None,
    session: p.Session = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    page: p.Page = None,
    cursor: p.Cursor = None,
) -> Response[Extractions]:
    """What rules found: of all sessions the newest first, of one in its order."""
    asked: dict[str, Any] = {"agent": agent, "type": type, "pattern": pattern, "risk": risk, "session": session}
    walk = paging.walk("extractions", {**asked, "since": since, "until": until}, limit, cursor, page)
    times = between(since, until)

    def ask(store: Store) -> Extractions:
        chosen = {**asked, **times, "session": session_of(store, session)}
        return Extractions(*listed(store.extractions, ExtractionRow, walk, chosen, session=session))

    return await answered(request, ask)


@get("/code-blocks")
async def code_blocks(
    request: Incoming,
    agent: p.Agent = None,
    language: p.Language = None,
    session: p.Session = None,
    since: p.Since = None,
    until: p.Until = None,
    limit: p.Limit = p.LIMIT,
    page: p.Page = None,
    cursor: p.Cursor = None,
) -> Response[CodeBlocks]:
    """Code blocks, newest first: each once, with the first place it was seen among those that fit."""
    asked: dict[str, Any] = {"agent": agent, "language": language, "session": session}
    walk = paging.walk("code-blocks", {**asked, "since": since, "until": until}, limit, cursor, page)
    times = between(since, until)

    def ask(store: Store) -> CodeBlocks:
        chosen = {**asked, **times, "session": session_of(store, session)}
        return CodeBlocks(*listed(store.code_blocks, CodeBlockRow, walk, chosen))

    return await answered(request, ask)


@get("/stats/agent/{name:str}")
async def agent_stats(request: Incoming, name: p.AgentName) -> Response[AgentStats]:
    """Sessions and findings of one agent."""

    def ask(store: Store) -> AgentStats:
        if name not in store.agents():
            raise NotFound(f"there is no agent {name!r}", "GET /api/query/agents lists them")
        found: Any = store.extractions.stats(name)
        return AgentStats(**found)

    return await answered(request, ask)


@get("/stats/pattern/{pattern:str}")
async def pattern_stats(request: Incoming, pattern: p.RuleName) -> Response[PatternStats]:
    """What one rule found."""

    def ask(store: Store) -> PatternStats:
        found: Any = store.extractions.pattern_stats(pattern)
        times = {name: None if found[name] is None else clock.iso(found[name]) for name in ("first", "last")}
        return PatternStats(**{**found, **times})

    return await answered(request, ask)


HANDLERS = (extractions, code_blocks, agent_stats, pattern_stats)
