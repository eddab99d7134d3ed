"""What a command does to the recorder itself becomes an entry of the audit log."""

from __future__ import annotations

from tachograph.cli.app import App
from tachograph.ingest.noting import note
from tachograph.store import Store


def noted(app: App, operation: str, details: str, status: str = "completed", store: Store | None = None) -> None:
    """`details` in a sentence; masked here. Raises StoreError: what cannot be noted is not done quietly."""
    note(store or app.new_store(), operation, details, status)
