"""WS /api/ws: the live stream and replays on one line, with commands from the client.

A command is one JSON object with a `type`: subscribe, unsubscribe. What is wrong with one is answered by a message of
type `error`, in the shape of every other error; the line stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Router, WebSocket, websocket

from tachograph.errors import TachographError, UsageError
from tachograph.serve import telling
from tachograph.serve.live import NOW, filtered, place
from tachograph.serve.pulse import Listener, Pulse

Socket = WebSocket[Any, Any, Any]
_RESTART = 1012  # why a line is closed when the server stops: come again


class Subscribe(msgspec.Struct, tag="subscribe", forbid_unknown_fields=True):
    """The parameters of GET /api/live; `types` is its `type`, which is the name of a command's own."""

    after: str | int = NOW
    agent: str | None = None
    session: str | None = None
    types: str | list[str] | None = None


class Unsubscribe(msgspec.Struct, tag="unsubscribe", forbid_unknown_fields=True):
    """No more live messages."""


Command = Subscribe | Unsubscribe
_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)


class Conversation:
    """One client's line: what it asked for last is what it gets."""

    def __init__(self, socket: Socket, pulse: Pulse) -> None:
        self._socket = socket
        self._pulse = pulse
        self._speaking = asyncio.Lock()
        self._live: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the client hangs up, or the server stops."""
        await self._socket.accept()
        try:
            while (text := await self._heard()) is not None:
                try:
                    await self._obey(_understood(text))
                except TachographError as error:
                    said = {"code": error.code, "message": str(error), "hint": error.hint}
                    await self._say([msgspec.json.encode({"type": "error", "error": said}).decode()])
        finally:
            await self._unsubscribe()

    async def _heard(self) -> str | bytes | None:
        """The next command; None when the client has hung up."""
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            return None
        return message.get("text") or message.get("bytes") or ""

    async def _obey(self, command: Command) -> None:
        match command:
            case Subscribe():
                await self._subscribe(command)
            case Unsubscribe():
                await self._unsubscribe()

    async def _subscribe(self, asked: Subscribe) -> None:
        types = ",".join(asked.types) if isinstance(asked.types, list) else asked.types
        wanted = filtered(asked.session, asked.agent, types)
        position = await place(self._pulse, str(asked.after))
        await self._unsubscribe()
        listener = self._pulse.listen(wanted, telling.WEBSOCKET, position)
        self._live = asyncio.create_task(self._tell(listener))

    async def _unsubscribe(self) -> None:
        task, self._live = self._live, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    async def _tell(self, listener: Listener) -> None:
        """What one listens to; when that ends, the server does."""
        try:
            async for chunks in listener.chunks():
                await self._say(chunks)
        finally:
            listener.close()
        await self._socket.close(_RESTART, "the server stops")

    async def _say(self, chunks: Sequence[telling.Chunk]) -> None:
        async with self._speaking:
            for chunk in chunks:
                assert isinstance(chunk, str)
                await self._socket.send_text(chunk)


def _understood(text: str | bytes) -> Command:
    """Raises UsageError."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"this command is not understood: {error}", 'for example {"type": "subscribe", "after": "now"}'
        ) from None


@websocket("/api/ws")
async def talk(socket: Socket) -> None:
    """Live and replay on one line; see docs/live.md."""
    await Conversation(socket, socket.app.state.pulse).run()


router = Router("/", route_handlers=[talk])
