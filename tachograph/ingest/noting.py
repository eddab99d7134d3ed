"""What is done to the recorder itself becomes an entry of the audit log, sealed like every other."""

from __future__ import annotations

from tachograph.extract.redact import redact_text
from tachograph.store import Store

AGENT, KIND = "tachograph", "recorder"


def note(store: Store, operation: str, details: str, status: str = "completed") -> None:
    """`details` in a sentence; masked here. Raises StoreError: what cannot be noted is not done quietly."""
    text = redact_text(details)[0]
    store.audit.add(AGENT, operation, status, operation_type=KIND, details=text)
