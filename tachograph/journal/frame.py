"""The shape of one journal record on disk, byte by byte. No files here: writer.py appends frames, reader.py finds them.

    offset  size  what
         0     4  length of the payload, little-endian
         4     4  crc32 over the sequence (8 bytes) and the payload
         8     8  sequence, from 1, without holes
        16     1  payload: kind (one of KINDS)
        17     8  payload: when, ns since the epoch, signed
        25     …  payload: body; raw bytes for O, E, I and T, a JSON object for every other kind

The sequence is inside the checksum, so a record copied to another place is as wrong as a record with a flipped bit.
"""

from __future__ import annotations

import struct
from zlib import crc32

HEADER = b"H"  # who runs what, where; the first record
OUTPUT = b"O"  # bytes of stdout, or of the terminal
ERROR = b"E"  # bytes of stderr
INPUT = b"I"  # bytes typed
RESIZE = b"R"
STATE = b"S"
NOTE = b"N"
GAP = b"G"  # what could not be kept, counted
END = b"X"  # exit code, git after, cost of the recording; the last record
HOOK = b"K"  # what an agent told one of its hooks; only in received journals
TELEMETRY = b"T"  # what an agent exported over OTLP: a line of JSON about it, then the body; only in received journals

KINDS = HEADER + OUTPUT + ERROR + INPUT + RESIZE + STATE + NOTE + GAP + END + HOOK + TELEMETRY
STREAMS = OUTPUT + ERROR + INPUT

HEAD = struct.Struct("<IIQcq")  # the fixed part, payload prefix included
_LENGTHS = struct.Struct("<II")
_CHECKED = struct.Struct("<Qcq")  # what the checksum covers besides the body

PAYLOAD_AT = 16
BODY_AT = HEAD.size
PREFIX = BODY_AT - PAYLOAD_AT  # the part of the payload that is not body
BODY_MAX = 16 << 20  # nothing longer is written, so nothing longer is believed when read


def head(kind: bytes, at: int, body: bytes | memoryview, sequence: int) -> bytes:
    """The fixed part of a frame; the body follows it. `at` is ns. A body over BODY_MAX is a mistake (ValueError)."""
    if len(body) > BODY_MAX:
        raise ValueError(f"a journal record holds at most {BODY_MAX} bytes, not {len(body)}")
    checked = _CHECKED.pack(sequence, kind, at)
    return _LENGTHS.pack(len(body) + PREFIX, crc32(body, crc32(checked))) + checked


def encode(kind: bytes, at: int, body: bytes, sequence: int) -> bytes:
    """One whole frame."""
    return head(kind, at, body, sequence) + body


def plausible(length: int) -> bool:
    """Whether a payload can be that long; the checksum decides. Unknown kinds are for whoever reads to judge."""
    return PREFIX <= length <= BODY_MAX + PREFIX


def checksum(data: bytes, start: int, end: int) -> int:
    """What the checksum of the frame in data[start:end] should be."""
    return crc32(memoryview(data)[start + PAYLOAD_AT : end], crc32(data[start + 8 : start + PAYLOAD_AT]))


def intact(data: bytes, start: int) -> bool:
    """Whether a whole frame with the right checksum begins at `start` of `data`."""
    if len(data) - start < BODY_AT:
        return False
    length, check, _, _, _ = HEAD.unpack_from(data, start)
    end = start + PAYLOAD_AT + length
    return plausible(length) and end <= len(data) and checksum(data, start, end) == check
