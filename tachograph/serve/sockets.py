"""WS /api/ws: the live stream and replays on one line, with commands from the client.

A command is one JSON object with a `type`: subscribe and unsubscribe for what happens now, replay for a stored session,
and what is asked of that replay while it plays. What is wrong with a command is answered by a message of type `error`,
in the shape of every other error; the line stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Router, WebSocket, websocket

from tachograph.errors import TachographError, UsageError
from tachograph.replay import messages
from tachograph.replay.player import Options
from tachograph.serve import telling
from tachograph.serve.bodies import NotTaken
from tachograph.serve.live import NOW, filtered, place
from tachograph.serve.pulse import Listener, Pulse
from tachograph.serve.replaying import Control, limit
from tachograph.serve.replays import Replays, cursor_of

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


class Replay(msgspec.Struct, tag="replay", forbid_unknown_fields=True):
    """The parameters of GET /api/replay/session/{id}, or with `sessions` or `workflow` of those for several; `after`: a
    cursor of an earlier replay, to go on there."""

    session: str | None = None
    speed: float = 1.0
    begin: str | float | None = msgspec.field(default=None, name="from")
    end: str | float | None = msgspec.field(default=None, name="to")
    idle_limit: float | None = None
    loop: bool = False
    paused: bool = False
    output: bool = False
    stay: bool = True
    after: str | None = None
    sessions: list[str] = []
    workflow: str | None = None


CONTROLS = ("pause", "resume", "seek", "step", "speed", "loop", "stop")
Command = Subscribe | Unsubscribe | Replay | Control
_decoder: msgspec.json.Decoder[Subscribe | Unsubscribe | Replay] = msgspec.json.Decoder(
    Subscribe | Unsubscribe | Replay
)


class Conversation:
    """One client's line: what it asked for last is what it gets, live and of a replay."""

    def __init__(self, socket: Socket, pulse: Pulse, replays: Replays) -> None:
        self._socket = socket
        self._pulse = pulse
        self._replays = replays
        self._speaking = asyncio.Lock()
        self._live: asyncio.Task[None] | None = None
        self._replaying: asyncio.Task[None] | None = None
        self._replay: str | None = None

    async def run(self) -> None:
        """Until the client hangs up, or the server stops."""
        await self._socket.accept()
        try:
            while (text := await self._heard()) is not None:
                try:
                    await self._obey(_understood(text))
                except (TachographError, NotTaken) as error:
                    await self._say([_error(error)])
        finally:
            await _ended(self._live)
            await _ended(self._replaying)

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
                await _ended(self._live)
            case Replay():
                await self._begin(command)
            case Control():
                await self._control(command)

    async def _subscribe(self, asked: Subscribe) -> None:
        types = ",".join(asked.types) if isinstance(asked.types, list) else asked.types
        wanted = filtered(asked.session, asked.agent, types)
        position = await place(self._pulse, str(asked.after))
        await _ended(self._live)
        listener = self._pulse.listen(wanted, telling.WEBSOCKET, position)
        self._live = asyncio.create_task(self._tell(listener))

    async def _begin(self, asked: Replay) -> None:
        cursor = cursor_of(asked.after)
        options = Options(
            asked.speed, limit(asked.idle_limit), asked.begin, asked.end, asked.loop, asked.paused, asked.output,
            asked.stay, cursor.items if cursor else 0,
        )  # fmt: skip
        sessions = [*([asked.session] if asked.session is not None else []), *asked.sessions]
        found = await self._replays.begin(sessions, options, workflow=asked.workflow)
        await _ended(self._replaying)
        self._replay = found.name
        self._replaying = asyncio.create_task(self._play(found.name))

    async def _control(self, asked: Control) -> None:
        if self._replay is None or self._replays.find(self._replay) is None:
            raise UsageError(
                f"there is no replay to {asked.action}", '{"type": "replay", "session": "last"} begins one'
            )
        fields = msgspec.structs.asdict(asked)
        await self._replays.get(self._replay).player.control(fields.pop("action"), **fields)

    async def _play(self, name: str) -> None:
        """A replay, until it is over."""
        found, listener = self._replays.get(name), object()
        self._replays.listened(name)
        told = found.messages(listener)
        try:
            async for message in told:
                await self._say([messages.encode(message).decode()])
        except TachographError as error:
            await self._say([_error(error)])
        finally:
            await told.aclose()  # type: ignore[attr-defined]  # an async generator
            self._replays.left(found, listener)

    async def _tell(self, listener: Listener) -> None:
        """What one listens to; when that ends, the server does."""
        try:
            async for chunks in listener.chunks():
                await self._say(chunks)
        except TachographError as error:
            await self._say([_error(error)])
            return
        finally:
            listener.close()
        await self._socket.close(_RESTART, "the server stops")

    async def _say(self, chunks: Sequence[telling.Chunk]) -> None:
        async with self._speaking:
            for chunk in chunks:
                assert isinstance(chunk, str)
                await self._socket.send_text(chunk)


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task


def _error(error: TachographError | NotTaken) -> str:
    said = str(error) if isinstance(error, TachographError) else error.detail
    told = {"code": error.code, "message": said, "hint": error.hint}
    return msgspec.json.encode({"type": "error", "error": told}).decode()


def _understood(text: str | bytes) -> Command:
    """Raises UsageError."""
    try:
        given = msgspec.json.decode(text)
        if isinstance(given, dict) and (action := given.get("type")) in CONTROLS:
            fields = {name: value for name, value in given.items() if name != "type"}
            return msgspec.convert({**fields, "action": action}, Control)
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"this command is not understood: {error}", 'for example {"type": "subscribe", "after": "now"}'
        ) from None


@websocket("/api/ws")
async def talk(socket: Socket) -> None:
    """Live and replay on one line; see docs/live.md."""
    await Conversation(socket, socket.app.state.pulse, socket.app.state.replays).run()


router = Router("/", route_handlers=[talk])
