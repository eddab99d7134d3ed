"""The schema of /graphql, made from the handlers of the query API: a field for each question, with its parameters.

A field calls the handler, so both answer the same; here a list is a Relay connection, and a session has fields for
every list that can be asked of one. What is asked for may be null: then the errors say why, and the rest is there.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
)
from litestar import Response
from litestar.params import ParameterKwarg

from tachograph.errors import UsageError
from tachograph.regexes import regex
from tachograph.serve.bodies import Incoming
from tachograph.serve.graph_types import LONG, Types, fields_of, name_of, rows_of
from tachograph.serve.paging import LIMIT, LIMIT_MAX
from tachograph.serve.query import sessions
from tachograph.serve.query.rows import SessionRow

_OURS = frozenset({"request", "limit", "page", "cursor"})  # parameters that a connection has names of its own for
_AT_ONCE = 2  # questions of one query: others want to be answered meanwhile
_PLACE = regex(r"(\d{1,4})\.(.*)", re.S)


class Question(NamedTuple):
    """A handler of the query API."""

    name: str
    ask: Callable[..., Any]
    answer: type[msgspec.Struct]
    parameters: dict[str, Any]  # name → annotation; without those in _OURS
    paged: bool
    about: str


def questions(handlers: Any) -> list[Question]:
    """Those handlers that give rows or facts."""
    found = []
    for handler in handlers:
        if "GET" not in handler.http_methods:  # what Litestar adds by itself
            continue
        hints = get_type_hints(handler.fn, include_extras=True)
        answer = (get_args(hints.pop("return", None)) or (None,))[0]
        if isinstance(answer, type) and issubclass(answer, msgspec.Struct):
            paged = rows_of(answer) is not None and "cursor" in hints
            named = {name: hint for name, hint in hints.items() if name not in _OURS}
            if "limit" in hints and not paged:
                named["limit"] = hints["limit"]
            about = " ".join((handler.fn.__doc__ or "").split())
            found.append(Question(handler.fn.__name__, handler.fn, answer, named, paged, about))
    return found


def make_schema(handlers: Any) -> GraphQLSchema:
    """Read-only: there is a query type and no other."""
    types = Types()
    asked = questions(handlers)
    types.more[name_of(SessionRow)] = _of_session(asked, types)
    fields = {one.name: _field(one, types) for one in asked if one.answer is not sessions.SessionFacts}
    fields["session"] = GraphQLField(
        types.of(SessionRow),
        {"session": GraphQLArgument(GraphQLNonNull(GraphQLString))},
        lambda _, info, session: info.context.facts(session),
        description="One session: its id, a unique beginning of it, last, last~2, @agent.",
        extensions={"asks": "one"},
    )
    return GraphQLSchema(GraphQLObjectType("Query", fields))


class Context:
    """Of one request: what it is, and sessions that were asked for in full, each once. `loop` is the server's."""

    def __init__(self, request: Incoming, loop: asyncio.AbstractEventLoop) -> None:
        self.request = request
        self._loop = loop
        self._facts: dict[str, asyncio.Future[Any]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, question: Callable[..., Any], **values: Any) -> Any:
        """What a handler answers, as plain values."""
        async with self._turns:
            asked = asyncio.run_coroutine_threadsafe(question(request=self.request, **values), self._loop)
            response: Response[Any] = await asyncio.wrap_future(asked)
        return msgspec.json.decode(response.content)

    async def facts(self, session: str) -> Any:
        if session not in self._facts:
            self._facts[session] = asyncio.ensure_future(self.ask(sessions.session_facts.fn, session=session))
        return await self._facts[session]


def _of_session(asked: list[Question], types: Types) -> dict[str, GraphQLField]:
    """Fields of a session besides its columns: its facts, and every list that can be asked of one session."""
    found: dict[str, GraphQLField] = {}
    own = fields_of(SessionRow)
    for field in fields_of(sessions.SessionFacts):
        if field.name not in {one.name for one in own}:
            found[field.name] = GraphQLField(
                types.output(field.type), resolve=_fact(field.name), extensions={"asks": "facts"}
            )
    columns = {one.name for one in own}
    for one in asked:
        if "session" in one.parameters and one.name not in found and one.answer is not sessions.SessionFacts:
            # A column counts what the list holds (events, commands): the list is then called events_list and so on.
            found[f"{one.name}_list" if one.name in columns else one.name] = _field(one, types, inside=True)
    return found


def _fact(name: str) -> Callable[..., Any]:
    async def resolve(session: Mapping[str, Any], info: Any) -> Any:
        return session[name] if name in session else (await info.context.facts(session["id"]))[name]

    return resolve


