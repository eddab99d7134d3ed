"""Secrets in histories: none in the store, all of them back in the original as long as the vault is there."""

from __future__ import annotations

import json
import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from tachograph.store.archive import Reader
from tests.extract.secret_samples import TOKENS
from tests.ingest.machine import LONG_AGO, Machine, machine
from tests.ingest.test_history_files import NAME, SESSION, transcript
from tests.readers.claude_records import answer, call, says, text, user
from tests.recount import rows

CHANCE = random.Random(7)
SECRETS = [make(CHANCE) for name, make in sorted(TOKENS.items()) if name in {"github_classic", "openai", "aws_id"}]
PASSWORD = "correct-Horse7-battery"
BODY = [CHANCE.randbytes(48).hex() for _ in range(12)]
KEY = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"])


def planted(secret: str) -> bytes:
    """In all places a history has: plain, in arguments, in output, in JSON inside JSON."""
    inner = json.dumps({"env": {"TOKEN": secret}, "text": f'say "{secret}"'})
    return transcript(
        user(f"use {secret} please"),
        says(text(f"I use {secret}."), call("Bash", "b1", command=f"curl -H 'Authorization: Bearer {secret}' x")),
        answer(f"ok\n{inner}\n{secret}", "b1", toolUseResult={"stdout": inner}),
        says(call("Write", "w1", file_path="/thing/.env", content=f"DB_PASSWORD={PASSWORD}\nTOKEN={secret}"), id="m2"),
        answer("done", "w1"),
    )


def everywhere(folder: Path) -> bytes:
    """Every byte of the store and what lies beside it, compressed parts unpacked; the vault left out."""
    found = b""
    for path in sorted(folder.glob("tachograph.db*")):
        data = path.read_bytes()
        found += data
        at = data.find(b"\x28\xb5\x2f\xfd")
        while at >= 0:
            try:
                found += zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
            except zstandard.ZstdError:
                pass
            at = data.find(b"\x28\xb5\x2f\xfd", at + 1)
    return found


def blobs(one: Machine) -> bytes:
    """What is archived, unpacked; what is compressed inside, too."""
    contents = Reader(one.store._connection)
    plains = [contents.read(row) for (row,) in rows(one.store, "SELECT id FROM _blobs")]
    plains += [zstandard.decompress(data) for (data,) in rows(one.store, "SELECT data FROM _output")]
    found = b"".join(plains)
    for plain in plains:
        if plain.startswith(b"\x28\xb5\x2f\xfd"):
            found += zstandard.ZstdDecompressor().decompressobj().decompress(plain)
    return found


def leaks(one: Machine, *words: str) -> list[str]:
    there = everywhere(one.folder) + blobs(one)
    return [word for word in words if word.encode() in there]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: str(secret)[:6])
def test_no_secret_reaches_the_store_and_all_come_back(secret: str) -> None:
    data = planted(secret)
    with machine() as one:
        path = one.put(NAME, data)
        one.take(path)
        assert leaks(one, secret, PASSWORD) == []
        assert one.original(path) == data
        assert one.originals(SESSION) == [data]
        assert stat.S_IMODE(os.stat(one.folder / "secrets.db").st_mode) == 0o600
        one.close()
        for vault in one.folder.glob("secrets.db*"):
            vault.unlink()
        one.open()  # who has the store alone
        masked = one.original(path)
        assert secret.encode() not in masked
        assert b"[redacted:" in masked
        assert len(masked.splitlines()) == len(data.splitlines())


def test_without_a_secret_there_is_no_vault() -> None:
    with machine() as one:
        one.take(one.put(NAME, transcript(user("no secret here"))))
        assert not list(one.folder.glob("*secrets*"))


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "being written"])
def test_a_secret_that_arrives_in_two_pieces(quiet: bool) -> None:
    data = planted(SECRETS[0])
    middle = data.find(SECRETS[0].encode()) + 9
    for cut in (middle, data.rfind(SECRETS[0].encode()) + 5, data.find(PASSWORD.encode()) + 8):
        with machine() as one:
            path = one.put(NAME, data[:cut], LONG_AGO if quiet else None)
            one.take(path, final=False)
            one.restart()
            one.put(NAME, data, LONG_AGO)
            one.take(path)
            assert leaks(one, SECRETS[0], SECRETS[0][:9] + SECRETS[0][9:], PASSWORD) == []
            assert leaks(one, SECRETS[0][5:]) == []
            assert one.original(path) == data


