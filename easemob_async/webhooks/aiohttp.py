"""The receiver as a handler of `aiohttp.web`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from easemob_async.errors import WebhookError
from easemob_async.webhooks.intake import READ_WITHIN, Answering, WebhookAnswer

if TYPE_CHECKING:
    # Whoever has a request to answer has loaded it; others need not.
    import aiohttp.web  # noqa: TC004


async def answer_aiohttp(receiver: Answering, request: aiohttp.web.Request) -> aiohttp.web.Response:
    """Answer a request of `aiohttp.web`."""
    try:
        content, most = request.content, receiver.max_body
        if content.at_eof() and content.total_bytes:
            body = await request.read()  # a middleware has read it; the request keeps it
        elif content.is_eof() and content.total_bytes <= most:  # a small post is there as a whole
            body = content.read_nowait()
        else:
            async with asyncio.timeout(READ_WITHIN):
                body = await _read(request, most)
    except TimeoutError:
        return aiohttp.web.Response(status=408)
    except ConnectionError:
        return aiohttp.web.Response(
            status=400
        )  # the client has disconnected; this answer is not read
    except aiohttp.web.RequestPayloadError as error:
        # aiohttp decompresses the body; this one is damaged.
        answer = receiver.refuse(WebhookError(f"a post that cannot be decompressed: {error}"))
        response = _response(answer)
        await response.prepare(request)
        await response.write_eof()
        if request.protocol.transport is not None:
            request.protocol.force_close()  # otherwise aiohttp reads on and logs the error
        return response
    response = _response(await receiver.answer(body))
    if len(body) > most:
        response.force_close()  # the rest of the body is not needed
    return response


async def _read(request: aiohttp.web.Request, most: int) -> bytes:
    """Read a body up to the size limit."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            break
    return bytes(body)


def _response(answer: WebhookAnswer) -> aiohttp.web.Response:
    return aiohttp.web.Response(
        status=answer.status, body=answer.body, content_type="application/json"
    )
