"""What is compressed by itself, a zstd frame each, unpacked."""

from __future__ import annotations

import threading

import zstandard

from tachograph.errors import StoreDamaged

BYTES_MAX = 64 * 1024 * 1024  # what a damaged frame may claim to unpack to
_threads = threading.local()  # of each its decompressor: they are not for two threads


def unpack(data: bytes) -> bytes:
    """zstd → bytes. Raises StoreDamaged for bytes that are no chunk of ours, whatever size they claim."""
    try:
        if zstandard.frame_content_size(data) <= BYTES_MAX:
            if not hasattr(_threads, "decompress"):
                _threads.decompress = zstandard.ZstdDecompressor().decompress
            return bytes(_threads.decompress(data))
    except zstandard.ZstdError:
        pass
    raise StoreDamaged("a chunk of output is damaged", "`tachograph db check` looks at the whole file")
