"""`doctor` about `[otlp_export]`: where to, how far, what is in the way; no keys in it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tachograph import clock, config, paths
from tests.cli.conftest import Ask


@pytest.fixture
def settings(home: Path) -> Path:
    home.mkdir(exist_ok=True)
    return Path(paths.places().config) / config.FILE


def said(call: Ask) -> list[tuple[str, str, str]]:
    found = call("doctor", "--json").json
    return [(check["state"], check["text"], check["fix"]) for check in found if check["name"] == "otlp export"]


def test_nothing_is_said_where_nothing_is_sent(call: Ask) -> None:
    assert said(call) == []


def test_how_far_it_is(call: Ask, settings: Path) -> None:
    settings.write_text('[otlp_export]\nendpoint = "http://127.0.0.1:4318"\n')
    with tachograph.open() as store:
        store.sending.begin(0)
        store.sessions.create("codegen")
        store.sending.took(12, 0, clock.now())
    [(state, text, _)] = said(call)
    assert state == "ok"
    assert text == "to http://127.0.0.1:4318/v1/traces: 12 spans taken, the last now; 1 session behind"


def test_what_is_in_the_way(call: Ask, settings: Path) -> None:
    settings.write_text('[otlp_export]\nendpoint = "http://example.com/?key=hunter2"\n')
    with tachograph.open() as store:
        store.sending.begin(0)
        store.sending.dropped(3, "HTTP 400", clock.now())
        store.sending.failed("HTTP 415 Unsupported Media Type", clock.now())
    found = said(call)
    assert [state for state, _, _ in found] == ["ok", "note", "note", "note"]
    assert "3 spans refused" in found[1][1]
    assert found[2][2] == "tachograph config set otlp_export.protocol protobuf"
    assert "not encrypted" in found[3][1]
    assert "hunter2" not in str(found)


def test_a_wrong_setting(call: Ask, settings: Path) -> None:
    settings.write_text('[otlp_export]\nendpoint = "file:///etc/passwd"\n')
    [(state, text, _)] = said(call)
    assert state == "bad"
    assert "no http or https address" in text


def test_keys_in_the_environment_are_not_shown(call: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHOGRAPH_OTLP_EXPORT_HEADERS", "api-key=hunter2")
    monkeypatch.setenv("TACHOGRAPH_OTLP_EXPORT_ENDPOINT", "http://127.0.0.1:4318")
    for words in (
        ("config", "list"),
        ("config", "list", "--json"),
        ("config", "get", "otlp_export.headers"),
        ("doctor",),
    ):
        answer = call(*words)
        assert answer.code == 0
        assert "hunter2" not in answer.out + answer.err
