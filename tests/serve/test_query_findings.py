"""What rules found, over HTTP: the documented questions, and pages that neither skip nor repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tachograph import clock
from tachograph.formats.rows import to_row
from tachograph.records import CodeBlock, Extraction
from tachograph.serve.query.findings import AgentStats, CodeBlocks, Extractions, PatternStats
from tests.serve.answers import refused, typed, walked
from tests.serve.conftest import Ask

AT = 1_790_000_000 * clock.SECOND


@pytest.fixture(autouse=True)
def found(home: Path) -> None:
    """Two agents, five sessions, times that coincide; 60 findings and 12 blocks, three of them printed twice."""
    with tachograph.open() as store:
        for number in range(60):
            agent = "tin" if number % 3 else "zinc"
            kind = ("error", "warning", "test_result")[number % 4 % 3]
            store.extractions.add(
                Extraction(
                    agent, f"{agent}-{number % 5}", kind, f"rule_{number % 2}", f"value {number}", "line", number,
                    {"n": number}, None, ("low", "high")[number % 2], at=AT + number // 7 * clock.SECOND,
                )
            )  # fmt: skip
        for number in range(15):
            block = CodeBlock(
                "tin", f"tin-{1 + number % 2}", f"print({number % 12})", "python" if number % 3 else "sh",
                at=AT + number // 4,
            )  # fmt: skip
            store.code_blocks.add(block)
        store.sessions.complete("tin-1", 0)
        store.sessions.complete("tin-2", 3)


def test_the_documented_question(ask: Ask) -> None:
    answer = typed(ask("GET", "/api/query/extractions?agent=tin&type=error&limit=10"), Extractions)
    assert answer.extractions
    assert {row.agent_name for row in answer.extractions} == {"tin"}
    assert {row.event_type for row in answer.extractions} == {"error"}
    with tachograph.open() as store:
        everything = store.extractions.list(agent="tin", type="error", limit=None)
        assert ask("GET", "/api/query/extractions?agent=tin&type=error").json["extractions"] == [
            to_row(one) for one in everything
        ]
    assert answer.total == len(everything)
    assert answer.page == 1


@pytest.mark.parametrize(
    "filters",
    [
        {}, {"agent": "t*"}, {"type": "error"}, {"pattern": "rule_1"}, {"risk": "high"}, {"session": "tin-1"},
        {"session": "zinc-0", "risk": "low"}, {"since": str(AT + clock.SECOND)},
        {"until": clock.iso(AT + 3 * clock.SECOND)}, {"agent": "nobody"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("limit", [1, 7, 60])
def test_pages_are_the_whole_list(ask: Ask, filters: dict[str, str], limit: int) -> None:
    whole = walked(ask, "/api/query/extractions", "extractions", 1000, **filters)
    assert walked(ask, "/api/query/extractions", "extractions", limit, **filters) == whole
    numbers = [row["id"] for row in whole]
    assert len(numbers) == len(set(numbers))
    assert bool(whole) is (filters != {"agent": "nobody"})


def test_what_arrives_while_one_reads_shifts_nothing(ask: Ask) -> None:
    before = walked(ask, "/api/query/extractions", "extractions", 1000)
    first = ask("GET", "/api/query/extractions?limit=20").json
    with tachograph.open() as store:
        for shift in (-1, 0, 10):  # older, in the middle of a second that is being read, and newer
            store.extractions.add(Extraction("tin", "late", "error", "rule_9", at=AT + shift * clock.SECOND))
    read = first["extractions"]
    cursor = first["next_cursor"]
    while cursor:
        answer = ask("GET", f"/api/query/extractions?limit=20&cursor={cursor}").json
        read += answer["extractions"]
        cursor = answer["next_cursor"]
    numbers = [row["id"] for row in read]
    assert len(numbers) == len(set(numbers))
    assert [row for row in read if row["pattern"] != "rule_9"] == before


def test_pages_by_number(ask: Ask) -> None:
    whole = ask("GET", "/api/query/extractions?limit=1000").json["extractions"]
    pages = [ask("GET", f"/api/query/extractions?limit=25&page={page}").json for page in (1, 2, 3, 4)]
    assert [row for page in pages for row in page["extractions"]] == whole
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    assert [page["total"] for page in pages] == [60] * 4
    assert [page["truncated"] for page in pages] == [True, True, False, False]
    blocks = ask("GET", "/api/query/code-blocks?limit=1000").json["code_blocks"]
    paged = [ask("GET", f"/api/query/code-blocks?limit=5&page={page}").json["code_blocks"] for page in (1, 2, 3)]
    assert [row for page in paged for row in page] == blocks


@pytest.mark.parametrize("filters", [{}, {"language": "python"}, {"session": "tin-2"}, {"since": str(AT + 1)}])
@pytest.mark.parametrize("limit", [1, 5])
def test_blocks_are_there_once(ask: Ask, filters: dict[str, str], limit: int) -> None:
    answer = typed(ask("GET", "/api/query/code-blocks?agent=tin&language=python"), CodeBlocks)
    assert answer.total == len(answer.code_blocks) == 8
    found = walked(ask, "/api/query/code-blocks", "code_blocks", limit, **filters)
    assert found == walked(ask, "/api/query/code-blocks", "code_blocks", 1000, **filters)
    assert len({row["digest"] for row in found}) == len(found) > 1


def test_totals_of_an_agent_and_of_a_pattern(ask: Ask) -> None:
    stats = typed(ask("GET", "/api/query/stats/agent/tin"), AgentStats)
    assert (stats.agent_name, stats.total_sessions, stats.total_extractions) == ("tin", 5, 40)
    assert sum(stats.extractions_by_type.values()) == 40
    assert stats.success_rate == 0.5
    refused(ask("GET", "/api/query/stats/agent/nobody"), 404, "nobody")
    pattern = typed(ask("GET", "/api/query/stats/pattern/rule_1"), PatternStats)
    assert (pattern.total, pattern.risk_levels) == (30, {"high": 30})
    assert (pattern.first, pattern.last) == (clock.iso(AT), clock.iso(AT + 8 * clock.SECOND))
    assert typed(ask("GET", "/api/query/stats/pattern/none"), PatternStats).total == 0


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=many", "limit"), ("page=0", "page"),
        ("page=99999&limit=1000", "page"), ("risk=huge", "risk"), ("since=yesterdayish", "since"),
        ("until=99999999999999999999", "until"), ("cursor=!!", "cursor"), ("cursor=kA", "cursor"),
        ("cursor=k84AAAAAAZA", "cursor"), ("agnet=tin", "agnet"), ("agent=a&agent=b", "agent"),
        ("page=1&cursor=k84AAAAAAZA", "cursor"), ("session=tin-", "tin-"),
        (f"agent={'x' * 501}", "agent"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(ask: Ask, query: str, named: str) -> None:
    refused(ask("GET", f"/api/query/extractions?{query}"), 400, named)


def test_a_cursor_belongs_to_its_question(ask: Ask) -> None:
    cursor = ask("GET", "/api/query/extractions?limit=1").json["next_cursor"]
    assert ask("GET", f"/api/query/extractions?limit=5&cursor={cursor}").status == 200
    refused(ask("GET", f"/api/query/extractions?agent=tin&cursor={cursor}"), 400, "cursor", "question")
    refused(ask("GET", f"/api/query/code-blocks?cursor={cursor}"), 400, "cursor", "question")
