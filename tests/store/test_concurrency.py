"""Several processes on one file: nothing is lost, nobody meets a lock."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tachograph.store import connection as gate

from .samples import opened

WRITERS, BATCHES, SIZE = 10, 15, 20

WRITER = """
import sys
import tachograph
from tachograph.records import Event, Extraction
path, me, batches, size = sys.argv[1], *map(int, sys.argv[2:])
with tachograph.open(path) as store:
    own = store.sessions.create("agent", f"agent-{me}").id
    for batch in range(batches):
        for session in (own, "shared-1"):
            store.extractions.add_many(
                [Extraction(f"agent-{me}", session, "error", f"rule-{n % 7}", f"{me}/{batch}/{n}") for n in range(size)]
            )
        store.events.add(Event(own, "marker", content=f"{me}/{batch}"))
    store.sessions.complete(own, 0)
"""


def test_ten_processes_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, tmp_path / "tachograph.db"]
    writers = [
        subprocess.Popen([*command, str(me), str(BATCHES), str(SIZE)], stderr=subprocess.PIPE, text=True)
        for me in range(WRITERS)
    ]
    errors = [writer.communicate(timeout=120)[1] for writer in writers]
    assert errors == [""] * WRITERS, "no lock error reaches anyone"
    wanted = Counter(f"{me}/{batch}/{n}" for me in range(WRITERS) for batch in range(BATCHES) for n in range(SIZE))
    with opened(tmp_path) as store:
        assert store.check() == []
        shared = store.extractions.list(session="shared-1", limit=None)
        assert Counter(one.matched_value for one in shared) == wanted
        owned = [one for me in range(WRITERS) for one in store.extractions.list(session=f"agent-{me}", limit=None)]
        assert Counter(one.matched_value for one in owned) == wanted
        everything = store.events.list(limit=None)
        assert len({one.id for one in everything}) == len(everything)
        assert [one.seq for one in store.events.list(session="shared-1", limit=None)] == list(range(1, len(shared) + 1))
        assert {found.status for found in store.sessions.list(agent="agent")} == {"completed"}
        assert store.extractions.pattern_stats("rule-0")["total"] == 2 * WRITERS * BATCHES * len(range(0, SIZE, 7))


HURRIED = """
import sys, time
from tachograph.store import connection as gate
connection = gate.open_database(sys.argv[1])
while True:
    with gate.transaction(connection):
        connection.execute("UPDATE turns SET n = n + 1")
        time.sleep(0.06)
    print(flush=True)
    time.sleep(0.005)
"""


def test_who_writes_one_after_the_other_lets_others_in(tmp_path: Path) -> None:
    """Turns are counted, not seconds."""
    path = str(tmp_path / "tachograph.db")
    connection = gate.open_database(path)
    connection.execute("CREATE TABLE turns AS SELECT 0 AS n")
    hurried = subprocess.Popen([sys.executable, "-c", HURRIED, path], stdout=subprocess.PIPE)
    assert hurried.stdout is not None and hurried.stdout.readline()
    for _ in range(8):
        time.sleep(0.02)  # the other one begins its next turn
        with gate.transaction(connection):
            turns = connection.execute("SELECT n FROM turns").get
    hurried.kill()
    hurried.communicate()
    connection.close()
    assert turns < 5 * 8


KEEP_ON = """
import sys
import tachograph
from tachograph.records import Event
with tachograph.open(sys.argv[1]) as store:
    for number in range(1_000_000):
        store.events.add_many([Event("codex-1", "marker", content=f"{number}/{part}") for part in range(5)])
        print(number, flush=True)
"""


@pytest.mark.crash
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    acknowledged = -1
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", KEEP_ON, tmp_path / "tachograph.db"], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(25):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        acknowledged = int((writer.stdout.read().split() or [acknowledged])[-1])
        writer.wait()
        writer.stdout.close()
        with opened(tmp_path) as store:
            contents = [one.content for one in store.events.list(session="codex-1", limit=None)]
            assert store.check() == []
        last_run = contents[len(contents) - contents[::-1].index("0/0") - 1 :]
        assert len(last_run) // 5 - 1 in {acknowledged, acknowledged + 1}
        assert last_run == [f"{number}/{part}" for number in range(len(last_run) // 5) for part in range(5)]
