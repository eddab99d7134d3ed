"""Journals become rows: read, redact, extract, store; rows and offset in one transaction. Home of the one importer."""
