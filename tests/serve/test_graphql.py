"""/graphql: the questions of the query API, asked by GraphQL's own reference implementation and by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
)

import tachograph
from tachograph.formats.rows import to_row
from tachograph.serve import graph_limits
from tests.cli.histories import FIRST, PROJECT
from tests.serve.conftest import Ask, Reply

Query = Callable[..., dict[str, Any]]
ABOUT = "__schema { types { fields { args { name } } } }"
GROWING = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30)) + (
    " fragment F30 on Query { __typename }"
)  # twice as much with every line
NEEDED = {"session": FIRST, "name": "claude", "agent": "claude", "pattern": "exit_code", "q": "seek"}


def posted(ask: Ask, query: object, headers: dict[str, str] | None = None, **body: object) -> Reply:
    return ask("POST", "/graphql", json.dumps({"query": query, **body}).encode(), headers)


@pytest.fixture
def query(ask: Ask, told: Path) -> Query:
    """`query("{ sessions { total } }", variables…)` → data; there must be no errors."""

    def run(text: str, **variables: object) -> dict[str, Any]:
        reply = posted(ask, text, variables=variables)
        assert reply.status == 200
        assert "errors" not in reply.json, reply.json
        found: dict[str, Any] = reply.json["data"]
        return found

    return run


def refused(ask: Ask, text: str, **variables: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = posted(ask, text, variables=variables).json["errors"]
    return found


@pytest.fixture
def schema(query: Query) -> GraphQLSchema:
    """As a client sees it."""
    return build_client_schema(query(get_introspection_query()))  # type: ignore[arg-type]  # its own type for a dict


def everything(kind: Any, depth: int) -> str:
    """A selection of all leaves, and of what can be asked without arguments, down to a depth."""
    parts = []
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if is_leaf_type(named):
            parts.append(name)
        elif depth and name in ("edges", "node", "pageInfo", "histories", "turns", "states"):
            parts.append(f"{name} {everything(named, depth - 1)}")
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def test_every_question_has_a_field_that_answers(schema: GraphQLSchema, query: Query, ask: Ask) -> None:
    root = schema.query_type
    assert root is not None
    assert set(root.fields) >= {
        "sessions", "session", "events", "extractions", "code_blocks", "turns", "search", "failures", "commands",
        "files", "receipts", "memory", "audit", "workflows", "collisions", "stages", "slo", "cost", "agent_stats",
    }  # fmt: skip
    for name, field in root.fields.items():
        needed = {arg: str(one.type) for arg, one in field.args.items() if isinstance(one.type, GraphQLNonNull)}
        values = {arg: 1 if kind == "Long!" else NEEDED.get(arg, "none") for arg, kind in needed.items()}
        values |= {"first": 9} if "first" in field.args else {}
        given = ", ".join(f"{arg}: {json.dumps(value)}" for arg, value in values.items())
        selection = everything(get_named_type(field.type), 3)
        reply = posted(ask, f"{{ {name}{f'({given})' if given else ''} {selection} }}").json
        wrong = [one for one in reply.get("errors", []) if one.get("extensions", {}).get("code") != "not_found"]
        assert not wrong, (name, reply)
        assert name in reply["data"]


def test_fields_are_the_columns(schema: GraphQLSchema, query: Query) -> None:
    kind = schema.type_map["Session"]
    assert isinstance(kind, GraphQLObjectType)
    with tachograph.open() as store:
        row = json.loads(json.dumps(to_row(store.sessions.get(FIRST))))
    selection = " ".join(row)
    assert query(f'{{ session(session: "{FIRST[:8]}") {{ {selection} }} }}')["session"] == row


def test_a_session_has_everything_that_is_known_of_it(query: Query) -> None:
    found = query(
        """query ($id: String!) { session(session: $id) {
             sources counts turns { turn prompt tool_calls } failures { event_type command } states { state }
             extractions_list(first: 2) { total edges { node { session_id pattern } } } } }""",
        id=FIRST,
    )["session"]
    assert [turn["prompt"] for turn in found["turns"]] == ["fix the seek test", "clean up and document it"]
    assert found["sources"] == ["transcript"]
    assert found["counts"]["prompt"] == 2
    assert "cd /srv/shop && pytest -q tests" in [one["command"] for one in found["failures"]]
    assert {edge["node"]["session_id"] for edge in found["extractions_list"]["edges"]} == {FIRST}


@pytest.mark.parametrize("first", [1, 3, 7])
def test_walking_with_cursors_gives_the_whole_list_once(query: Query, first: int) -> None:
    text = """query ($first: Int, $after: String) { timeline(first: $first, after: $after) {
                edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    whole = [edge["node"]["id"] for edge in query(text, first=1000)["timeline"]["edges"]]
    assert len(whole) > 40
    walked, after, cursors = [], None, []
    while True:
        page = query(text, first=first, after=after)["timeline"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        walked += [edge["node"]["id"] for edge in page["edges"]]
        cursors += [edge["cursor"] for edge in page["edges"]]
        assert page["pageInfo"]["endCursor"] == cursors[-1]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert walked == whole
    for place in (0, 4, len(whole) - 2):  # every edge's cursor goes on behind it
        rest = query(text, first=2, after=cursors[place])["timeline"]["edges"]
        assert [edge["node"]["id"] for edge in rest] == whole[place + 1 : place + 3]


def test_lists_are_filtered_as_over_http(query: Query, ask: Ask) -> None:
    text = '{ extractions(type: "error", agent: "cla*") { total edges { node { id pattern metadata_json } } } }'
    plain = ask("GET", "/api/query/extractions?type=error&agent=cla*").json
    found = query(text)["extractions"]
    assert found["total"] == plain["total"]
    rows = [{name: row[name] for name in ("id", "pattern", "metadata_json")} for row in plain["extractions"]]
    assert [edge["node"] for edge in found["edges"]] == rows


def test_what_asks_for_too_much_is_refused_before_it_runs(ask: Ask, told: Path) -> None:
    deep = "{ sessions { edges { node { turns { turn } notes { id } } } } }"
    assert "errors" not in posted(ask, deep).json
    nested = '{ session(session: "last") { extractions_list(first: 1000) { edges { node { id } } } '
    many = " ".join(f"s{n}: sessions {{ total }}" for n in range(graph_limits.QUESTIONS_MOST + 1))
    for text, says in (
        ("{ " + many + " }", "at most 200 questions"),
        ("{ sessions(first: 1000) { edges { node { turns { turn } } } } }", "at most 200 questions"),
        ("query ($n: Int) { sessions(first: $n) { edges { node { notes { id } } } } }", "at most 200 questions"),
        ("{ " + " ".join(f"a{n}: timeline(first: 1000) {{ total }}" for n in range(21)) + " }", "at most 20,000 rows"),
        ("{ " + "a " * 3000 + "}", "token"),
        ("{ sessions { total } }" + " " * 20_000, "at most 20,000 characters"),
        ("{ sessions { edges { node { ...F } } } } fragment F on Session { ...F }", "itself"),
        ("{ " + "sessions { total } " * 21 + "}", "at most 20 fields of one name in one place"),
        ("{ " + " ".join(f"a{n}: {ABOUT}" for n in range(100)) + " }", "at most 1,000,000 answers about the schema"),
        ("{ ...F0 } " + GROWING, "at most 1,000 fields"),
        (f"{{ sessions(first: {'9' * 9000}) {{ total }} }}", "Int"),
        (nested + "}", "Syntax Error"),
        ("{ " + "sessions { edges { node { id " * 400, ""),
    ):
        (error, *_) = refused(ask, text, n=1000)
        assert says in error["message"], text[:80]
        assert "data" not in posted(ask, text, variables={"n": 1000}).json
    unsaid = "query ($n: Int = 1000) { sessions(first: $n) { edges { node { notes { id } } } } }"
    assert "at most 200 questions" in refused(ask, unsaid)[0]["message"]


def test_levels_are_limited(schema: GraphQLSchema, monkeypatch: pytest.MonkeyPatch, ask: Ask, told: Path) -> None:
    text = "{ sessions { edges { node { id } } } }"
    assert "errors" not in posted(ask, text).json
    monkeypatch.setattr(graph_limits, "DEPTH_MOST", 3)
    assert refused(ask, text)[0]["message"] == "this query asks for too much: at most 3 levels"
    inside = "{ ...A } fragment A on Query { sessions { edges { ...B } } } fragment B on SessionsEdge { node { id } }"
    assert "at most 3 levels" in refused(ask, inside)[0]["message"]
    assert "errors" not in posted(ask, get_introspection_query()).json  # the schema may be read whatever its depth


def test_errors_say_what_is_wrong_and_the_rest_is_answered(ask: Ask, told: Path) -> None:
    reply = posted(ask, '{ a: session(session: "nobody") { id } b: session(session: "last") { id } }').json
    assert reply["data"]["a"] is None and reply["data"]["b"]["id"]
    (error,) = reply["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["a"], "not_found")
    for arguments, says in (
        ("first: 0", "first: 0 is not between 1 and 1,000"), ("first: 1001", "first: 1001 is not between"),
        ('status: "gone"', "status: 'gone' is none of running"), ('since: "tuesday"', "since: 'tuesday' is not a time"),
        ('after: "x"', "cursor: "), ("days: -1", "days: -1.0 is not between"),
        (f'agent: "{"a" * 501}"', "agent: at most 500 characters"),
    ):  # fmt: skip
        (error,) = refused(ask, f"{{ sessions({arguments}) {{ total }} }}")
        assert error["message"].startswith(says)
        assert error["extensions"]["code"] == "usage"


def test_what_goes_wrong_inside_stays_inside(ask: Ask, told: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr("tachograph.store.sessions.Sessions.list", broken)
    reply = posted(ask, "{ sessions { total } }")
    assert reply.json["errors"][0]["message"] == "something went wrong in here"
    assert b"secret" not in reply.body and str(home).encode() not in reply.body


def test_only_json_by_post_and_only_queries(ask: Ask, told: Path) -> None:
    good = b'{"query": "{ sessions { total } }"}'
    assert ask("GET", "/graphql?query=%7B__typename%7D").status == 405
    assert ask("POST", "/graphql", good, {"content-type": "text/plain"}).status == 415
    assert ask("POST", "/graphql", b"query=x", {"content-type": "application/x-www-form-urlencoded"}).status == 415
    for broken in (b"", b"[]", b"[" + good + b"]", b'{"query": 1}', b"{}", b"\xff", b'{"query": "x", "variables": 1}'):
        reply = ask("POST", "/graphql", broken)
        assert reply.status == 400
        assert reply.json["errors"][0]["message"].startswith("this is no GraphQL request")
    for text in (
        "mutation { drop }",
        "subscription { sessions }",
        "",
        "{",
        "{ nothing_such }",
        "fragment F on Query { a }",
    ):
        assert refused(ask, text)
    two = "query A { sessions { total } } query B { __typename }"
    assert "operationName" in refused(ask, two)[0]["message"]
    assert posted(ask, two, operationName="B").json == {"data": {"__typename": "Query"}}
    modern = {"accept": "application/graphql-response+json"}
    reply = posted(ask, "{ nothing_such }", modern)
    assert (reply.status, reply.headers["content-type"]) == (400, "application/graphql-response+json")


def test_the_guard_stands_before_it(ask: Ask, told: Path) -> None:
    body = b'{"query": "{ __typename }"}'
    assert ask("POST", "/graphql", body).json == {"data": {"__typename": "Query"}}
    assert ask("POST", "/graphql", body, token="").status == 401
    assert ask("POST", "/graphql", body, {"host": "evil.example"}).status == 403
    assert ask("POST", "/graphql", body, {"origin": "http://evil.example"}).status == 403


def test_without_the_package_it_says_how_to_get_it(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.serve.graphql_http.installed", lambda: False)
    reply = posted(ask, "{ __typename }")
    assert (reply.status, reply.json["error"]["hint"]) == (501, "pip install 'tachograph[graphql]'")


def test_one_project(query: Query) -> None:
    found = query("query ($p: String) { sessions(project: $p) { total edges { node { project_dir } } } }", p=PROJECT)
    assert found["sessions"]["total"] == 4
    assert {edge["node"]["project_dir"] for edge in found["sessions"]["edges"]} == {PROJECT}
