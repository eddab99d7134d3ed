"""The description of the API, errors in one shape, and the pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tachograph import paths
from tachograph.cli.main import main
from tachograph.errors import NotFound
from tachograph.serve import answering, pages
from tachograph.serve.run import Background
from tests.conftest import Run
from tests.serve.conftest import Ask

FILES = Path(pages.__file__).parent / "pages"


def test_the_same_document_with_and_without_a_server(ask: Ask, tachograph: Run, home: Path, tmp_path: Path) -> None:
    served = ask("GET", "/api/openapi.json")
    printed = tachograph("openapi")
    assert json.loads(printed.stdout) == served.json
    assert served.json["openapi"].startswith("3.1")
    assert ask("GET", "/api/openapi.json").body == served.body
    file = tmp_path / "api.json"
    assert main(["openapi", "-o", str(file)]) == 0
    assert file.read_text() == printed.stdout
    assert main(["openapi", "-o", str(file)]) == 4


def test_bodies_say_that_they_take_no_other_field(ask: Ask) -> None:
    """What is sent to be kept in an agent's own words is taken as it is; everything else is refused when misspelt."""
    document = ask("GET", "/api/openapi.json").json
    kept = ("/v1/", "/api/ingest/")
    asked = 0
    for path, methods in document["paths"].items():
        if "post" in methods and not path.startswith(kept):
            name = methods["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert document["components"]["schemas"][name]["additionalProperties"] is False, path
            asked += 1
    assert asked >= 8


def test_it_can_be_described_without_making_anything(home: Path) -> None:
    assert main(["openapi"]) == 0
    assert not home.exists()


def test_every_operation_has_a_name_a_tag_a_summary_and_says_how_it_fails(ask: Ask) -> None:
    document = ask("GET", "/api/openapi.json").json
    assert set(document["components"]["securitySchemes"]) == {"bearer", "cookie"}
    operations = {
        f"{method} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in names)
    for where, operation in operations.items():
        assert operation["tags"], where
        assert operation["summary"], where
        assert operation["security"] == ([] if where == "get /healthz" else [{"bearer": []}, {"cookie": []}]), where
        for status in ("400", "401", "403", "404", "500", "503"):
            name = operation["responses"][status]["$ref"].rpartition("/")[2]
            shown = document["components"]["responses"][name]["content"]["application/json"]["schema"]
            assert shown == {"$ref": "#/components/schemas/Error"}, where
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{where} {parameter['name']}"


def references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def test_everything_that_is_referred_to_is_there(ask: Ask) -> None:
    document = ask("GET", "/api/openapi.json").json
    for reference in references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
        assert found


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "said"),
    [
        ("GET", "/nowhere", 404, "not_found", "nothing at this address"),
        ("GET", "/api/nowhere", 404, "not_found", "nothing at this address"),
        ("GET", "/pages/../guard.py", 404, "not_found", ""),
        ("GET", "/pages/%2e%2e%2fguard.py", 404, "not_found", ""),
        ("DELETE", "/healthz", 405, "not_allowed", "DELETE is not possible here"),
        ("GET", "/v1/logs", 405, "not_allowed", "GET is not possible here"),
        ("POST", "/api/ingest/hooks/%20", 400, "bad_request", "agent: "),
        ("GET", "/api/query/sessions?limit=0", 400, "bad_request", "limit: expected a whole number of at least 1"),
        ("GET", "/api/query/sessions?limit=x", 400, "bad_request", "limit: expected a whole number, got text"),
    ],
)
def test_errors_have_one_shape(ask: Ask, method: str, path: str, status: int, code: str, said: str) -> None:
    reply = ask(method, path, b"{}" if method == "POST" else None)
    assert (reply.status, reply.json["error"]["code"]) == (status, code)
    assert set(reply.json) == {"error"}
    assert set(reply.json["error"]) == {"code", "message", "hint"}
    assert said in reply.json["error"]["message"]
    if status == 405:
        assert reply.headers["allow"]


def test_no_path_leaves(home: Path) -> None:
    places = paths.places()
    error = NotFound(f"there is no database at {places.database}; see {places.journal}/x", f"look into {places.data}")
    said = answering.without_paths(f"{error} {error.hint}", places)
    assert said == "there is no database at the database; see the journal folder/x look into the data folder"


def test_what_goes_wrong_inside_stays_inside(
    ask: Ask, server: Background, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that cannot be read stands for any mistake of ours."""
    monkeypatch.setattr(pages, "_FILES", ("missing.html",))
    reply = ask("GET", "/pages/missing.html?secret=hush")
    assert (reply.status, reply.json["error"]["code"]) == (500, "failed")
    assert str(FILES) not in reply.body.decode()
    assert "Traceback" not in reply.body.decode()
    assert "GET /pages/missing.html: FileNotFoundError" in caplog.text
    assert "hush" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/api/docs", "/pages/pages.css", "/pages/docs.js"])
def test_pages_and_what_they_may_load(ask: Ask, path: str) -> None:
    reply = ask("GET", path)
    assert reply.status == 200
    policy = reply.headers["content-security-policy"]
    # The app's own document alone may compile WebAssembly: the terminal's.
    assert policy.replace(" 'wasm-unsafe-eval'", "" if path == "/" else " no") == pages.POLICY
    assert "unsafe" not in pages.POLICY
    assert "script-src 'self'" in policy
    assert ask("GET", path, token="").status == 401


@pytest.mark.parametrize("file", sorted(FILES.iterdir()), ids=lambda file: file.name)
def test_pages_keep_their_policy(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"https?://", text), "an outside host"
    assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:|<script(?! src=\"/pages/)", text), "inline code"
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text)
    for inner in re.findall(r'(?:src|href)="/pages/([^"]+)"', text):
        assert (FILES / inner).is_file()
