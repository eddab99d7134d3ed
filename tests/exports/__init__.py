"""Exports opened by the programs they are for: `make test-exports`. Not part of the tests that need no network."""
