"""A store in memory: the reference model behind the protocol, with faults; for virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from easemob_async.errors import SharedStoreError
from easemob_async.quotas import Quotas
from easemob_async.shared.account import SharedQuotaAccount
from easemob_async.shared.protocol import (
    SECOND,
    FetchedToken,
    Reply,
    Request,
    TokenReply,
    TokenRequest,
)
from tests.shared.model import Model

EPOCH = 1_700_000_000 * SECOND


class Server:
    """What all processes reach: the account, and the clock by which it counts."""

    def __init__(self) -> None:
        self.model = Model()
        self.step = 0
        """Microseconds by which its clock was stepped."""

    def forget(self) -> None:
        """Lose the account."""
        self.model = Model()

    @property
    def now(self) -> int:
        return EPOCH + self.step + round(asyncio.get_running_loop().time() * SECOND)


class MemoryStore:
    """A process's way to the server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.requests: list[Request] = []
        """The requests that arrived."""
        self.way: Callable[[], float] = lambda: 0.0
        """Returns the seconds that a request, or its reply, is on its way."""
        self.fate: Callable[[], str] = lambda: "fine"
        """Returns what becomes of the next request: ``fine``, ``lost``, or ``unanswered``."""

    async def exchange(self, app: str, request: Request) -> Reply:
        fate = self.fate()
        await asyncio.sleep(self.way())
        if fate == "lost":
            raise SharedStoreError("the store is away")
        self.requests.append(request)
        reply = self.server.model.exchange(self.server.now, request)
        await asyncio.sleep(self.way())
        if fate == "unanswered":
            raise SharedStoreError("the connection broke")
        return reply

    async def token(self, request: TokenRequest) -> TokenReply:
        raise NotImplementedError

    async def put_token(self, fetched: FetchedToken) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        return None


class Process:
    """A process with its account, in virtual time."""

    def __init__(self, server: Server, quotas: Quotas | None = None) -> None:
        self.store = MemoryStore(server)
        clock = asyncio.get_running_loop().time
        self.account = SharedQuotaAccount(quotas or Quotas(), self.store, "a#b", clock)
        self.is_dead = False

    def die(self) -> None:
        """Say nothing more."""
        self.is_dead = True
        self.store.fate = lambda: "lost"
