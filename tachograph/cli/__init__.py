"""The terminal door: one file per command. Options in, one function called, lines out."""
