"""Deduplication of a job with a journal: no target is sent to twice, in this run or another."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from easemob_async.checks import reference_problem
from easemob_async.errors import EasemobError, InvalidArgumentError
from easemob_async.fanout.bloom_filter import BloomFilter
from easemob_async.fanout.journal.index import Index, SetAside
from easemob_async.fanout.journal.reader import find_among, read_states
from easemob_async.fanout.journal.rows import FAILED, SENT, UNKNOWN
from easemob_async.fanout.journal.writer import Journal
from easemob_async.fanout.settings import Encoded, OnUnknown, Settings
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.transport.cancel_scopes import cancelled_once, outlast
from easemob_async.wire.codec import whole_text

# Up to so many possible duplicates are looked up in the journal itself; more, in an index.
_SCANNED: Final = 100_000
_SCAN_BATCH: Final = 5_000

Content = Callable[[Any], Awaitable[bytes | None]]
"""A function that returns the content of an item's own message, or ``None`` if it has none."""


async def open_deduplication(settings: Settings) -> Deduplication | None:
    """Open the journal of a job, if it has one, and index the targets that earlier runs settled.

    Raises:
        JournalError: the file belongs to another job, is not a journal, is in use, or cannot be
            created.
    """
    if settings.journal is None:
        return None

    async def content(item: Any) -> bytes | None:
        own = isinstance(item, tuple) and len(item) == 2 and item[1] is not None
        return settings.encoder.encode(item[1]) if own else None

    found = Deduplication(
        await open_journal(settings.journal, settings.identity()),
        retry_failed=settings.options.retry_failed,
        on_unknown=settings.options.on_unknown,
        content=content,
    )
    try:
        await found.prepare()
    except BaseException:
        await found.close()  # it was not returned yet: otherwise its lock would stay
        raise
    return found


async def open_journal(path: Path, job: Mapping[str, str]) -> Journal:
    """Open a journal in a thread; if that is cancelled, the journal is closed again."""
    opening = asyncio.create_task(asyncio.to_thread(Journal, path, job))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # The thread continues: the journal that it opens must be closed.
        opening.add_done_callback(_let_go)
        with cancelled_once():
            await asyncio.wait([opening])
        raise


