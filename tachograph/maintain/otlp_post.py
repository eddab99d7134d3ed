"""One message to an OTLP/HTTP receiver, and what its answer means (opentelemetry.io/docs/specs/otlp, OTLP/HTTP).

Nothing is followed elsewhere: a redirect would carry headers, and with them keys, to an address nobody configured.
"""

from __future__ import annotations

import gzip
import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from tachograph import clock

_ANSWER_MAX = 65_536  # bytes that are read of one
_AGAIN = frozenset({408, 429, 502, 503, 504})
_CONFIGURATION = frozenset({401, 402, 403, 404, 405, 407, 415})  # ours, or of our account: the spans are fine
_LONGEST = clock.HOUR  # a receiver may ask us to wait


class Meaning(Enum):
    """TAKEN. AGAIN: later. TRIPPED: later, unless it is the message that makes the receiver fail. HELD: when somebody
    has mended the settings. LESS: too large. REFUSED: never."""

    TAKEN = "taken"
    AGAIN = "again"
    TRIPPED = "tripped"
    HELD = "held"
    LESS = "less"
    REFUSED = "refused"


class Answer(NamedTuple):
    """`rejected` spans of a message that was taken; `after` ns from now it may be tried again, 0: not said."""

    meaning: Meaning
    text: str = ""
    rejected: int = 0
    after: int = 0


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Not followed: the answer is what it is."""
        return None


def post(url: str, body: bytes, headers: Mapping[str, str], *, protobuf: bool, timeout: int) -> Answer:
    """Send a message (packed here) and wait at most `timeout` ns for each step of it. Raises nothing."""
    kind = "application/x-protobuf" if protobuf else "application/json"
    given = {**headers, "Content-Type": kind, "Content-Encoding": "gzip", "User-Agent": "tachograph"}
    request = urllib.request.Request(url, gzip.compress(body, 6), given, method="POST")  # noqa: S310  # http or https
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(request, timeout=timeout / clock.SECOND) as reply:
            return _taken(reply.read(_ANSWER_MAX), reply.headers.get("Content-Type", ""))
    except urllib.error.HTTPError as error:
        with error:
            return _refused(error)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(Meaning.AGAIN, _reason(error))


def _taken(body: bytes, kind: str) -> Answer:
    """2xx: all of it, but for what `partialSuccess` says."""
    rejected, message = 0, ""
    try:
        if "protobuf" in kind:
            rejected, message = _partly(body)
        elif body.strip():
            partial = msgspec.json.decode(body).get("partialSuccess") or {}
            rejected, message = int(partial.get("rejectedSpans") or 0), str(partial.get("errorMessage") or "")
    except Exception:  # a receiver that says yes in words of its own has said yes
        return Answer(Meaning.TAKEN)
    return Answer(Meaning.TAKEN, message[:500], max(rejected, 0))


def _partly(body: bytes) -> tuple[int, str]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    partial = ExportTraceServiceResponse.FromString(body).partial_success
    return partial.rejected_spans, partial.error_message


def _refused(error: urllib.error.HTTPError) -> Answer:
    text = f"HTTP {error.code} {error.reason}".strip()
    if error.code in _AGAIN:
        return Answer(Meaning.AGAIN, text, after=_after(error.headers.get("Retry-After")))
    try:
        said = error.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        said = ""
    text = f"{text}: {' '.join(said.split())[:300]}" if said.strip() else text
    if error.code == 413:
        return Answer(Meaning.LESS, text)
    if error.code >= 500:
        return Answer(Meaning.TRIPPED, text)
    held = error.code in _CONFIGURATION or error.code < 400
    return Answer(Meaning.HELD if held else Meaning.REFUSED, text)


def _after(said: str | None) -> int:
    """`Retry-After`, in seconds or as a date → ns from now; 0 when it does not say."""
    if not said:
        return 0
    try:
        if said.strip().isdigit():
            found = int(said) * clock.SECOND
        else:
            found = int(parsedate_to_datetime(said).timestamp() * clock.SECOND) - clock.now()
    except (ValueError, TypeError, OverflowError):
        return 0
    return min(max(found, 0), _LONGEST)


def _reason(error: Exception) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError | socket.timeout):
        return "no answer in time"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return str(inner) or type(inner).__name__
