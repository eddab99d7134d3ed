"""Two changes that collided, side by side: as text for a terminal, and as a page that needs nothing but itself.

What agents wrote may be hostile: it is cleaned for the terminal and escaped for the page, which runs no scripts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from tachograph.formats import human, sanitise
from tachograph.formats.sanitise import painted

_STYLES = {"+": "32", "-": "31", "@": "2"}
_CLASSES = {"+": "new", "-": "old", "@": "gap"}
_LINES_MAX = 400
_SIDE_BY_SIDE = 100  # columns of a terminal from which on there is room for two
_GAP = " │ "


class Side(NamedTuple):
    """One of the two. `facts` are shown above the lines; lines begin with `-`, `+`, `@` or a space."""

    title: str
    facts: Mapping[str, str]
    lines: Sequence[str]


class Meeting(NamedTuple):
    """What collided and how; `facts` in the order they are shown."""

    title: str
    sentence: str
    facts: Mapping[str, str]
    first: Side
    second: Side


def text(meeting: Meeting, width: int, colour: bool) -> Iterator[str]:
    """Lines of text, each with its end."""
    yield painted(sanitise.line(meeting.title), "1", colour) + "\n"
    yield sanitise.line(meeting.sentence) + "\n"
    names = max(map(len, meeting.facts), default=0)
    for name, value in meeting.facts.items():
        yield f"  {name.ljust(names)}  {sanitise.line(value)}\n"
    yield "\n"
    if width < _SIDE_BY_SIDE:
        for side in (meeting.first, meeting.second):
            yield from (f"{painted(line, style, colour)}\n" for line, style in _drawn(side, width))
            yield "\n"
        return
    room = (width - len(_GAP)) // 2
    left, right = _drawn(meeting.first, room), _drawn(meeting.second, room)
    for number in range(max(len(left), len(right))):
        halves = [side[number] if number < len(side) else ("", "") for side in (left, right)]
        padded = halves[0][0] + " " * (room - human.columns(halves[0][0]))
        yield f"{painted(padded, halves[0][1], colour)}{_GAP}{painted(*halves[1], colour)}".rstrip() + "\n"


def page(meeting: Meeting) -> Iterator[str]:
    """A whole HTML page."""
    yield _HEAD.format(title=_html(meeting.title))
    yield f"<h1>{_html(meeting.title)}</h1>\n<p>{_html(meeting.sentence)}</p>\n{_list(meeting.facts)}<main>\n"
    for side in (meeting.first, meeting.second):
        yield f"<section>\n<h2>{_html(side.title)}</h2>\n{_list(side.facts)}<pre>"
        for line in _some(side.lines):
            yield f'<span class="{_CLASSES.get(line[:1], "same")}">{_html(line)}</span>\n'
        yield "</pre>\n</section>\n"
    yield "</main>\n</body>\n</html>\n"


def _drawn(side: Side, width: int) -> list[tuple[str, str]]:
    """Lines of at most `width` columns, each with its style."""
    drawn = [(human.fit(sanitise.line(side.title), width), "1")]
    drawn += [(human.fit(f"{name}: {sanitise.line(value)}", width), "2") for name, value in side.facts.items()]
    for line in _some(side.lines):
        drawn.append((human.fit(sanitise.line(line.replace("\t", "    ")), width), _STYLES.get(line[:1], "")))
    return drawn


def _some(lines: Sequence[str]) -> list[str]:
    left = len(lines) - _LINES_MAX
    return [*lines[:_LINES_MAX], *([f"@ {left} more lines"] if left > 0 else [])]


def _html(text: str) -> str:
    return escape(sanitise.terminal(text))


def _list(facts: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{_html(name)}</dt><dd>{_html(value)}</dd>\n" for name, value in facts.items())
    return f"<dl>\n{rows}</dl>\n"


_HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --new: #1a7f37; --old: #cf222e; --quiet: #767676; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }}
main {{ display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }}
section {{ min-width: 0; }}
h1 {{ font-size: 1.3rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1rem; overflow-wrap: anywhere; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }}
dt {{ color: var(--quiet); }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
pre {{ border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; padding: .7rem; font-size: 13px; }}
.new {{ color: var(--new); }}
.old {{ color: var(--old); }}
.gap {{ color: var(--quiet); }}
@media (max-width: 60rem) {{ main {{ grid-template-columns: 1fr; }} }}
</style>
</head>
<body>
"""
