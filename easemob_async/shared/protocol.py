"""What processes and their store say to each other: the protocol `SharedStore` and its messages.

The store keeps, for each limit of an app, the *holds* of its units and a queue. Every message is
one step of the store: nothing else happens in between. Times are whole microseconds; a time is one
of the store's own clock, never of a process's.

- A **take** is all or nothing over the limits of a call (a call of a job says the least part of
  it that is of use). Its units are held until the deadline of
  the attempt plus a window, so that a process that dies holds them no longer than that. A take that
  finds no room gets a **ticket** in the queue of the limit that lacks it, with a short lease, and
  comes back for it: first come, first served, and 600 units are not starved by takes of one.
- When the call is **settled**, its hold is moved to one window after the answer; when it never
  departed, its units are **returned**. Both may be late or lost: a hold ends by itself.
- The account has a **generation**. A process that knew another one, or that saw the store's clock
  step, has lost what it relied on: then every limit is closed for its own window (but not the
  limits of a day), and processes enter again what they have in flight, or had a moment ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple, Protocol

import attrs

SECOND: Final = 1_000_000
DAY: Final = 86_400 * SECOND
"""The window of a limit of a calendar day in UTC: its units come back at midnight."""
SLOT: Final = 0
"""The window of an evenly paced job's slots: its units are the time until the next slot."""

Units = tuple[int, int]
"""The number of a limit in the request, and the units that are held of it."""


class Answer(IntEnum):
    """The answer to a take."""

    TAKEN = 0
    """The units are held."""
    WAIT = 1
    """There is no room, or others came first; there is a ticket, but not for limits of a day."""
    HEAVY = 2
    """More units than the limit has."""
    BEHIND = 3
    """An earlier take of the same group has to wait; there is no ticket."""


@attrs.frozen
class LimitKey:
    """A limit as a process is configured with it."""

    name: str
    """Its name in the account."""
    capacity: int
    """Its units."""
    window: int
    """Its window; `DAY` and `SLOT` are special."""


class Wanted(NamedTuple):
    """What a take wants of a limit."""

    limit: int
    """The number of the limit in the request."""
    units: int
    """The units."""
    least: int
    """The fewest units that are of use; as many as `units` where nothing less is."""
    spare: int = 0
    """Units of the limit that are to stay free for others, if only a part is of use."""


@attrs.frozen
class Take:
    """A request for the units of one attempt.

    Where there is no room for all messages of the call it takes a part: then it takes that part of
    each limit, but not less than the least of any.
    """

    permit: str
    """The id of the permit, and of its ticket."""
    group: str
    """Takes of the same group are under the same limits: when one has to wait, the next do too."""
    hold: int
    """The time until the deadline of the attempt."""
    again: bool
    """Whether it was asked before without an answer: it may be taken already."""
    messages: int
    """The messages of the call."""
    wanted: Sequence[Wanted]
    """What it wants, in the order in which the limits are waited for."""


@attrs.frozen
class Kept:
    """Units in flight that are entered into a new account."""

    permit: str
    """The id of the permit."""
    hold: int
    """The time until the deadline of the attempt."""
    units: Sequence[Units]
    """The units."""


@attrs.frozen
class Settled:
    """Units of a call that was answered or given up.

    They are held for the rest of one window; where the account does not know them they are
    entered: it may have been lost while the call was on its way.
    """

    permit: str
    """The id of the permit."""
    age: int
    """The time since then."""
    units: Sequence[Units]
    """The units."""


@attrs.frozen
class Returned:
    """Units of a call that never departed; and the tickets of a take that is no longer wanted."""

    permit: str
    """The id of the permit."""
    limits: Sequence[int]
    """The numbers of the limits."""


@attrs.frozen
class Refused:
    """A refusal by the service for the rate: the limits slow down."""

    permit: str
    """The id of the permit."""
    pause: int | None
    """The time that the service wants calls to wait, if it says so."""
    since: int
    """When the units were taken."""
    limits: Sequence[int]
    """The numbers of the limits that slow down."""


