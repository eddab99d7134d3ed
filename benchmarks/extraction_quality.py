"""How much of what matters do the rules find in real logs, and how much do they make up?

    python -m benchmarks.extraction_quality FOLDER [--rules FILE] [--misses N]

Every file below FOLDER is fed to the extractor as it is and counted by what is known about it:

diagnostics   `NAME.in` with `NAME.ok` beside it, in the format of errorformat's tests: every line of the .ok file is
              one diagnostic, `file|line col 3 error| message`. It is *found* when an error or warning event covers a
              line of the input that states it. Where the .ok file says error or warning, the event must be of that
              type; a linter without severities may be found as either. Notes and hints are asked of nobody.
              An event is *right* when it covers a line of some diagnostic (notes included); anything else is noise,
              a second event for the same diagnostic is not.
windows       excerpts of CI logs in which one line is marked `#=MATCH=# ` as the one that names the failure, with
              ‹the telling words›. The marks are removed before feeding. Found: an error or test result covers that
              line. Only recall can be stated: the other failures in the excerpt are not marked.
labelled      `NAME` with `NAME.labels` beside it: lines `NUMBER<tab>TYPE` (error, warning, test_result), which name
              every such line. Found and right as above, by line and type.
plain         any other file: nothing is known, so only the number of events and the noisiest rule are stated.

Recall is found / all, precision is right / events; both over all files of a kind together, so that a long file weighs
more than a short one. `noisiest` is the rule that fired most in a file; a rule that fires thousands of times on noise
would show there.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Row
from tachograph.extract import lines, rules
from tachograph.extract.extractor import Extractor, Found

TYPES = ("error", "warning", "test_result")
MARK = b"#=MATCH=# "
ENTRY = re.compile(
    r"(?P<file>.*?)\|(?P<line>\d*)(?: col (?P<column>\d+))?"
    r"(?: (?P<type>[A-Za-z]+))?(?: ?(?P<number>\d+))?\| ?(?P<text>.*)"
)
NEAR = 4  # lines between a diagnostic's message and the place it names


@dataclass
class Score:
    """Sums over all files of one kind, for one type of event."""

    wanted: int = 0
    found: int = 0
    events: int = 0
    right: int = 0
    judged: bool = True  # whether it is known which events are right

    def row(self) -> list[str]:
        recall = f"{self.found / self.wanted:6.1%}" if self.wanted else "-"
        if not self.judged:
            return [str(self.wanted or "-"), str(self.found or "-"), recall, str(self.events), "-", "-"]
        precision = f"{self.right / self.events:6.1%}" if self.events else "-"
        return [str(self.wanted), str(self.found), recall, str(self.events), str(self.right), precision]


@dataclass
class Report:
    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    noisy: list[tuple[int, str, str, int]] = field(default_factory=list)  # count, rule, file, lines
    misses: list[str] = field(default_factory=list)

    def score(self, kind: str, event_type: str) -> Score:
        return self.scores.setdefault((kind, event_type), Score())


@dataclass
class Output:
    """One file as the extractor saw it."""

    texts: dict[int, str]
    events: list[Found]

    def covering(self, number: int, types: tuple[str, ...]) -> list[Found]:
        return [event for event in self.events if event.event_type in types and number in span(event)]


def span(event: Found) -> range:
    return range(event.line_number, event.line_number + event.original_line.count("\n") + 1)


def read(raw: bytes, book: rules.Rules) -> Output:
    clean = lines.split(raw, 1)
    return Output(dict(clean), Extractor(book).feed(clean, final=True))


def entries(path: Path) -> Iterator[re.Match[str]]:
    for line in path.read_text("utf-8", "replace").splitlines():
        found = ENTRY.fullmatch(line)
        if found and (found["file"] or found["text"]):
            yield found


def squeezed(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


def stated_in(entry: re.Match[str], texts: dict[int, str], used: set[int]) -> list[int]:
    """Numbers of the input lines that state a diagnostic: its message, and its place when that is a line of its own."""
    words = squeezed(entry["text"])[:60]
    place = re.compile(rf"(?<!\d){entry['line']}(?!\d)") if entry["line"] else None
    said = [n for n, text in texts.items() if words and words in squeezed(text)]
    both = [n for n in said if place and place.search(texts[n])]
    chosen = next((n for n in both if n not in used), next((n for n in said if n not in used), None))
    if chosen is None and place:
        name = Path(entry["file"].replace("\\", "/")).name
        chosen = next((n for n, text in texts.items() if n not in used and name in text and place.search(text)), None)
    if chosen is None:
        return []
    used.add(chosen)
    near = [
        n for n in texts if abs(n - chosen) <= NEAR and place and place.search(texts[n]) and entry["file"] in texts[n]
    ]
    return [chosen, *near] if not both else [chosen]


def diagnostics(path: Path, output: Output, report: Report) -> None:
    used: set[int] = set()
    covered: set[int] = set()
    for entry in entries(path.with_suffix(".ok")):
        numbers = stated_in(entry, output.texts, used)
        covered.update(numbers)
        kind = (entry["type"] or "").lower()
        if kind in ("info", "note", "hint", "n", "i", "convention", "refactor"):
            continue
        wanted = {"error": ("error",), "e": ("error",), "warning": ("warning",), "w": ("warning",)}.get(kind)
        score = report.score("diagnostics", wanted[0] if wanted else "either")
        score.wanted += 1
        hit = any(output.covering(number, wanted or ("error", "warning")) for number in numbers)
        score.found += hit
        if not hit:
            report.misses.append(f"{path.name}: missed {entry[0][:140]}")
    total = report.score("diagnostics", "all")
    for event in output.events:
        if event.event_type in ("error", "warning"):
            right = bool(covered.intersection(span(event)))
            for score in (total, report.score("diagnostics", event.event_type)):
                score.events += 1
                score.right += right
            if not right:
                report.misses.append(
                    f"{path.name}:{event.line_number}: made up {event.pattern}: {event.original_line[:120]}"
                )
    either = [report.score("diagnostics", name) for name in ("error", "warning", "either")]
    total.wanted, total.found = sum(score.wanted for score in either), sum(score.found for score in either)


def window(path: Path, raw: bytes, book: rules.Rules, report: Report) -> Output:
    wanted = [number for number, line in enumerate(raw.split(b"\n"), 1) if line.startswith(MARK)]
    raw = raw.replace(MARK, b"").replace("‹".encode(), b"").replace("›".encode(), b"")
    output = read(raw, book)
    score = report.score("windows", "error or test_result")
    score.judged = False
    for number in wanted:
        hit = bool(output.covering(number, ("error", "test_result")))
        score.wanted += 1
        score.found += hit
        if not hit:
            report.misses.append(f"{path.name}:{number}: missed {output.texts.get(number, '')[:140]}")
    return output


def labelled(path: Path, labels: Path, output: Output, report: Report) -> None:
    wanted = [line.split("\t")[:2] for line in labels.read_text().splitlines() if "\t" in line]
    for number, kind in wanted:
        score = report.score("labelled", kind)
        hit = bool(output.covering(int(number), (kind,)))
        score.wanted += 1
        score.found += hit
        if not hit:
            report.misses.append(f"{path.name}:{number}: missed {kind} {output.texts.get(int(number), '')[:120]}")
    right = {(int(number), kind) for number, kind in wanted}
    for event in output.events:
        if event.event_type in TYPES:
            score = report.score("labelled", event.event_type)
            score.events += 1
            good = any((number, event.event_type) in right for number in span(event))
            score.right += good
            if not good:
                report.misses.append(
                    f"{path.name}:{event.line_number}: made up {event.pattern}: {event.original_line[:120]}"
                )


def measure(folder: Path, book: rules.Rules) -> Report:
    report = Report()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix in (".ok", ".labels", ".md", ".tsv", ".toml"):
            continue
        raw = path.read_bytes()
        labels = path.with_name(path.name + ".labels")
        if path.suffix == ".in" and path.with_suffix(".ok").exists():
            output = read(raw, book)
            diagnostics(path, output, report)
        elif MARK in raw:
            output = window(path, raw, book, report)
        else:
            output = read(raw, book)
            if labels.exists():
                labelled(path, labels, output, report)
            else:
                for event in output.events:
                    if event.event_type in TYPES:
                        score = report.score("plain", event.event_type)
                        score.judged = False
                        score.events += 1
        counts = Counter(event.pattern for event in output.events)
        for name, count in counts.most_common(1):
            report.noisy.append((count, name, str(path.relative_to(folder)), len(output.texts)))
    return report


def table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [header, *rows]
    )


def bench(folder: Path) -> list[Row]:
    """The same for `make bench`: a row for each kind of log and event, and the rule that fired most in one file."""
    book, _ = rules.load("")
    report = measure(folder, book)
    found = []
    for (kind, name), score in sorted(report.scores.items()):
        wanted, _, recall, events, _, precision = map(str.strip, score.row())
        value = f"{events} events" if wanted in "-0" else f"recall {recall} of {wanted}"
        found.append(Row(f"findings in logs, {kind}: {name}", f"{value}, precision {precision}"))
    for count, rule, file, total in sorted(report.noisy, reverse=True)[:1]:
        found.append(Row("rule that fired most often in a log", f"{rule}: {count} of {total} lines", file))
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.extraction_quality", description="Recall and precision on real logs."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="logs: NAME.in with NAME.ok, marked CI windows, or plain logs"
    )
    parser.add_argument("--rules", type=Path, help="a rules.toml of your own, on top of the shipped rules")
    parser.add_argument(
        "--misses", type=int, default=0, metavar="N", help="show N findings that were missed or made up"
    )
    chosen = parser.parse_args(argv)
    if chosen.folder is None or not chosen.folder.is_dir():
        said = "no folder of logs was given" if chosen.folder is None else f"{chosen.folder} is not a folder"
        print(f"{said}; run: python -m benchmarks.extraction_quality FOLDER", file=sys.stderr)
        return 2
    book, problems = rules.load(chosen.rules.read_text() if chosen.rules else "")
    for problem in problems:
        print(f"{chosen.rules}:{problem.line}: {problem.rule}: {problem.reason}", file=sys.stderr)
    report = measure(chosen.folder, book)
    print(f"{len(report.noisy)} files with findings below {chosen.folder}; {len(book)} rules, version {book.version}\n")
    rows = [[kind, name, *score.row()] for (kind, name), score in sorted(report.scores.items())]
    print(table(["kind", "event type", "wanted", "found", "recall", "events", "right", "precision"], rows))
    print("\nnoisiest rule per file, the ten noisiest files")
    noisy = [
        [name, file, str(count), str(total)] for count, name, file, total in sorted(report.noisy, reverse=True)[:10]
    ]
    print(table(["rule", "file", "events", "lines"], noisy))
    for miss in report.misses[: chosen.misses]:
        print(miss)
    return 0


if __name__ == "__main__":
    sys.exit(main())
