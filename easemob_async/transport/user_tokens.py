"""Users' own tokens, for the operations that want them: opt-in."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from easemob_async.credentials import ClientCredentials
from easemob_async.errors import ConfigurationError
from easemob_async.models.tokens import AppToken, Token
from easemob_async.transport.tokens import BETWEEN_FORCED, AppTokenSource, checked_token

# A token that expires so soon is no longer used.
_MARGIN: Final = timedelta(seconds=60)
_USERS_KEPT: Final = 10_000


class Mint(Protocol):
    """Makes a user's token: `tokens.create_user_token`."""

    async def __call__(self, username: str, *, ttl: timedelta | None = None) -> AppToken: ...


class UserTokens:
    """A `TokenProvider` with users' own tokens for the operations that require them.

    Opt-in: ``EasemobClient(..., token=UserTokens(client_id, client_secret))``. The built-in
    provider returns the app's token for them as well, which the service has accepted so far.
    """

    def __init__(self, client_id: str, client_secret: str, *, ttl: timedelta | None = None) -> None:
        self.credentials = ClientCredentials(client_id, client_secret)
        """What the app's token is fetched with."""
        self._ttl = ttl
        self._app: AppTokenSource | None = None
        self._mint: Mint | None = None
        self._users: OrderedDict[str, Token] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}
        self._refused: dict[str, float] = {}

    def attach(self, app: AppTokenSource, mint: Mint) -> None:
        """Set the sources of the app's token and of users' tokens; the client calls it.

        Raises:
            ConfigurationError: it is another client's.
        """
        if self._app is not None:
            raise ConfigurationError("these UserTokens are another client's; make new ones")
        self._app, self._mint = app, mint

    async def get(self, *, username: str | None) -> Token:
        """Return the app's token, or a user's, which is kept while it is valid."""
        assert self._app is not None
        assert self._mint is not None
        if username is None:
            return await self._app.get(username=None)
        token = self._users.get(username)
        if token is not None and not _ends_soon(token):
            self._users.move_to_end(username)
            return token
        # One at a time for a user, however many callers wait.
        turn = self._turns.setdefault(username, asyncio.Lock())
        try:
            async with turn:
                token = self._users.get(username)
                if token is None or _ends_soon(token):
                    made = await self._mint(username, ttl=self._ttl)
                    token = checked_token(made.to_token(datetime.now(UTC)), "the service")
                    self._users[username] = token
                    if len(self._users) > _USERS_KEPT:
                        self._users.popitem(last=False)
                return token
        finally:
            if not turn.locked():
                self._turns.pop(username, None)

    def invalidate(self, token: Token) -> None:
        """Forget a token that was refused."""
        for username, kept in list(self._users.items()):
            if kept.value == token.value:
                now = time.monotonic()
                # Once a minute at most: the service bans accounts that ask too often.
                if now - self._refused.get(username, float("-inf")) >= BETWEEN_FORCED:
                    self._refused = {
                        n: at for n, at in self._refused.items() if now - at < BETWEEN_FORCED
                    }
                    self._refused[username] = now
                    del self._users[username]
                return
        assert self._app is not None
        self._app.invalidate(token)

    def moved(self) -> None:
        """Forget what waits in an event loop that is closed."""
        self._turns.clear()
        if self._app is not None:
            self._app.moved()

    async def close(self) -> None:
        """Stop a fetch that is in flight."""
        if self._app is not None:
            await self._app.close()


def _ends_soon(token: Token) -> bool:
    return token.expires_at is not None and token.expires_at - datetime.now(UTC) < _MARGIN
