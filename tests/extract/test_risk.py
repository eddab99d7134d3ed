"""Risk and automatic confirmation, row by row."""

from __future__ import annotations

import pytest

from tachograph.extract import risk, rules
from tachograph.records import EXTRACTED_TYPES

OTHERS = sorted(set(EXTRACTED_TYPES) - {"error", "warning", "metric", "response"})


@pytest.mark.parametrize(
    ("event_type", "severity", "level"),
    [
        ("error", "error", "high"),
        ("error", "critical", "high"),
        ("error", "warning", "medium"),
        *(("warning", severity, "medium") for severity in rules.SEVERITIES),
        *(("metric", severity, "low") for severity in rules.SEVERITIES),
        *(("response", severity, "low") for severity in rules.SEVERITIES),
        *((other, severity, "low") for other in OTHERS for severity in rules.SEVERITIES),
        ("acme.deploy", "critical", "low"),
    ],
)
def test_risk_by_type_and_severity(event_type: str, severity: str, level: str) -> None:
    assert risk.level(event_type, severity) == level


def test_metrics_responses_and_low_risks_need_no_person() -> None:
    assert risk.auto_confirmable("metric", "high")
    assert risk.auto_confirmable("response", "medium")
    assert risk.auto_confirmable("git", "low")
    assert not risk.auto_confirmable("error", "high")
    assert not risk.auto_confirmable("warning", "medium")


def test_no_shipped_rule_leaves_the_tables() -> None:
    assert [rule.name for rule in rules.load()[0] if rule.risk or rule.auto_confirm is not None] == []
