"""Pages of our own: the start page, and the API explained with a form to try it. Files beside this one, known by name.

Nothing that a request says becomes a path: a name that is not in the list is not found.
"""

from __future__ import annotations

from importlib import resources

from litestar import Response, Router, get
from litestar.params import FromPath

from tachograph.errors import NotFound

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}  # Litestar adds the charset
_FILES = ("start.html", "docs.html", "pages.css", "docs.js")


@get("/api/docs", include_in_schema=False, sync_to_thread=False)
def docs() -> Response[bytes]:
    return page("docs.html")


@get("/pages/{name:str}", include_in_schema=False, sync_to_thread=False)
def part(name: FromPath[str]) -> Response[bytes]:
    return page(name)


def page(name: str) -> Response[bytes]:
    """One of our files, with the policy for pages. Raises NotFound."""
    if name not in _FILES:
        raise NotFound("there is no such page", "/ is where pages begin")
    content = (resources.files(__package__) / "pages" / name).read_bytes()
    return Response(
        content, media_type=_KINDS[name.rpartition(".")[2]], headers={"content-security-policy": POLICY}
    )  # fmt: skip


router = Router("/", route_handlers=[docs, part])
