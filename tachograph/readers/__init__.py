"""Agents' own histories: one file per agent knows where it keeps them, how to tell them, and what they say.

bytes → facts, nothing else: no store, no clock, no other room. An agent's quirks never leave its file. A reader is a
module with the names of `Reader`; READERS lists them, the pickiest `detect` first.
"""

from tachograph.readers.reading import Origin, Parser, Place, Reader, Shape

__all__ = ["Origin", "Parser", "Place", "Reader", "Shape"]
