"""GET /metrics: how the recorder is and what it has recorded, in the text format of Prometheus.

Sums over the store are gauges, although they mostly grow: a session may be removed, and a better source may take the
place of a lesser one. Counters are of this server alone and begin anew with it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from litestar import Response, Router, get

import tachograph
from tachograph.errors import NotFound
from tachograph.formats import prometheus
from tachograph.formats.prometheus import COUNTER, GAUGE, Family, Sample, one
from tachograph.ingest import catch_up, objectives
from tachograph.paths import Places
from tachograph.serve.bodies import Incoming
from tachograph.serve.guard import Guard
from tachograph.serve.pulse import Pulse
from tachograph.serve.reading import Reading
from tachograph.serve.sink import Sink
from tachograph.store import Store
from tachograph.store.measures import TOKENS, OfAgent


@get("/metrics", media_type=prometheus.MEDIA_TYPE)
async def metrics(request: Incoming) -> Response[str]:
    """The recorder's health and sums over the store, for Prometheus and whoever reads its text format."""
    state = request.app.state
    reading: Reading = state.reading
    places: Places = state.places
    health = await asyncio.to_thread(lambda: list(_health(places)))
    try:
        stored = await reading.ask(lambda store: list(_stored(store, places)))
    except NotFound:  # nothing was ever recorded
        stored = []
    body = "".join(prometheus.text([_build(), *health, *_server(state), *stored]))
    return Response(body, media_type=prometheus.MEDIA_TYPE)


def _build() -> Family:
    about = "Which Tachograph answers; always 1."
    return Family("tachograph_build_info", GAUGE, about, [({"version": tachograph.__version__}, 1)])


def _health(places: Places) -> Iterator[Family]:
    """What lies between the agents and the store."""
    found = catch_up.status(places)
    yield one("tachograph_journals", "Journals in the folder, imported or not.", found.journals)
    yield one("tachograph_recordings_live", "Journals that are being written to: sessions in progress.", found.live)
    yield one(
        "tachograph_backlog_bytes", "Bytes of journals, with what is imported and kept a moment.", found.backlog_bytes
    )
    oldest = (found.oldest_at or 0) / 1e9
    yield one(
        "tachograph_backlog_oldest_timestamp_seconds", "When the oldest journal was last written to; 0: none.", oldest
    )
    yield one("tachograph_importer_running", "1 while journals are being imported.", int(found.importer_running))


def _server(state: Any) -> Iterator[Family]:
    """What this server counted since it was started."""
    sink: Sink = state.sink
    guard: Guard = state.guard
    pulse: Pulse = state.pulse
    about = "Messages of hooks and telemetry that the disk did not take."
    yield one("tachograph_received_lost_total", about, sink.lost, COUNTER)
    yield one("tachograph_wrong_tokens_total", "Requests with a wrong token.", guard.wrong_tokens, COUNTER)
    yield one("tachograph_live_clients", "Clients that watch live.", pulse.clients)
    about = "Agents told that another one just changed a file."
    yield one("tachograph_advice_total", about, state.advisor.given, COUNTER)


def _stored(store: Store, places: Places) -> Iterator[Family]:
    """What the store holds, read of one state of it."""
    with store.snapshot():
        sessions = store.measures.sessions()
        by_status: list[Sample] = [
            ({"agent": found.agent, "status": found.status}, found.sessions) for found in sessions
        ]
        yield Family("tachograph_sessions", GAUGE, "Sessions by agent and status.", by_status)
        yield from _summed(sessions)
        yield from _spent(store, sessions)
        events: list[Sample] = [
            ({"agent": agent, "type": kind}, count) for agent, kind, count in store.measures.events()
        ]
        yield Family("tachograph_events", GAUGE, "Events by agent and type.", events)
        found: list[Sample] = [
            ({"pattern": name, "type": kind}, count) for name, kind, count in store.measures.findings()
        ]
        yield Family("tachograph_findings", GAUGE, "What rules found, by rule and type: errors, test results ….", found)
        ended: list[Sample] = [({"status": status}, count) for status, count in store.measures.executions()]
        yield Family("tachograph_executions", GAUGE, "Receipts of executions by status.", ended)
        yield _missed(store, places)
        yield from _sent(store)
        records, lost = store.measures.damage()
        yield one("tachograph_damaged_records", "Records of journals that could not be read and lie aside.", records)
        yield one("tachograph_damaged_bytes", "Their size.", lost)
        yield one(
            "tachograph_unknown_lines", "Lines of histories that no reader understood.", store.measures.unknown_lines()
        )


