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
from easemob_async.plans import Plan
from easemob_async.rate_table import PACKS, REST_ONLY, SHARED, SOLD_AS, why_no_pack

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)

Unit = Literal["calls", "messages"]
PlanName = Literal["free", "professional", "flagship"]


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
    rest_only: bool = attrs.field(default=False, kw_only=True)
    """Whether REST calls alone count towards the limit. Otherwise the calls of the app's own
    clients (the SDKs on phones and in browsers) count as well. In a limit in force this is what the
    service documents for the operation, whatever an override says."""

    @per.validator
    def _check_per(self, _: object, value: timedelta) -> None:
        if not isinstance(value, timedelta) or value <= timedelta(0):
            raise ConfigurationError(f"Limit: per must be a timedelta above 0, not {value!r}")

    def times(self, factor: float, *, plus: float = 0) -> Limit:
        """Return the same limit with a multiple of the units, plus others, rounded down.

        If that is less than one unit, the limit is one unit in a longer window.
        """
        units = self.units * factor + plus
        if units < 1 and self.per != DAY:
            return attrs.evolve(self, units=1, per=self.per / units)
        return attrs.evolve(self, units=max(1, math.floor(units + 1e-9)))


def _plan(value: Plan | PlanName | None) -> Plan | None:
    try:
        return None if value is None else Plan(value)
    except ValueError:
        names = ", ".join(repr(plan.value) for plan in Plan)
        raise ConfigurationError(f"Quotas: plan must be one of {names}, not {value!r}") from None


@attrs.frozen(kw_only=True)
class Quotas:
    """The part of the service's limits that a client uses; by default the full documented limits.

    A limit in force is (documented units x ``scale`` + packs) x ``share``, or an override x
    ``share``.

    Raises:
        ConfigurationError: a number is out of range, packs are given for what cannot be raised by
            packs or is overridden as well, or the plan has no such thing.
    """

    scale: float = 1.0
    """The app's limits as a multiple of the documented ones; fixed limits do not change."""
    packs: Mapping[str, int] = attrs.field(factory=dict)
    """The paid packs (叠加包) of the app: how many, by operation. ``{"messages.send_to_users": 2}``
    adds 2 x 12 000 messages to its messages per minute; other limits of the operation, and limits
    that cannot be raised, do not change. Some operations have packs together: ``"users+push"``,
    ``"translation"`` (`translation.translate` and `translation.detect`) and ``"push.settings"``
    (`push.set_settings` and `push.get_settings`)."""
    plan: Plan | None = attrs.field(default=None, converter=_plan)
    """The app's plan, or its name. No documented rate depends on the plan; but the free plan has no
    higher rates, so that packs and a ``scale`` above 1 are refused there. The client calls
    operations that a plan does not include all the same; the service refuses them. What else
    depends on the plan can be read from `Plan.figures`."""
    share: float = 1.0
    """The part of the app's quota for this process: ``1/8`` for one of eight processes."""
    overrides: Mapping[str, Sequence[Limit]] = attrs.field(factory=dict)
    """The limits of an operation (``"messages.send_to_users"``), or of operations that share one
    (``"users+push"``), in place of the documented ones. They are the limits of the app:
    ``share`` applies to them, ``scale`` and ``packs`` do not."""
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
        for name, table in (("packs", self.packs), ("overrides", self.overrides)):
            if not isinstance(table, Mapping):
                raise ConfigurationError(f"Quotas: {name} must be a mapping, not {table!r}")
        for name, limits in self.overrides.items():
            if not limits or not all(isinstance(limit, Limit) for limit in limits):
                raise ConfigurationError(f"Quotas: overrides[{name!r}] must be a list of Limit")
        for name, count in self.packs.items():
            self._check_packs(name, count)
        if self.plan is Plan.FREE and (self.packs or self.scale > 1):
            raise ConfigurationError(
                "Quotas: the free plan has no higher call rates: give no packs, and a scale of at "
                "most 1"
            )

    def _check_packs(self, name: str, count: int) -> None:
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ConfigurationError(
                f"Quotas: packs[{name!r}] must be a positive int, not {count!r}"
            )
        if name not in PACKS:
            raise ConfigurationError(f"Quotas: packs[{name!r}]: {why_no_pack(str(name))}")
        for other in (name, *(operation for operation, sold in SOLD_AS.items() if sold == name)):
            if other in self.overrides:
                raise ConfigurationError(
                    f"Quotas: packs[{name!r}] and overrides[{other!r}] are about the same limits: "
                    "give one of them"
                )

    def effective(self, operation: str, documented: Sequence[Limit]) -> tuple[Limit, ...]:
        """Return this client's limits for an operation, in the order in which a call takes them.

        Limits that count by a key come first, then the operation's own limits (longest window
        first, so that short ones are not held during a wait), then limits that operations share.
        """
        if not self.enabled:
            return ()
        override = self.overrides.get(operation)
        if override is not None:
            limits = [self._ours(operation, limit) for limit in override]
        else:
            limits = []
            for limit in documented:
                name = limit.name or operation
                replaced = self.overrides.get(limit.name) if limit.name else None
                if replaced is not None:
                    named = (attrs.evolve(other, name=limit.name) for other in replaced)
                    limits += [self._ours(name, other) for other in named]
                elif limit.fixed:
                    limits.append(self._ours(name, limit))
                else:
                    limits.append(self._ours(name, limit, self.scale, self._bought(name, limit)))
        limits.sort(key=lambda limit: (limit.name is not None, limit.key is None, -limit.per))
        return tuple(limits)

    def _ours(self, name: str, limit: Limit, scale: float = 1, bought: int = 0) -> Limit:
        """Return this process's share of a limit of an operation, or of a shared one."""
        ours = limit.times(self.share * scale, plus=self.share * bought)
        return attrs.evolve(ours, rest_only=self._rest_only(name, limit))

    def _bought(self, name: str, limit: Limit) -> int:
        """Count the units that packs add to a limit."""
        name = SOLD_AS.get(name, name)
        added = sum(
            pack.units
            for pack in PACKS.get(name, ())
            if (pack.unit, pack.seconds) == (limit.unit, limit.per.total_seconds())
        )
        return self.packs.get(name, 0) * added

    def _rest_only(self, name: str, limit: Limit) -> bool:
        """Return whether REST calls alone count: those of all operations that share the limit."""
        names = {name}
        if limit.name is not None:
            names |= {limit.name} & set(SHARED.values())
            names |= {
                operation
                for operation, limits in self.overrides.items()
                if any(other.name == limit.name for other in limits)
            }
        return names <= REST_ONLY
