"""Where sessions are sent on to, out of `[otlp_export]` in config.toml; nowhere unless an endpoint is named."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tachograph import clock
from tachograph.config import Config
from tachograph.errors import UsageError
from tachograph.regexes import regex

SECTION = "otlp_export"
_NAME = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
_SECRET = regex(r"auth|key|token|secret|password|cookie", re.IGNORECASE)
_VARIABLE = regex(r"\$\{(\w+)\}")
_OURS = frozenset({"content-type", "content-encoding", "content-length", "host", "connection", "transfer-encoding"})


class Target(NamedTuple):
    """A receiver, and what it gets. Times in ns."""

    url: str
    headers: Mapping[str, str]
    protobuf: bool
    names: str  # edition of the conventions: new, 1.36
    content: bool  # with what was said, asked for and returned
    agents: str  # glob
    project: str  # glob
    since: int | None  # sessions that began since then; None: since it was switched on
    interval: int
    batch: int  # spans in a message
    timeout: int

    @property
    def shown(self) -> str:
        """The address without anything that may be secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def in_the_clear(self) -> bool:
        """Whether others on the way can read along."""
        return self.url.startswith("http:") and not is_loopback(urlsplit(self.url).hostname or "")


def target(config: Config, environ: Mapping[str, str] = os.environ) -> Target | None:
    """None when nothing is to be sent. Raises UsageError, which names the setting that is wrong."""
    endpoint = str(_get(config, "endpoint")).strip()
    if not endpoint:
        return None
    protobuf = _get(config, "protocol") == "protobuf"
    if protobuf and not _has_protobuf():
        raise UsageError(
            f"{SECTION}.protocol is protobuf, and opentelemetry-proto is not installed",
            "pip install 'tachograph[otlp]', or protocol = \"json\"",
        )
    since = str(_get(config, "since")).strip()
    return Target(
        _url(endpoint),
        dict(_headers(config, environ)),
        protobuf,
        str(_get(config, "names")),
        bool(_get(config, "content")),
        str(_get(config, "agents")),
        str(_get(config, "project")),
        _time(since) if since else None,
        _get(config, "interval"),
        _get(config, "batch"),
        _get(config, "timeout"),
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own(url: str, port: int) -> bool:
    """Whether an address is the port of this machine on which we listen."""
    parts = urlsplit(url)
    return is_loopback(parts.hostname or "") and (parts.port or {"https": 443}.get(parts.scheme, 80)) == port


def _get(config: Config, name: str) -> Any:
    return config.get(f"{SECTION}.{name}")


def _url(endpoint: str) -> str:
    """The address that traces go to: as OpenTelemetry has it, `/v1/traces` is added to one that does not say so."""
    try:
        parts = urlsplit(endpoint)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if not named or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise UsageError(
            f"{SECTION}.endpoint is no http or https address", f"such as https://otlp.example.com or {_EXAMPLE}"
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{SECTION}.endpoint holds a password", f"put it into {SECTION}.headers_file")
    path = parts.path.rstrip("/")
    path = path if path.endswith("/traces") else f"{path}/v1/traces"
    return parts._replace(path=path, fragment="").geturl()


_EXAMPLE = "http://127.0.0.1:4318/v1/traces"


def _headers(config: Config, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those of the setting, then those of the file."""
    setting = config.setting(f"{SECTION}.headers")
    for pair in filter(str.strip, str(setting.value).split(",")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{SECTION}.headers: {name.strip()} has no value", "NAME=VALUE, NAME=VALUE")
        if setting.source != setting.key.variable and _SECRET.search(name) and not _VARIABLE.search(value):
            raise UsageError(
                f"{SECTION}.headers holds {name.strip()} itself, and settings are shown to whoever asks",
                f"write {name.strip()}=${{VARIABLE}}, or put it into {SECTION}.headers_file",
            )
        yield _checked(name, _VARIABLE.sub(lambda found: _variable(found[1], environ), value))
    path = os.path.expanduser(str(_get(config, "headers_file")).strip())
    if path:
        for line in _lines(path):
            name, colon, value = line.partition(":")
            if not colon:
                raise UsageError(f"{path}: a line is no header", "NAME: VALUE, one a line")
            yield _checked(name, value)


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise UsageError(f"{SECTION}.headers names ${{{name}}}, and there is no such variable", f"export {name}=…")
    return environ[name]


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            mode = os.fstat(file.fileno())
            if os.name == "posix" and mode.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise UsageError(f"{path} is open to others", f"chmod 600 {path}")
            return [line for line in file.read(65_536).splitlines() if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"{SECTION}.headers_file: {path} cannot be read: {reason}", "NAME: VALUE, one a line"
        ) from None


def _checked(name: str, value: str) -> tuple[str, str]:
    name, value = name.strip(), value.strip()
    if not _NAME.fullmatch(name) or name.lower() in _OURS:
        raise UsageError(f"{SECTION}: {name!r} cannot be sent as a header", "NAME=VALUE, NAME=VALUE")
    if not value.isascii() or not value.isprintable():
        raise UsageError(f"{SECTION}: the value of {name} cannot be sent as a header", "ASCII, on one line")
    return name, value


def _time(text: str) -> int:
    try:
        return clock.parse_time(text, clock.now())
    except ValueError as error:
        raise UsageError(f"{SECTION}.since: {error}", "tachograph config edit") from None


def _has_protobuf() -> bool:
    import importlib.util

    try:
        return importlib.util.find_spec("opentelemetry.proto") is not None
    except ModuleNotFoundError:
        return False
