"""What becomes of each target, and the account of all of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import attrs

from easemob_async.errors import APIError, EasemobError, JournalError
from easemob_async.fanout.journal.reader import STATE_OF, read_last
from easemob_async.fanout.outcomes import Outcome, OutcomeStatus
from easemob_async.wire.codec import whole_text

_REASONS_KEPT: Final = 20
_REASON_LENGTH: Final = 120
_OTHER: Final = "other reasons"
_READ_AT_ONCE: Final = 1000


class JournalEntries:
    """Outcomes that a journal holds, read as they are needed; each loop starts anew."""

    def __init__(self, journal: Path, status: OutcomeStatus) -> None:
        self._journal = journal
        self._status = status

    def __iter__(self) -> Iterator[Outcome]:
        for item in read_last(self._journal, STATE_OF[self._status]):
            if self._status is OutcomeStatus.SENT:
                yield Outcome(item.target, self._status, item.message_id)
            else:
                error = EasemobError(item.reason or self._status.value)
                yield Outcome(item.target, self._status, None, error)

    async def __aiter__(self) -> AsyncIterator[Outcome]:
        outcomes = iter(self)
        while part := await asyncio.to_thread(lambda: list(islice(outcomes, _READ_AT_ONCE))):
            for outcome in part:
                yield outcome


@attrs.frozen(kw_only=True)
class FanoutReport:
    """The account of a job. ``sent + failed + unknown + skipped + not_sent == read``."""

    read: int = 0
    """Targets taken from the source."""
    sent: int = 0
    """Accepted by the service."""
    failed: int = 0
    """Definitely not accepted."""
    unknown: int = 0
    """May or may not have been accepted."""
    skipped: int = 0
    """Given twice, or settled by an earlier run of the journal."""
    not_sent: int = 0
    """Read, but the job was stopped first; while it runs, those on their way."""
    calls: int = 0
    """Requests that were answered or given up."""
    seconds: float = 0.0
    """How long the job has taken."""
    reasons: Mapping[str, int] = attrs.field(factory=dict)
    """How often each reason for failed and unknown came up; rare ones together."""
    failed_before: int = 0
    """Those of the skipped who failed in an earlier run; ``retry_failed=True`` tries them again."""
    journal: Path | None = None
    """The job's journal, where it keeps one."""

    @property
    def complete(self) -> bool:
        """Whether every target that was read was sent, or sent once before."""
        return self.sent + self.skipped == self.read and not self.failed_before

    @property
    def rate(self) -> float:
        """Targets settled a second."""
        return (self.read - self.not_sent) / self.seconds if self.seconds > 0 else 0.0

    def iter_sent(self) -> JournalEntries:
        """Stream the targets that were sent to, in this run or an earlier one, likewise.

        With the ids of their messages, where ``keep_message_ids=True`` kept them.

        Raises:
            JournalError: the job kept no journal; iterate the job instead.
        """
        return JournalEntries(self._journal_or_raise(), OutcomeStatus.SENT)

    def iter_failed(self) -> JournalEntries:
        """Stream the targets that failed from the journal, with ``for`` or ``async for``.

        Raises:
            JournalError: the job kept no journal; iterate the job instead.
        """
        return JournalEntries(self._journal_or_raise(), OutcomeStatus.FAILED)

    def iter_unknown(self) -> JournalEntries:
        """Stream the targets whose fate is unknown from the journal, likewise.

        Raises:
            JournalError: the job kept no journal; iterate the job instead.
        """
        return JournalEntries(self._journal_or_raise(), OutcomeStatus.UNKNOWN)

    def _journal_or_raise(self) -> Path:
        if self.journal is None:
            raise JournalError(
                "the job kept no journal, so nobody knows who failed; give it journal=..., or "
                "iterate it: async for outcome in client.fanout.to_users(...)"
            )
        return self.journal

    def __str__(self) -> str:
        counts = ", ".join(
            f"{getattr(self, status.value):,} {status.value.replace('_', ' ')}"
            for status in OutcomeStatus
        )
        lines = [f"{self.read:,} read: {counts}; {self.calls:,} calls, {self.seconds:.1f} s"]
        lines += [f"  {number:,} × {reason}" for reason, number in self.reasons.items()]
        return "\n".join(lines)


