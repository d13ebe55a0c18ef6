"""The rate of webhooks on one core: a receiver in `aiohttp.web`, compared with a handler by hand.

``python -m benchmarks.webhooks [--posts N] [--rounds N]``

The posts come from another process, over kept-alive connections; each is signed and new. Every
handler of the receiver takes a second, which must not delay the answers. The handler by hand does
the minimum: it reads, decodes, checks the signature and puts the event into a queue.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection

from aiohttp import web

from easemob_async.webhooks import ChatMessage, WebhookHooks, WebhookReceiver, sign

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


def _by_hand() -> web.Application:
    queue: asyncio.Queue[object] = asyncio.Queue()

    async def handle(request: web.Request) -> web.Response:
        event = json.loads(await request.read())
        text = f"{event['callId']}{SECRET}{event['timestamp']}".encode()
        expected = hashlib.md5(text, usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(expected, event["security"]):
            return web.Response(status=403)
        queue.put_nowait(event)
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/easemob", handle)
    return app


def _ours(receiver: WebhookReceiver) -> web.Application:
    app = web.Application()
    app.router.add_post("/easemob", receiver.aiohttp_handler)
    return app


async def _round(app: web.Application, pipe: Connection, first: int, count: int) -> list[float]:
    """Serve a round of posts; return wall seconds, CPU seconds and the 99th percentile of waits."""
    loop = asyncio.get_running_loop()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    pipe.send((runner.addresses[0][1], first, count))
    await loop.run_in_executor(None, pipe.recv)
    cpu, wall = time.process_time(), time.perf_counter()
    pipe.send("go")
    waits = sorted(await loop.run_in_executor(None, pipe.recv))
    spent = [time.perf_counter() - wall, time.process_time() - cpu, waits[len(waits) * 99 // 100]]
    await runner.cleanup()
    return spent


async def _run(posts: int, rounds: int, pipe: Connection) -> None:
    found: dict[str, list[list[float]]] = {"by hand": [], "ours": []}
    first = 0
    for number in range(rounds + 1):
        for name in ("by hand", "ours") if number % 2 else ("ours", "by hand"):
            if name == "ours":
                # Handlers that are cancelled at the end of a round are not reported.
                silent = WebhookHooks(dropped=lambda _: None, failed=lambda _: None)
                receiver = WebhookReceiver(SECRET, queue_size=posts, hooks=silent)

                @receiver.on(ChatMessage)
                async def slow(event: ChatMessage) -> None:
                    await asyncio.sleep(1)

                await receiver.start()
                spent = await _round(_ours(receiver), pipe, first, posts)
                assert receiver.counts.queued == posts, receiver.counts
                closing = asyncio.create_task(receiver.close())
                await asyncio.sleep(0)
                closing.cancel()
                await asyncio.gather(closing, return_exceptions=True)
            else:
                spent = await _round(_by_hand(), pipe, first, posts)
            first += posts
            if number:  # the first round is a warm-up
                found[name].append(spent)
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in found.items()
    }
    for name, (wall, cpu, slowest) in medians.items():
        print(
            f"{name:8} {posts / wall:7,.0f} posts/s   {posts / cpu:7,.0f} per CPU second   "
            f"99 % answered within {slowest * 1000:.1f} ms"
        )
    ratio = medians["by hand"][1] / medians["ours"][1]
    print(f"ours / by hand, posts per CPU second: {ratio:.2f}; every handler takes 1 s")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    process = context.Process(target=_sender, args=(other,), daemon=True)
    process.start()
    try:
        asyncio.run(_run(arguments.posts, arguments.rounds, pipe))
    finally:
        pipe.send(None)
        process.join(10)


if __name__ == "__main__":
    main()
