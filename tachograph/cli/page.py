"""The page that `show` prints, section by section, and the same facts as one JSON object."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tachograph import clock
from tachograph.cli import draw, faults
from tachograph.cli.app import App
from tachograph.formats import human, sanitise
from tachograph.formats.rows import Row, to_row
from tachograph.formats.sanitise import painted
from tachograph.records import CodeBlock, Event, Session, StateChange

_BLOCKS_SHOWN = 3
_STATES_SHOWN = 8
_SHARE_FROM_MS = 5000  # starting the recorder outweighs everything before that
_QUIET = ("state", "gap", "marker")  # told elsewhere on the page


def facts(app: App, session: Session, faults_max: int) -> Row:
    """The session's row, plus counts by type, failures, code blocks, states and notes."""
    store = app.store()
    return {
        **to_row(session),
        "counts": store.sessions.counts(session.id),
        "failures": [to_row(event) for event in faults.of_session(store, session.id, faults_max)],
        "code_blocks": [to_row(block) for block in store.code_blocks.list(session=session.id, limit=faults_max)],
        "states": [to_row(change) for change in store.sessions.states(session.id)],
        "notes": [to_row(event) for event in store.events.list(session=session.id, type="marker", limit=faults_max)],
    }


def draw_page(app: App, session: Session, faults_shown: int, context: int) -> None:
    """For people: header, failures, findings, code, states, cost; hints on stderr."""
    store = app.store()
    _header(app, session)
    faults_section(app, session, faults_shown, context)
    _counts(app, store.sessions.counts(session.id))
    _notes(app, session, store.events.list(session=session.id, type="marker", limit=20))
    _code(app, store.code_blocks.list(session=session.id, limit=_BLOCKS_SHOWN + 1))
    _states(app, session, store.sessions.states(session.id))
    _cost(app, session)
    app.hint(f"tachograph events {session.id}; also tail, show --output, show --failed")


def _header(app: App, session: Session) -> None:
    mark = draw.mark(session.status)
    ended = session.status if session.exit_code is None else f"{session.status} · exit {session.exit_code}"
    right = f"{mark.text} {ended}"
    title = sanitise.line(draw.named(session) or session.id)
    left = human.fit(title, app.width - human.columns(right) - 2)
    gap = " " * max(1, app.width - human.columns(left) - human.columns(right))
    app.line(painted(left, draw.BOLD, app.colour) + gap + painted(right, mark.style, app.colour))
    place = " · ".join(filter(None, (session.id, session.agent, _place(session))))
    app.line(human.fit(sanitise.line(place), app.width))
    app.line(" · ".join(_measures(app, session)))


def _place(session: Session) -> str:
    folder = (session.project_dir or "").rstrip("/").rpartition("/")[2]
    return f"{folder} ({session.branch})" if folder and session.branch else folder


def _measures(app: App, session: Session) -> list[str]:
    began = time.strftime("%a %Y-%m-%d %H:%M:%S", time.localtime(session.started_at // clock.SECOND))
    length = human.took(draw.duration(session, app.now))
    parts = [began, f"took {length}" if session.ended_at else f"running for {length}"]
    parts += [human.plural(session.lines, "line"), human.size(session.output_bytes)]
    parts += [human.plural(session.events, "event")]
    if session.cost_usd is not None:
        parts.append(f"${session.cost_usd:.2f}")
    return parts


def faults_section(app: App, session: Session, shown: int | None, context: int) -> None:
    """Failures with the lines around them; `shown` limits them."""
    store = app.store()
    found = faults.of_session(store, session.id, None if shown is None else 1000)
    if not found:
        if shown is None:
            app.line(f"nothing failed in {session.id}")
        return
    if shown is not None:
        app.line()
    more = "+" if shown is not None and len(found) == 1000 else ""
    app.line(painted("Failures", draw.BOLD, app.colour) + f"  {len(found)}{more}")
    for event in found[:shown]:
        _fault(app, session, event, context)
    if shown is not None and len(found) > shown:
        app.line(f"  … {human.number(len(found) - shown)} more: tachograph show {session.id} --failed")


def _fault(app: App, session: Session, event: Event, context: int) -> None:
    when = human.offset(event.at - session.started_at)
    where = f"line {event.line_number}" if event.line_number else (event.tool_name or event.event_type)
    head = f"  ✗ {when:>7}  {where}  {sanitise.line(event.pattern or '')}"
    said = sanitise.line(draw.event_text(event))
    app.line(painted(head, draw.RED, app.colour) + "  " + human.fit(said, max(20, app.width - len(head) - 2)))
    lines = faults.lines_around(app.store(), event, context)
    for text in draw.numbered(app, lines, event.line_number):
        app.line(text)


def _counts(app: App, counts: dict[str, int]) -> None:
    if counts.get("command") == 1:
        counts = {name: count for name, count in counts.items() if name != "command"}  # the one that was wrapped
    told = [f"{name} {human.number(count)}" for name, count in counts.items() if name not in _QUIET]
    _section(app, "Found", [" · ".join(told)] if told else [])


def _notes(app: App, session: Session, notes: Sequence[Event]) -> None:
    _section(
        app,
        "Notes",
        [f"{human.offset(note.at - session.started_at)}  {sanitise.line(note.content or '')}" for note in notes],
    )


def _code(app: App, blocks: Sequence[CodeBlock]) -> None:
    lines = []
    for block in blocks[:_BLOCKS_SHOWN]:
        count = human.plural(block.content.count("\n") + 1, "line")
        parses = {True: "", False: ", does not parse", None: ""}[block.parseable]
        lines.append(
            f"{sanitise.line(block.language or 'text')}, {count}{parses}: tachograph code --digest {block.digest[:12]}"
        )
    if len(blocks) > _BLOCKS_SHOWN:
        lines.append(f"… more: tachograph code {blocks[0].session_id}")
    _section(app, "Code", lines)


def _states(app: App, session: Session, states: Sequence[StateChange]) -> None:
    shown = [f"{change.state} {human.offset(change.at - session.started_at)}" for change in states[:_STATES_SHOWN]]
    if len(states) > _STATES_SHOWN:
        shown.append(f"… {len(states) - _STATES_SHOWN} more")
    _section(app, "States", [" · ".join(shown)] if shown else [])


def _cost(app: App, session: Session) -> None:
    cost: Any = (session.metadata or {}).get("cost")
    lines = []
    if isinstance(cost, dict):
        cpu, wall = float(cost.get("cpu_ms") or 0), float(cost.get("wall_ms") or 0)
        share = f" ({cpu / wall * 100:.1f} %)" if wall >= _SHARE_FROM_MS else ""
        parts = [f"processor {human.took(cpu * 1e6)}{share}", f"journal {human.size(cost.get('journal_bytes') or 0)}"]
        if cost.get("peak_rss_kb"):
            parts.append(f"memory {human.size(cost['peak_rss_kb'] * 1024)}")
        lines = [" · ".join(parts)]
    if session.lost_bytes:
        lines.append(painted(f"{human.size(session.lost_bytes)} of output could not be kept", draw.RED, app.colour))
    _section(app, "Recorder", lines)


def _section(app: App, title: str, lines: Sequence[str]) -> None:
    for number, text in enumerate(lines):
        if number == 0:
            app.line()
        label = painted(f"{title:<9}", draw.BOLD, app.colour) if number == 0 else " " * 9
        app.line(label + human.fit(text, max(40, app.width - 9)) if "\x1b" not in text else label + text)
