"""Tokens, and the protocol of token providers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import attrs

from easemob_async.errors import ConfigurationError

FOREVER: Final = timedelta.max
"""An unlimited length of time."""


@attrs.frozen
class Token:
    """A token and the time when it expires. ``repr`` never shows its value."""

    value: str = attrs.field(repr=False)
    """The token to send in the ``Authorization`` header."""
    expires_at: datetime | None = None
    """The time when the token expires (aware, UTC); ``None`` if it is not known."""

    def __attrs_post_init__(self) -> None:
        if self.expires_at is not None and self.expires_at.utcoffset() is None:
            raise ConfigurationError("Token: expires_at must be an aware datetime")


@runtime_checkable
class TokenProvider(Protocol):
    """A provider of tokens, for ``EasemobClient(token=...)``."""

    async def get(self, *, username: str | None) -> Token:
        """Return a token that is valid now.

        Args:
            username: the user whose token a few operations need; ``None`` for the app's token.
        """
        ...

    def invalidate(self, token: Token) -> None:
        """Mark a token as refused by the service."""
        ...


@attrs.frozen
class AppToken:
    """The answer of `tokens.create_app_token`."""

    access_token: str = attrs.field(repr=False)
    """The token."""
    expires_in: timedelta = FOREVER
    """The time for which the token is valid."""
    application: str | None = None
    """The UUID of the app."""

    def to_token(self, now: datetime | None = None) -> Token:
        """Return the token as a `Token` whose lifetime starts now."""
        try:
            ends = (now or datetime.now(UTC)) + self.expires_in
        except OverflowError:  # FOREVER, or later than the last date
            return Token(self.access_token)
        return Token(self.access_token, ends)
