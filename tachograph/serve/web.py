"""The web app: files that were built from `web/` when Tachograph was installed, read once, answered from memory.

Every address of a page is answered with the same document; its script looks at the address. What is not in the list of
files is not there, so no name can lead anywhere else.
"""

from __future__ import annotations

import gzip
import mimetypes
import os
from functools import cache
from typing import NamedTuple

from litestar import Response, get
from litestar.params import FromPath

from tachograph.errors import NotFound
from tachograph.serve import pages
from tachograph.serve.bodies import Incoming

FOLDER = os.path.join(os.path.dirname(__file__), "static")
DOCUMENT = "index.html"
PAGES = (
    "/",
    "/sessions",
    "/sessions/{name:str}",
    "/live",
    "/search",
    *("/insights", "/insights/failures", "/insights/failures/{name:str}", "/insights/commands", "/insights/cost"),
    *("/insights/files", "/insights/slo", "/insights/slo/{name:str}", "/insights/extractions"),
    *("/sessions/{name:str}/compare", "/sessions/{name:str}/compare/{other:str}"),
    "/workflows",
    "/workflows/{name:str}",
    "/audit",
    "/settings",
    "/settings/{part:str}",
)
_FOREVER = "private, max-age=31536000, immutable"  # the name of a file in assets/ carries the digest of its content
POLICY = pages.POLICY.replace(
    "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
)  # a terminal's screen is wasm
_WORTH = 1000  # bytes from which on packing is worth it


class File(NamedTuple):
    kind: str
    data: bytes
    packed: bytes | None  # gzip


@cache
def files() -> dict[str, File]:
    """All files of the app by their path; none when it was not built."""
    found = {}
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                data = file.read()
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            packed = gzip.compress(data, mtime=0) if len(data) >= _WORTH else None
            found[os.path.relpath(path, FOLDER).replace(os.sep, "/")] = File(kind, data, packed)
    return found


@get(list(PAGES), include_in_schema=False, sync_to_thread=False)
def page(request: Incoming) -> Response[bytes]:
    """The document of every page; without the app a page that says what else there is."""
    if DOCUMENT not in files():
        return pages.page("start.html")
    return _answer(request, DOCUMENT, {"content-security-policy": POLICY})


@get("/icon.svg", include_in_schema=False, sync_to_thread=False)
def icon(request: Incoming) -> Response[bytes]:
    """The sign of the tab."""
    return _answer(request, "icon.svg", {"cache-control": _FOREVER})


@get("/assets/{name:str}", include_in_schema=False, sync_to_thread=False)
def asset(request: Incoming, name: FromPath[str]) -> Response[bytes]:
    """A script or a style. Raises NotFound."""
    return _answer(request, f"assets/{name}", {"cache-control": _FOREVER})


HANDLERS = (page, icon, asset)


def _answer(request: Incoming, path: str, headers: dict[str, str]) -> Response[bytes]:
    file = files().get(path)
    if file is None:
        raise NotFound(f"there is no {path}")
    headers = {**headers, "vary": "accept-encoding"}
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, media_type=file.kind, headers={**headers, "content-encoding": "gzip"})
    return Response(file.data, media_type=file.kind, headers=headers)
