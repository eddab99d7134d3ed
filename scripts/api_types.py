"""Types of the HTTP API for the web app: `python scripts/api_types.py` writes web/src/lib/schema.d.ts from what
`tachograph openapi` prints. A test fails when it is out of date.

The shape is what openapi-fetch expects: an interface `paths`, by path and method, and `components` with the schemas.
It is written here, not by a Node program, so that who changes a route of the server needs Python only.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tachograph.serve.app import description

TARGET = Path(__file__).resolve().parents[1] / "web" / "src" / "lib" / "schema.d.ts"
_HEAD = "// Types of the HTTP API. Written by scripts/api_types.py, which says how; changes by hand get lost.\n"
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_METHODS = ("get", "put", "post", "delete", "patch")
_PLACES = ("query", "path", "header")
_DONE = ("200", "201", "202", "204")

Node = dict[str, Any]


def text() -> str:
    """The whole file."""
    document = description()
    return "\n".join([_HEAD.rstrip("\n"), *_paths(document), *_components(document)]) + "\n"


def _paths(document: Node) -> Iterator[str]:
    yield "\nexport interface paths {"
    for path, operations in sorted(document["paths"].items()):
        yield f"  {_key(path)}: {{"
        for method in _METHODS:
            if method in operations:
                yield f"    {method}: {{"
                yield from _operation(operations[method])
                yield "    };"
        yield "  };"
    yield "}"


def _operation(operation: Node) -> Iterator[str]:
    given = operation.get("parameters", [])
    yield "      parameters: {"
    for place in _PLACES:
        here = [one for one in given if one["in"] == place]
        if not here:
            yield f"        {place}?: never;"
            continue
        optional = "" if any(one.get("required") for one in here) else "?"
        yield f"        {place}{optional}: {{"
        for one in here:
            mark = "" if one.get("required") else "?"
            yield f"          {_key(one['name'])}{mark}: {_without_null(_type(one['schema']))};"
        yield "        };"
    yield "        cookie?: never;\n      };"
    body = operation.get("requestBody")
    yield f"      requestBody: {{ content: {_content(body)} }};" if body else "      requestBody?: never;"
    yield "      responses: {"
    for status in _DONE:
        if status in operation["responses"]:
            yield f"        {status}: {{ content: {_content(operation['responses'][status])} }};"
    yield "        default: { content: { 'application/json': components['schemas']['Error'] } };"
    yield "      };"


def _content(answer: Node) -> str:
    kinds = [f"{_key(kind)}: {_type(made.get('schema', {}))}" for kind, made in answer.get("content", {}).items()]
    return f"{{ {'; '.join(kinds)} }}" if kinds else "never"


def _components(document: Node) -> Iterator[str]:
    yield "\nexport interface components {\n  schemas: {"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"    {_key(name)}: {_type(schema, '    ')};"
    yield "  };\n}"


def _type(schema: Node, indent: str | None = None) -> str:
    """A schema as a type; over several lines where `indent` says how far in it stands."""
    if "$ref" in schema:
        return f"components['schemas']['{schema['$ref'].rpartition('/')[2]}']"
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(_type(one) for one in schema[several]))
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return _array(schema)
    if kind == "object" or "properties" in schema:
        return _object(schema, indent)
    return _PLAIN.get(str(kind), "unknown")


def _array(schema: Node) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one) for one in schema['prefixItems'])}]"
    inner = _type(schema.get("items") or {})
    return f"({inner})[]" if " | " in inner else f"{inner}[]"


def _object(schema: Node, indent: str | None) -> str:
    fields = schema.get("properties")
    if not fields:
        more = schema.get("additionalProperties")
        return f"Record<string, {_type(more) if isinstance(more, dict) else 'unknown'}>"
    needed = set(schema.get("required", ()))
    parts = [f"{_key(name)}{'' if name in needed else '?'}: {_type(one)};" for name, one in fields.items()]
    if indent is None:
        return f"{{ {' '.join(parts)} }}"
    inner = "\n".join(f"{indent}  {part}" for part in parts)
    return f"{{\n{inner}\n{indent}}}"


def _without_null(kind: str) -> str:
    """A parameter that is not given is left out."""
    return " | ".join(one for one in kind.split(" | ") if one != "null")


def _literal(value: object) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else _literal(name)


if __name__ == "__main__":
    TARGET.write_text(text())
    sys.stderr.write(f"{TARGET.name}: written\n")
