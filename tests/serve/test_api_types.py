"""The types that the web app asks with are those of this server."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tachograph.serve.app import description

REPO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_types", REPO / "scripts" / "api_types.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_they_are_up_to_date(script: ModuleType) -> None:
    assert script.TARGET.read_text() == script.text(), "python scripts/api_types.py"


def test_every_path_and_every_schema_has_a_type(script: ModuleType) -> None:
    written = script.text()
    document = description()
    for path in document["paths"]:
        assert f"\n  '{path}': {{" in written or f"\n  {path}: {{" in written
    for name in document["components"]["schemas"]:
        assert re.search(rf"^    {name}: ", written, re.MULTILINE), name


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": ["integer", "null"]}, "number | null"),
        ({"type": "array", "items": {"oneOf": [{"type": "integer"}, {"type": "null"}]}}, "(number | null)[]"),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]}, "[number, string]"),
        ({"enum": ["it's", None, 3, True]}, "'it\\'s' | null | 3 | true"),
        ({"const": "ok"}, "'ok'"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "Record<string, number>"),
        ({"type": "object", "properties": {"a-b": {}, "c": {}}, "required": ["c"]}, "{ 'a-b'?: unknown; c: unknown; }"),
        ({"$ref": "#/components/schemas/Row"}, "components['schemas']['Row']"),
    ],
)
def test_what_a_schema_becomes(script: ModuleType, schema: dict[str, object], kind: str) -> None:
    assert script._type(schema) == kind
