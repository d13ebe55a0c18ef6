"""The AI robots of an app."""

from __future__ import annotations

from typing import Final

from easemob_async import api_limits, checks
from easemob_async.models.pages import Paginator
from easemob_async.models.robots import Robot
from easemob_async.operation import Operation
from easemob_async.resources.numbered_pages import numbered
from easemob_async.transport.answer import Answer
from easemob_async.transport.transport import Transport

_LIST: Final = Operation("robots.list", "GET", "/robot/rule", "safe")


class Robots:
    """The AI robots of the app, a service that has to be enabled for it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Paginator[Robot]:
        """List the robots; the pages have a ``total``.

        Args:
            limit: robots per page, at most 20; 20 by default.

        Source: robots.list (aigc_rest_api.md)
        """
        size = checks.page_size(_LIST.id, limit, api_limits.ROBOTS_PER_PAGE)

        async def ask(number: int) -> Answer:
            return await self._transport.call(_LIST, query={"page": number, "size": size})

        return numbered(ask, Robot, size)
