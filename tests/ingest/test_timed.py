"""When a finding happened, however its lines arrived."""

from __future__ import annotations

import json

import pytest

from tachograph.extract.lines import split
from tachograph.extract.rules import load
from tachograph.ingest.timed import TimedExtractor
from tachograph.store.output import LineClock

LINES = [
    b"fine\n", b"Traceback (most recent call last):\n", b'  File "a.py", line 1, in f\n', b"KeyError: 1\n",
    b"error: alone\n", b"more\n", b"```python\n", b"x = 1\n", b"```\n", b"```sh\n", b"error: in what never ends\n",
]  # fmt: skip


@pytest.mark.parametrize("portion", [1, 2, 5, len(LINES)])
def test_it_has_the_time_of_the_line_it_begins_in(portion: int) -> None:
    rules = load()[0]
    state, found = None, []
    for begin in range(0, len(LINES), portion):
        pieces = LINES[begin : begin + portion]
        data, times = b"".join(pieces), [(1000 + begin + n, len(piece)) for n, piece in enumerate(pieces, 1)]
        extractor = TimedExtractor(rules, state)  # as an importer that was started anew
        found += extractor.feed(split(data, begin + 1), LineClock(data, times, begin + 1))
        state = json.loads(json.dumps(extractor.state()))
    found += extractor.finish()
    times_of = {one.line_number: at for one, at in found}
    assert {line: times_of.get(line) for line in (2, 5, 7)} == {2: 1002, 5: 1005, 7: 1007}
    # Line 11 turns out to be output only at the very end; by then all that is known is when its fence was opened.
    assert times_of[11] in (1010, 1011)
