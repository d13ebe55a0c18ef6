"""The state that a client shares among its calls: host, credentials, connections, quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import attrs

from easemob_async.config import AppKey, Hooks, RetryPolicy, Timeouts
from easemob_async.credentials import Credentials
from easemob_async.errors import ClientClosedError
from easemob_async.models.tokens import Token, TokenProvider
from easemob_async.transport.deadline import Deadlines
from easemob_async.transport.hosts import Hosts
from easemob_async.transport.loops import LoopBinding
from easemob_async.transport.quota_account import QuotaAccount
from easemob_async.transport.session import SessionPool

_TURNS_TO_END: Final = 10
IN_USE: Final = "the client is in use in another event loop; make one client for each loop"


@attrs.frozen
class Options:
    """What `EasemobClient.with_options` can change."""

    timeouts: Timeouts
    retry: RetryPolicy
    hooks: Hooks


class ClientTokenProvider(TokenProvider, Protocol):
    """A provider that the client has made or taken over: it moves and closes with the client."""

    def moved(self) -> None:
        """Forget what waits in an event loop that is closed."""

    async def close(self) -> None:
        """Stop a fetch that is in flight."""


class ClientState:
    """What a client and its light copies share."""

    def __init__(
        self,
        *,
        app_key: AppKey,
        hosts: Hosts,
        pool: SessionPool,
        binding: LoopBinding,
        quotas: QuotaAccount,
        credentials: Credentials | None,
        max_message_bytes: int,
        on_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.app_key = app_key
        self.hosts = hosts
        self.pool = pool
        self.quotas = quotas
        self.credentials = credentials
        self.max_message_bytes = max_message_bytes
        self.tokens: TokenProvider | None = None
        self.ready_token: Callable[[], Token | None] | None = None
        """Returns a token that is good for every call, without waiting, where there is one."""
        self.client_tokens: ClientTokenProvider | None = None
        """The same as `tokens`, where the client owns it."""
        self._binding = binding
        self._on_close = on_close
        self.deadlines = Deadlines()
        """The calls that are not over: closing the client ends them immediately."""

    def provide(self, tokens: ClientTokenProvider) -> None:
        """Take over a provider."""
        self.tokens = self.client_tokens = tokens

    def share(self, quotas: QuotaAccount, on_close: Callable[[], Awaitable[None]]) -> None:
        """Use the account of a store from now on, which is closed with the client."""
        self.quotas, self._on_close = quotas, on_close

    def enter_loop(self) -> asyncio.AbstractEventLoop:
        """Return the running loop, bound to.

        Raises:
            ClientClosedError: the client was closed.
            ConfigurationError: the client belongs to another loop that is not closed.
        """
        if self.pool.is_closed():
            raise ClientClosedError("the client is closed; make a new one")
        loop = asyncio.get_running_loop()
        if loop is not self._binding.loop:
            self._binding.enter(loop, self._leave_closed_loop)
        return loop

    async def close(self) -> None:
        """End every call that is not over, and close connections and provider.

        Raises:
            ConfigurationError: the client belongs to another loop that is not closed.
        """
        loop = self._binding.loop
        if loop is not None and not self.pool.is_closed():
            self._binding.enter(asyncio.get_running_loop(), self._leave_closed_loop)
        if loop is not None and not loop.is_closed():
            self.deadlines.expire()
        await self.pool.close()
        await self.hosts.close()
        if self.client_tokens is not None:
            await self.client_tokens.close()
        if self._on_close is not None:
            for _ in range(_TURNS_TO_END):  # calls that end have something to say
                if self.deadlines.are_over():
                    break
                await asyncio.sleep(0)
            await self._on_close()

    def _leave_closed_loop(self) -> None:
        self.pool.leave_closed_loop()
        self.hosts.moved()
        self.deadlines.forget()
        if self.client_tokens is not None:
            self.client_tokens.moved()
