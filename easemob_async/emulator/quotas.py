"""The quotas of the service, applied strictly: a call that exceeds one is refused as a whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from easemob_async.emulator.refusal import Refusal


@attrs.frozen(cache_hash=True)
class Rule:
    """A limit: a number of units in any window of a length."""

    units: int
    """The largest number of units in a window."""
    seconds: float
    """The length of the window, in seconds."""
    unit: str = "calls"
    """The unit: ``"calls"`` or ``"messages"``."""
    group: str | None = None
    """The name of the routes that share the limit; ``None`` for a limit of one route."""
    fixed: bool = False
    """Whether the scale leaves the limit unchanged."""
    keyed: bool = False
    """Whether the limit applies to each user in the path separately."""
    refusal: tuple[str, str] | None = None
    """The error and the text of its refusal with 403, where they are not those of its unit."""


_CALLS_100: Final = Rule(100, 1)
# open: the error of a fourth task; LimitException by its meaning
_PUSH_TASKS: Final = Rule(3, 300, group="push.tasks", refusal=("LimitException", "limit request"))
_USERS_PUSH: Final = Rule(100, 1, group="users+push")

# The limits by route; "default" is the default of the service for routes without a stated limit.
RULES: Final[Mapping[str, Sequence[Rule]]] = {
    "default": (_CALLS_100,),
    "tokens": (Rule(300, 1, group="tokens"),),
    "users": (_USERS_PUSH,),
    "users.delete_batch": (Rule(30, 1), _USERS_PUSH),
    "joined_groups": (Rule(50, 1),),
    "messages.users": (_CALLS_100, Rule(6000, 60, "messages")),
    "messages.groups": (Rule(20, 1), Rule(20, 1, "messages")),
    "messages.rooms": (_CALLS_100, Rule(100, 1, "messages")),
    "messages.group_members": (Rule(20, 1), Rule(20, 1, "messages")),
    "messages.room_members": (Rule(100, 1, "messages"),),
    "messages.streams": (Rule(100, 1, "messages"),),
    "rooms": (Rule(50, 1),),
    "contacts.blocks": (Rule(50, 1),),
    "presence": (Rule(50, 1),),
    "push.templates": (Rule(10, 1),),
    "push.labels": (Rule(10, 1),),
    "push.label_users": (Rule(30, 1),),
    "push.slow": (Rule(1, 1),),
    "push.async": (Rule(200, 1),),
    "push.tasks": (Rule(1, 1), _PUSH_TASKS),
    "push.label_tasks": (Rule(10, 1), _PUSH_TASKS),
    "push.statistics": (Rule(10, 10),),
    "history": (Rule(10, 60),),
    "translation": (Rule(100, 1, group="translation"),),
    "rtc": (Rule(10, 10, fixed=True),),
    "conversations": (Rule(5, 60, keyed=True), _CALLS_100),
    "broadcasts.users": (
        Rule(1, 1800, fixed=True),
        Rule(3, 86_400, refusal=("forbidden_op", "broadcast message limit exceeded")),
    ),
    "broadcasts.online": (
        Rule(1, 60, fixed=True),
        Rule(50, 86_400, refusal=("forbidden_op", "online user broadcast limit exceeded")),
    ),
    "broadcasts.rooms": (
        Rule(1, 1, fixed=True),
        Rule(10, 60, fixed=True),
        Rule(100, 86_400, refusal=("forbidden_op", "chatroom broadcast limit exceeded")),
    ),
}


class Window:
    """A sliding window that counts units: those of (now - seconds, now]."""

    def __init__(self, units: int, seconds: float) -> None:
        self.units = units
        self.seconds = seconds
        self.refused = 0
        """The number of refused calls so far."""
        self._counted: deque[tuple[float, int]] = deque()
        self._sum = 0

    def has_room(self, units: int, now: float) -> bool:
        """Return whether a number of units still fits into the window."""
        return self.used(now) + units <= self.units

    def used(self, now: float) -> int:
        """Return the number of units in the window."""
        while self._counted and self._counted[0][0] <= now - self.seconds:
            self._sum -= self._counted.popleft()[1]
        return self._sum

    def count(self, units: int, now: float) -> None:
        """Count the units of a call."""
        self._counted.append((now, units))
        self._sum += units


@attrs.frozen
class Usage:
    """How much of a limit is in use."""

    name: str
    """The routes that share the limit, or the route; with the user of a limit for each user."""
    units: int
    """The largest number of units in a window."""
    seconds: float
    """The length of the window, in seconds."""
    unit: str
    """The unit: ``"calls"`` or ``"messages"``."""
    used: int
    """The number of units in the window at this time."""
    refused: int
    """The number of refused calls so far."""


class StrictQuotas:
    """All sliding windows of an app."""

    def __init__(self, scale: float | None, clock: Callable[[], float]) -> None:
        self.scale = scale
        """The factor that multiplies the documented limits; ``None`` for no limits."""
        self.refusals = 0
        """The number of refused calls so far."""
        self._clock = clock
        self._windows: dict[tuple[str, Rule, str], Window] = {}
        self._of_routes: dict[str, list[tuple[Rule, Window]]] = {}

    def count(self, quota: str, route: str, messages: int, username: str = "") -> None:
        """Count a call, or refuse it as a whole.

        Raises:
            Refusal: 429 for too many calls, 403 for too many messages.
        """
        if self.scale is None:
            return
        now = self._clock()
        found = self._of_routes.get(route)
        if found is None:
            found = [(rule, self._window(rule, route, username)) for rule in RULES[quota]]
            if not any(rule.keyed for rule, _ in found):
                self._of_routes[route] = found
        for rule, window in found:
            if not window.has_room(messages if rule.unit == "messages" else 1, now):
                self.refusals += 1
                window.refused += 1
                raise _refusal(rule)
        for rule, window in found:
            window.count(messages if rule.unit == "messages" else 1, now)

    def _window(self, rule: Rule, route: str, username: str) -> Window:
        key = (rule.group or route, rule, username if rule.keyed else "")
        window = self._windows.get(key)
        if window is None:
            scale = 1.0 if rule.fixed or self.scale is None else self.scale
            units = max(1, int(rule.units * scale + 1e-9))
            window = self._windows[key] = Window(units, rule.seconds)
        return window

    def usage(self) -> list[Usage]:
        """Return how much of each limit is in use, for all that any call has counted for."""
        now = self._clock()
        return [
            Usage(
                name=f"{name} ({username})" if username else name,
                units=window.units,
                seconds=window.seconds,
                unit=rule.unit,
                used=window.used(now),
                refused=window.refused,
            )
            for (name, rule, username), window in list(self._windows.items())
        ]

    def forget(self) -> None:
        """Forget all calls."""
        self._windows.clear()
        self._of_routes.clear()
        self.refusals = 0


def _refusal(rule: Rule) -> Refusal:
    if rule.refusal is not None:
        return Refusal(403, *rule.refusal)
    if rule.unit == "messages":
        return Refusal(
            403, "message_send_error", "message send reach limit", exception="MessageSendException"
        )
    # The documentation does not say whether a Retry-After is sent; the emulator sends none.
    return Refusal(429, "reach_limit", "This request has reached api limit.")
