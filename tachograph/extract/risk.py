"""How much harm an event may announce, and whether it may be confirmed without a person. Two tables, nothing else."""

from __future__ import annotations

_BY_TYPE_AND_SEVERITY = {
    ("error", "error"): "high",
    ("error", "critical"): "high",
    ("error", "warning"): "medium",
}
_BY_TYPE = {"warning": "medium"}
_ALWAYS_CONFIRMABLE = frozenset(("metric", "response"))


def level(event_type: str, severity: str | None) -> str:
    """`low`, `medium` or `high`; everything the tables do not name is low."""
    return _BY_TYPE_AND_SEVERITY.get((event_type, severity or "")) or _BY_TYPE.get(event_type, "low")


def auto_confirmable(event_type: str, risk_level: str) -> bool:
    """Metrics and responses always; anything else when its risk is low."""
    return event_type in _ALWAYS_CONFIRMABLE or risk_level == "low"
