"""The bytes of a history: opened safely, cut into lines, masked, told from others. No store, no reader."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Iterator
from hashlib import blake2b
from typing import IO, Any

from tachograph import clock
from tachograph.extract.redact import Redacted, redact
from tachograph.readers.json_lines import objects
from tachograph.store.histories import History
from tachograph.store.vault import Masked

BLOCK = 4 << 20  # bytes of a file that become one transaction
LINE_MAX = 64 << 20  # a longer line is nobody's record: counted, archived, skipped
DOCUMENT_MAX = 256 << 20
TAIL = 4096
QUIET = 10 * clock.SECOND  # nobody wrote for so long: what looks unfinished is as it will be
ZST = b"\x28\xb5\x2f\xfd"


def opened(path: str) -> IO[bytes]:
    """A regular file, never a FIFO or a device: opening those would wait. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not modes.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{path} is not a regular file")
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def stat_fields(stat: os.stat_result) -> dict[str, Any]:
    return {"inode": stat.st_ino, "size": stat.st_size, "modified_at": stat.st_mtime_ns}


def is_continued(file: IO[bytes], stat: os.stat_result, history: History) -> bool:
    """Whether what we read before is still there, as far as its size and its last bytes tell."""
    return stat.st_size >= history.kept_bytes and tail_of(file, history.kept_bytes) == history.tail


def tail_of(file: IO[bytes], end: int) -> bytes:
    """Digest of the last bytes before a position."""
    file.seek(max(0, end - TAIL))
    return digest_of(file.read(min(end, TAIL)))


def digest_of(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def is_whole(line: bytes, stat: os.stat_result) -> bool:
    """Whether a last line without an end is complete: one JSON object, or no JSON and nobody writes any more."""
    if line.lstrip()[:1] == b"{":
        found, wrong = objects(line)
        return bool(found) and not wrong
    return clock.now() - stat.st_mtime_ns > QUIET


def masked_lines(data: bytes, found: Redacted | None = None) -> list[bytes]:
    lines = (found or redact(data)).data.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def lines_of(file: Any, size: int | None) -> Iterator[bytes]:
    """Masked lines of the first `size` bytes (all when None); what is longer than LINE_MAX is left out."""
    left = size if size is not None else 1 << 62
    held, skipping = b"", False
    while left > 0 and (data := file.read(min(BLOCK, left))):
        left -= len(data)
        begin, end = 0, data.rfind(b"\n") + 1
        if skipping:
            begin = data.find(b"\n") + 1 or len(data)
            skipping = begin == len(data) and not data.endswith(b"\n")
            held = b""
        if end > begin:
            yield from masked_lines(held + data[begin:end])
            held = b""
            begin = end
        held += data[begin:]
        if len(held) > LINE_MAX:
            held, skipping = b"", True
    if held:
        yield from masked_lines(held)


def masks_of(original: bytes, found: Redacted) -> list[Masked]:
    """Where masks stand in the masked bytes, with what was there."""
    masks, shift = [], 0
    for secret in found.secrets:
        masks.append(Masked(secret.start + shift, secret.replacement_length, original[secret.start : secret.end]))
        shift += secret.replacement_length - (secret.end - secret.start)
    return masks
