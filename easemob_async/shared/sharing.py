"""What a client shares with other processes: the account of the quotas, and the app's token."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

import attrs

from easemob_async.credentials import Credentials
from easemob_async.errors import ConfigurationError
from easemob_async.models.tokens import AppToken
from easemob_async.quotas import Quotas
from easemob_async.shared.account import SharedQuotaAccount
from easemob_async.shared.app_token import SharedAppToken
from easemob_async.shared.choice import store_of
from easemob_async.shared.protocol import SharedStore
from easemob_async.transport.quota_account import QuotaAccount


class Sharing:
    """The store of a client, and what it keeps there."""

    def __init__(
        self, shared: str | SharedStore, quotas: Quotas | QuotaAccount | None, app_key: str
    ) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: it is no store, or the quotas cannot be shared.
        """
        store = store_of(shared)
        if isinstance(quotas, QuotaAccount):
            raise ConfigurationError(
                "quotas is the account of another client, and shared is another account: pass "
                "Quotas, or leave out shared"
            )
        quotas = quotas or Quotas()
        if quotas.share != 1:
            raise ConfigurationError(
                f"Quotas(share={quotas.share:g}) divides the quota among processes without a "
                "shared store; with shared, leave it out: the processes share the whole"
            )
        self._store = store
        self._app_key = app_key
        self.account = SharedQuotaAccount(quotas, store, app_key)
        """The account of the quotas."""

    def app_token(
        self,
        fetch: Callable[[], Awaitable[AppToken]],
        place: str,
        credentials: Credentials | None,
        total: float,
    ) -> Callable[[], Awaitable[AppToken]]:
        """Return what fetches the app's token for all processes that have the same secret.

        Args:
            fetch: fetches it from the service.
            place: where the API is.
            credentials: the credentials of the client.
            total: the seconds of a call.
        """
        secret = () if credentials is None else attrs.astuple(credentials)
        digest = hashlib.sha256("\0".join([place, *secret]).encode()).hexdigest()
        name = f"{self._app_key}:{digest}"
        return SharedAppToken(self._store, name, fetch, total).get

    async def close(self) -> None:
        """Send the store what it was not sent yet, and close it."""
        await self.account.close()
