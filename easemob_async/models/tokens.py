"""Tokens and what provides them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, runtime_checkable

import attrs

from easemob_async.errors import ConfigurationError
from easemob_async.models.users import User
from easemob_async.wire.fields import wire

FOREVER: Final = timedelta.max
"""A length of time without an end."""


@attrs.frozen
class Token:
    """A token and when it ends. Its value is never shown by ``repr``."""

    value: str = attrs.field(repr=False)
    """What goes into the ``Authorization`` header."""
    expires_at: datetime | None = None
    """When it ends (aware, UTC); ``None`` when that is not known."""

    def __attrs_post_init__(self) -> None:
        if self.expires_at is not None and self.expires_at.utcoffset() is None:
            raise ConfigurationError("Token: expires_at must be an aware datetime")


@runtime_checkable
class TokenProvider(Protocol):
    """Something that gives tokens: pass one as ``EasemobClient(token=...)``."""

    async def get(self, *, username: str | None) -> Token:
        """Give a token that is good now.

        Args:
            username: set for the few operations that want the token of a user; ``None`` for the
                app's token.
        """
        ...

    def invalidate(self, token: Token) -> None:
        """Take note that the service refused a token."""
        ...


@attrs.frozen
class AppToken:
    """The answer of `tokens.create_app_token`."""

    access_token: str = attrs.field(repr=False)
    """The token."""
    expires_in: timedelta = FOREVER
    """How long it is good for."""
    application: str | None = None
    """The app's UUID."""

    def to_token(self, now: datetime | None = None) -> Token:
        """Give it as a `Token`, counted from now."""
        try:
            ends = (now or datetime.now(UTC)) + self.expires_in
        except OverflowError:  # for ever, or for longer than there are dates
            return Token(self.access_token)
        return Token(self.access_token, ends)


@attrs.frozen
class UserToken(AppToken):
    """The answer of `tokens.create_user_token`."""

    user: User | None = wire("user", default=None)
    """The user, as far as the service tells."""
