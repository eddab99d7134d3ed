"""What journals hold arrives in the store: once, masked, in order, whatever happens on the way."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph import clock, paths
from tachograph.extract import rules
from tachograph.ingest import spawn
from tachograph.ingest.catch_up import catch_up
from tachograph.ingest.importer import Importer
from tachograph.ingest.journal_import import JournalImport
from tachograph.ingest.journals import fingerprint
from tachograph.ingest.opening import open_store
from tachograph.journal import frame
from tachograph.records import Event, Session
from tachograph.store import Store
from tests.ingest import journals

ID = "codex-20260921-000000"
RULES = rules.load("")[0]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> paths.Places:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path))
    (tmp_path / "journal").mkdir(mode=0o700)
    return paths.places()


@pytest.fixture
def store(places: paths.Places) -> Iterator[Store]:
    with open_store(places.database) as store:
        yield store


def written(places: paths.Places, *pieces: bytes, exit_code: int = 0) -> Path:
    return journals.write(Path(places.journal), ID, journals.session(ID, *pieces, exit_code=exit_code))


def raw(store: Store, session: str = ID, stream: str = "stdout") -> bytes:
    return b"".join(chunk.data for chunk in store.output.chunks(session, stream))


def test_a_recording_becomes_a_session(places: paths.Places, store: Store) -> None:
    written(places, b"one\r\nwarn", b"ing: low memory\r\nlast", exit_code=3)
    assert catch_up(places).complete
    session = store.sessions.get(ID)
    assert (session.status, session.exit_code, session.lines, session.lost_bytes) == ("failed", 3, 3, 0)
    assert session.command == "sh -c 'make test'"
    assert raw(store) == b"one\r\nwarning: low memory\r\nlast"
    found = [(e.event_type, e.original_line, e.line_number) for e in store.extractions.list(session=ID)]
    assert found == [("warning", "warning: low memory", 2)]
    assert [change.state for change in store.sessions.states(ID)] == ["started", "failed"]
    command = store.events.list(session=ID, type="command")[0]
    assert (command.command_category, command.exit_code, command.status) == ("test", 3, "error")
    assert store.check() == []


def test_what_the_recorder_did_after_the_end_is_not_the_commands_time(places: paths.Places, store: Store) -> None:
    *records, (kind, body) = journals.session(ID, b"one\n")
    ended = journals.STARTED + clock.SECOND
    told = json.loads(body) | {"ended_at": ended, "took_ms": 987.6543}
    journals.write(Path(places.journal), ID, [*records, (kind, json.dumps(told).encode())])
    catch_up(places)
    session = store.sessions.get(ID)
    assert (session.started_at, session.ended_at) == (journals.STARTED, ended)
    command = store.events.list(session=ID, type="command")[0]
    assert (command.at, command.duration_ms) == (ended, 987.654)


def test_a_killed_recorder_leaves_an_interrupted_session(places: paths.Places, store: Store) -> None:
    records = journals.session(ID, b"before the kill\n", b"half a li")[:-2]
    journals.write(Path(places.journal), ID, records, tail=journals.frames([(b"O", b"torn")])[0][:11])
    catch_up(places)
    session = store.sessions.get(ID)
    assert (session.status, session.exit_code, session.lost_bytes) == ("interrupted", None, 11)
    assert session.ended_at is not None
    assert [line.text for line in store.output.lines(ID)] == ["before the kill", "half a li"]
    damage = store.sources.damage(ID)
    assert [(row["length"], row["journal"]) for row in damage] == [(11, f"{ID}.journal")]
    assert "could not be read" in str(store.events.list(session=ID, type="gap")[0].content)


def test_a_flipped_bit_costs_one_record(places: paths.Places, store: Store) -> None:
    path = written(places, b"first\n", b"second\n", b"third\n")
    data = bytearray(path.read_bytes())
    data[data.index(b"second")] ^= 1
    path.write_bytes(data)
    catch_up(places)
    assert raw(store) == b"first\nthird\n"
    assert store.sessions.get(ID).status == "completed"
    assert len(store.sources.damage(ID)) == 1


def test_a_journal_without_its_header_is_a_session_of_that_name(places: paths.Places, store: Store) -> None:
    records = journals.session(ID, b"hello\n")
    data = b"".join(journals.frames(records)[1:])
    (Path(places.journal) / f"{ID}.journal").write_bytes(data)
    catch_up(places)
    assert store.sessions.get(ID).agent == "codex"
    assert raw(store) == b"hello\n"


def test_two_journals_of_one_name_are_two_sessions(places: paths.Places, store: Store) -> None:
    path = written(places, b"the first\n")
    catch_up(places)
    path.unlink()
    journals.write(Path(places.journal), ID, [journals.header(ID, pid=8), *journals.session(ID, b"the second\n")[1:]])
    catch_up(places)
    assert (raw(store), raw(store, f"{ID}-2")) == (b"the first\n", b"the second\n")


def test_who_waits_for_an_importer_takes_its_place_when_it_leaves(places: paths.Places, store: Store) -> None:
    written(places, b"waited for\n")
    lock = spawn.take_lock(places)
    assert lock is not None
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(catch_up, places, wait_ms=90_000)
        os.close(lock)
        assert waiting.result().complete
    assert raw(store) == b"waited for\n"


def test_an_importer_that_gets_no_further_is_named(places: paths.Places, store: Store) -> None:
    written(places, b"not yet\n")
    lock = spawn.take_lock(places)
    assert lock is not None
    told = catch_up(places, wait_ms=20, most_ms=90_000)
    os.close(lock)
    assert not told.complete
    assert f"still busy with {ID}.journal" in told.reason


def test_a_finished_journal_goes_away(places: paths.Places, store: Store) -> None:
    path = written(places, b"x\n")
    catch_up(places)
    os.utime(path, (1, 1))
    catch_up(places)
    assert not path.exists()
    assert raw(store) == b"x\n"


def test_streams_are_kept_apart(places: paths.Places, store: Store) -> None:
    records = [
        journals.header(ID), (frame.OUTPUT, b"out "), (frame.ERROR, b"error: bad\n"), (frame.OUTPUT, b"put\n"),
        (frame.INPUT, b"typed"), *journals.end(),
    ]  # fmt: skip
    journals.write(Path(places.journal), ID, records)
    catch_up(places)
    assert [raw(store, stream=name) for name in ("stdout", "stderr", "input")] == [
        b"out put\n",
        b"error: bad\n",
        b"typed",
    ]
    session = store.sessions.get(ID)
    assert (session.lines, session.output_bytes) == (2, 19), "what was typed is no output"
    error = store.extractions.list(session=ID)[0]
    assert error.metadata is not None
    assert (error.event_type, error.metadata["stream"]) == ("error", "stderr")


def secret() -> bytes:
    return b"ghp_" + b"a1B2c3D4e5F6g7H8i9J0" + b"k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize("cut", range(1, 40, 6))
def test_a_secret_is_masked_however_it_was_cut(places: paths.Places, store: Store, cut: int) -> None:
    token = secret()
    written(places, b"token is " + token[:cut], token[cut:] + b" ok\nnext\n")
    catch_up(places)
    assert token not in raw(store)
    assert raw(store).endswith(b" ok\nnext\n")
    store.vacuum()
    assert token not in Path(places.database).read_bytes()
    assert not store.search(token.decode()).hits
    assert [e.event_type for e in store.extractions.list(session=ID, type="secret")] == ["secret"]


def test_secrets_beside_the_output_are_masked(places: paths.Places, store: Store) -> None:
    token = secret().decode()
    git = {"root": f"/src/{token}", "branch": f"try {token}"}
    told = [journals.header(ID, git=git, workflow_id=token), journals.state("waiting", line=f"{token} ok?")]
    journals.write(Path(places.journal), ID, [*told, *journals.end()])
    catch_up(places)
    session = store.sessions.get(ID)
    assert (session.branch, session.project_dir) == ("try [redacted:github_token]", "/src/[redacted:github_token]")
    assert token.encode() not in Path(places.database).read_bytes() + Path(f"{places.database}-wal").read_bytes()


def test_a_private_key_over_many_records_is_masked(places: paths.Places, store: Store) -> None:
    kind = b"RSA PRIVATE" + b" KEY-----"
    body = [b"%02d" % n + b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 2 + b"\n" for n in range(20)]
    written(places, b"cat key\n-----BEGIN " + kind + b"\n", *body, b"-----END " + kind + b"\ndone\n")
    catch_up(places)
    assert b"QUJDREVGR0h" not in raw(store)
    assert raw(store).startswith(b"cat key\n")
    assert raw(store).endswith(b"done\n")


def test_a_prompt_is_seen_while_it_waits(places: paths.Places, store: Store) -> None:
    records = [journals.header(ID), (frame.OUTPUT, b"Overwrite file? [y/N] ")]
    path = journals.write(Path(places.journal), ID, records)
    item = JournalImport(store, RULES, str(path), str(fingerprint(str(path))))
    assert item.step(finished=False)
    item._heard = 0
    item.glimpse()
    assert store.sessions.get(ID).status == "waiting"
    assert [e.matched_value is not None for e in store.extractions.list(session=ID, type="confirmation")] == [True]
    assert [line.text for line in store.output.lines(ID)] == ["Overwrite file? [y/N] "]
    with path.open("ab") as file:
        file.write(b"".join(journals.frames([(frame.OUTPUT, b"y\ndone\n"), *journals.end()], first=3)))
    while item.step(finished=True):
        pass
    assert raw(store) == b"Overwrite file? [y/N] y\ndone\n"
    assert len(store.extractions.list(session=ID, type="confirmation")) == 1
    assert store.sessions.get(ID).status == "completed"


pieces = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"\n", b"\r\n", b"error: it broke\n", b"warning: careful", b"\x1b[31mred\x1b[0m", b"100%\r",
                b"```python\n", b"print(1)\n", b"```\n", b"Traceback (most recent call last):\n",
                b'  File "a.py", line 1, in f\n',
                b"ValueError: no\n", b"3 passed, 1 failed in 0.2s\n", b"\xff\xfe", b"x" * 70_000, b"line\n" * 30_000,
            ]
        ),
        st.binary(max_size=30),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=40)
@given(
    pieces=pieces, cuts=st.lists(st.integers(1, 12), max_size=12), kinds=st.lists(st.sampled_from(b"OE"), max_size=25)
)
def test_restarts_and_cuts_change_nothing(
    places: paths.Places, store: Store, pieces: list[bytes], cuts: list[int], kinds: list[int]
) -> None:
    """Imported in one go, or record by record by importers that are killed all the time: the same rows."""
    printed = [(bytes([kind]), piece) for kind, piece in zip((*kinds, *b"O" * 25), pieces, strict=False)]
    whole, parts = f"a-{os.urandom(6).hex()}", f"b-{os.urandom(6).hex()}"
    folder = Path(places.journal)
    for name in (whole, parts):
        path = journals.write(folder, name, [journals.header(name), *printed, *journals.end()])
        encoded = path.read_bytes()
        if name == whole:
            steps = [len(encoded)]
        else:
            lengths = [len(one) for one in journals.frames([journals.header(name), *printed, *journals.end()])]
            ends = [sum(lengths[: n + 1]) for n in range(len(lengths))]
            steps = sorted({ends[min(sum(cuts[: n + 1]), len(ends) - 1)] for n in range(len(cuts))} | {len(encoded)})
        for size in steps:
            path.write_bytes(encoded[:size])
            item = JournalImport(store, RULES, str(path), str(fingerprint(str(path))))
            while item.step(finished=size == len(encoded)):
                pass
            if size < len(encoded):
                item._heard = 0
                item.glimpse()
    assert facts(store, parts) == facts(store, whole)
    assert store.sessions.get(whole).lines == store.sessions.get(parts).lines
    assert store.check() == []


def facts(store: Store, session: str) -> list[object]:
    output = [raw(store, session, stream) for stream in ("stdout", "stderr")]
    lines = [[line.text for line in store.output.lines(session, stream=s)] for s in ("stdout", "stderr")]
    found = sorted(
        (e.event_type, e.pattern, e.line_number or 0, e.matched_value or "", str(e.metadata))
        for e in store.extractions.list(session=session, limit=None)
        if e.event_type != "confirmation"  # may be seen early, while the line waits
    )
    return [output, lines, found]


def test_one_bad_journal_does_not_stop_the_others(places: paths.Places, store: Store) -> None:
    (Path(places.journal) / "aaa-20260101-000000.journal").write_bytes(os.urandom(5000))
    written(places, b"fine\n")
    catch_up(places)
    assert raw(store) == b"fine\n"


def test_an_importer_counts_what_it_cannot_read_and_goes_on(places: paths.Places, store: Store) -> None:
    path = Path(places.journal) / "zzz-20260101-000000.journal"
    path.write_bytes(b"")
    os.utime(path, (1, 1))
    importer = Importer(places)
    assert not importer.tick().progress
    assert not path.exists(), "an empty journal of a writer that is gone is nothing to keep"
    importer.close()


@pytest.mark.parametrize(("apart", "together"), [(clock.SECOND, 0), (clock.MILLISECOND, 1)])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_runs_one_after_the_other_are_not_at_work_together(
    places: paths.Places, store: Store, names: tuple[str, str], apart: int, together: int
) -> None:
    """Whichever is read first: one that has ended within what was read was not there when the next came."""
    (Path(places.data) / ".git").mkdir()
    now = clock.now() - clock.SECOND * 10
    for name, at in zip(names, (now, now + apart), strict=True):
        records = [
            journals.header(name, name, cwd=places.data, started_at=at),
            journals.state("started"),
            *journals.end(),
        ]
        (Path(places.journal) / f"{name}.journal").write_bytes(b"".join(journals.frames(records, at=at)))
    catch_up(places)
    flows = store.workflows.list()
    assert [(flow.agent_count, flow.start_time) for flow in flows] == [(2, clock.iso(now))] * together
    if together:
        assert store.sql("SELECT start_time FROM workflow_sessions").rows == [(clock.iso(now),)]


@pytest.mark.parametrize(("folder", "one"), [("/p", True), ("/elsewhere", False)])
def test_an_agent_watched_in_tmux_is_one_with_the_history_it_has(
    folder: str, one: bool, places: paths.Places, store: Store
) -> None:
    told = Session(
        "native", "codex", copilot_session_id="native", project_dir=folder, started_at=journals.STARTED + clock.SECOND,
        model="m", metadata={"sources": ["transcript"]},
    )  # fmt: skip
    store.sessions.add(told)
    store.events.add(Event("native", "prompt", content="hi", source="transcript"))
    facts = journals.header(ID, source="tmux", tmux={"pane": "%1"})
    ended = (frame.END, b'{"exit_code":null,"outcome":"completed"}')
    journals.write(Path(places.journal), ID, [facts, journals.state("waiting", kind="idle"), ended])
    assert catch_up(places).complete
    assert [session.id for session in store.sessions.list()] == ([ID] if one else ["native", ID])
    session = store.sessions.get(ID)
    assert (session.status, session.exit_code) == ("completed", None)
    assert session.metadata is not None
    assert session.metadata["sources"] == (["transcript", "tmux"] if one else ["tmux"])
    assert [event.content for event in store.events.list(session=ID, type="prompt")] == (["hi"] if one else [])
    assert [event.source for event in store.events.list(session=ID, type="state")] == ["tmux"]
    if one:
        assert (session.model, store.sessions.resolve("native").id) == ("m", ID)
