"""`tachograph receipt verify`: whether a receipt is what it was, with the store that made it or without any."""

from __future__ import annotations

import os
import re
from typing import Any

import click

from tachograph.cli import draw
from tachograph.cli.app import App
from tachograph.cli.command import Command, pass_app
from tachograph.cli.values import file_bytes
from tachograph.errors import NotFound, StoreError
from tachograph.formats import human, sanitise
from tachograph.proof import receipts
from tachograph.proof.signing import Verifier, verifier
from tachograph.recall import proving
from tachograph.records import Receipt
from tachograph.store import Store

FAILED = 5  # exit code


@click.command("verify", cls=Command)
@click.argument("name", metavar="RECEIPT|FILE")
@click.option("--key", metavar="KEY", help="Whose signature an envelope must carry: 64 hex digits or a file.")
@click.option("--json", "as_json_", is_flag=True, help="What was checked, as JSON.")
@pass_app
def verify(app: App, name: str, key: str | None, as_json_: bool) -> int:
    """Check a receipt: its id, its determinism hash, and what the ledger has of it.

    A FILE (- is stdin) needs no store: a receipt as JSON, or an in-toto envelope, whose signature --key checks.
    Exits with 5 and says what is wrong when it does not hold.
    """
    trusted = verifier(key) if key else None
    if name == "-" or os.path.isfile(name):
        found = [_of_file(app, claim) for claim in receipts.read(file_bytes(name), trusted)]
    else:
        found = [_of_store(app, name, trusted)]
    if as_json_:
        app.value(found[0] if len(found) == 1 else found)
    else:
        for one in found:
            _tell(app, one)
    return FAILED if any(one["problems"] for one in found) else 0


def named(store: Store, words: str) -> Receipt:
    """The receipt people name: by itself, or by its session (`last`, `@agent`)."""
    if re.match(r"last(~|$)|@", words):
        words = store.sessions.resolve(words).id
    return store.receipts.get(words)


def _of_file(app: App, claim: receipts.Claim) -> dict[str, Any]:
    """A claim from elsewhere; where a store is here that knows it, that is asked, too."""
    problems, ledger = list(claim.problems), "no store here"
    if os.path.exists(app.places.database):
        try:
            store = app.store_as_it_is()
            ledger, wrong = proving.sealed(store, store.receipts.get(claim.receipt_id))
            problems += wrong
        except NotFound:
            ledger = "not in this store"
            problems += _other(store, claim)
        except StoreError as error:  # what a file proves needs no store
            ledger = f"the store here could not be asked: {error}"
    return proving.claim_row(claim, ledger, problems)


def _other(store: Store, claim: receipts.Claim) -> list[str]:
    """The execution is known here, by another receipt."""
    try:
        known = store.receipts.get(str(claim.body.get("execution_id", "")))
    except NotFound:
        return []
    return [f"this store has another receipt of {known.execution_id}: {known.receipt_id}"]


def _of_store(app: App, name: str, trusted: Verifier | None) -> dict[str, Any]:
    store = app.existing_store()
    return proving.receipt(store, named(store, name), trusted)


def _tell(app: App, found: dict[str, Any]) -> None:
    name = sanitise.line(f"{found['receipt_id']} of {found['execution_id']}")
    for problem in found["problems"]:
        app.line(f"✗ {sanitise.line(problem)}", draw.RED)
    if found["problems"]:
        app.wrong(f"{human.plural(len(found['problems']), 'problem')} with receipt {name}")
        return
    checked = ", ".join(found["checked"])
    app.line(f"✓ receipt {name}", draw.GREEN)
    app.line(f"  {sanitise.line(found['ledger'])}{'; checked: ' + checked if checked else ''}")
    if found["signed_by"] and "signature" not in found["checked"]:
        app.warn(f"  its signature by key {', '.join(found['signed_by'])} was not checked: --key names the key")
