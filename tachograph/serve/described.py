"""The API as an OpenAPI 3.1 document: what Litestar reads from the handlers, and what holds for every one of them.

Every operation gets a short name, the two ways to show a token, and the answers that the guard or any handler may give
instead of the one asked for; handlers describe only their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from litestar import Litestar
from litestar.openapi import OpenAPIConfig

import tachograph

Document = dict[str, Any]

_ABOUT = """\
What coding agents and other commands did, as Tachograph recorded it.

Every route needs a token: `Authorization: Bearer TOKEN` (the token lies in the file `token` in the data folder), or the
cookie that a browser got by the link of `tachograph serve`. Fields are named as the columns of the SQL views. Times are
ISO-8601 in UTC; a parameter that is a time also takes `7d`, `15m`, `today`. Lists come in pages: `next_cursor` is the
`cursor` of the next one, and null at the end. Every error is `{"error": {"code", "message", "hint"}}`.
"""
_ERROR: Document = {
    "type": "object",
    "title": "Error",
    "description": "What every error looks like, whoever says it.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint"],
            "properties": {
                "code": {"type": "string", "description": "For programs; one word, stable.", "examples": ["not_found"]},
                "message": {"type": "string", "description": "What happened, for people."},
                "hint": {"type": "string", "description": "What to do about it; may be empty."},
            },
        }
    },
}
_ANSWERS = {
    "400": ("BadRequest", "A parameter or the body is wrong; the message names it."),
    "401": ("Unauthorized", "A token is needed, or the one given is wrong."),
    "403": ("Refused", "Not allowed: the wrong host or site, a token for sending only, a server that only reads."),
    "404": ("NotFound", "There is no such thing."),
    "405": ("NotAllowed", "This method is not possible here."),
    "408": ("TooSlow", "The request did not come in time."),
    "409": ("Conflict", "What is stored does not fit: another version, or a record that was changed."),
    "413": ("TooLarge", "The body is too large."),
    "414": ("AddressTooLong", "The address is too long."),
    "415": ("ContentType", "Such a body is not understood."),
    "431": ("HeadTooLarge", "The head of the request is too large."),
    "500": ("Failed", "A mistake in Tachograph; nothing of it is told."),
    "503": ("Busy", "The store is locked: try again; or the question took longer than it may: ask for less."),
}
_METHODS = ("get", "put", "post", "delete", "patch")
_BODIES = ("409", "413", "415")  # of requests that have one
_OPEN = ("/healthz",)


def document(handlers: Sequence[Any]) -> Document:
    """What these routes are, as a document.

    Of an application that is made for this alone: one that serves would answer what it does not know below the path of
    the document with a page of Litestar's.
    """
    about = OpenAPIConfig("Tachograph", tachograph.__version__, description=_ABOUT, use_handler_docstrings=True)
    return complete(Litestar(handlers, openapi_config=about, logging_config=None).openapi_schema.to_schema())


def complete(schema: Document) -> Document:
    """`schema` as Litestar made it, with what holds for every operation; changed in place."""
    schema["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = _ERROR
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The token in the data folder."},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "tachograph-8151", "description": "Of a browser."},
    }
    components["responses"] = {name: _refusal(about) for name, about in _ANSWERS.values()}
    for name in _bodies(schema["paths"]):
        components["schemas"][name]["additionalProperties"] = False  # what is misspelt is refused
    taken: set[str] = set()
    for path, operations in sorted(schema["paths"].items(), key=lambda item: (item[0].count("{"), item[0])):
        for method in [name for name in _METHODS if name in operations]:
            _complete(path, method, operations[method], taken)
    return schema


def _bodies(paths: Document) -> Iterator[str]:
    """Names of the schemas of what is sent to be understood here; what others say in their own words has none."""
    for operations in paths.values():
        for operation in operations.values():
            kinds = operation.get("requestBody", {}).get("content", {})
            for schema in (kind.get("schema", {}) for kind in kinds.values()):
                if "$ref" in schema:
                    yield schema["$ref"].rpartition("/")[2]


def _complete(path: str, method: str, operation: Document, taken: set[str]) -> None:
    operation["operationId"] = _name(path, method, taken)
    operation["security"] = [] if path in _OPEN else [{"bearer": []}, {"cookie": []}]
    if operation.get("summary", "").replace(" ", "").isalnum() and operation.get("description"):
        operation["summary"] = re.split(r"(?<=[.:;])\s", operation["description"], maxsplit=1)[0].rstrip(".:;")
    responses = operation["responses"]
    for status, (name, _) in _ANSWERS.items():
        if status in _BODIES and method == "get":
            continue
        responses[status] = {"$ref": f"#/components/responses/{name}"}


def _refusal(about: str) -> Document:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": about, "content": content}


def _name(path: str, method: str, taken: set[str]) -> str:
    """`/api/query/session/{id}` → `query_session`; what is in the way of that gets more words."""
    parts = [part for part in path.strip("/").split("/") if part != "api"]
    words = [re.sub(r"\W+", "_", part) for part in parts if not part.startswith("{")]
    inner = [re.sub(r"\W+", "_", part).strip("_") for part in parts if part.startswith("{")]
    short = "_".join(words)
    longer = f"{short}_by_{'_and_'.join(inner)}"
    more = (longer, f"{method}_{short}") if method == "get" else (f"{method}_{short}", longer)
    for name in (short, *more, f"{method}_{longer}"):
        if name and name not in taken:
            taken.add(name)
            return name
    raise AssertionError(f"no name is left for {method} {path}")
