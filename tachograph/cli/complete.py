"""What the shell offers on TAB. Reads the store as it is, without importing first, and never complains."""

from __future__ import annotations

import os

from click.shell_completion import CompletionItem

from tachograph.cli.app import App
from tachograph.formats import human, sanitise

_MOST = 200


def sessions(app: App, begun: str) -> list[CompletionItem]:
    """Ids that begin so, newest first, each with its age and command; `last` and `@agent` too."""
    if begun.startswith("@"):
        return [CompletionItem(f"@{item.value}") for item in agents(app, begun[1:])]
    found = [CompletionItem("last", help="the newest session")] if "last".startswith(begun) else []
    try:
        if not os.path.exists(app.places.database):
            return found
        for session in app.store(fresh=False).sessions.list(limit=_MOST):
            if session.id.startswith(begun):
                told = f"{human.ago(session.started_at, app.now)}  {session.title or session.command or ''}"
                found.append(CompletionItem(session.id, help=human.fit(sanitise.line(told), 60)))
    except Exception:  # a shell in the middle of a line is no place for an error
        return found
    return found


def agents(app: App, begun: str) -> list[CompletionItem]:
    """Names of agents that begin so."""
    try:
        if not os.path.exists(app.places.database):
            return []
        names = {session.agent for session in app.store(fresh=False).sessions.list(limit=5000)}
    except Exception:
        return []
    return [CompletionItem(name) for name in sorted(names) if name.startswith(begun)]
