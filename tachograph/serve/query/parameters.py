"""What may be asked for: types of the parameters of a query, with the sentences that OpenAPI shows of them.

Filters are named as the options of the command line.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar.params import PathParameter, QueryParameter

from tachograph.serve.paging import LIMIT, LIMIT_MAX

__all__ = ["LIMIT"]
_TEXT_MAX = 500
_TIME = "A time back from now (15m, 7d), today, yesterday, ISO-8601, or nanoseconds since 1970."
_SESSION = "A session: its id, a unique beginning of it, last, last~2, @agent (the latest of an agent)."


def words(description: str, called: str | None = None) -> Any:
    """A text; `called`: by a name that Python has no parameter for."""
    return QueryParameter(name=called, description=description, max_length=_TEXT_MAX)


def name(description: str) -> Any:
    """In the path."""
    return PathParameter(max_length=_TEXT_MAX, description=description)


def one(description: str) -> Any:
    """Of a closed list, or a yes-or-no."""
    return QueryParameter(description=description)


Agent = Annotated[str | None, words("Agents that fit this glob; SQL's % works, too.")]
Session = Annotated[str | None, words(_SESSION)]
Type = Annotated[str | None, words("Only events of this type: error, warning, test_result, command, file_op …")]
Pattern = Annotated[str | None, words("Only what this rule found.")]
Risk = Annotated[Literal["low", "medium", "high"] | None, one("Only findings of this risk.")]
Language = Annotated[str | None, words("Only blocks in this language, as the fence names it.")]
Project = Annotated[str | None, words("Only those begun in such a folder: a glob of its name or its path.")]
Parent = Annotated[str | None, words("Only those that this session started.")]
Workflow = Annotated[str | None, words("Only those of this workflow.")]
Execution = Annotated[str | None, words("Only those of this execution.")]
Operation = Annotated[str | None, words("Operations that fit this glob.")]
Status = Annotated[str | None, words("Only those that ended so.")]
Tool = Annotated[str | None, words("Only calls of tools that fit this glob.")]
Category = Annotated[str | None, words("Only commands of this category: test, git, build …")]
Path = Annotated[str | None, words("Only such files: a glob, or a file or folder by its name.")]
SessionStatus = Annotated[
    Literal["running", "waiting", "paused", "completed", "failed", "interrupted"] | None,
    one("Only such sessions."),
]
StepStatus = Annotated[
    Literal["ok", "error", "rejected", "interrupted", "unknown"] | None, one("Only steps that ended so.")
]
Words = Annotated[str | None, words("Only those that have all these words in their title, command or id.")]
Failing = Annotated[bool | None, one("true: those with a step that went wrong; false: those without.")]
Active = Annotated[bool | None, one("true: those that have not ended; false: those that have.")]

Since = Annotated[str | None, words(f"From this time on. {_TIME}")]
Until = Annotated[str | None, words(f"Up to this time. {_TIME}")]
From = Annotated[str | None, words(f"From this time on. {_TIME}", "from")]
To = Annotated[str | None, words(f"Up to this time. {_TIME}", "to")]
Days = Annotated[float | None, QueryParameter(ge=0, le=100_000, description="Only of the last days.")]

Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX, description="Rows of a page.")]
Page = Annotated[int | None, QueryParameter(ge=1, le=1_000_000, description="A page by its number, from 1.")]
Cursor = Annotated[str | None, one("next_cursor of the page before, with the same filters.")]

SessionName = Annotated[str, name(_SESSION)]
AgentName = Annotated[str, name("The name of an agent.")]
RuleName = Annotated[str, name("The name of a rule.")]
Number = Annotated[int, PathParameter(ge=1, le=(1 << 63) - 1, description="Its id.")]
