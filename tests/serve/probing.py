"""What the checks of the probe share: the list of them, every route there is, what a refusal looks like."""

from __future__ import annotations

import re
from collections.abc import Callable

from tachograph import paths
from tachograph.serve.run import Background
from tests.serve.outside import Answer, Outside

CHECKS: dict[str, Callable[[Outside], object]] = {}
HOOK, SPEC = "/api/ingest/hooks/pi", "/api/openapi.json"


def check(name: str) -> Callable[[Callable[[Outside], object]], Callable[[Outside], object]]:
    def keep(function: Callable[[Outside], object]) -> Callable[[Outside], object]:
        assert name not in CHECKS
        CHECKS[name] = function
        return function

    return keep


def routes() -> list[tuple[str, str]]:
    """(method, path) of all that the application answers, parameters filled in; WS for WebSockets, * for mounts."""
    app = Background(paths.places(), 0).guard._inner
    found = []
    for route in app.routes:  # type: ignore[attr-defined]  # Litestar behind the type of any application
        path = re.sub(r"\{[^}]*\}", "1", route.path)
        methods = getattr(route, "methods", None)
        kind = type(route).__name__
        found += [("WS" if "WebSocket" in kind else "*", path)] if methods is None else [(m, path) for m in methods]
    return sorted(found)


def refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in (statuses or (400, 401, 403)), answer.raw[:300]
    assert b'"error"' in answer.body
    assert "set-cookie" not in answer.headers


def received(door: Outside) -> int:
    """Bytes that senders got into the journals."""
    return sum(file.stat().st_size for file in (door.home / "journal").glob("received-*"))
