"""Killed while they seal: what is left verifies, and goes on.

`TACHOGRAPH_KILLS=200 TACHOGRAPH_SEED=… pytest tests/crash/test_ledger.py` runs longer; a failure prints its seed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tachograph

KILLS = int(os.environ.get("TACHOGRAPH_KILLS", "10"))
SEED = int(os.environ.get("TACHOGRAPH_SEED", random.SystemRandom().randrange(1 << 32)))
ADDER = """
import sys, tachograph
with tachograph.open() as store:
    for number in range(int((sys.argv[2:] or [1_000_000])[0])):
        store.audit.add("killed", f"step {number}", "completed")
        store.receipts.add(f"{sys.argv[1]}-{number}", "killed", "generation", "passed", inputs=[number])
        if number % 3 == 0:
            store.receipts.add(f"{sys.argv[1]}-{number}", "killed", "generation", "failed", replace=True)
        print(number, flush=True)
"""


@pytest.mark.crash
def test_whoever_is_killed_leaves_an_honest_ledger(home: Path) -> None:
    chance = random.Random(SEED)
    tachograph.open().close()
    unanchored = 0
    for run in range(KILLS):
        adding = [
            subprocess.Popen([sys.executable, "-c", ADDER, f"{run}-{who}"], stdout=subprocess.PIPE) for who in range(2)
        ]
        for one in adding:
            assert one.stdout is not None and one.stdout.readline()
        time.sleep(chance.random() * 0.05)
        for one in adding:
            one.send_signal(signal.SIGKILL)
        seen = sum(len(one.communicate()[0].splitlines()) + 1 for one in adding)
        with tachograph.open() as store:
            report = store.ledger.verify()
            assert report.sound and not report.unsealed, f"seed {SEED}, run {run}: {report}"
            unanchored += report.unanchored > 0
            assert store.receipts.stats()["receipts_total"] >= seen
            if chance.random() < 0.5:
                store.audit.add("goes on", "step", "completed")
                assert store.ledger.verify().unanchored == 0
    print(f"seed {SEED}: {unanchored} of {KILLS} kills fell between a commit and its head")


def test_nobody_alarms_while_others_write(home: Path) -> None:
    with tachograph.open() as store:
        adding = [
            subprocess.Popen([sys.executable, "-c", ADDER, str(who), "40"], stdout=subprocess.DEVNULL)
            for who in range(2)
        ]
        while any(one.poll() is None for one in adding):
            report = store.ledger.verify()
            assert report.sound, report.problems
        assert store.receipts.stats()["receipts_total"] == 80
        assert store.ledger.verify().unanchored == 0
