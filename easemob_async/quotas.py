"""The rate limits of the operations, and the share of them that a client may use.

The service counts the calls of an operation per second and the messages of an app per minute, and
refuses requests above the limit. `Quotas` sets how much of these limits a client may use; the
client itself keeps the account (``client.quotas``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final, Literal

import attrs

from easemob_async.errors import ConfigurationError

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)

Unit = Literal["calls", "messages"]


def _positive_int(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"Limit: {attribute.name} must be a positive int, not {value!r}")


@attrs.frozen
class Limit:
    """A limit of units in any time window of a given length.

    ``Limit(6000, per=timedelta(minutes=1), unit="messages")``: 6 000 messages in any 60 seconds.
    """

    units: int = attrs.field(validator=_positive_int)
    """The number of units."""
    per: timedelta = attrs.field(kw_only=True)
    """The length of the window. A day is the calendar day in UTC; no call waits for its end."""
    unit: Unit = attrs.field(
        default="calls", kw_only=True, validator=attrs.validators.in_(("calls", "messages"))
    )
    """The unit: calls, or messages (a call that sends to 600 users counts as 600)."""
    key: str | None = attrs.field(default=None, kw_only=True)
    """A path parameter, e.g. ``"username"``; units are counted separately for each value of it."""
    fixed: bool = attrs.field(default=False, kw_only=True)
    """Whether the service never raises this limit; `Quotas.scale` does not change it then."""
    name: str | None = attrs.field(default=None, kw_only=True)
    """A name; operations whose limits have the same name are counted together."""

    @per.validator
    def _check_per(self, _: object, value: timedelta) -> None:
        if not isinstance(value, timedelta) or value <= timedelta(0):
            raise ConfigurationError(f"Limit: per must be a timedelta above 0, not {value!r}")

    def times(self, factor: float) -> Limit:
        """Return the same limit with a multiple of the units, rounded down.

        If that is less than one unit, the limit is one unit in a longer window.
        """
        units = self.units * factor
        if units < 1 and self.per != DAY:
            return attrs.evolve(self, units=1, per=self.per / units)
        return attrs.evolve(self, units=max(1, math.floor(units + 1e-9)))


@attrs.frozen(kw_only=True)
class Quotas:
    """The part of the service's limits that a client uses; by default the full documented limits.

    Raises:
        ConfigurationError: a number is out of range.
    """

    scale: float = 1.0
    """The app's limits as a multiple of the documented ones; fixed limits do not change."""
    share: float = 1.0
    """The part of the app's quota for this process: ``1/8`` for one of eight processes."""
    overrides: Mapping[str, Sequence[Limit]] = attrs.field(factory=dict)
    """The limits of an operation (``"messages.send_to_users"``), or of operations that share one
    (``"users+push"``), in place of the documented ones. They are the limits of the app:
    ``share`` applies to them, ``scale`` does not."""
    enabled: bool = True
    """Whether the client limits its rate; ``False`` if something else does."""

    def __attrs_post_init__(self) -> None:
        for name, value in (("scale", self.scale), ("share", self.share)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigurationError(f"Quotas: {name} must be a number, not {value!r}")
        if not 0 < self.scale < math.inf:
            raise ConfigurationError(f"Quotas: scale must be above 0, not {self.scale!r}")
        if not 0 < self.share <= 1:
            raise ConfigurationError(f"Quotas: share must be above 0 and at most 1: {self.share!r}")
        for name, limits in self.overrides.items():
            if not limits or not all(isinstance(limit, Limit) for limit in limits):
                raise ConfigurationError(f"Quotas: overrides[{name!r}] must be a list of Limit")

    def effective(self, operation: str, documented: Sequence[Limit]) -> tuple[Limit, ...]:
        """Return this client's limits for an operation, in the order in which a call takes them.

        Limits that count by a key come first, then the operation's own limits (longest window
        first, so that short ones are not held during a wait), then limits that operations share.
        """
        if not self.enabled:
            return ()
        override = self.overrides.get(operation)
        if override is not None:
            limits = [limit.times(self.share) for limit in override]
        else:
            limits = []
            for limit in documented:
                replaced = self.overrides.get(limit.name) if limit.name else None
                if replaced is not None:
                    named = (attrs.evolve(other, name=limit.name) for other in replaced)
                    limits += [other.times(self.share) for other in named]
                else:
                    limits.append(limit.times(self.share * (1 if limit.fixed else self.scale)))
        limits.sort(key=lambda limit: (limit.name is not None, limit.key is None, -limit.per))
        return tuple(limits)
