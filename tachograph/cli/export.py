"""`tachograph export`: a session as a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from tachograph.cli.app import App
from tachograph.cli.command import choice, command, pass_app, session_argument
from tachograph.cli.recorder import noted
from tachograph.cli.saving import save
from tachograph.errors import UsageError, VerificationFailed
from tachograph.formats import as_tar, human, in_toto
from tachograph.ingest import importing
from tachograph.ingest.importing import Original
from tachograph.proof.signing import signer
from tachograph.store import Store


@command("export")
@session_argument
@click.option("--as", "form", type=choice("original", "in-toto"), required=True, help="What to make of it.")
@click.option("-o", "--output", metavar="FILE", help="Where to: a file, a folder, or - for stdout.")
@click.option("--masked", is_flag=True, help="original: leave secrets masked.")
@click.option("--sign", is_flag=True, help="in-toto: sign it with the key of this installation.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@pass_app
def cli(app: App, session: str, form: str, output: str | None, masked: bool, sign: bool, force: bool) -> None:
    """Write a session to a file, or to stdout when that is no terminal.

    \b
    original   what its agent wrote of it, byte for byte, also after the
               agent has deleted it: the one file, or a tar of several,
               always the same for the same files. Secrets are in it
               again unless --masked. Instead of a session, the path of
               one file, also of one that no reader knows.
    in-toto    its receipt, as a statement about its files in a DSSE
               envelope; tachograph receipt verify FILE checks it.
    """
    store = app.store()
    files = list[_Counted]()
    if form == "in-toto":
        chosen, name, pieces = _receipt(app, store, session, sign)
    else:
        chosen, originals = _files(store, session, masked)
        files = [_Counted(one) for one in originals]
        name, pieces = _original(files, chosen.partition(" ")[2])
    if output is None and app.terminal:
        raise UsageError("this would fill your terminal", f"-o {name} writes a file; -o - shows it all the same")
    if output is None or output == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    else:
        path = os.path.join(output, name) if os.path.isdir(output) else output
        app.say(f"✓ {path}  {human.size(save(path, pieces, force=force))}", "32")
    noted(app, "export", f"{chosen} as {form}{_unmasked(files)}")
    if files and not masked:
        _tell_of_secrets(app, files)
        _verify(files)


def _receipt(app: App, store: Store, words: str, sign: bool) -> tuple[str, str, Iterator[bytes]]:
    """What was chosen, in words; a name for it; its bytes."""
    chosen = store.sessions.resolve(words).id
    found = store.receipts.get(chosen)
    envelope = in_toto.envelope(found, signer(app.places.config) if sign else None)
    return f"session {chosen}", f"{found.receipt_id}.json", (piece.encode() for piece in envelope)


def _files(store: Store, word: str, masked: bool) -> tuple[str, list[Original]]:
    """Those of a session, or one by its path; and what was chosen, in words."""
    if os.sep in word and (found := importing.archived(store, word, masked=masked)):
        return f"file {found[0].path}", found
    chosen = store.sessions.resolve(word).id
    return f"session {chosen}", importing.originals(store, chosen, masked=masked)


class _Counted:
    """A file, and how many bytes of it were read last."""

    def __init__(self, file: Original) -> None:
        self.file = file
        self.bytes = 0

    def read(self) -> Iterator[bytes]:
        self.bytes = 0
        for piece in self.file.read():
            self.bytes += len(piece)
            yield piece


def _original(files: list[_Counted], session: str) -> tuple[str, Iterator[bytes]]:
    """A name for it, and its bytes."""
    paths = [one.file.path for one in files]
    if len(files) == 1:
        return os.path.basename(paths[0]), files[0].read()
    members = list(zip(as_tar.names(paths), (one.read for one in files), strict=True))
    return f"{session.replace(os.sep, '-')}.tar", as_tar.archive(members)


def _unmasked(files: list[_Counted]) -> str:
    secrets = sum(one.file.secrets for one in files)
    return f", with {human.plural(secrets, 'secret')} in it" if secrets else ""


def _tell_of_secrets(app: App, files: list[_Counted]) -> None:
    secrets = sum(one.file.secrets for one in files)
    if secrets:
        held = human.plural(secrets, "secret")
        app.say(f"{held} that the store has masked came back from the vault; --masked leaves them out", "33")


def _verify(files: list[_Counted]) -> None:
    """A file whose secrets are lost comes back masked; that is said, not passed over."""
    for one in files:
        if one.bytes != one.file.size:
            raise VerificationFailed(
                f"{one.file.path} had {one.file.size:,} bytes, these are {one.bytes:,}: its secrets are masked",
                "they lay in secrets.db beside the database",
            )