def arriving(one: Machine, name: str, lines: list[bytes], quiet: bool, restarts: bool) -> Iterator[bytes]:
    """Take a file after each of its lines, which are given back."""
    for end, line in enumerate(lines, 1):
        path = one.put(name, b"".join(lines[:end]), LONG_AGO if quiet else None)
        if restarts:
            one.restart()
        one.take(path, final=False)
        yield line


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "being written"])
def test_a_private_key_that_arrives_line_by_line(quiet: bool, restarts: bool) -> None:
    log = f"writing the key\n{KEY}\nwritten\nerror: not readable\n".encode()
    lines = log.splitlines(keepends=True)
    with machine() as one:
        for line in arriving(one, "keys.log", lines, quiet, restarts):
            assert leaks(one, *BODY) == [], f"after {line[:30]!r}"
        path = one.put("keys.log", log)
        one.take(path)
        assert leaks(one, *BODY) == []
        assert one.original(path) == log
        session = one.store.sessions.list()[0]
        output = b"".join(chunk.data for chunk in one.store.output.chunks(session.id))
        assert output.count(b"\n") == len(lines)
        assert output.endswith(b"written\nerror: not readable\n")


def test_secrets_in_a_document_that_is_written_again_and_again() -> None:
    def chat(*messages: str) -> bytes:
        head = {"sessionId": SESSION, "projectHash": "9b", "startTime": "2026-01-01T00:00:00.000Z", "lastUpdated": ""}
        told = [
            {"id": f"u{n}", "type": "user", "content": said, "timestamp": f"2026-01-01T00:00:0{n}.000Z"}
            for n, said in enumerate(messages)
        ]
        return json.dumps({**head, "messages": told}, indent=1).encode()

    name = ".gemini/tmp/x/chats/session-2026-01-01T00-00-11111111.json"
    with machine() as one:
        said: list[str] = []
        for secret in SECRETS:
            said.append(f"use {secret}")
            path = one.put(name, chat(*said))
            one.take(path)
            assert one.original(path) == chat(*said)
        kept = one.store.histories.get(str(path))
        assert kept is not None
        assert len(one.store.histories.vault.of(kept.id, kept.edition)) == len(SECRETS)
        assert leaks(one, *SECRETS) == []


def test_secrets_in_a_compressed_history() -> None:
    data = zstandard.compress(planted(SECRETS[0]))
    with machine() as one:
        path = one.put(NAME + ".zst", data)
        one.take(path)
        assert leaks(one, SECRETS[0], PASSWORD) == []
        assert one.original(path) == data
        found = one.store.histories.get(str(path))
        assert found is not None
        masked = b"".join(one.store.histories.read(found.id, masked=True))
        assert b"[redacted:" in zstandard.ZstdDecompressor().decompressobj().decompress(masked)


def typed(text: str, version: int = 2) -> bytes:
    """A recording with an event for every key, and a typed line before and behind."""
    keys = ["ls\r\n", *text, "\r\n", "made\r\n"]
    if version == 1:
        return json.dumps(
            {"version": 1, "width": 80, "height": 24, "stdout": [[0.1, key] for key in keys]}, indent=1
        ).encode()
    size = {"term": {"cols": 80, "rows": 24}} if version == 3 else {"width": 80, "height": 24}
    lines: list[object] = [{"version": version, "timestamp": 1_780_000_000, **size}]
    for number, key in enumerate(keys):
        lines += [[number / 10, "i", key], [number / 10, "o", key]]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def said(recording: bytes, channel: str = "o") -> str:
    """All that the events of a recording say."""
    if recording.startswith(b"{") and b'"stdout"' in recording:
        return "".join(event[1] for event in json.loads(recording)["stdout"])
    events = [json.loads(line) for line in recording.splitlines()[1:]]
    return "".join(event[2] for event in events if event[1] == channel)


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: str(secret)[:6])
def test_a_secret_that_was_typed_key_by_key(secret: str, version: int) -> None:
    data = typed(f"\x1b[1mexport\x1b[0m TOKEN={secret} && echo {secret} DB_PASSWORD={PASSWORD}", version)
    with machine() as one:
        path = one.put("typed.cast", data)
        one.take(path)
        kept = one.store.histories.get(str(path))
        assert kept is not None
        masked = b"".join(one.store.histories.read(kept.id, masked=True))
        assert secret in said(data)
        for channel in ("o", "i"):
            assert secret[:8] not in said(masked, channel)
            assert PASSWORD[:8] not in said(masked, channel)
            assert said(masked, channel).count("[redacted:") == 3
        assert len(masked.splitlines()) == len(data.splitlines())
        assert one.original(path) == data
        (session,) = one.store.sessions.list()
        output = b"".join(chunk.data for chunk in one.store.output.chunks(session.id) if chunk.stream == "stdout")
        assert output.decode() == said(masked)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "being written"])
