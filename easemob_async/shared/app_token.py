"""The app's token in a store: one process fetches it, and all use it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from easemob_async.errors import (
    ConnectError,
    EasemobError,
    RequestTimeoutError,
    SharedStoreError,
    TransportError,
)
from easemob_async.models.tokens import FOREVER, AppToken
from easemob_async.shared.protocol import (
    SECOND,
    FetchedToken,
    SharedStore,
    TokenReply,
    TokenRequest,
)
from easemob_async.transport.tokens import checked_token, renewed_before_end, wait_after_failure

_LEASE: Final = 6.0
_RENEW_LEASE: Final = 2.0
"""A process that fetches says so again; when it dies, another one fetches soon."""
_POLL: Final = 0.05
"""Seconds between questions while another process fetches."""
_PATIENCE: Final = 0.8
"""The part of a call's time for which a store that cannot be reached is asked again."""
_PAUSE: Final = 0.2

_LOG: Final = logging.getLogger("easemob_async")

_ON_THE_WAY: Final = frozenset(
    kind.__name__ for kind in (TransportError, ConnectError, RequestTimeoutError)
)
"""The names of errors that say nothing about the app."""


class SharedAppToken:
    """The fetch of the app's token for all processes."""

    def __init__(
        self,
        store: SharedStore,
        name: str,
        fetch: Callable[[], Awaitable[AppToken]],
        total: float,
    ) -> None:
        """Fetch nothing yet.

        Args:
            store: the store.
            name: the name under which the token is kept.
            fetch: fetches it from the service.
            total: the seconds of a call.
        """
        self._store = store
        self._patience = total * _PATIENCE
        self._name = name
        self._fetch = fetch
        self._known = ""

    async def get(self) -> AppToken:
        """Return the token in the store, or a new one in place of what this returned before.

        Raises:
            SharedStoreError: the store cannot be reached.
            EasemobError: there is no token; also when another process was told so just now.
        """
        request = TokenRequest(self._name, secrets.token_hex(8), self._known, _micro(_LEASE))
        while True:
            reply = await self._ask(request)
            if reply.token:
                self._known = reply.token
                left = FOREVER if reply.left is None else timedelta(microseconds=reply.left)
                return AppToken(reply.token, left)
            if reply.fetch:
                return await self._fetch_for_all(request, reply.failures)
            if reply.error:
                name = reply.error.partition(":")[0]
                # Of the same kind as there: trouble on the way is waited out.
                kind = TransportError if name in _ON_THE_WAY else EasemobError
                raise kind(
                    f"{reply.error} (so another process was told; asked again "
                    f"{reply.wait / SECOND:.1f} s too early)"
                )
            await asyncio.sleep(_POLL)

    async def _ask(self, request: TokenRequest) -> TokenReply:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        while True:
            try:
                return await self._store.token(request)
            except (SharedStoreError, TimeoutError) as error:
                if loop.time() > until:
                    failure = error
                    break
            await asyncio.sleep(_PAUSE)
        if isinstance(failure, SharedStoreError):
            raise failure
        raise SharedStoreError("the shared store did not answer")

    async def _fetch_for_all(self, request: TokenRequest, failures: int) -> AppToken:
        holding = asyncio.create_task(self._hold_lease(request))
        try:
            fetched = await self._fetch()
            checked_token(fetched.to_token(datetime.now(UTC)), "the service")
        except EasemobError as error:
            wait = _micro(wait_after_failure(error, failures))
            words = f"{type(error).__name__}: {error}"
            await self._put(FetchedToken(self._name, request.holder, wait=wait, error=words))
            raise
        finally:
            holding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await holding
        self._known = fetched.access_token
        life = fetched.expires_in.total_seconds()
        if fetched.expires_in == FOREVER or life <= 0:
            kept = FetchedToken(self._name, request.holder, fetched.access_token)
        else:
            renew = _micro(renewed_before_end(life))
            kept = FetchedToken(
                self._name, request.holder, fetched.access_token, _micro(life), renew
            )
        await self._put(kept)
        return fetched

    async def _hold_lease(self, request: TokenRequest) -> None:
        while True:
            await asyncio.sleep(_RENEW_LEASE)
            with contextlib.suppress(SharedStoreError, TimeoutError):
                await self._store.token(request)

    async def _put(self, fetched: FetchedToken) -> None:
        try:
            await self._store.put_token(fetched)
        except (SharedStoreError, TimeoutError) as error:
            # This process has what it wants; the others fetch when the lease has ended.
            _LOG.warning("the app's token could not be shared: %s", error)


def _micro(seconds: float) -> int:
    return int(seconds * SECOND)
