"""How a browser comes in: with a link that works once, which is exchanged for a cookie.

Both are made from the opening token and lead nowhere back to it, so whoever can read the token file can make a link for
a server that runs already, and a cookie outlives a restart. A link lasts `LINK_LASTS`, is good for one port and for
one use; one made before the server began is refused, since nobody knows whether it was used. A cookie is bound to the
port, too: its name carries it, because browsers do not keep the cookies of two ports apart.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import socket
import sys

from tachograph import clock, keys

LINK_LASTS = 5 * 60 * clock.SECOND
COOKIE_LASTS = 30 * clock.DAY
SKEW = 60 * clock.SECOND  # how far ahead the clock of whoever made it may be
_ONCE = "once-"
_TIME_WAIT = "06"  # nobody's any more
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def secret(token: str, port: int) -> str:
    """The secret of a new link to the server at `port`."""
    return _ONCE + _made(token, "link", port)


def link(token: str, address: str) -> str:
    """A new link; `address` is `http://127.0.0.1:8151`."""
    return f"{address}/?token={secret(token, int(address.rpartition(':')[2]))}"


def cookie_name(port: int | None) -> str:
    return f"tachograph-{port}"


class Entry:
    """Exchanges links, knows cookies. One for each server: it remembers which links were used."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._began = clock.now()
        self._used: dict[str, int] = {}  # a link's nonce → when it was made

    def uses(self, given: str, port: int) -> bool:
        """Is that the secret of a link that still works? From now on it does not."""
        now = clock.now()
        made = _read(self._token, "link", port, given.removeprefix(_ONCE)) if given.startswith(_ONCE) else None
        if made is None:
            return False
        at, nonce = made
        if at < self._began or not now - LINK_LASTS <= at <= now + SKEW or nonce in self._used:
            return False
        self._used = {known: when for known, when in self._used.items() if when >= now - LINK_LASTS}
        self._used[nonce] = at
        return True

    def cookie(self, port: int) -> bytes:
        """The value of a Set-Cookie header."""
        seconds = COOKIE_LASTS // clock.SECOND
        value = _made(self._token, "cookie", port)
        return f"{cookie_name(port)}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict".encode()

    def knows(self, value: str, port: int | None) -> bool:
        """Is that the value of a cookie of ours for that port, and not too old?"""
        made = _read(self._token, "cookie", port, value) if port is not None else None
        now = clock.now()
        return made is not None and now - COOKIE_LASTS <= made[0] <= now + SKEW


def of_this_user(client: tuple[str, int] | None, server: tuple[str, int | None] | None) -> bool:
    """Does a connection over the loopback come from a process of the same user (or of root)?

    A link can be seen by others where a browser is started with it (`ps`). Only Linux can tell whose a connection is;
    True where nothing is known: other systems, other machines, other network namespaces.
    """
    if client is None or server is None or server[1] is None:
        return True
    for table in _TABLES:
        try:
            with open(table, encoding="ascii") as file:
                owner = owner_in(file.read(), client, (server[0], server[1]))
        except OSError:
            continue
        if owner is not None:
            return owner in (0, os.geteuid())
    return True


def owner_in(table: str, local: tuple[str, int], remote: tuple[str, int]) -> int | None:
    """The user of the connection from `local` to `remote`, in the form of /proc/net/tcp (proc(5))."""
    wanted = [_in_hex(local), _in_hex(remote)]
    for line in table.splitlines()[1:]:
        fields = line.split()
        if fields[1:3] == wanted and fields[3] != _TIME_WAIT:
            return int(fields[7])
    return None


def _in_hex(address: tuple[str, int]) -> str:
    """As the kernel writes it: words of four bytes in the machine's own order."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    packed = socket.inet_pton(family, address[0])
    words = [int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4)]
    return "".join(f"{word:08X}" for word in words) + f":{address[1]:04X}"


def _made(token: str, what: str, port: int) -> str:
    head = f"{clock.now():x}.{secrets.token_hex(12)}"
    return f"{head}.{_seal(token, what, port, head)}"


def _read(token: str, what: str, port: int | None, given: str) -> tuple[int, str] | None:
    """(when it was made, its nonce), if it was made by us for that."""
    head, _, seal = given.rpartition(".")
    if port is None or not keys.same(seal, _seal(token, what, port, head)):
        return None
    at, _, nonce = head.partition(".")
    return int(at, 16), nonce


def _seal(token: str, what: str, port: int, head: str) -> str:
    text = f"tachograph: {what} for {port}: {head}"
    return hmac.digest(token.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