def _summed(sessions: Iterable[OfAgent]) -> Iterator[Family]:
    for name, field, about in (
        ("tachograph_tool_calls", "tool_calls", "Tool calls by agent."),
        ("tachograph_tool_errors", "tool_errors", "Tool calls that ended with an error, by agent."),
        ("tachograph_rejections", "rejections", "Tool calls that a user refused, by agent."),
        ("tachograph_output_bytes", "output_bytes", "Recorded output by agent."),
        ("tachograph_lost_bytes", "lost_bytes", "Output that could not be kept, by agent; 0 is the promise."),
    ):
        sums = defaultdict[str, int](int)
        for of_agent in sessions:
            sums[of_agent.agent] += getattr(of_agent, field)
        yield Family(name, GAUGE, about, [({"agent": agent}, value) for agent, value in sums.items()])


def _spent(store: Store, sessions: Iterable[OfAgent]) -> Iterator[Family]:
    """Tokens and dollars; what was copied from one session into another counts once."""
    tokens = defaultdict[tuple[str, str], int](int)
    dollars = defaultdict[str, float](float)
    for of_agent in sessions:
        dollars[of_agent.agent] += of_agent.cost_usd
        for kind, count in zip(TOKENS, of_agent.tokens, strict=True):
            tokens[of_agent.agent, kind] += count
    for agent, (copied, cost) in store.measures.copied().items():
        dollars[agent] -= cost
        for kind, count in zip(TOKENS, copied, strict=True):
            tokens[agent, kind] -= count
    about = "Tokens by agent and kind; input holds both cache kinds, output holds reasoning."
    yield Family(
        "tachograph_tokens", GAUGE, about, [({"agent": a, "kind": kind}, n) for (a, kind), n in tokens.items()]
    )
    about = "What calls of models cost, by agent, as far as prices are known."
    yield Family("tachograph_cost_usd", GAUGE, about, [({"agent": a}, round(n, 6)) for a, n in dollars.items()])


def _sent(store: Store) -> Iterator[Family]:
    """What became of `[otlp_export]`; nothing where it was never switched on."""
    state = store.sending.state()
    if state is not None:
        yield one("tachograph_otlp_spans_sent_total", "Spans that a receiver took.", state.spans, COUNTER)
        yield one("tachograph_otlp_spans_dropped_total", "Spans that it refused for good.", state.dropped, COUNTER)
        yield one("tachograph_otlp_trouble", "1 while nothing can be sent.", int(state.trouble is not None))


def _missed(store: Store, places: Places) -> Family:
    """How often each objective was missed; those of config.toml also when they never were."""
    counts: dict[tuple[str, str, str], int] = {
        (wanted.name, wanted.metric, wanted.severity): 0 for wanted in objectives.configured(places)[0]
    }
    for missed in store.slo.stats():
        counts[missed.objective or "", missed.metric, missed.severity] = missed.violations
    samples: list[Sample] = [
        ({"objective": name, "metric": metric, "severity": severity}, count)
        for (name, metric, severity), count in counts.items()
    ]
    return Family("tachograph_objective_misses", GAUGE, "How often each objective was missed.", samples)


router = Router("/", route_handlers=[metrics], tags=["metrics"])
