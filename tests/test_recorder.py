"""`tachograph.Recorder`: what a command printed is in the store when the `with` is left, and how it ended is told."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

import tachograph
from tachograph.recorder import Recorder

CODE = "import sys; print('begun'); print('error: it broke', file=sys.stderr); sys.exit(3)"


def test_what_was_recorded_is_there_when_the_with_is_left(home: Path) -> None:
    heard: defaultdict[str, bytes] = defaultdict(bytes)

    def hear(stream: str, data: bytes) -> None:
        heard[stream] += data

    with Recorder([sys.executable, "-c", CODE], agent="nightly", title="a try", on_output=hear) as recorder:
        assert recorder.wait() == 3
    with tachograph.open() as store:
        (found,) = store.extractions.list(agent="nightly", type="error", limit=10)
        assert (found.line_number, found.matched_value) == (1, "error: it broke")
        session = store.sessions.get(recorder.session_id)
        assert (session.status, session.exit_code, session.title) == ("failed", 3, "a try")
        assert [line.text for line in store.output.lines(session.id, stream="stdout")] == ["begun"]
    assert heard == {"stderr": b"error: it broke\n", "stdout": b"begun\n"}


def test_the_signal_that_ended_it_is_told(home: Path) -> None:
    with Recorder([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) as recorder:
        assert recorder.wait() == 128 + 9
    assert recorder.session().exit_code == 128 + 9


def test_a_command_that_is_not_there_is_recorded(home: Path) -> None:
    recorder = Recorder(["no-such-command-anywhere"])
    with pytest.raises(FileNotFoundError):
        recorder.start()
    session = recorder.session()
    assert (session.status, session.exit_code) == ("failed", 127)
