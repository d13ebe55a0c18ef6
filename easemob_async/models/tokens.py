"""Tokens, and the protocol of token providers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

import attrs

from easemob_async.errors import ConfigurationError
from easemob_async.wire.fields import wire

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
        ends = self.expires_at
        if ends is not None and (not isinstance(ends, datetime) or ends.utcoffset() is None):
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


def _lifetime(value: object) -> timedelta:
    """Read a number of seconds; a good token is not refused for what is none."""
    try:
        return FOREVER if isinstance(value, bool) else timedelta(seconds=float(str(value)))
    except (ValueError, OverflowError):
        return FOREVER


@attrs.frozen
class AppToken:
    """The answer of `tokens.create_app_token`."""

    access_token: str = attrs.field(repr=False)
    """The token."""
    expires_in: timedelta = wire("expires_in", default=FOREVER, read=_lifetime)
    """The time for which the token is valid; `FOREVER` if the answer does not say it."""
    application: str | None = None
    """The UUID of the app."""

    def to_token(self, now: datetime | None = None) -> Token:
        """Return the token as a `Token` whose lifetime starts now."""
        try:
            ends = (now or datetime.now(UTC)) + self.expires_in
        except OverflowError:  # FOREVER, or later than the last date
            return Token(self.access_token)
        return Token(self.access_token, ends)


class RtcPrivilege(StrEnum):
    """What a user may do in an RTC channel."""

    JOIN_CHANNEL = "join_channel"
    PUBLISH_AUDIO = "publish_audio"
    PUBLISH_VIDEO = "publish_video"
    PUBLISH_DATA = "publish_data"


@attrs.frozen
class RtcAccess:
    """The right of a user to be in an RTC channel; see `Tokens.sign_agora_user_token`."""

    channel: str
    """The name of the channel."""
    uid: str
    """The user's id in the channel, a number as a string too."""
    privileges: Collection[RtcPrivilege | str] = (RtcPrivilege.JOIN_CHANNEL,)
    """What the user may do there; who only listens needs no more than the default."""
    expires_in: timedelta | None = None
    """How long the privileges are valid, in whole seconds; as long as the token by default."""


@attrs.frozen
class RtmAccess:
    """The right of a user to log in to RTM; see `Tokens.sign_agora_user_token`."""

    user_id: str
    """The user's id in RTM."""
    expires_in: timedelta | None = None
    """How long the right is valid, in whole seconds; as long as the token by default."""