def _let_go(opening: asyncio.Task[Journal]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


class Sifted(NamedTuple):
    """The decision about some targets."""

    items: list[Any]
    """Items to be sent."""
    skipped: list[str]
    """Targets that an earlier run sent to, or duplicates in this run."""
    settled: list[Outcome]
    """Targets that failed in an earlier run, or were left unknown by it, and duplicates whose own
    message breaks a rule."""


class Deduplication:
    """The deduplication of a job.

    New targets are let through, targets of earlier runs are settled, and possible duplicates are
    set aside until the end.
    """

    def __init__(
        self, journal: Journal, *, retry_failed: bool, on_unknown: OnUnknown, content: Content
    ) -> None:
        self.journal = journal
        self._index = Index(journal.path)
        self._filter = BloomFilter()
        self._retry_failed = retry_failed
        self._on_unknown = on_unknown
        self._content = content
        # The targets that are set aside: a few in memory, the others on disk.
        self._unwritten: list[SetAside] = []
        self._aside = 0
        self._writing = threading.Lock()  # after a cancelled wait the thread continues
        self.again: set[str] = set()
        """Targets of an earlier run that are let through again and were not sent yet."""

    async def prepare(self) -> None:
        """Index the targets that earlier runs settled."""
        if self.journal.resumed:
            await self._build()

    async def let_through(self, items: list[Any]) -> Sifted:
        """Separate items to be sent now from settled ones and possible duplicates.

        Items that are neither ids nor pairs are let through: the planner refuses them.
        """
        if len(self._unwritten) >= _SCAN_BATCH:
            # Before these items are touched: a cancelled wait must not lose them.
            await asyncio.to_thread(self._write_aside)
        skipped: list[str] = []
        settled: list[Outcome] = []
        if self.journal.resumed:
            items, skipped, settled = await self._without_earlier(items)
        aside = await set_aside(self._filter, items, self._content)
        if aside:
            self._unwritten += aside.values()
            items = [item for at, item in enumerate(items) if at not in aside]
        return Sifted(items, skipped, settled)

    async def _without_earlier(
        self, items: list[Any]
    ) -> tuple[list[Any], list[str], list[Outcome]]:
        plain = all_ids(items)
        names = items if plain else list(map(id_of, items))
        states = await asyncio.to_thread(self._index.look_up, names)
        if not states:
            return items, [], []
        if plain and set(states.values()) == {SENT} and states.keys() >= set(items):
            return [], items, []
        kept: list[Any] = []
        skipped: list[str] = []
        settled: list[Outcome] = []
        for item, name in zip(items, names, strict=True):
            state = None if name is None else states.get(name)
            if state is None:
                kept.append(item)
            elif state == FAILED and self._retry_failed:
                self.again.add(name)
                kept.append(item)
            elif state == FAILED:
                failed = EasemobError("failed in an earlier run; retry_failed=True sends it again")
                settled.append(Outcome(name, OutcomeStatus.SKIPPED, error=failed))
            elif state != UNKNOWN:
                skipped.append(name)
            elif self._decide(name) == "resend":
                self.again.add(name)
                kept.append(item)
            else:
                error = EasemobError(f"{name}: unknown since an earlier run", maybe_processed=True)
                settled.append(Outcome(name, OutcomeStatus.UNKNOWN, error=error))
        return kept, skipped, settled

    def _decide(self, target: str) -> Literal["report", "resend"]:
        decide = self._on_unknown
        decided = decide(target) if callable(decide) else decide
        if decided not in ("report", "resend"):
            raise InvalidArgumentError(
                f"{target}: on_unknown returned {decided!r:.80}; it must return 'report' or "
                "'resend'"
            )
        return decided

    async def second_look(self, number: int) -> AsyncIterator[Sifted]:
        """Yield the targets that were set aside, and separate new ones from real duplicates.

        All calls so far must be settled: calls that are only planned are not in the journal.
        """
        if self._unwritten:
            await asyncio.to_thread(self._write_aside)
        if not self._aside:
            return
        # Targets of earlier runs were separated before; here only this run counts.
        path, began = self.journal.path, self.journal.began
        many = self._aside > _SCANNED
        if many:
            await self._build(began)
        batches = self._index.aside(_SCAN_BATCH if not many else number)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            targets = [item.target for item, _ in batch]
            if many:
                met: Container[str] = await asyncio.to_thread(self._index.look_up, targets)
            else:
                met = await asyncio.to_thread(find_among, path, set(targets), began)
            new: list[Any] = []
            skipped: list[str] = []
            failed: list[Outcome] = []
            for (target, content, problem), again in batch:
                error = None if problem is None else InvalidArgumentError(problem)
                if not again and target not in met:
                    new.append((target, error or (content and Encoded(content))))
                elif error is not None:
                    failed.append(Outcome(target, OutcomeStatus.FAILED, error=error))
                else:
                    skipped.append(target)
            self._aside -= len(batch)
            yield Sifted(new, skipped, failed)

    def left(self) -> list[str]:
        """Return the targets that were set aside and not looked at again before the job stopped."""
        with self._writing:
            names = [item.target for item in self._unwritten]
            if self._aside:
                rows = [item for batch in self._index.aside(1000) for item, _ in batch]
                names += [item.target for item in rows[-self._aside :]]
            return names

    async def close(self) -> None:
        """Remove the index, and close the journal."""
        self._index.close()
        closing = asyncio.ensure_future(asyncio.to_thread(self.journal.close))
        try:
            await outlast(closing)  # its lock must not outlive the job
        finally:
            closing.result()

    def _write_aside(self) -> None:
        with self._writing:
            self._index.put_aside(self._unwritten)
            self._aside += len(self._unwritten)
            self._unwritten = []

    async def _build(self, since: int = 0) -> None:
        await asyncio.to_thread(self._build_from, since)

    def _build_from(self, since: int) -> None:
        with contextlib.closing(read_states(self.journal.path, since)) as states:
            self._index.build(states)


def all_ids(items: list[Any]) -> bool:
    """Return whether all items are plain ids."""
    try:
        "".join(items)  # the fastest way to see that all are texts
    except TypeError:
        return False
    return True


async def set_aside(known: BloomFilter, items: list[Any], content: Content) -> dict[int, SetAside]:
    """Note the ids of items, and return those that may be known already, by their positions.

    Items whose ids cannot be ids are not among them: the planner refuses them.
    """
    if all_ids(items):
        met = known.add(items)
    else:
        named = [(at, name) for at, item in enumerate(items) if (name := id_of(item)) is not None]
        met = [named[n][0] for n in known.add([name for _, name in named])]
    found = {}
    for at in met:
        name = id_of(items[at])
        if name is not None and reference_problem(name) is None:
            found[at] = await _aside(name, items[at], content)
    return found


async def _aside(name: str, item: Any, content: Content) -> SetAside:
    """Encode an item's own message; one that cannot be sent may belong to a duplicate."""
    if isinstance(item, tuple) and isinstance(item[1], Exception):
        return SetAside(name, problem=whole_text(str(item[1])))
    try:
        return SetAside(name, await content(item))
    except Exception as error:
        return SetAside(name, problem=whole_text(str(error) or type(error).__name__))


def id_of(item: Any) -> str | None:
    """Return the id of an item; ``None`` if it has none, and the planner refuses it."""
    name = item[0] if isinstance(item, tuple) and len(item) == 2 else item
    return name if isinstance(name, str) else None
