"""Histories that are folders of small files: every file is kept word for word, also after its agent has deleted it."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from tachograph.formats import as_tar
from tachograph.ingest import discover, importing
from tests.extract.secret_samples import TOKENS
from tests.ingest.machine import HISTORIES, LONG_AGO, Machine, differences, everything, machine, shipped
from tests.ingest.test_history_secrets import CHANCE, leaks
from tests.recount import rows

EVENTS = (HISTORIES / "openhands" / "events.jsonl").read_bytes().splitlines()
EXPORT = json.loads((HISTORIES / "opencode" / "export.json").read_bytes())
CONVERSATION = ".openhands/conversations/c1"
STORAGE = ".local/share/opencode/storage"


def event(number: int) -> str:
    return f"{CONVERSATION}/events/event-{number:05d}-{json.loads(EVENTS[number])['id']}.json"


def state(status: str) -> bytes:
    about = {"id": "c1", "agent": {"llm": {"model": "gpt-5"}}, "workspace": {}, "execution_status": status}
    return json.dumps(about, indent=2).encode()


def openhands(events: int = len(EVENTS), status: str = "finished") -> dict[str, bytes]:
    """Files of a conversation that has got so far; what says nothing to us is there, too."""
    own = {"base_state.json": state(status), "events/.lock": b"", "x.pkl": b"\x80\x00\n"}
    own = {f"{CONVERSATION}/{name}": data for name, data in own.items()}
    return own | {event(number): b" " + EVENTS[number] + b"\r\n" * (number % 2) for number in range(events)}


def opencode() -> dict[str, bytes]:
    native = EXPORT["info"]["id"]
    files = {f"{STORAGE}/session/p/{native}.json": EXPORT["info"]}
    for message in EXPORT["messages"]:
        files[f"{STORAGE}/message/{native}/{message['info']['id']}.json"] = message["info"]
        for part in message["parts"]:
            files[f"{STORAGE}/part/{message['info']['id']}/{part['id']}.json"] = part
    return {name: json.dumps(value, indent=2).encode() for name, value in files.items()}


FOLDERS = {"c1": openhands(), EXPORT["info"]["id"]: opencode()}


def put(one: Machine, files: dict[str, bytes], at: int = LONG_AGO) -> None:
    for name, data in files.items():
        one.put(name, data, at)


def given_back(one: Machine, session: str, *, masked: bool = False) -> dict[str, bytes]:
    """Names below the user's folder, and bytes."""
    found = importing.originals(one.store, session, masked=masked)
    assert [file.path for file in found] == sorted(file.path for file in found)
    read = {str(Path(file.path).relative_to(one.home)): b"".join(file.read()) for file in found}
    assert masked or [file.size for file in found] == list(map(len, read.values()))
    return read


@pytest.mark.parametrize("session", FOLDERS)
def test_every_file_comes_back_after_it_was_deleted(session: str) -> None:
    with machine() as one:
        put(one, FOLDERS[session])
        report = one.agents()
        assert (report.parsed, report.sessions) == (1, {session})
        assert given_back(one, session) == FOLDERS[session]
        for name in FOLDERS[session]:
            (one.home / name).unlink()
        one.restart()
        assert one.agents().parsed == 0
        assert given_back(one, session) == FOLDERS[session]
        fate = one.store.keeping.of([session])[session]
        assert fate.kept and not fate.there and fate.deleted_at


@pytest.mark.parametrize("session", FOLDERS)
def test_every_file_of_a_folder_counts_as_read_and_once(session: str) -> None:
    with machine() as one:
        put(one, FOLDERS[session])
        report = one.look()
        assert (report.files, report.parsed + report.unread) == (len(FOLDERS[session]), len(FOLDERS[session]))
        assert report.sessions == {session}
        assert one.look().parsed == 0


@pytest.mark.parametrize("session", FOLDERS)
def test_read_again_from_the_archive_it_says_the_same(session: str, tmp_path: Path) -> None:
    with machine() as one:
        put(one, FOLDERS[session])
        one.agents()
        before = everything(one.store)
        assert before["steps"]
        shutil.rmtree(one.home)
        (history,) = [history for history in one.store.histories.all() if history.kept_bytes]
        assert importing._reparsed(one.store, shipped(), history).sessions == {session}
        assert differences(before, everything(one.store)) == []
        assert given_back(one, session) == FOLDERS[session]


