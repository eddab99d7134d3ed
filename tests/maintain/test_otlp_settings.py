"""`[otlp_export]`: what it takes, what it refuses, and that keys do not lie about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph import clock
from tachograph.config import Config
from tachograph.errors import UsageError
from tachograph.maintain.otlp_settings import Target, is_own, target


def read(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Target | None:
    path = tmp_path / "config.toml"
    path.write_text(f"[otlp_export]\n{text}\n")
    return target(Config(str(path), environ or {}), environ or {})


def made(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Target:
    found = read(tmp_path, text, environ)
    assert found is not None
    return found


def test_off_by_default(tmp_path: Path) -> None:
    assert target(Config(str(tmp_path / "none"), {})) is None
    assert read(tmp_path, 'protocol = "protobuf"') is None


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.example.com/", "https://otlp.example.com/v1/traces"),
        ("https://cloud.example.com/api/public/otel", "https://cloud.example.com/api/public/otel/v1/traces"),
        ("https://x.example.com/v1/traces", "https://x.example.com/v1/traces"),
        ("https://x.example.com/api/v0.2/traces", "https://x.example.com/api/v0.2/traces"),
        ("http://[::1]:4318/v1/traces?a=b", "http://[::1]:4318/v1/traces?a=b"),
    ],
)
def test_addresses(tmp_path: Path, endpoint: str, url: str) -> None:
    assert made(tmp_path, f'endpoint = "{endpoint}"').url == url


@pytest.mark.parametrize(
    "endpoint",
    [
        "file:///etc/passwd", "ftp://example.com", "example.com:4318", "//example.com", "http://",
        "javascript:alert(1)", "http://exa mple.com", "http://example.com:99999", "http://example.com:x", "http://ex\\u00e4mple.com",
        "unix:/run/x",
        "http://example.com\\r\\nX-A: b",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(UsageError, match="no http or https address"):
        read(tmp_path, f'endpoint = "{endpoint}"')


def test_a_password_in_the_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a password") as caught:
        read(tmp_path, 'endpoint = "https://ann:hunter2@example.com"')
    assert "hunter2" not in str(caught.value)


_HERE = 'endpoint = "http://127.0.0.1:4318"\n'


def test_headers_name_variables(tmp_path: Path) -> None:
    text = _HERE + 'headers = "Authorization=Basic ${KEY}, x-scope=one=two"'
    assert made(tmp_path, text, {"KEY": "abc"}).headers == {"Authorization": "Basic abc", "x-scope": "one=two"}
    with pytest.raises(UsageError, match="no such variable"):
        read(tmp_path, text)


@pytest.mark.parametrize("name", ["api-key", "Authorization", "x-honeycomb-team-token", "DD-API-KEY"])
def test_a_key_itself_does_not_belong_into_the_settings(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="holds") as caught:
        read(tmp_path, f'{_HERE}headers = "{name}=abc123"')
    assert "headers_file" in caught.value.hint
    assert "abc123" not in str(caught.value) + caught.value.hint


def test_headers_of_a_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# of the team\nAuthorization: Bearer abc\n\nx-one: 1\n")
    keys.chmod(0o600)
    found = made(tmp_path, f'{_HERE}headers = "x-two=2"\nheaders_file = "{keys}"')
    assert found.headers == {"x-two": "2", "Authorization": "Bearer abc", "x-one": "1"}
    keys.chmod(0o644)
    with pytest.raises(UsageError, match="open to others"):
        read(tmp_path, f'{_HERE}headers_file = "{keys}"')
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path, f'{_HERE}headers_file = "{keys}.none"')


@pytest.mark.parametrize("headers", ["x one=1", "x-one", "=1", "Content-Type=a", "host=evil", "x=a\\nb", "x=\\u00e4"])
def test_headers_that_cannot_be_sent(tmp_path: Path, headers: str) -> None:
    with pytest.raises(UsageError):
        read(tmp_path, f'{_HERE}headers = "{headers}"')


def test_what_else_is_set(tmp_path: Path) -> None:
    found = made(tmp_path, _HERE + 'since = "2026-11-01T00:00:00Z"\ninterval = "1m"\nbatch = 7\nnames = "1.36"')
    assert (found.since, found.interval, found.batch, found.names) == (
        1_793_491_200 * clock.SECOND, 60 * clock.SECOND, 7, "1.36",
    )  # fmt: skip
    assert (found.content, found.protobuf) == (False, False)
    with pytest.raises(UsageError, match="since"):
        read(tmp_path, _HERE + 'since = "soon"')


def test_who_can_read_along(tmp_path: Path) -> None:
    assert not made(tmp_path, _HERE).in_the_clear
    assert not made(tmp_path, 'endpoint = "https://example.com"').in_the_clear
    assert made(tmp_path, 'endpoint = "http://example.com"').in_the_clear


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8151/v1/traces", True), ("http://localhost:8151/v1/traces", True),
        ("http://[::1]:8151/v1/traces", True), ("http://127.0.0.2:8151/v1/traces", True),
        ("http://127.0.0.1:4318/v1/traces", False), ("http://example.com:8151/v1/traces", False),
    ],
)  # fmt: skip
def test_which_address_is_our_own(url: str, own: bool) -> None:
    assert is_own(url, 8151) is own
