"""Signed heads: appended, read back, checked, whatever happened to the file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.errors import NotFound, StoreError, UsageError
from tachograph.proof.heads import Head, Heads
from tachograph.proof.signing import KEY, existing_signer, signer, verifier


@pytest.fixture
def heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heads:
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path))
    monkeypatch.delenv("TACHOGRAPH_DB", raising=False)
    return Heads(str(tmp_path / "tachograph.db"))


def test_a_head_is_signed_and_read_back(heads: Heads, tmp_path: Path) -> None:
    assert heads.read() == [] and existing_signer(str(tmp_path)) is None
    old = os.umask(0)
    try:
        heads.append(1, b"\1" * 32)
        heads.append(2, b"\2" * 32, "a copy was put back")
    finally:
        os.umask(old)
    key = signer(str(tmp_path))
    first, second = heads.read()
    assert (first.number, first.hash, first.reason, first.key) == (1, "01" * 32, "", key.key_id)
    assert second.reason == "a copy was put back"
    assert first.signed_by(key) and second.signed_by(verifier(key.public))
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600 for name in ("heads.log", KEY))


@pytest.mark.parametrize("field", Head._fields)
def test_a_head_that_was_changed_is_not_signed(heads: Heads, tmp_path: Path, field: str) -> None:
    heads.append(1, b"\1" * 32)
    (head,) = heads.read()
    other = {
        "number": 2,
        "hash": "02" * 32,
        "at": "2026",
        "key": "no",
        "reason": "x",
        "signature": "zz",
        "phase": "begun",
    }
    assert not head._replace(**{field: other[field]}).signed_by(signer(str(tmp_path)))


def test_torn_and_foreign_lines_are_stepped_over(heads: Heads) -> None:
    heads.append(1, b"\1" * 32)
    first = Path(heads.path).read_bytes()
    with Path(heads.path).open("ab") as file:
        file.write(b'\xff\xfe\n[]\n{"number":"x"}\n')
        for number in (1 << 60, -1):  # no canonical JSON has the one, nobody counts from the other
            file.write(first.replace(b'"number":1,', b'"number":%d,' % number))
        file.write(b'{"at":' + b"[" * 100_000 + b"\n")
        file.write(b'{"at":"2026-11')
    heads.append(2, b"\2" * 32)
    assert [head.number for head in heads.read()] == [1, 2]


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_a_file_of_our_own_is_read(heads: Heads, tmp_path: Path, kind: str) -> None:
    {
        "link": lambda path: path.symlink_to("/dev/zero"),
        "pipe": lambda path: os.mkfifo(path),
        "folder": lambda path: path.mkdir(),
    }[kind](Path(heads.path))
    for ask in (heads.read, heads.newest):
        with pytest.raises(StoreError, match="cannot read"):
            ask()


def test_two_who_make_the_key_at_once_have_the_same(tmp_path: Path) -> None:
    code = "import sys; from tachograph.proof.signing import signer; print(signer(sys.argv[1]).key_id)"
    making = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert len({one.communicate(timeout=60)[0] for one in making}) == 1
    assert os.listdir(tmp_path) == [KEY]


def test_keys_are_named_as_people_have_them(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = signer(str(tmp_path))
    (tmp_path / "hex").write_text(key.public + "\n")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public))
    (tmp_path / "pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    for name in (key.public, str(tmp_path / "hex"), str(tmp_path / "pem"), str(tmp_path / KEY)):
        assert verifier(name).key_id == key.key_id
    (tmp_path / "no").write_text("no key")
    with pytest.raises(UsageError, match="is not a key"):
        verifier(str(tmp_path / "no"))
    with pytest.raises(NotFound):
        verifier(str(tmp_path / "nowhere"))
    (tmp_path / KEY).write_text("garbage")
    with pytest.raises(StoreError, match="not a signing key"):
        signer(str(tmp_path))
