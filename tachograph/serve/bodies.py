"""Bodies of requests: read up to a limit, unpacked, looked at just enough to tell a sender that it sends nonsense."""

from __future__ import annotations

import importlib.util
import zlib
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from tachograph.readers.json_lines import objects

Incoming = Request[Any, Any, Any]
LIMIT = 15 << 20  # bytes, packed or unpacked; a journal record holds little more
JSON, PROTOBUF = "json", "protobuf"
_TYPES = {"application/json": JSON, "application/x-protobuf": PROTOBUF, "application/protobuf": PROTOBUF}
_GZIP = 31  # for zlib: a gzip header is expected


class Checked(Request[Any, Any, Any]):
    """What handlers are given: a body that is no JSON is the sender's mistake, whatever is wrong with it."""

    async def json(self) -> Any:
        """Raises NotTaken (400) for what Litestar takes for a mistake of ours."""
        try:
            return await super().json()
        except (UnicodeDecodeError, RecursionError) as error:
            raise NotTaken(400, "not_json", f"the body is no JSON: {error}") from None


class NotTaken(HTTPException):
    """A request that is answered with 4xx: `code` is for programs, `hint` says what to do."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, status_code=status)
        self.code = code
        self.hint = hint


async def unpacked(request: Incoming) -> bytes:
    """The body, decompressed. Raises NotTaken: 413 when it is too large either way, 415, 400."""
    body = await request.body()
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if packing in ("identity", ""):
        return body
    if packing != "gzip":
        raise NotTaken(415, "packing", f"bodies packed with {packing} are not understood", "send gzip, or no packing")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        found = unpacker.decompress(body, LIMIT)
    except zlib.error as error:
        raise NotTaken(400, "packing", f"the body is not gzip: {error}") from None
    if unpacker.unconsumed_tail:
        raise too_large()
    if not unpacker.eof:
        raise NotTaken(400, "packing", "the body is cut off")
    return found


def too_large() -> NotTaken:
    return NotTaken(413, "too_large", f"a message holds at most {LIMIT >> 20} MB", "send less at once")


def encoding(request: Incoming) -> str:
    """`json` or `protobuf`, as the content type says. Raises NotTaken: 415."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = _TYPES.get(given)
    if found is None:
        raise NotTaken(415, "content_type", f"{given or 'no content type'} is not understood", "send application/json")
    if found == PROTOBUF and not _protobuf():
        raise NotTaken(
            415,
            "content_type",
            "protobuf is not understood by this installation",
            "pip install 'tachograph[otlp]', or have the sender use OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
        )
    return found


def check_json(body: bytes) -> None:
    """Raises NotTaken (400) when it is no JSON object; one with half a character is: senders cut texts anywhere."""
    try:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found, strange = objects(body)
        if strange or len(found) != 1:
            raise NotTaken(400, "not_json", f"the body is no JSON object: {error}") from None


def _protobuf() -> bool:
    return importlib.util.find_spec("opentelemetry.proto") is not None if _namespace() else False


def _namespace() -> bool:
    return importlib.util.find_spec("opentelemetry") is not None
