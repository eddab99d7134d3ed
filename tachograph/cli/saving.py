"""A file that a command writes: of the owner's alone, there only when it is complete."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from tachograph.errors import Refused


def save(path: str, pieces: Iterable[bytes], *, force: bool) -> int:
    """Returns how many bytes that were. Raises Refused when the file is there already and `force` is off."""
    if os.path.lexists(path) and not force:
        raise Refused(f"{path} is there already", "--force writes over it")
    part = f"{path}.part-{os.getpid()}"
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            written = sum(map(file.write, pieces))
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    return written
