"""Errors of every part in one shape: `{"error": {"code", "message", "hint"}}`. No path and no traceback goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException, InternalServerException

from tachograph.errors import NotFound, Refused, StoreBusy, TachographError, TooSlow, UsageError, VerificationFailed
from tachograph.paths import Places
from tachograph.regexes import regex
from tachograph.serve import bodies
from tachograph.serve.answering import failed, without_paths

_STATUSES: dict[type[TachographError], int] = {  # the nearest in a class's family counts
    UsageError: 400, NotFound: 404, Refused: 403, VerificationFailed: 409, TachographError: 500,
    TooSlow: 503, StoreBusy: 503,
}  # fmt: skip
_CODES = {
    400: "bad_request", 404: "not_found", 405: "not_allowed", 413: "too_large", 415: "content_type", 422: "bad_request",
}  # fmt: skip
_PLAIN = {
    "`int`": "a whole number", "`float`": "a number", "`bool`": "true or false", "`str`": "text", "`array`": "a list",
    "`object`": "an object", "`null`": "nothing", " >= ": " of at least ", " <= ": " of at most ", "`": "",
}  # fmt: skip
_FIELD = regex(r"Object (missing required|contains unknown) field `(.*)`", re.S)
_SEE = "tachograph openapi, or /api/docs, says what there is"
_HINTS = {400: _SEE, 404: _SEE, 405: _SEE}


def answer(request: bodies.Incoming, error: Exception) -> Response[object]:
    """An error as an answer."""
    status, code, message, hint = _told(request, error)
    places: Places | None = getattr(request.app.state, "places", None)
    if places is not None:
        message, hint = without_paths(message, places), without_paths(hint, places)
    body = {"error": {"code": code, "message": message, "hint": hint}}
    headers = dict(getattr(error, "headers", None) or {})
    if status == 413:
        headers["connection"] = "close"
    return Response(body, status_code=status, media_type=MediaType.JSON, headers=headers)


def _told(request: bodies.Incoming, error: Exception) -> tuple[int, str, str, str]:
    """(status, code, message, hint)"""
    if isinstance(error, bodies.NotTaken):
        return error.status_code, error.code, error.detail, error.hint
    if isinstance(error, TachographError):
        status = next(_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES)
        return status, error.code, str(error), error.hint
    if isinstance(error, HTTPException) and error.status_code < 500:
        status = error.status_code
        return status, _CODES.get(status, "failed"), _message(request, error), _HINTS.get(status, "")
    if isinstance(error, InternalServerException) and "disconnected" in error.detail:
        return 400, "bad_request", "the request broke off", ""  # nobody reads that, and nothing is wrong here
    failed(request.scope, error)  # type: ignore[arg-type]  # Litestar's own name for a scope
    return 500, "failed", "something went wrong in here", "tachograph doctor"


def _message(request: bodies.Incoming, error: HTTPException) -> str:
    """In one sentence; a wrong parameter is named with what it may be."""
    wrong = error.extra if isinstance(error.extra, list) else []
    found = [_wrong(request, one) for one in wrong if isinstance(one, Mapping)]
    if found:
        return "; ".join(found)
    if error.status_code == 404:
        return "there is nothing at this address"
    if error.status_code == 405:
        return f"{request.method} is not possible here; {dict(error.headers or {}).get('allow', 'nothing')} is"
    return error.detail


def _wrong(request: bodies.Incoming, one: Mapping[str, Any]) -> str:
    """msgspec says: Expected `int` >= 1; Expected `int`, got `str`; Invalid enum value 'x'."""
    said, name = str(one.get("message", "")), str(one.get("key") or "")
    if field := _FIELD.fullmatch(said):
        return f"{field[2]}: {'it is missing' if field[1] == 'missing required' else 'there is no such field'}"
    if (value := said.removeprefix("Invalid enum value ")) != said:
        return f"{name}: {value} is none of {', '.join(_words_of(request, name))}"
    for word, plain in _PLAIN.items():
        said = said.replace(word, plain)
    said = said[:1].lower() + said[1:]
    return f"{name}: {said}" if name else said


def _words_of(request: bodies.Incoming, name: str) -> Iterator[str]:
    """What a parameter, or a field of the body, may be that is one of some words."""
    for field in request.route_handler.parsed_fn_signature.parameters.values():
        if field.name == name:
            yield from _literals(field.annotation)
        elif field.is_subclass_of(msgspec.Struct):
            known = {one.encode_name: one.type for one in msgspec.structs.fields(field.annotation)}
            yield from _literals(known.get(name))


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    else:
        for inner in get_args(annotation):
            yield from _literals(inner)
