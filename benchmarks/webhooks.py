"""The rate of webhooks on one core: a receiver, compared with a handler by hand.

``python -m benchmarks.webhooks [--posts N] [--rounds N] [--asgi]``

The posts come from another process, over kept-alive connections; each is signed and new. Every
handler of the receiver takes a second, which must not delay the answers. The handler by hand does
the minimum: it reads, decodes, checks the signature and puts the event into a queue. The server is
`aiohttp.web`, or with ``--asgi`` uvicorn. Prints the median of the ratios of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import hmac
import itertools
import json
import multiprocessing
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import uvicorn
from aiohttp import web

from easemob_async.webhooks import ChatMessage, WebhookHooks, WebhookReceiver, sign

if TYPE_CHECKING:
    from uvicorn._types import ASGIApplication

Spent = tuple[float, float, float]
SECRET = "the-secret-of-the-rule"
CONNECTIONS = 16


def _post(number: int, port: int) -> bytes:
    event = {
        "callId": f"acme#shop_{number}",
        "eventType": "chat",
        "timestamp": 1600060847294,
        "chat_type": "chat",
        "from": "ann",
        "to": "bot",
        "msg_id": str(number),
        "payload": {"ext": {}, "bodies": [{"msg": "hello", "type": "txt"}]},
        "securityVersion": "1.0.0",
        "appkey": "acme#shop",
        "host": "server-1",
    }
    event["security"] = sign(f"acme#shop_{number}", SECRET, 1600060847294)
    body = json.dumps(event).encode()
    head = (
        f"POST /easemob HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _send(port: int, posts: list[bytes]) -> list[float]:
    """Send all posts and return the seconds that each answer took."""
    waits: list[float] = []

    async def connection(mine: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for post in mine:
            began = time.perf_counter()
            writer.write(post)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head[:20], head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            waits.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(connection(posts[i::CONNECTIONS]) for i in range(CONNECTIONS)))
    return waits


def _sender(pipe: Connection) -> None:
    while (order := pipe.recv()) is not None:
        port, first, count = order
        posts = [_post(number, port) for number in range(first, first + count)]
        pipe.send("ready")
        pipe.recv()
        pipe.send(asyncio.run(_send(port, posts)))


def _taken(body: bytes, queue: asyncio.Queue[object]) -> bool:
    """Do by hand what is needed: decode, check the signature, queue."""
    event = json.loads(body)
    text = f"{event['callId']}{SECRET}{event['timestamp']}".encode()
    expected = hashlib.md5(text, usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected, event["security"]):
        return False
    queue.put_nowait(event)
    return True


def _by_hand() -> web.Application:
    queue: asyncio.Queue[object] = asyncio.Queue()

    async def handle(request: web.Request) -> web.Response:
        if not _taken(await request.read(), queue):
            return web.Response(status=403)
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/easemob", handle)
    return app


def _by_hand_asgi() -> ASGIApplication:
    queue: asyncio.Queue[object] = asyncio.Queue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status = 200 if _taken(body, queue) else 403
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    return app


def _ours(receiver: WebhookReceiver) -> web.Application:
    app = web.Application()
    app.router.add_post("/easemob", receiver.aiohttp_handler)
    return app


@asynccontextmanager
async def _served(app: web.Application | ASGIApplication) -> AsyncIterator[int]:
    """Serve an application and yield its port."""
    if isinstance(app, web.Application):
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        yield runner.addresses[0][1]
        await runner.cleanup()
        return
    config = uvicorn.Config(app, port=0, lifespan="off", ws="none", log_level="error")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


async def _round(
    app: web.Application | ASGIApplication, pipe: Connection, first: int, count: int
) -> Spent:
    """Serve a round of posts; return wall seconds, CPU seconds and the 99th percentile of waits."""
    loop = asyncio.get_running_loop()
    async with _served(app) as port:
        pipe.send((port, first, count))
        await loop.run_in_executor(None, pipe.recv)
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        pipe.send("go")
        waits = sorted(await loop.run_in_executor(None, pipe.recv))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return wall, cpu, waits[len(waits) * 99 // 100]


async def _our_round(pipe: Connection, first: int, count: int, asgi: bool) -> Spent:
    # Handlers that are cancelled at the end of a round are not reported.
    silent = WebhookHooks(dropped=lambda _: None, failed=lambda _: None)
    receiver = WebhookReceiver(SECRET, queue_size=count, hooks=silent)

    @receiver.on(ChatMessage)
    async def slow(event: ChatMessage) -> None:
        await asyncio.sleep(1)

    await receiver.start()
    app = receiver.asgi_app if asgi else _ours(receiver)
    spent = await _round(app, pipe, first, count)  # type: ignore[arg-type]
    assert receiver.counts.queued == count, receiver.counts
    closing = asyncio.create_task(receiver.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    return spent


async def _run(posts: int, rounds: int, asgi: bool, pipe: Connection) -> None:
    found: dict[str, list[Spent]] = {"by hand": [], "ours": []}
    firsts = itertools.count(0, posts)
    for number in range(rounds + 1):
        for name in ("by hand", "ours") if number % 2 else ("ours", "by hand"):
            if name == "ours":
                spent = await _our_round(pipe, next(firsts), posts, asgi)
            else:
                app = _by_hand_asgi() if asgi else _by_hand()
                spent = await _round(app, pipe, next(firsts), posts)
            if number:  # the first round is a warm-up
                found[name].append(spent)
    for name, rows in found.items():
        wall, cpu, slowest = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"{name:8} {posts / wall:7,.0f} posts/s   {posts / cpu:7,.0f} per CPU second   "
            f"99 % answered within {slowest * 1000:.1f} ms"
        )
    pairs = zip(found["by hand"], found["ours"], strict=True)
    ratios = [by_hand[1] / ours[1] for by_hand, ours in pairs]
    print(
        f"ours / by hand, posts per CPU second: {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f}, {rounds} rounds in turn); "
        "every handler takes 1 s"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--asgi", action="store_true", help="serve by uvicorn")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=_sender, args=(other,), daemon=True)
    process.start()
    try:
        asyncio.run(_run(arguments.posts, arguments.rounds, arguments.asgi, pipe))
    finally:
        pipe.send(None)
        process.join(10)


if __name__ == "__main__":
    main()