@attrs.frozen(kw_only=True)
class FanoutPlan:
    """What a job would do. ``to_send + failed + unknown + skipped == read``."""

    read: int
    """Targets taken from the source."""
    to_send: int
    """Targets that would be sent to: as many messages."""
    calls: int
    """Requests that would take."""
    failed: int
    """Targets that break a rule, or whose message does."""
    unknown: int
    """Targets that an earlier run of the journal left unknown, and that would stay so."""
    skipped: int
    """Given twice, or settled by an earlier run of the journal."""
    duration: timedelta
    """How long the quota makes that last; 0 where no quota is kept."""
    reasons: Mapping[str, int]
    """How often each reason for failed and unknown came up; rare ones together."""

    def __str__(self) -> str:
        seconds = timedelta(seconds=round(self.duration.total_seconds()))
        lines = [
            f"{self.read:,} read: {self.to_send:,} to send to, {self.failed:,} failed, "
            f"{self.unknown:,} unknown, {self.skipped:,} skipped",
            f"{self.calls:,} calls; about {seconds} at the quota",
        ]
        lines += [f"  {number:,} × {reason}" for reason, number in self.reasons.items()]
        return "\n".join(lines)


@attrs.frozen
class Progress:
    """How far a job is, a few times a second."""

    report: FanoutReport
    """The counts so far."""
    rate: float
    """Targets settled a second, lately."""


class Tally:
    """Counts while a job runs."""

    def __init__(self) -> None:
        self.read = 0
        self.calls = 0
        self.failed_before = 0
        self.counts: dict[OutcomeStatus, int] = dict.fromkeys(OutcomeStatus, 0)
        self._reasons: dict[str, int] = {}

    def add(
        self,
        status: OutcomeStatus,
        number: int,
        error: Exception | None = None,
        target: str | None = None,
    ) -> None:
        """Count targets that are settled; ``target`` is the only one, if there is one."""
        self.counts[status] += number
        if error is not None:
            if status is OutcomeStatus.SKIPPED:
                self.failed_before += number
            reason = _reason(error, target)
            if reason not in self._reasons and len(self._reasons) >= _REASONS_KEPT:
                reason = _OTHER
            self._reasons[reason] = self._reasons.get(reason, 0) + number

    @property
    def settled(self) -> int:
        """How many targets have an outcome."""
        return sum(self.counts.values())

    def report(self, seconds: float, journal: Path | None = None) -> FanoutReport:
        """Give the account as it stands; who was read and has no outcome is not sent yet."""
        counts = {status.value: number for status, number in self.counts.items()}
        counts["not_sent"] += self.read - self.settled
        ordered = dict(sorted(self._reasons.items(), key=lambda item: -item[1]))
        return FanoutReport(
            read=self.read,
            calls=self.calls,
            seconds=seconds,
            reasons=ordered,
            failed_before=self.failed_before,
            journal=journal,
            **counts,
        )


# messages.send_to_users(["ann", … 600 ids]): what a call is called in its errors.
_CALL: Final = re.compile(r'[a-z_.]+\((?:"[^"]*"|\["[^"]*"(?:, … \d+ ids)?\]|\[\]|, )*\): ')


def _reason(error: Exception, target: str | None) -> str:
    """Return what is the same for all targets that an error of its kind stands for."""
    status = getattr(error, "status", None)
    if isinstance(error, APIError) and status is not None:
        words = ": ".join(part for part in (str(status), error.error, error.description) if part)
    else:
        words = _CALL.sub("", str(error), count=1)
        if status is None:
            name = type(error).__name__
        else:
            name = f"{status}: unreadable answer"
            words = words.removeprefix(f"{status}: ").removeprefix("unexpected answer: ")
        words = f"{name}: {words}" if words else name
    words = whole_text(words if target is None else without_name(words, target))
    return words if len(words) <= _REASON_LENGTH else words[:_REASON_LENGTH] + "…"


def without_name(text: str, target: str) -> str:
    """Take a target's name out of a text."""
    for shown in (repr(target)[:80], f'"{target[:80]}"'):
        text = text.replace(shown, "…")
    if target:
        # "acme#shop_ann" names ann as well, and the service writes names in lower case.
        name = rf"(?<![^\W_]){re.escape(target)}(?![^\W_])"
        text = re.sub(name, "…", text, flags=re.IGNORECASE)
    return text
