"""One event with everything that is known of it, for `show --event`."""

from __future__ import annotations

from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.formats import as_json, human, sanitise
from tachograph.formats.rows import Row, to_row
from tachograph.formats.sanitise import painted
from tachograph.recall.sessions import content

_LONG = ("content", "metadata_json")  # told below the others


def draw_event(app: App, number: int) -> None:
    """Every field that has a value, what the tool was given, what it returned. Raises NotFound."""
    event = app.store().events.get(number)
    row: Row = to_row(event)
    told = dict(event.metadata or {})
    given = told.pop("input", None)
    told.pop("content_bytes", None)
    shown = {name: value for name, value in row.items() if value is not None and name not in _LONG}
    shown |= told
    width = max(map(len, shown))
    for name, value in shown.items():
        text = value if isinstance(value, str) else as_json.value(value)
        app.line(f"{painted(f'{name:<{width}}', draw.DIM, app.colour)}  {sanitise.line(text)}")
    if given is not None:
        _section(app, "input", given if isinstance(given, str) else _pretty(given))
    said = content(app.store(), event)
    if said:
        size = human.size(len(said.encode(errors="replace")))
        _section(app, f"content ({size})", said)


def _pretty(given: object) -> str:
    """A field a line; texts of several lines as they are."""
    if not isinstance(given, dict):
        return as_json.value(given)
    lines = []
    for name, value in given.items():
        text = value if isinstance(value, str) else as_json.value(value)
        lines.append(f"{name}:\n{text}" if "\n" in text else f"{name}: {text}")
    return "\n".join(lines)


def _section(app: App, title: str, text: str) -> None:
    app.line()
    app.line(painted(title, draw.BOLD, app.colour))
    app.write([sanitise.terminal(text).rstrip("\n"), "\n"])
