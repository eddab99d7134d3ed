"""Append-only files between what we capture and the store: frame, append, read, repair. Knows no database."""
