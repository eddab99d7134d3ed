"""A receipt outside the store: what it claims, and whether it holds. Needs nothing but the document itself.

Four forms: the row as `receipt show --json` prints it, the body alone (its canonical JSON is what the id is the digest
of), an in-toto Statement about it, and that in a DSSE envelope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tachograph.errors import BadRecord, UsageError, VerificationFailed
from tachograph.proof.canonical import digest
from tachograph.proof.envelope import opened
from tachograph.proof.signing import Verifier

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:tachograph:receipt:v1"
_FORMS = "give a receipt, an in-toto statement or a DSSE envelope"
_REPEATED = (
    *("execution_id", "agent_id", "agent_type", "operation", "status", "timestamp", "manifest_hash", "ontology_hash"),
    *("files_generated", "files_modified", "duration_ms", "error_message", "environment", "determinism_hash"),
    "session_id",
)  # columns of a row that its body repeats


class Claim(NamedTuple):
    """What a document says, and what does not hold."""

    receipt_id: str  # computed from the body
    body: Mapping[str, Any]
    signed_by: Sequence[str]  # ids of the keys that signatures name
    checked: Sequence[str]  # what was compared: id, determinism, columns, subject, signature
    problems: Sequence[str]  # sentences


def read(document: bytes, key: Verifier | None = None) -> Sequence[Claim]:
    """Every receipt of a document: one, or an array of them. `key`: an envelope must carry a signature by it.

    Raises UsageError when there is no receipt in it. What does not hold is in `Claim.problems`.
    """
    try:
        found = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise UsageError(f"this is not JSON: {error}", _FORMS) from error
    many = found if isinstance(found, list) else [found]
    if not many or not all(isinstance(one, dict) for one in many):
        raise UsageError("there is no receipt in it", _FORMS)
    return [_claim(one, key) for one in many]


def _claim(found: dict[str, Any], key: Verifier | None) -> Claim:
    if "payload" in found and "payloadType" in found:
        return _of_envelope(found, key)
    unsigned = [] if key is None else ["it is not signed, and a key was given"]
    if found.get("_type") == STATEMENT:
        claim = _of_statement(found)
    elif "receipt_json" in found:
        claim = _of_row(found)
    elif "execution_id" in found:
        claim = _checked(found, None, [], [])
    else:
        raise UsageError("there is no receipt in it", _FORMS)
    return claim._replace(problems=[*claim.problems, *unsigned])


def _of_envelope(envelope: dict[str, Any], key: Verifier | None) -> Claim:
    problems = []
    try:
        payload = opened(envelope, key)
    except VerificationFailed as error:
        if key is None:
            raise
        problems.append(str(error))
        payload = opened(envelope, None)
    try:
        statement = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise VerificationFailed("the envelope holds no JSON", "export the receipt again") from None
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT:
        raise VerificationFailed("the envelope holds no in-toto statement", "export the receipt again")
    claim = _of_statement(statement)
    keys = [str(one.get("keyid", "")) for one in envelope["signatures"]]
    checked = [*claim.checked, "signature"] if key is not None else claim.checked
    return claim._replace(signed_by=keys, checked=checked, problems=[*problems, *claim.problems])


def _of_statement(statement: dict[str, Any]) -> Claim:
    predicate = statement.get("predicate")
    if statement.get("predicateType") != PREDICATE or not isinstance(predicate, dict):
        kind = statement.get("predicateType")
        raise UsageError(f"this statement is no receipt: its predicate is {kind!r}", f"a receipt's is {PREDICATE}")
    body = predicate.get("receipt")
    if not isinstance(body, dict):
        raise VerificationFailed("the statement has no receipt in it", "export the receipt again")
    problems = [] if statement.get("subject") == subjects(body) else ["its subjects are not the files of the receipt"]
    return _checked(body, predicate.get("receipt_id"), problems, ["subject"])


def _of_row(row: dict[str, Any]) -> Claim:
    body = row["receipt_json"]
    if isinstance(body, str):
        try:
            body = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            body = None
    if not isinstance(body, dict):
        raise VerificationFailed("there is no receipt in it", "it was not written through Tachograph")
    problems = [
        f"{name} is {row[name]!r} beside the receipt and {body.get(name)!r} in it"
        for name in _REPEATED
        if name in row and row[name] != body.get(name)
    ]
    if row.get("receipt_id") is None:
        problems.append("it has no id: it was not written through Tachograph")
    return _checked(body, row.get("receipt_id"), problems, ["columns"])


def _checked(body: dict[str, Any], named: object, problems: list[str], checked: list[str]) -> Claim:
    """`named`: the id that the document gives it, None when it gives none."""
    try:
        found = digest(body)
        if "inputs" in body or "outputs" in body:
            checked = [*checked, "determinism"]
            problems = problems + _determinism(body)
    except BadRecord as error:
        raise VerificationFailed(f"this receipt has no id: {error}", "export it again") from error
    if named is not None:
        checked = ["id", *checked]
        if named != found:
            problems = [f"its id is {named}, that of what it says is {found}", *problems]
    return Claim(found, body, [], checked, problems)


def _determinism(body: dict[str, Any]) -> list[str]:
    named = body.get("determinism_hash")
    found = determinism(body.get("inputs"), body.get("outputs"))
    return [] if named == found else [f"its determinism hash is {named}, that of its inputs and outputs is {found}"]


def determinism(inputs: object, outputs: object) -> str:
    """SHA-256 over the canonical JSON of both, 64 hex digits."""
    return digest({"inputs": inputs, "outputs": outputs})


def subjects(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an in-toto statement about a receipt is about: the files it vouches for, by SHA-256; without any, itself."""
    files = [one for part in ("outputs", "files") for one in _files(body.get(part))]
    found = {one["path"]: one["sha256"] for one in files if _is_digest(one.get("sha256"))}
    if not found:
        return [{"name": f"receipt:{body.get('execution_id')}", "digest": {"sha256": digest(body)}}]
    return [{"name": path, "digest": {"sha256": found[path]}} for path in sorted(found)]


def _files(part: object) -> list[dict[str, Any]]:
    """`[{"path","sha256"}]` wherever it lies: a list, or under "files"."""
    if isinstance(part, dict):
        part = part.get("files")
    if not isinstance(part, list):
        return []
    return [one for one in part if isinstance(one, dict) and isinstance(one.get("path"), str)]


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and all(letter in "0123456789abcdef" for letter in value)
