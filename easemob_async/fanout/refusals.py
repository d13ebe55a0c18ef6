"""The decision what to do when the service refuses a whole call of a job, without I/O.

A refusal is *about every call* (credentials, the app, its plan), *about the message*, or perhaps
*about one target*. In the last case the call is split, so that only targets that are refused alone
fail. A mistake that affects all targets must cost a few requests and not the whole quota: the
counts here stop the job. They belong to the job and last over all of its runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from easemob_async.errors import (
    APIError,
    AppNotFoundError,
    AuthenticationError,
    PayloadTooLargeError,
    RateLimitError,
)
from easemob_async.fanout.report import without_name
from easemob_async.transport.retry import NOT_TAKEN

About = Literal["every call", "the message", "a target"]

ALONE: Final = 3
"""The number of targets of a refused call that are tried alone before the call is halved."""
ALONE_AT_FIRST: Final = 20
"""The same number while no target was ever accepted: if all are refused, the job stops."""
ENDED_EARLY_IN_A_ROW: Final = 3
"""The number of consecutive calls that stop a job if all targets tried alone were refused."""
ENDED_EARLY_IN_A_ROW_OWN: Final = 10
"""The same number for a job in which each target has its own message."""

# Statuses that say nothing about a target: token, payment, method, proxy, media type, upgrade.
_EVERY_CALL: Final = NOT_TAKEN | {401, 402, 405, 407, 411, 415, 426, 431, 451}
# "message broadcast service is unopened", "this appKey not open message roaming", "not allow" ...
_NOT_ENABLED: Final = re.compile(
    r"\bnot (?:be )?(?:open|opened|activated|enabled)\b|\bunopened\b|service not allow|"
    r"service open exception|servicenotopen|not enough balance|overdue|path does not exist",
    re.IGNORECASE,
)
# The last two: push.send_to_users.
_ABOUT_BODY: Final = frozenset(
    {"invalid_request_body", "json_parse", "MessageException", "IllegalArgumentException"}
)
_MESSAGE_ERRORS: Final = frozenset({"message_send_error", "illegal_argument", ""})
# messages.send_to_users: "param from can't be empty", "param ext must be JSONObject" ...
_ABOUT_MESSAGE: Final = re.compile(
    r"can(?:'|\u2019| ?no)t be empty|must be (?:a )?json ?object|too large|exceed limit",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"[\w\-]*\d[\w\-]*")
_TOO_LARGE: Final = 14007


def about(error: APIError, operation: str) -> About:
    """Return the subject of a definite refusal of a whole call."""
    if error.operation != operation:
        return "every call"  # no token
    if isinstance(error, AuthenticationError | AppNotFoundError | RateLimitError):
        return "every call"
    if error.status is None or error.status >= 500 or error.status in _EVERY_CALL:
        return "every call"
    words = f"{error.error}: {error.description}"
    if _NOT_ENABLED.search(words):
        return "every call"
    if isinstance(error, PayloadTooLargeError) or error.error_code == _TOO_LARGE:
        return "the message"
    if error.status == 400 and (
        error.error in _ABOUT_BODY
        or (error.error in _MESSAGE_ERRORS and _ABOUT_MESSAGE.search(error.description))
    ):
        return "the message"
    return "a target"


def kind(error: APIError, target: str) -> tuple[object, ...]:
    """Return a key that is equal for refusals of the same kind: all except the target's name."""
    # Refusals of the same kind may contain different request numbers or other ids.
    words = _NUMBERED.sub("#", without_name(error.description, target))
    return error.status, error.error, words


class Refusals:
    """The counts of refusals that decide when a job stops."""

    def __init__(self, *, own_messages: bool, counts: Mapping[str, int]) -> None:
        self._in_a_row = ENDED_EARLY_IN_A_ROW_OWN if own_messages else ENDED_EARLY_IN_A_ROW
        self.accepted = bool(counts.get("accepted"))
        """Whether any target was ever accepted in the job."""
        self._alone = counts.get("refused alone", 0)
        self._ended_early = counts.get("ended early", 0)
        self._written: Mapping[str, int] = dict(counts)

    def alone(self) -> int:
        """Return the maximum number of targets of a refused call that are tried alone."""
        return ALONE if self.accepted else ALONE_AT_FIRST

    def note_accepted(self) -> None:
        """Record that a target was accepted."""
        self.accepted = True
        self._alone = self._ended_early = 0

    def note_refused_alone(self) -> bool:
        """Record that a target was refused alone; return whether the job stops."""
        if self.accepted:
            return False
        self._alone += 1
        if self._alone < ALONE_AT_FIRST:
            return False
        self._alone = 0  # another run counts from 0: the mistake may have been corrected
        return True

    def note_ended_early(self) -> bool:
        """Record that all targets of a call tried alone were refused; return whether it stops."""
        if not self.accepted:
            return False
        self._ended_early += 1
        if self._ended_early < self._in_a_row:
            return False
        self._ended_early = 0
        return True

    def learn(self, counts: Mapping[str, int]) -> None:
        """Take in the counts of the job, to which other processes contribute."""
        self.accepted = self.accepted or bool(counts["accepted"])
        self._alone += counts["refused alone"] - self._written.get("refused alone", 0)
        self._ended_early += counts["ended early"] - self._written.get("ended early", 0)
        self._written = dict(counts)

    def changes(self) -> Mapping[str, int]:
        """Return the changed counts, to be written to the journal."""
        counts = {
            "accepted": int(self.accepted),
            "refused alone": self._alone,
            "ended early": self._ended_early,
        }
        changed = {name: n for name, n in counts.items() if self._written.get(name, 0) != n}
        if changed:
            self._written = counts
        return changed


def spread(targets: Sequence[str], number: int) -> tuple[list[str], list[str]]:
    """Choose so many targets, spread over the whole list; return them and the rest.

    The first three of the chosen are the first, the middle and the last target of the list.
    """
    last = len(targets) - 1
    step = last / (number - 1)
    places = [0, round(last / 2), last, *(round(index * step) for index in range(number))]
    chosen = list(dict.fromkeys(places))[:number]
    if len(targets) <= number:
        chosen += [at for at in range(len(targets)) if at not in chosen]
    taken = set(chosen)
    rest = [target for at, target in enumerate(targets) if at not in taken]
    return [targets[at] for at in chosen], rest


def halves(targets: Sequence[str]) -> list[list[str]]:
    """Split targets into two halves, without an empty half."""
    middle = (len(targets) + 1) // 2
    return [part for part in (list(targets[:middle]), list(targets[middle:])) if part]