def test_a_secret_that_is_being_typed(quiet: bool, restarts: bool) -> None:
    secret = SECRETS[1]
    data = typed(f"login --with {secret} now")
    lines = data.splitlines(keepends=True)
    with machine() as one:
        assert list(arriving(one, "typed.cast", lines, quiet, restarts)) == lines
        path = one.put("typed.cast", data)
        one.take(path)
        kept = one.store.histories.get(str(path))
        assert kept is not None
        masked = b"".join(one.store.histories.read(kept.id, masked=True))
        for channel in ("o", "i"):
            assert said(masked, channel).split()[2:] == ["--with", said(masked, channel).split()[3], "now", "made"]
            assert said(masked, channel).split()[3].startswith("[redacted:")
        assert one.original(path) == data


def test_a_secret_that_was_typed_over_the_end_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    from tachograph.ingest import cut_secrets, history_bytes

    data = typed("ls\r\n" * 150 + f"echo {SECRETS[0]} && echo {SECRETS[1]}")
    place = data.index(b'"o", "A"')
    assert place > cut_secrets.HELD
    for size in range(place - 100, place + 900, 61):
        monkeypatch.setattr(history_bytes, "BLOCK", size)
        with machine() as one:
            path = one.put("typed.cast", data)
            one.take(path)
            kept = one.store.histories.get(str(path))
            assert kept is not None
            masked = b"".join(one.store.histories.read(kept.id, masked=True))
            assert [SECRETS[n][k : k + 8] in said(masked) for n in (0, 1) for k in (0, 8)] == [False] * 4
            assert one.original(path) == data


def test_a_secret_that_was_typed_in_a_compressed_recording() -> None:
    data = zstandard.compress(typed(f"echo {SECRETS[0]}"))
    with machine() as one:
        path = one.put("typed.cast.zst", data)
        one.take(path)
        assert one.original(path) == data
        kept = one.store.histories.get(str(path))
        assert kept is not None
        masked = b"".join(one.store.histories.read(kept.id, masked=True))
        text = said(zstandard.ZstdDecompressor().decompressobj().decompress(masked))
        assert SECRETS[0][:8] not in text
        assert "echo [redacted:" in text


def test_a_secret_in_a_line_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    from tachograph.ingest import history_bytes

    monkeypatch.setattr(history_bytes, "BLOCK", 400_000)
    monkeypatch.setattr(history_bytes, "LINE_MAX", 1_000_000)
    filling = b"lorem ipsum " * 20
    pieces = [
        filling + b"token " + make(random.Random(n)).encode()
        for n in range(5000)
        for make in [TOKENS["github_classic"]]
    ]
    data = transcript(user("before")) + b'{"text": "' + b" ".join(pieces) + b'"}\n' + transcript(user("after"))
    assert len(data) > 1_000_000
    with machine() as one:
        path = one.put(NAME, data)
        one.take(path)
        assert blobs(one).count(b"[redacted:") == 5000
        assert one.original(path) == data
        assert rows(one.store, "SELECT unknown_lines FROM _histories") == [(1,)]


def test_masks_that_a_killed_import_has_left() -> None:
    """The vault is written before the store: it may know of bytes that the store never got."""
    data = planted(SECRETS[0])
    with machine() as one:
        path = one.put(NAME, data[: data.find(b"\n") + 1])
        one.take(path)
        found = one.store.histories.get(str(path))
        assert found is not None
        vault = one.store.histories.vault
        begin = len(b"".join(one.store.histories.read(found.id, masked=True)))
        from tachograph.records import Masked

        vault.append(found.id, 0, begin, [Masked(begin + 3, 20, b"of another file")])
        vault.replace(found.id, 0, [Masked(3, 20, b"of a document that never was")])
        vault.commit()
        one.restart()
        one.put(NAME, data, LONG_AGO + 1)
        one.take(path)
        assert one.original(path) == data
