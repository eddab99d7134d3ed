"""What is redacted is as if agents had written stars, whatever is read again; what could bring it back is named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import zstandard

from tachograph import paths
from tachograph.extract.sought import Sought
from tachograph.ingest import importing, redacting
from tests.ingest.machine import LONG_AGO, Machine, differences, everything, machine
from tests.ingest.test_history_folders import FOLDERS, put
from tests.ingest.test_history_hostile import BOMB, META, SAID
from tests.ingest.test_originals import _copied as all_histories


def places(one: Machine) -> paths.Places:
    return paths.places(str(one.folder / paths.DATABASE))


def redacted(one: Machine, word: str) -> redacting.Left:
    text = Sought(word)
    found = redacting.find(one.store, text)
    assert found.total
    left = redacting.redact(one.store, places(one), text, found)
    assert (left.store, left.ours, left.journals, left.copies) == (0, {}, [], [])
    return left


def starred(files: list[Path], word: str) -> list[Path]:
    """Files in which that stood; now there are stars."""
    changed = [path for path in files if word.encode() in path.read_bytes()]
    for path in changed:
        stat = path.stat()
        path.write_bytes(path.read_bytes().replace(word.encode(), b"*" * len(word)))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return changed


def reparsed(one: Machine) -> None:
    paths.private_folder(places(one).journal)
    importing.reparse(one.store, places(one), [], lambda *_: None)


@pytest.mark.parametrize("word", ["cupidatat", "templates", "FailingTool", "Eliminating"])
def test_the_store_is_as_if_agents_had_written_stars(word: str) -> None:
    with machine() as one, machine() as other:
        files, theirs = all_histories(one), all_histories(other)
        starred(theirs, word)
        for each in (one, other):
            each.look()
        left = redacted(one, word)
        assert differences(everything(one.store), everything(other.store)) == []
        reparsed(one)
        reparsed(other)
        mine = everything(one.store)
        assert differences(mine, everything(other.store)) == []
        assert set(left.agents) == {str(path) for path in starred(files, word)}
        one.restart()
        one.look()
        assert differences(everything(one.store), mine) == [], "a file with stars is the one that is known"


@pytest.mark.parametrize("word", ["confirmed", "kuh-zwirn"])
def test_a_session_that_is_named_after_what_its_file_says_stays_the_same(word: str) -> None:
    with machine() as one:
        files = [*all_histories(one), one.put("a.log", b"the word is kuh-zwirn\n")]
        one.look()
        one.take(files[-1], named=True)
        before = [session.id for session in one.store.sessions.list(limit=None)]
        redacted(one, word)
        reparsed(one)
        assert [session.id for session in one.store.sessions.list(limit=None)] == before
        for path in starred(files, word):
            path.write_bytes(path.read_bytes())
        one.restart()
        one.look()
        assert sorted(session.id for session in one.store.sessions.list(limit=None)) == sorted(before)


def test_what_an_agent_has_compressed_is_packed_again() -> None:
    lines = META + SAID.replace(b'"hi"', b'"it is kuh-zwirn"')
    with machine() as one:
        path = one.put(BOMB, zstandard.compress(lines))
        one.look()
        left = redacted(one, "kuh-zwirn")
        assert left.agents == [str(path)]
        kept = zstandard.ZstdDecompressor().decompressobj().decompress(one.original(path))
        assert kept == lines.replace(b"kuh-zwirn", b"*********")
        mine = everything(one.store)
        reparsed(one)
        assert differences(everything(one.store), mine) == []


def test_all_files_of_a_folder_are_looked_into() -> None:
    with machine() as one:
        put(one, FOLDERS["c1"])
        (name, data) = next((name, data) for name, data in FOLDERS["c1"].items() if "event-00003" in name)
        one.put(name, data.replace(b'"id"', b'"x": "kuh-zwirn", "id"', 1), LONG_AGO)
        one.agents()
        left = redacted(one, "kuh-zwirn")
        assert left.agents == [str(one.home / name)]


def test_a_file_that_has_it_in_its_name_is_named() -> None:
    with machine() as one:
        path = one.put(BOMB.replace("2026/01/01", "kuh-zwirn").removesuffix(".zst"), META + SAID)
        one.look()
        assert redacted(one, "kuh-zwirn").agents == [str(path)]
        assert [history.path for history in one.store.histories.all()] == [str(path).replace("kuh-zwirn", "*********")]


def test_a_copy_that_was_put_aside_is_named() -> None:
    with machine() as one:
        one.put("a.log", b"the word is kuh-zwirn\n")
        one.take(one.home / "a.log", named=True)
        copy = Path(one.store.copy(str(one.folder / "replaced-1")))
        text = Sought("kuh-zwirn")
        left = redacting.redact(one.store, places(one), text, redacting.find(one.store, text))
        assert left.copies == [str(copy)] and (left.store, left.ours) == (0, {})
        shutil.rmtree(copy.parent)
        assert redacting.elsewhere(one.store, places(one), text).copies == []
