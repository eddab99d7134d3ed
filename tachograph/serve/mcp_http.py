"""/mcp: the same tools over HTTP, a request an answer. No sessions, no streams, whatever revision a client speaks.

The guard has judged host, origin and token by then, as for everything else.
"""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Router, asgi
from litestar.types import Receive, Scope, Send

from tachograph.errors import NotFound
from tachograph.serve import mcp
from tachograph.serve.bodies import NotTaken
from tachograph.serve.reading import Reading

PATH = "/mcp"
_BODY_MAX = 1 << 20  # bytes: questions are short, memories are no archives


@asgi(PATH, copy_scope=True)
async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    """One message of the Model Context Protocol."""
    if scope.get("method") != "POST":
        # There is nothing to listen to: a server of the protocol says so with 405.
        raise NotTaken(405, "not_allowed", "messages come as POST", "an MCP client does that by itself: docs/mcp.md")
    server = await _server(scope)
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True, max_request_body_size=_BODY_MAX)
    async with manager.run():
        await manager.handle_request(scope, receive, send)  # type: ignore[arg-type]  # other names for ASGI's types


async def _server(scope: Scope) -> Any:
    """Made when it is first asked for, in a thread: importing the package takes a second. Raises NotTaken."""
    state = scope["litestar_app"].state
    found = state.get("mcp")
    if found is None:
        reading: Reading = state.reading
        try:
            found = state["mcp"] = await asyncio.to_thread(mcp.make_server, reading, None, "")
            await asyncio.to_thread(__import__, "mcp.server.streamable_http_manager")
        except NotFound as error:
            raise NotTaken(501, "not_installed", str(error), error.hint) from None
    return found


router = Router("/", route_handlers=[endpoint])
