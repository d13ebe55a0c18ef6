"""Small servers for tests: scripted answers over real sockets, and cut connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.waiting import WITHIN, turns

CUT = "cut"
"""Close the connection without an answer."""
HANG = "hang"
"""Never answer."""


@dataclass
class Received:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """An answer: JSON, text or raw bytes."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Written as it is, in place of an answer; then the connection is closed."""
    hold: bool = False
    """Keep the connection open after `raw`, and say nothing more."""

    def encode(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if isinstance(self.body, bytes):
            content = self.body
        elif isinstance(self.body, str):
            content = self.body.encode()
        else:
            content = json.dumps(self.body if self.body is not None else {}).encode()
        lines = [f"HTTP/1.1 {self.status} X", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


Answer = Reply | str
Responder = Callable[[Received], Answer | Awaitable[Answer]]


def always(answer: Answer) -> Responder:
    """Give every request the same answer."""
    return lambda _: answer


class ScriptedServer:
    """Answers as a function says, and keeps what it received. One token for everybody."""

    def __init__(self, respond: Responder) -> None:
        self.respond = respond
        self.received: list[Received] = []
        self.tokens = 0
        self.connections = 0
        self.url = ""
        self.tasks: set[asyncio.Task[Any] | None] = set()
        """One for each open connection."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._arrived = asyncio.Condition()

    @property
    def calls(self) -> list[Received]:
        """What was received beside requests for tokens."""
        return [r for r in self.received if not r.path.endswith("/token")]

    async def until(self, number: int) -> None:
        """Wait until so many calls were received."""
        async with asyncio.timeout(WITHIN), self._arrived:
            await self._arrived.wait_for(lambda: len(self.calls) >= number)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        self._writers.add(writer)
        try:
            while (request := await _read(reader)) is not None:
                self.received.append(request)
                async with self._arrived:
                    self._arrived.notify_all()
                answer = self.respond(request)
                if isinstance(answer, Awaitable):
                    answer = await answer
                if answer == HANG:
                    await asyncio.Event().wait()
                if answer == CUT or isinstance(answer, str):
                    break
                writer.write(answer.encode())
                await writer.drain()
                if answer.hold:
                    await asyncio.Event().wait()
                if answer.raw is not None:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.tasks.discard(asyncio.current_task())
            self._writers.discard(writer)
            writer.close()

    def abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader) -> Received | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    line, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {}
    for row in rest:
        name, separator, value = row.partition(": ")
        if separator:
            headers[name.lower()] = value
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


@asynccontextmanager
async def scripted(respond: Responder) -> AsyncIterator[ScriptedServer]:
    """Run a scripted server; it gives tokens by itself."""

    def with_tokens(request: Received) -> Answer | Awaitable[Answer]:
        if request.path.endswith("/token"):
            server.tokens += 1
            token = f"YWMt-token-{server.tokens}"
            return Reply(body={"access_token": token, "expires_in": 5184000})
        return respond(request)

    server = ScriptedServer(with_tokens)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listener.close()
        server.abort()
        await turns()
