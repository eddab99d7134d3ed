"""DSSE 1.0 envelopes (github.com/secure-systems-lab/dsse): what is signed is the bytes, with their type and lengths."""

from __future__ import annotations

import base64
from typing import Any

from tachograph.errors import VerificationFailed
from tachograph.proof.signing import Signer, Verifier

IN_TOTO = "application/vnd.in-toto+json"


def pae(kind: str, body: bytes) -> bytes:
    """The pre-authentication encoding: what the signature covers."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(body), body)


def seal(body: bytes, signer: Signer | None, kind: str = IN_TOTO) -> dict[str, Any]:
    """`{"payload","payloadType","signatures"}`; without a signer the list of signatures is empty."""
    signatures = []
    if signer is not None:
        signed = signer.sign(pae(kind, body))
        signatures.append({"keyid": signer.key_id, "sig": base64.b64encode(signed).decode()})
    return {"payload": base64.b64encode(body).decode(), "payloadType": kind, "signatures": signatures}


def opened(envelope: dict[str, Any], key: Verifier | None) -> bytes:
    """The payload, once one of its signatures fits `key` (None: nobody asked for one).

    Raises VerificationFailed when it is not an envelope, or none fits.
    """
    try:
        body = base64.b64decode(envelope["payload"], validate=True)
        kind = str(envelope["payloadType"])
        signatures = [base64.b64decode(one["sig"], validate=True) for one in envelope["signatures"]]
    except (KeyError, TypeError, ValueError) as error:
        raise VerificationFailed("this is not a DSSE envelope", "export the receipt again") from error
    if kind != IN_TOTO:
        raise VerificationFailed(f"the envelope holds {kind}, not {IN_TOTO}", "export the receipt again")
    if key is not None and not any(key.verify(signature, pae(kind, body)) for signature in signatures):
        raise VerificationFailed(
            f"no signature of the envelope is by key {key.key_id}", "name the key that signed it with --key"
        )
    return body
