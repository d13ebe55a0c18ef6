"""Where the API of an app is: at its base URL, or at one of the hosts that the service names."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, Protocol

from yarl import URL

from easemob_async.config import DataCenter
from easemob_async.errors import EasemobError
from easemob_async.transport.single_flight import SingleFlight

KEPT: Final = 86_400.0
"""Seconds for which a list of hosts is kept."""
AFTER_FAILURE: Final = 10.0
"""Seconds after a failure before the service is asked for hosts again."""
SET_ASIDE: Final = 60.0
"""Seconds for which a host is avoided that could not be connected to."""
_LONGEST_HOST: Final = len("https://") + 253 + len(":65535")


class Hosts(Protocol):
    """Says which host takes an attempt of a call."""

    @property
    def shown(self) -> str:
        """Where the API is, for people."""

    @property
    def unchosen_url(self) -> str:
        """The app's URL in what is said of a call for which no host was chosen yet."""

    @property
    def url_length(self) -> int:
        """The largest length of the app's URL."""

    def ready(self) -> str | None:
        """Return the app's URL for an attempt, if that is known without waiting."""

    async def find(self, what: str) -> str:
        """Return the app's URL for an attempt.

        Args:
            what: what it is for, to name it in errors.

        Raises:
            EasemobError: no host is known.
        """

    def unreachable(self, app_url: str) -> int:
        """Note a host that cannot be connected to; return how many others there are."""

    async def data_center(self, what: str) -> DataCenter | None:
        """Return the data center, if it is one of the documented ones.

        Raises:
            EasemobError: no host is known.
        """

    def moved(self) -> None:
        """Forget what waits in an event loop that is closed."""

    async def close(self) -> None:
        """Stop what is in flight."""


class OneHost:
    """A base URL that was given: always the same host."""

    def __init__(self, app_url: str) -> None:
        self.shown = self.unchosen_url = app_url
        self.url_length = len(app_url)

    def ready(self) -> str | None:
        """Return the app's URL."""
        return self.shown

    async def find(self, what: str) -> str:
        """Return the app's URL."""
        return self.shown

    def unreachable(self, app_url: str) -> int:
        """Return that there is no other."""
        return 0

    async def data_center(self, what: str) -> DataCenter | None:
        """Return the data center, if it is one of the documented ones."""
        return DataCenter.of(URL(self.shown).host)

    def moved(self) -> None:
        """Nothing waits."""

    async def close(self) -> None:
        """Nothing is in flight."""


class DiscoveredHosts:
    """The hosts that the service names: asked for when first needed, once for all who wait.

    The list is kept for a day; if it cannot be renewed then, it stays in use. A host is chosen at
    random for each attempt; one that could not be connected to is avoided for a minute, while there
    are others. When none of them can be connected to, the service is asked again.
    """

    def __init__(
        self,
        ask: Callable[[], Coroutine[Any, Any, Sequence[str]]],
        path: str,
        shown: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask nothing yet.

        Args:
            ask: asks the service for the URLs of hosts; there is at least one.
            path: the path of the app on each of them.
            shown: what is asked, in words for people.
            clock: seconds that only go forward.
        """
        self.shown = shown
        self.unchosen_url = path
        self.url_length = _LONGEST_HOST + len(path)
        self._ask = ask
        self._clock = clock
        self._asking = SingleFlight(self._renew, "the hosts of the app")
        self._urls: Sequence[str] = ()
        self._ask_at = float("-inf")
        self._asked_at = float("-inf")
        self._failure: EasemobError | None = None
        self._aside: Mapping[str, float] = {}

    def ready(self) -> str | None:
        """Return the app's URL at one of the hosts, if they are known and not out of date."""
        now = self._clock()
        return self._choose(now) if self._urls and now < self._ask_at else None

    async def find(self, what: str) -> str:
        """Return the app's URL at one of the hosts.

        Raises:
            EasemobError: no host is known; for a while after a failure it is that failure's.
        """
        await self._know(what)
        return self._choose(self._clock())

    def unreachable(self, app_url: str) -> int:
        """Avoid a host for a while; return how many others there are."""
        now = self._clock()
        self._aside = {**self._avoided(now), app_url: now + SET_ASIDE}
        if self._aside.keys() >= set(self._urls):
            self._ask_at = min(self._ask_at, self._asked_at + AFTER_FAILURE)
        return len(self._urls) - 1

    async def data_center(self, what: str) -> DataCenter | None:
        """Return the data center of the first host that belongs to one."""
        await self._know(what)
        found = (DataCenter.of(URL(url).host) for url in self._urls)
        return next((centre for centre in found if centre is not None), None)

    def moved(self) -> None:
        """Forget what waits in an event loop that is closed."""
        self._asking.moved()

    async def close(self) -> None:
        """Stop asking."""
        await self._asking.close()

    async def _know(self, what: str) -> None:
        """Ask for the hosts, if it is time to; a list that cannot be renewed stays in use."""
        failure = self._failure
        if self._clock() >= self._ask_at:
            try:
                await self._asking.join()
            except EasemobError as error:
                failure = error
        if failure is not None and not self._urls:
            told = copy.copy(failure)
            told.args = (f"{what}: {failure}",)
            raise told

    async def _renew(self) -> Sequence[str]:
        try:
            hosts = await self._ask()
        except EasemobError as error:
            self._failure = error
            self._asked_at = self._clock()
            self._ask_at = self._asked_at + AFTER_FAILURE
            raise
        self._failure = None
        self._asked_at = self._clock()
        self._ask_at = self._asked_at + KEPT
        self._urls = [f"{host}{self.unchosen_url}" for host in hosts]
        return self._urls

    def _choose(self, now: float) -> str:
        if self._aside:
            self._aside = self._avoided(now)
            left = [url for url in self._urls if url not in self._aside]
            return random.choice(left or self._urls)
        return random.choice(self._urls)

    def _avoided(self, now: float) -> Mapping[str, float]:
        return {url: until for url, until in self._aside.items() if until > now}
