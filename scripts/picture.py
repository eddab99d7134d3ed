"""Draw the README's picture: what `tachograph show last` says of a fresh recording, as an SVG for light and dark pages.

`make picture` runs it. The text is the command's own; only the colours are added here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "pictures" / "show.svg"
LINE, CHAR, EDGE = 19, 8.1, 22  # pixels
STYLE = """
text { font: 13.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #24292f; white-space: pre }
.page { fill: #f6f8fa; stroke: #d0d7de } .dim { fill: #6e7781 } .bad { fill: #cf222e } .head { font-weight: 600 }
.mark { fill: #0550ae; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .page { fill: #161b22; stroke: #30363d } .dim { fill: #8b949e } .bad { fill: #ff7b72 }
  .mark { fill: #79c0ff }
}
"""


def recorded() -> list[str]:
    """The lines of the session that is shown."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "TACHOGRAPH_HOME": home, "COLUMNS": "96", "NO_COLOR": "1"}
        tool = [sys.executable, "-m", "tachograph"]
        example = [sys.executable, "examples/journey.py"]
        title = ["--title", "check the journey log"]
        run = [*tool, "run", "--quiet", "--agent", "example", *title, "--", *example]
        subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, check=False)
        shown = subprocess.run(
            [*tool, "show", "last"], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
    command = ["$ tachograph run --agent example -- python examples/journey.py", "$ tachograph show last", ""]
    # Where this checkout happens to lie is nobody's business.
    text = shown.stdout.replace(f"{ROOT}/", "").replace(f" · {ROOT.name} (", " · tachograph (")
    return [*command, *text.rstrip().split("\n")]


def line(text: str, number: int) -> str:
    kind = ""
    if text.startswith("$"):
        kind = "mark"
    elif "✗" in text or re.search(r"▸ +\d+ │", text):
        kind = "bad"
    elif re.match(r"\s+\d+ │|example-\d|\w{3} \d{4}-", text):
        kind = "dim"
    elif re.match(r"(Failures|Found|Code|States|Recorder|Output)\b", text):
        kind = "head"
    return f'<text class="{kind}" x="{EDGE}" y="{EDGE + (number + 1) * LINE - 5}">{escape(text)}</text>'


def main() -> int:
    lines = recorded()
    width = int(max(map(len, lines)) * CHAR) + 2 * EDGE
    height = len(lines) * LINE + 2 * EDGE
    body = "\n".join(line(text, number) for number, text in enumerate(lines))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' role="img" aria-label="What tachograph show says of a session"><style>{STYLE}</style>\n'
        f'<rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>\n{body}\n</svg>\n'
    )
    print(f"drawn: {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
