"""Sifting: no target is sent to twice, in this run or another, and nobody is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easemob_async import InvalidArgumentError, JournalError, Text
from easemob_async.fanout import deduplication
from easemob_async.fanout.deduplication import Deduplication, Sifted, open_deduplication
from easemob_async.fanout.journal.rows import FAILED, SENT, UNKNOWN, Settled
from easemob_async.fanout.journal.writer import Journal, Verdict
from easemob_async.fanout.settings import Encoded
from easemob_async.outcomes import OutcomeStatus
from tests.fanout.test_planner import job

OnUnknown = Literal["report", "resend"] | Callable[[str], Literal["report", "resend"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sale.db"


@asynccontextmanager
async def sifting(path: Path, **options: Any) -> AsyncIterator[Deduplication]:
    """A run of a job with a journal."""
    found = await open_deduplication(job(journal=path, **options))
    assert found is not None
    try:
        yield found
    finally:
        await found.close()


async def call(journal: Journal, targets: Sequence[str], state: int | None) -> None:
    """Send a call, and settle it unless it stays without an answer."""
    number, departed = journal.departs(targets)
    await departed
    if state is not None:
        await journal.settle(number, Verdict(state))


async def second_look(run: Deduplication, number: int = 100) -> tuple[list[Any], list[str]]:
    items: list[Any] = []
    skipped: list[str] = []
    async for sifted in run.second_look(number):
        assert sifted.settled == []
        items += sifted.items
        skipped += sifted.skipped
    return items, skipped


async def earlier_run(path: Path) -> None:
    """Leave a journal with a target of each fate."""
    async with sifting(path) as run:
        await call(run.journal, ["sent1", "sent2"], SENT)
        await call(run.journal, ["failed"], FAILED)
        await call(run.journal, ["unknown"], UNKNOWN)
        await call(run.journal, ["interrupted"], None)
        await run.journal.note([Settled("noted", FAILED, "too large")], ())


EVERYBODY = ["new", "sent1", "failed", "sent2", "unknown", "interrupted", "noted"]


async def test_a_job_without_a_journal_has_no_deduplication() -> None:
    assert await open_deduplication(job()) is None


async def test_a_first_run_lets_everybody_through(path: Path) -> None:
    async with sifting(path) as run:
        assert await run.let_through(["a", "b"]) == Sifted(["a", "b"], [], [])
        odd: list[Any] = [None, 5, ("c", Text("own")), ("d", 1, 2), "", "e"]
        assert await run.let_through(odd) == Sifted(odd, [], [])
        assert run.left() == []
        assert await second_look(run) == ([], [])


async def test_what_an_earlier_run_settled_is_not_sent_to_again(path: Path) -> None:
    await earlier_run(path)
    async with sifting(path) as run:
        sifted = await run.let_through(EVERYBODY)
        assert (sifted.items, sifted.skipped) == (["new"], ["sent1", "sent2"])
        assert [(o.target, o.status) for o in sifted.settled] == [
            ("failed", OutcomeStatus.SKIPPED),
            ("unknown", OutcomeStatus.UNKNOWN),
            ("interrupted", OutcomeStatus.UNKNOWN),
            ("noted", OutcomeStatus.SKIPPED),
        ]
        errors = [outcome.error for outcome in sifted.settled]
        assert "retry_failed=True" in str(errors[0])
        assert "unknown" in str(errors[1])
        assert [getattr(error, "maybe_processed", None) for error in errors] == [
            *(False, True, True, False)
        ]
        assert run.again == set()
        # When all were sent to they are skipped in one go.
        assert await run.let_through(["sent2", "sent1"]) == Sifted([], ["sent2", "sent1"], [])


async def test_pairs_are_known_by_their_targets(path: Path) -> None:
    await earlier_run(path)
    async with sifting(path) as run:
        own = Text("own")
        sifted = await run.let_through([("sent1", own), ("new", own), ("unknown", None), (1, own)])
        assert sifted.items == [("new", own), (1, own)]
        assert sifted.skipped == ["sent1"]
        assert [outcome.target for outcome in sifted.settled] == ["unknown"]


async def test_who_failed_is_let_through_again_where_that_is_asked_for(path: Path) -> None:
    await earlier_run(path)
    async with sifting(path, retry_failed=True) as run:
        sifted = await run.let_through(EVERYBODY)
        assert sifted.items == ["new", "failed", "noted"]
        assert run.again == {"failed", "noted"}


@pytest.mark.parametrize(
    ("on_unknown", "resent"),
    [
        ("report", []),
        ("resend", ["unknown", "interrupted"]),
        (lambda target: "resend" if target == "unknown" else "report", ["unknown"]),
    ],
    ids=["report", "resend", "a function"],
)
async def test_who_is_unknown_is_decided_about_by_the_job(
    path: Path, on_unknown: OnUnknown, resent: list[str]
) -> None:
    await earlier_run(path)
    async with sifting(path, on_unknown=on_unknown) as run:
        sifted = await run.let_through(EVERYBODY)
        assert sifted.items == ["new", *resent]
        assert run.again == set(resent)
        reported = [o.target for o in sifted.settled if o.status is OutcomeStatus.UNKNOWN]
        assert sorted([*reported, *resent]) == ["interrupted", "unknown"]


# ---------------------------------------------------------------- met before in this run


async def test_who_comes_twice_is_put_aside_until_it_is_known_what_became_of_the_first(
    path: Path,
) -> None:
    async with sifting(path) as run:
        first = await run.let_through(["b", "a", "c"])
        assert first.items == ["b", "a", "c"]
        again = await run.let_through(["a", "d", "b"])
        assert again == Sifted(["d"], [], [])
        assert run.left() == ["a", "b"]
        await call(run.journal, ["a", "c", "d"], SENT)
        # "b" was refused for what it brought, say: it is in no call.
        assert await second_look(run) == ([("b", None)], ["a"])
        assert run.left() == []


async def test_who_is_put_aside_twice_is_sent_to_once(path: Path) -> None:
    async with sifting(path) as run:
        await run.let_through(["b", "a"])
        await run.let_through(["a", "a", "b"])
        await run.let_through(["a"])
        assert run.left() == ["a", "a", "b", "a"]
        assert await second_look(run) == ([("a", None), ("b", None)], ["a", "a"])


async def test_what_a_target_brings_is_kept_with_it(path: Path) -> None:
    async with sifting(path) as run:
        own = Text("own")
        await run.let_through(["b", "a"])
        sifted = await run.let_through([("a", own), ("b", None)])
        assert sifted.items == []
        items, skipped = await second_look(run)
        encoded = job().encoder.encode(own)
        assert items == [("a", encoded), ("b", None)]
        assert isinstance(items[0][1], Encoded)
        assert skipped == []


async def test_an_id_that_breaks_a_rule_is_not_put_aside(path: Path) -> None:
    async with sifting(path) as run:
        odd: list[Any] = ["b", "a", "", "", None]
        sifted = await run.let_through(odd)
        assert sifted.items == odd  # whoever plans them refuses each
        assert run.left() == []


async def test_who_comes_twice_is_a_duplicate_even_with_a_message_that_cannot_be_sent(
    path: Path,
) -> None:
    async with sifting(path) as run:
        await run.let_through(["b", "a", "c", "d"])
        odd: list[Any] = [
            ("a", Text("x" * 10_000)),
            ("b", OSError("no template")),
            ("c", "no message"),
            ("d", OSError("no template")),
        ]
        assert await run.let_through(odd) == Sifted([], [], [])
        await call(run.journal, ["a", "b", "c"], UNKNOWN)
        (sifted,) = [sifted async for sifted in run.second_look(100)]
        assert [o.target for o in sifted.settled] == ["a", "b", "c"]  # and the planner records "d"
        assert {o.status for o in sifted.settled} == {OutcomeStatus.FAILED}
        ((name, error),) = sifted.items
        assert name == "d"
        assert isinstance(error, InvalidArgumentError)
        assert str(error) == "no template"


async def test_what_earlier_runs_met_is_looked_at_once(path: Path) -> None:
    await earlier_run(path)
    async with sifting(path, on_unknown="resend") as run:
        first = await run.let_through(["z", "unknown", "unknown", "interrupted"])
        assert first.items == ["z", "unknown", "interrupted"]
        # An earlier run met "unknown", which says nothing of this one.
        assert await second_look(run) == ([("unknown", None)], [])


@pytest.mark.parametrize("scanned", [0, 100_000], ids=["by an index", "in the journal"])
@pytest.mark.parametrize("number", [1, 2, 100])
async def test_many_and_few_are_looked_up_alike(
    path: Path, scanned: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deduplication, "_SCANNED", scanned)
    monkeypatch.setattr(deduplication, "_SCAN_BATCH", 3)
    await earlier_run(path)
    async with sifting(path) as run:
        names = [f"u{n}" for n in range(10)]
        await run.let_through(["x", *names])
        for name in names:  # more than are kept in memory
            assert (await run.let_through([name])).items == []
        assert sorted(run.left()) == names
        await call(run.journal, names[::2], SENT)
        await run.journal.note([Settled("u1", FAILED, None)], ())
        items, skipped = await second_look(run, number)
        assert [target for target, _ in items] == ["u3", "u5", "u7", "u9"]
        assert sorted(skipped) == sorted([*names[::2], "u1"])
        assert run.left() == []


async def test_who_was_not_looked_at_again_is_left_when_the_job_stops(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deduplication, "_SCAN_BATCH", 2)
    async with sifting(path) as run:
        names = ["e", "d", "c", "b", "a"]
        await run.let_through(names)
        for name in names:
            await run.let_through([name])
        looks = run.second_look(2)
        sifted = await anext(looks)
        assert [target for target, _ in sifted.items] == ["e", "d"]
        assert run.left() == ["c", "b", "a"]
        await looks.aclose()  # type: ignore[attr-defined]


@given(
    targets=st.lists(st.sampled_from("abcdefgh"), max_size=40),
    parts=st.integers(1, 7),
    refused=st.sets(st.sampled_from("abcdefgh")),
    earlier=st.sets(st.sampled_from("abcdefgh")),
)
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_each_is_sent_to_once_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory,
    targets: list[str],
    parts: int,
    refused: set[str],
    earlier: set[str],
) -> None:
    """Who is refused the first time it comes up leaves no trace, and has a second chance."""
    path = tmp_path_factory.mktemp("run") / "j"

    async def work() -> None:
        async with sifting(path) as run:
            if earlier:
                await call(run.journal, sorted(earlier), SENT)
        sent: list[str] = []
        skipped: list[str] = []
        async with sifting(path) as run:
            first_time = set(refused)
            for start in range(0, len(targets), parts):
                sifted = await run.let_through(targets[start : start + parts])
                skipped += sifted.skipped
                for target in sifted.items:
                    if target in first_time:
                        first_time.discard(target)
                        continue
                    await call(run.journal, [target], SENT)
                    sent.append(target)
            items, met = await second_look(run)
            skipped += met
            sent += [target for target, _ in items]
        assert len(sent) == len(set(sent))
        assert earlier.isdisjoint(sent)
        for target in set(targets) - earlier:
            chances = targets.count(target) - (target in refused)
            assert (target in sent) is (chances > 0)

    asyncio.run(work())


# ---------------------------------------------------------------- opening and closing


async def test_a_journal_of_another_job_is_refused_and_let_go_of(path: Path) -> None:
    await earlier_run(path)
    with pytest.raises(JournalError):
        async with sifting(path, job_id="another"):
            pass
    async with sifting(path) as run:  # it is not locked
        assert run.journal.resumed


async def test_the_index_goes_with_the_job(path: Path) -> None:
    await earlier_run(path)
    index = path.with_name(path.name + ".index")
    async with sifting(path):
        assert index.exists()
    assert not index.exists()


async def test_an_index_that_cannot_be_built_lets_go_of_the_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await earlier_run(path)

    async def fail(_: Deduplication) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Deduplication, "prepare", fail)
        with pytest.raises(OSError, match="disk full"):
            await open_deduplication(job(journal=path))
    async with sifting(path) as run:
        assert run.journal.resumed


async def test_closing_that_is_cancelled_closes_all_the_same(path: Path) -> None:
    run = await open_deduplication(job(journal=path))
    assert run is not None
    closing = asyncio.create_task(run.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    async with sifting(path):
        pass
