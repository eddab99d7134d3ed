"""What a request says of itself, read by the guard: to which name it is sent, by which page, with which secret.

Pure functions of an ASGI scope; what they mean is decided in `guard.py`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

from tachograph.serve.entry import cookie_name

Scope = MutableMapping[str, Any]
Headers = Sequence[tuple[bytes, bytes]]

PATH_SECRET = "/i/"  # noqa: S105  # where one stands in a path, not one itself
HOSTS = ("127.0.0.1", "localhost", "[::1]")
SAFE = ("GET", "HEAD")
OWN_SITE = ("same-origin", "none")
_SLASH = "\udc2f"  # one that was sent as %2F: no text that is sent holds half a character


def port_of(scope: Scope) -> int | None:
    """None on a socket that is a file."""
    found: int | None = (scope.get("server") or ("", None))[1]
    return found


def in_names(path: str, raw: bytes) -> str:
    """A path to be routed by: a slash that was sent as %2F is part of a name, not the end of one; see `named`.

    `path` is all of it decoded, `raw` as it was sent.
    """
    if b"%2f" not in raw.lower():
        return path
    parts = raw.decode("ascii", "replace").split("/")
    return "/".join(unquote(part).replace("/", _SLASH) for part in parts)


def named(parameters: dict[str, Any]) -> dict[str, Any]:
    """What stood in a path, by name, with the slashes that are part of it."""
    return {name: value.replace(_SLASH, "/") if isinstance(value, str) else value for name, value in parameters.items()}


def sent(path: str) -> str:
    """A path of `in_names` as it is written in an address."""
    return "%2F".join(map(quote, path.split(_SLASH)))


class Names(NamedTuple):
    """Every value that the header Host may have, and Origin: exact names, exact port."""

    hosts: frozenset[str]
    origins: frozenset[bytes]


@lru_cache(64)
def names_of(server: tuple[str, int | None] | None, more: tuple[str, ...]) -> Names:
    address, port = server or ("", None)
    hosts = [*HOSTS, *(name for name in more if ":" not in name)]
    try:
        # An address cannot be made to point elsewhere; with --host, it is one that this machine has.
        local = ipaddress.ip_address(address)
        hosts.append(f"[{local}]" if local.version == 6 else str(local))
    except ValueError:
        pass
    if port is None:
        found = frozenset(("localhost", *more))
    else:
        found = frozenset([f"{host}:{port}" for host in hosts] + list(more) + (hosts if port == 80 else []))
    return Names(found, frozenset(f"{scheme}://{name}".encode() for scheme in ("http", "https") for name in found))


def is_foreign(headers: Headers, names: Names) -> bool:
    """Does a header say that a page elsewhere asks?"""
    return any(
        (name == b"origin" and value not in names.origins)
        or (name == b"sec-fetch-site" and value.decode("latin-1") not in OWN_SITE)
        for name, value in headers
    )


def link_in(scope: Scope) -> str:
    """The secret of a link; "" when none is in the address."""
    query = scope.get("query_string") or b""
    if scope["type"] != "http" or scope["method"] != "GET" or b"token=once-" not in query:
        return ""
    pairs: dict[str, str] = dict(parse_qsl(query.decode("latin-1")))
    return pairs.get("token", "")


def without_secret(scope: Scope) -> bytes:
    """The address asked for, on this server whatever it is, without the secret."""
    left = [(name, value) for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name != "token"]
    path = "/" + sent(scope["path"].lstrip("/\\"))
    return f"{path}?{urlencode(left)}".encode() if left else path.encode()


def cookies_in(headers: Headers, port: int | None) -> list[str]:
    """The values of our cookie; a browser that was given it twice sends both."""
    wanted = cookie_name(port)
    pairs = [
        one.strip().partition("=")
        for name, value in headers if name == b"cookie" for one in value.decode("latin-1").split(";")
    ]  # fmt: skip
    return [value for name, _, value in pairs if name == wanted][:4]


def token_in(scope: Scope, headers: Headers) -> tuple[str, str]:
    """(the token, "" when there is none, and the path without it)."""
    path = scope["path"]
    if path.startswith(PATH_SECRET):
        token, slash, rest = path[len(PATH_SECRET) :].partition("/")
        return token, slash + rest
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return (token.strip() if scheme.lower() == "bearer" else ""), path
    return "", path
