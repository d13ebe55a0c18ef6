"""The app's token: fetched when first needed, renewed ahead of its end, one fetch at a time."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from easemob_async.errors import (
    APIError,
    ConfigurationError,
    EasemobError,
    RateLimitError,
)
from easemob_async.models.tokens import FOREVER, AppToken, Token
from easemob_async.transport.single_flight import SingleFlight

RENEW_WITH_LEFT: Final = 0.1
"""A token is renewed when less than this part of its life is left."""
RENEW_AHEAD_MAX: Final = 600.0
"""A token is never renewed earlier than so many seconds before its end."""
BETWEEN_FORCED: Final = 60.0
"""Seconds between refreshes after a refused token: the service bans accounts that ask often."""
BACKOFF_BASE: Final = 1.0
_HEADER_VALUE: Final = re.compile(r"[!-~]+")
BACKOFF_CAP: Final = 60.0


def checked_token(token: object, whence: str) -> Token:
    """Check that something is a token that can stand in a header.

    Raises:
        ConfigurationError: it is none, or not one or more visible ASCII characters.
    """
    if not isinstance(token, Token):
        raise ConfigurationError(
            f"{whence} gave a {type(token).__name__} for a token; it must be a Token: Token(value)"
        )
    value: object = token.value
    if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
        raise ConfigurationError(
            f"{whence} gave a token that cannot stand in a header: it must be one or more visible "
            "ASCII characters, without blanks and line ends; nothing was sent"
        )
    return token


def renewed_before_end(life: float) -> float:
    """Return how many seconds before its end a token with such a life is renewed."""
    return min(life * RENEW_WITH_LEFT, RENEW_AHEAD_MAX)


def wait_after_failure(error: EasemobError, failures: int) -> float:
    """Return the seconds until a token may be fetched again, after so many failures before."""
    answered = isinstance(error, APIError | ConfigurationError)
    if not answered and not error.maybe_processed:
        return 0.0  # it never arrived, so the service did not count it
    wait = min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(failures, 16))
    if isinstance(error, RateLimitError) and error.retry_after is not None:
        wait = max(wait, error.retry_after.total_seconds())
    return wait


class FixedToken:
    """A fixed token of the caller."""

    def __init__(self, value: str) -> None:
        self._token = Token(value)
        self._sound = bool(_HEADER_VALUE.fullmatch(value))

    def ready(self) -> Token | None:
        """Return the token, if it can be sent."""
        return self._token if self._sound else None

    async def get(self, *, username: str | None) -> Token:
        """Return the token, whatever user it is for."""
        return self._token

    def invalidate(self, token: Token) -> None:
        """Nothing can be done about it."""


class Clock(Protocol):
    """Seconds that only go forward."""

    def __call__(self) -> float: ...


class AppTokenSource:
    """The built-in `TokenProvider`: turns client credentials into the app's token.

    However many callers wait, one fetch is in flight. A token that nears its end is renewed in the
    background while it is still used. A refused token is replaced once a minute at most, and only
    when it is still the current one. After a failed fetch the next one waits, longer each time,
    and callers meanwhile get the error of the last.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[AppToken]], *, clock: Clock = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token: Token | None = None
        self._renew_at = 0.0
        self._expires_at = 0.0
        self._refresh = SingleFlight(self._run_refresh, "a token")
        self._forced_at = float("-inf")
        self._failures = 0
        self._retry_at = float("-inf")
        self._last_error: EasemobError | None = None

    def ready(self) -> Token | None:
        """Return the app's token, if it is there and is not due for renewal."""
        return self._token if self._clock() < self._renew_at else None

    async def get(self, *, username: str | None) -> Token:
        """Return the app's token, also for the operations that require a user's."""
        token = self._token
        if token is not None:
            now = self._clock()
            if now < self._renew_at:
                return token
            if now < self._expires_at:
                if not self._refresh.is_flying and now >= self._retry_at:
                    self._refresh.start()
                return token
        return await self._wait_for_refresh()

    def invalidate(self, token: Token) -> None:
        """Replace a refused token, if it is the current one and the last time is a minute ago."""
        now = self._clock()
        current = self._token is not None and token.value == self._token.value
        if current and now - self._forced_at >= BETWEEN_FORCED:
            self._forced_at = now
            self._token = None

    def moved(self) -> None:
        """Forget what waits in an event loop that is closed."""
        self._refresh.moved()

    async def close(self) -> None:
        """Stop a fetch that is in flight."""
        await self._refresh.close()

    async def _wait_for_refresh(self) -> Token:
        early = self._retry_at - self._clock()
        if not self._refresh.is_flying and self._last_error is not None and early > 0:
            error = copy.copy(self._last_error)
            error.args = (f"{error} (asked again {early:.1f} s too early)",)
            raise error
        return await self._refresh.join()

    async def _run_refresh(self) -> Token:
        try:
            answer = await self._fetch()
            token = checked_token(answer.to_token(datetime.now(UTC)), "the service")
        except EasemobError as error:
            self._note_failure(error)
            raise
        now = self._clock()
        life = answer.expires_in.total_seconds()
        if answer.expires_in == FOREVER or life <= 0:
            life = float("inf")  # one without a life would be fetched for every call
        self._token = token
        self._expires_at = now + life
        self._renew_at = self._expires_at - renewed_before_end(life)
        self._failures = 0
        self._last_error = None
        self._retry_at = float("-inf")
        return token

    def _note_failure(self, error: EasemobError) -> None:
        wait = wait_after_failure(error, self._failures)
        if not wait:
            return
        self._failures += 1
        self._last_error = error
        self._retry_at = self._clock() + wait
