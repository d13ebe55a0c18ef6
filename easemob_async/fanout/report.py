"""The report, the plan and the progress of a bulk job."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from easemob_async.errors import APIError, EasemobError, JournalError
from easemob_async.fanout.journal.reader import read_last
from easemob_async.fanout.journal.rows import STATE_OF
from easemob_async.outcomes import FanoutReport, JournalEntries, Outcome, OutcomeStatus
from easemob_async.wire.codec import whole_text

_REASONS_KEPT: Final = 20
_REASON_LENGTH: Final = 120
_OTHER: Final = "other reasons"


@attrs.frozen(kw_only=True)
class FanoutPlan:
    """The plan of a job: what it would do. ``to_send + failed + unknown + skipped == read``."""

    read: int
    """The number of targets read from the source."""
    to_send: int
    """The number of targets that would be sent to, which is the number of messages."""
    calls: int
    """The number of requests for them."""
    failed: int
    """The number of targets that break a rule, or whose message does."""
    unknown: int
    """The number of targets that an earlier run left unknown, and that would stay unknown."""
    skipped: int
    """The number of targets that are duplicates, or were settled by an earlier run."""
    duration: timedelta
    """The time that the quota needs for it; 0 without a quota."""
    reasons: Mapping[str, int]
    """The number of targets for each reason of failed and unknown; rare reasons are counted
    together."""

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
    """The progress of a job, reported a few times a second."""

    report: FanoutReport
    """The counts so far."""
    rate: float
    """The number of targets settled per second since the previous report."""


def read_entries(journal: Path | None, status: OutcomeStatus) -> JournalEntries:
    """Return the outcomes of one status in a journal.

    Raises:
        JournalError: the job has no journal.
    """
    if journal is None:
        raise JournalError(
            "the job has no journal, so the targets with this outcome are not recorded; pass "
            "journal=..., or iterate the job: async for outcome in client.fanout.to_users(...)"
        )
    return JournalEntries(partial(_entries, journal, status))


def _entries(journal: Path, status: OutcomeStatus) -> Iterator[Outcome]:
    for item in read_last(journal, STATE_OF[status]):
        if status is OutcomeStatus.SENT:
            yield Outcome(item.target, status, item.message_id)
        else:
            error = EasemobError(item.reason or status.value)
            yield Outcome(item.target, status, None, error)


class Tally:
    """The counts of a job while it runs."""

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
        """Count settled targets; ``target`` is the target if there is only one."""
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
        """The number of targets that have an outcome."""
        return sum(self.counts.values())

    def report(self, seconds: float, journal: Path | None = None) -> FanoutReport:
        """Return the counts so far; targets without an outcome count as not sent."""
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
            entries=read_entries,
            **counts,
        )


# messages.send_to_users(["ann", … 600 ids]): the name of a call in its errors.
_CALL: Final = re.compile(r'[a-z_.]+\((?:"[^"]*"|\["[^"]*"(?:, … \d+ ids)?\]|\[\]|, )*\): ')


def _reason(error: Exception, target: str | None) -> str:
    """Return the part of an error that is equal for all targets with the same kind of error."""
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


def kind_of(reason: str, target: str | None) -> str:
    """Return the same of an error's text; ``target`` is the target if there is only one."""
    words = _CALL.sub("", reason, count=1)
    words = whole_text(words if target is None else without_name(words, target))
    return words if len(words) <= _REASON_LENGTH else words[:_REASON_LENGTH] + "…"


def without_name(text: str, target: str) -> str:
    """Return a text in which ``…`` replaces the name of a target."""
    for shown in (repr(target)[:80], f'"{target[:80]}"'):
        text = text.replace(shown, "…")
    if target:
        # "acme#shop_ann" contains the name ann too, and the service writes names in lower case.
        name = rf"(?<![^\W_]){re.escape(target)}(?![^\W_])"
        text = re.sub(name, "…", text, flags=re.IGNORECASE)
    return text