def _field(one: Question, types: Types, *, inside: bool = False) -> GraphQLField:
    """`inside` a session: the question is about that session."""
    named = {name: hint for name, hint in one.parameters.items() if not (inside and name == "session")}
    arguments = {_outer(name, hint): _argument(hint, one.ask, name) for name, hint in named.items()}
    kind = types.connection(one.answer) if one.paged else types.of(one.answer)
    if one.paged:
        arguments["first"] = GraphQLArgument(GraphQLInt, LIMIT, description=f"At most so many, up to {LIMIT_MAX:,}.")
        arguments["after"] = GraphQLArgument(GraphQLString, description="Only what follows the edge of this cursor.")

    async def resolve(source: Any, info: Any, **given: Any) -> Any:
        values = {name: _checked(name, hint, given[outer]) for name, hint in named.items()
                  if (outer := _outer(name, hint)) in given}  # fmt: skip
        if inside:
            values["session"] = source["id"]
        if not one.paged:
            return await info.context.ask(one.ask, **values)
        return await _connection(info.context, one, values, given.get("first", LIMIT), given.get("after"))

    extensions = {"asks": "list" if one.paged else "one"}
    return GraphQLField(kind, arguments, resolve, description=one.about, extensions=extensions)


async def _connection(
    context: Context, one: Question, values: dict[str, Any], first: int | None, after: str | None
) -> dict[str, Any]:
    """A page as Relay has it. The cursor of an edge is that of the page that begins after it; in the middle of a page
    it is the page's own with how far to go."""
    first = LIMIT if first is None else first
    if not 1 <= first <= LIMIT_MAX:
        raise UsageError(f"first: {first} is not between 1 and {LIMIT_MAX:,}", "ask for the rest with after")
    within = _PLACE.fullmatch(after or "")
    skip, cursor = (int(within[1]), within[2] or None) if within else (0, after or None)
    answer = await context.ask(one.ask, **values, limit=min(skip + first, LIMIT_MAX), cursor=cursor)
    name, _ = rows_of(one.answer) or ("", None)
    rows, following = answer[name][skip:], answer["next_cursor"]
    places = [f"{skip + number}.{cursor or ''}" for number in range(1, len(rows) + 1)]
    if following is not None and places:
        places[-1] = following
    page = {
        "hasNextPage": following is not None,
        "hasPreviousPage": after is not None,
        "startCursor": places[0] if places else None,
        "endCursor": places[-1] if places else after,
    }
    edges = [{"cursor": place, "node": row} for place, row in zip(places, rows, strict=True)]
    return {**answer, "edges": edges, "pageInfo": page}


def _argument(hint: Any, ask: Callable[..., Any], name: str) -> GraphQLArgument:
    bare, meta = _parts(hint)
    kind: GraphQLScalarType = next((scalar for python, scalar in _INPUTS.items() if bare is python), GraphQLString)
    words = [meta.description or "" if meta else ""]
    if get_origin(bare) is Literal:
        words.append(f"One of {', '.join(map(str, get_args(bare)))}.")
    needed = inspect.signature(ask).parameters[name].default is inspect.Parameter.empty
    return GraphQLArgument(GraphQLNonNull(kind) if needed else kind, description=" ".join(filter(None, words)) or None)


_INPUTS = {int: LONG, float: GraphQLFloat, bool: GraphQLBoolean, str: GraphQLString}


def _parts(hint: Any) -> tuple[Any, ParameterKwarg | None]:
    """`Annotated[str | None, QueryParameter(…)]` → (str, the parameter)."""
    meta = next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, ParameterKwarg)), None)
    bare = get_args(hint)[0] if meta is not None else hint
    if get_origin(bare) in (Union, type(int | str)):
        bare = next((one for one in get_args(bare) if one is not type(None)), str)
    return bare, meta


def _outer(name: str, hint: Any) -> str:
    """What a parameter is called by those who ask."""
    _, meta = _parts(hint)
    return (meta.name if meta else None) or name.rstrip("_")


def _checked(name: str, hint: Any, value: Any) -> Any:
    """A value within the limits that the query API sets. Raises UsageError that names it."""
    bare, meta = _parts(hint)
    outer = _outer(name, hint)
    if value is None:
        return None
    if get_origin(bare) is Literal and value not in get_args(bare):
        raise UsageError(f"{outer}: {value!r} is none of {', '.join(map(str, get_args(bare)))}")
    if meta is None:
        return value
    if isinstance(value, str) and meta.max_length is not None and len(value) > meta.max_length:
        raise UsageError(f"{outer}: at most {meta.max_length:,} characters")
    least, most = meta.ge, meta.le
    if isinstance(value, int | float) and (
        (least is not None and value < least) or (most is not None and value > most)
    ):
        raise UsageError(f"{outer}: {value} is not between {least} and {most}")
    return value
