"""The receiver as a handler of `aiohttp.web`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from easemob_async.errors import WebhookError
from easemob_async.webhooks.intake import READ_WITHIN, Answering, WebhookAnswer

if TYPE_CHECKING:
    from aiohttp import web


async def answer_aiohttp(receiver: Answering, request: web.Request) -> web.Response:
    """Answer a request of `aiohttp.web`."""
    from aiohttp import web  # already loaded when this is called

    body = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > receiver.max_body:
                    break
    except TimeoutError:
        return web.Response(status=408)
    except ConnectionError:
        return web.Response(status=400)  # the client has disconnected; this answer is not read
    except web.RequestPayloadError as error:
        # aiohttp decompresses the body; this one is damaged.
        answer = receiver.refuse(WebhookError(f"a post that cannot be decompressed: {error}"))
        response = _response(answer)
        await response.prepare(request)
        await response.write_eof()
        if request.protocol.transport is not None:
            request.protocol.force_close()  # otherwise aiohttp reads on and logs the error
        return response
    answer = await receiver.answer(bytes(body))
    response = _response(answer)
    if len(body) > receiver.max_body:
        response.force_close()  # the rest of the body is not needed
    return response


def _response(answer: WebhookAnswer) -> web.Response:
    from aiohttp import web

    return web.Response(status=answer.status, body=answer.body, content_type="application/json")