def test_a_tar_of_it_is_the_folder() -> None:
    with machine() as one:
        put(one, openhands())
        one.agents()
        found = importing.originals(one.store, "c1")
        members = list(zip(as_tar.names([file.path for file in found]), [file.read for file in found], strict=True))
        with tarfile.open(fileobj=io.BytesIO(b"".join(as_tar.archive(members)))) as archive:
            held = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
        assert {f"{CONVERSATION}/{name}": data for name, data in held.items()} == openhands()


def test_it_grows_by_what_is_new(tmp_path: Path) -> None:
    with machine(tmp_path / "machine") as one:
        put(one, openhands())
        one.agents()
        whole = everything(one.store)
    with machine(tmp_path / "machine") as one:
        for events in range(1, len(EVENTS) + 1):
            status = "running" if events < len(EVENTS) else "finished"
            put(one, openhands(events, status))
            assert one.agents().parsed == 1
            assert one.agents().parsed == 0
            one.restart()
        assert given_back(one, "c1") == openhands()
        assert differences(whole, everything(one.store)) == []


def test_growth_keeps_the_parts_that_are_there() -> None:
    """A conversation of megabytes, and one event more: what was kept before stays where it is."""
    many = {f"{CONVERSATION}/events/event-{n:05d}-{n:08d}.json": EVENTS[1] + b" " * 900 + b"%d" % n for n in range(900)}
    with machine() as one:
        put(one, {**openhands(0), **many})
        one.agents()
        before = {blob for (blob,) in rows(one.store, "SELECT id FROM _blobs")}
        assert len(before) > 5
        put(
            one,
            {
                f"{CONVERSATION}/events/event-00900-00000900.json": EVENTS[2],
                f"{CONVERSATION}/base_state.json": state("idle"),
            },
        )
        one.agents()
        after = {blob for (blob,) in rows(one.store, "SELECT id FROM _blobs")}
        assert len(before - after) == 1 and len(after - before) <= 2
        assert len(given_back(one, "c1")) == 901 + 3


def test_a_file_that_changes_behind_the_back_of_its_state_is_seen() -> None:
    with machine() as one:
        put(one, FOLDERS["c1"])
        one.agents()
        part = event(3)
        one.put(part, FOLDERS["c1"][part] + b" ")
        assert one.agents().parsed == 1
        assert given_back(one, "c1") == {**FOLDERS["c1"], part: FOLDERS["c1"][part] + b" "}


def test_files_that_are_deleted_one_by_one_are_kept_once() -> None:
    with machine() as one:
        put(one, openhands())
        one.agents()
        steps = everything(one.store)["steps"]
        for number in (0, 4):
            (one.home / event(number)).unlink()
            put(one, {f"{CONVERSATION}/base_state.json": state("idle")})  # shorter than it was
            one.agents()
            one.restart()
        assert given_back(one, "c1") == {**openhands(), f"{CONVERSATION}/base_state.json": state("idle")}
        assert everything(one.store)["steps"] == steps
        assert rows(one.store, "SELECT max(generation) FROM _histories") == [(1,)]


def test_its_secrets_are_masked_each_in_its_file_and_come_back() -> None:
    secret = TOKENS["github_classic"](CHANCE)
    open_key = b"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA" + b"x" * 40
    files = openhands(3)
    files[event(1)] = EVENTS[1].replace(b"hello world", secret.encode())
    files[f"{CONVERSATION}/key.txt"] = open_key
    files[f"{CONVERSATION}/rest.txt"] = b"y" * 40 + b"\n-----END RSA PRIVATE KEY-----\n"
    with machine() as one:
        put(one, files)
        one.agents()
        assert leaks(one, secret) == []
        assert given_back(one, "c1") == files
        masked = given_back(one, "c1", masked=True)
        assert masked.keys() == files.keys() and secret.encode() not in masked[event(1)]
        counts = {Path(file.path).name: file.secrets for file in importing.originals(one.store, "c1") if file.secrets}
        assert counts[Path(event(1)).name] == EVENTS[1].count(b"hello world")


def test_a_session_that_is_followed_is_not_looked_at_again_and_again() -> None:
    with machine() as one:
        put(one, openhands())
        path = one.home / CONVERSATION / "base_state.json"
        one.take(path)
        assert not one.histories.unfinished(one.candidate(path))


def test_a_file_that_is_heard_of_names_the_conversation_to_look_at() -> None:
    with machine() as one:
        put(one, openhands())
        found = discover.candidate(str(one.home / event(2)), str(one.home), {})
        assert found is not None and found.path == str(one.home / CONVERSATION / "base_state.json")
        assert found.modules == ("openhands",)
        assert discover.candidate(str(one.home / ".openhands/settings.json"), str(one.home), {}) is None
