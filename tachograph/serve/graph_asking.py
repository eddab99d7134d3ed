"""Answering one GraphQL query: read, checked against the schema, counted, run; errors in GraphQL's shape.

All of that is done in a thread, on a loop of its own: a long query is nobody's business who listens or waits for a
message of a replay. Only its questions to the store are asked on the server's loop, as those of anybody else.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    get_operation_ast,
    parse,
    validate,
)

from tachograph.errors import TachographError
from tachograph.serve import answering
from tachograph.serve.bodies import Incoming
from tachograph.serve.graph_limits import SOURCE_MOST, TOKENS_MOST, Cost, repeated
from tachograph.serve.graph_schema import Context
from tachograph.serve.paging import LIMIT

SECONDS = 30.0
_ERRORS_MOST = 10


class Asked(msgspec.Struct, rename={"operation_name": "operationName"}):
    """The body of a request, as the specification of GraphQL over HTTP has it."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


async def answer(schema: GraphQLSchema, asked: Asked, request: Incoming) -> tuple[bytes, bool]:
    """The answer as GraphQL has it, as JSON, and whether the query was run at all."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(_aside, schema, asked, request, loop)


def _aside(
    schema: GraphQLSchema, asked: Asked, request: Incoming, loop: asyncio.AbstractEventLoop
) -> tuple[bytes, bool]:
    found, ran = asyncio.run(_answer(schema, asked, Context(request, loop)))
    return msgspec.json.encode(found), ran


async def _answer(schema: GraphQLSchema, asked: Asked, context: Context) -> tuple[dict[str, Any], bool]:
    request = context.request
    try:
        document, operation = _read(schema, asked)
        Cost(schema, document, asked.variables or {}, LIMIT).count(operation)
    except GraphQLError as error:
        return {"errors": [_told(error, request)]}, False
    except _Invalid as invalid:
        return {"errors": [_told(error, request) for error in invalid.errors]}, False
    running = execute(schema, document, None, context, asked.variables, asked.operation_name)
    try:
        async with asyncio.timeout(SECONDS):
            result = running if isinstance(running, ExecutionResult) else await running
    except TimeoutError:
        return {"errors": [{"message": "this takes longer than it may", "extensions": {"code": "too_slow"}}]}, False
    found: dict[str, Any] = {"data": result.data}
    if result.errors:
        found["errors"] = [_told(error, request) for error in result.errors[:_ERRORS_MOST]]
    return found, result.data is not None


class _Invalid(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


def _read(schema: GraphQLSchema, asked: Asked) -> tuple[Any, OperationDefinitionNode]:
    """The document and the operation that is meant. Raises GraphQLError, _Invalid."""
    if len(asked.query) > SOURCE_MOST:
        raise GraphQLError(f"a query holds at most {SOURCE_MOST:,} characters", extensions={"code": "too_large"})
    try:
        document = parse(asked.query, max_tokens=TOKENS_MOST)
    except RecursionError:
        raise GraphQLError("the query is nested too deep", extensions={"code": "too_large"}) from None
    repeated(document)
    errors = validate(schema, document, max_errors=_ERRORS_MOST)
    if errors:
        raise _Invalid(errors)
    operation = get_operation_ast(document, asked.operation_name)
    if operation is None:
        raise GraphQLError("which operation is meant is not clear: name one with operationName")
    return document, operation


def _told(error: GraphQLError, request: Incoming) -> dict[str, Any]:
    """An error with what a client can use; what went wrong inside stays inside."""
    found: dict[str, Any] = error.formatted  # type: ignore[assignment]  # a TypedDict
    cause = error.original_error
    if isinstance(cause, TachographError):
        places = request.app.state.places
        hint = answering.without_paths(cause.hint, places)
        found["message"] = answering.without_paths(str(cause), places)
        found["extensions"] = {"code": cause.code, "hint": hint}
    elif cause is not None and error.path is not None and not isinstance(cause, GraphQLError):  # while it ran
        answering.failed(request.scope, cause)  # type: ignore[arg-type]  # Litestar's own name for a scope
        found["message"] = "something went wrong in here"
        found["extensions"] = {"code": "failed", "hint": "tachograph doctor"}
    return found