@attrs.frozen(kw_only=True)
class Request:
    """What a process says to the store in one step; limits are numbered by their place."""

    known: str
    """The generation of the account that it knows; ``""`` for none."""
    fresh: str
    """A generation for a new account, if there has to be one."""
    stepped: bool = False
    """Whether the store's clock stepped in the known generation."""
    limits: Sequence[LimitKey] = ()
    """The limits in question, sorted by their names: all processes lock them in this order."""
    kept: Sequence[Kept] = ()
    """What is entered again."""
    settled: Sequence[Settled] = ()
    """What was settled."""
    returned: Sequence[Returned] = ()
    """What is returned."""
    refused: Sequence[Refused] = ()
    """What the service refused."""
    takes: Sequence[Take] = ()
    """What is asked for, after all of the others were carried out."""


@attrs.frozen
class TakeReply:
    """The reply to a take."""

    answer: Answer
    """The answer."""
    wait: int = 0
    """A time before which the units cannot be had."""
    poll: int = 0
    """The time after which to ask again: the ticket does not live much longer."""
    limit: int = 0
    """The number of the limit that lacks room."""
    messages: int = 0
    """The messages whose units are held."""


@attrs.frozen
class LimitState:
    """The state of a limit after the step."""

    capacity: int
    """The lowest units that a living process is configured with."""
    held: int
    """The units that are held."""
    waiting: int
    """The tickets in its queue."""


@attrs.frozen
class Reply:
    """What the store says to a request."""

    now: int
    """The store's clock."""
    generation: str
    """The account's generation."""
    takes: Sequence[TakeReply]
    """A reply to each take."""
    limits: Sequence[LimitState]
    """The state of each limit."""


@attrs.frozen
class TokenRequest:
    """A process's question for the app's token."""

    name: str
    """The name under which it is kept."""
    holder: str
    """The process's id."""
    known: str
    """The token that has to be replaced; ``""`` for none."""
    lease: int
    """How long the process may fetch before another one does."""


@attrs.frozen
class TokenReply:
    """The app's token; or who fetches it."""

    token: str = attrs.field(default="", repr=False)
    """The token, if there is one that is not to be replaced."""
    left: int | None = None
    """The rest of its life; ``None`` for no end."""
    fetch: bool = False
    """Whether the process is to fetch it, and nobody else does."""
    wait: int = 0
    """After a failed fetch: the time until the next."""
    error: str = ""
    """Why the last fetch failed."""
    failures: int = 0
    """The number of fetches that failed since the last that did not."""


@attrs.frozen
class FetchedToken:
    """What came of a fetch."""

    name: str
    """The name under which it is kept."""
    holder: str
    """The process's id."""
    token: str = attrs.field(default="", repr=False)
    """The token; ``""`` when the fetch failed."""
    life: int | None = None
    """Its life; ``None`` for no end."""
    renew: int = 0
    """The rest of its life at which it is due for renewal."""
    wait: int = 0
    """After a failed fetch: the time until the next."""
    error: str = ""
    """Why it failed."""


class SharedStore(Protocol):
    """A store that processes share: it keeps the account of an app's quotas, and the app's token.

    Every method is one step, and may be called again when its answer was lost.

    Raises:
        SharedStoreError: the store cannot be reached now.
        ConfigurationError: it cannot be used as it is set up.
    """

    async def exchange(self, app: str, request: Request) -> Reply:
        """Carry out one step on the account of an app."""
        ...

    async def token(self, request: TokenRequest) -> TokenReply:
        """Return the app's token, or a lease to fetch it."""
        ...

    async def put_token(self, fetched: FetchedToken) -> None:
        """Keep a token that was fetched, or why it could not be."""
        ...

    async def close(self) -> None:
        """Close the connection; the next call opens another."""
        ...
