"""From the source to calls: nothing is lost and nothing planned twice, whatever comes between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any, Literal, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import InvalidArgumentError, Text
from easemob_async.fanout.deduplication import Deduplication, Sifted
from easemob_async.fanout.packing import (
    Packer,
    PlannedCall,
    make_packer,
    refuse_string,
)
from easemob_async.fanout.planner import Planner, Step
from easemob_async.fanout.settings import Encoded, JobOptions, MessageEncoder, Settings
from easemob_async.fanout.source import Source
from easemob_async.operation import Operation
from easemob_async.outcomes import Outcome, OutcomeStatus
from easemob_async.quotas import SECOND, Limit
from easemob_async.resources.sending import Send
from tests.clock import run_virtual

SEND = Operation("messages.send_to_users", "POST", "/messages/users", "once")
BODY = Text("hello")


def job(
    body: Text | Callable[[str], Any] | None = BODY,
    *,
    most: int = 3,
    workers: int = 2,
    dedupe: int | None = None,
    **options: Any,
) -> Settings:
    """What ``fanout.to_users(..., body)`` does, with so many targets a call."""
    encoder = MessageEncoder("fanout.to_users", {"from": "shop"}, None, None, 5120)
    given: dict[str, Any] = {
        "journal": None,
        "job_id": None,
        "pace": "burst",
        "on_unknown": "report",
        "retry_failed": False,
        "keep_message_ids": False,
        "progress": None,
        **options,
    }
    return Settings(
        "fanout.to_users",
        Send(SEND, most),
        encoder,
        constant=encoder.encode(body) if isinstance(body, Text) else None,
        make_body=body if callable(body) else None,
        options=JobOptions(workers=workers, dedupe=dedupe, **given),
        journal=given["journal"],
    )


def planner(
    targets: Any, settings: Settings | None = None, deduplication: Deduplication | None = None
) -> tuple[Planner, Source]:
    settings = job() if settings is None else settings
    source = Source(targets)
    return Planner(settings, source, make_packer(settings, ()), deduplication), source


class Account:
    """What became of targets by the steps of a planner."""

    def __init__(self) -> None:
        self.calls: list[PlannedCall] = []
        self.settled: list[Outcome] = []
        self.skipped: list[str] = []
        self.stopped: list[str] = []

    def take(self, step: Step) -> None:
        if step.call is not None:
            self.calls.append(step.call)
        self.settled += step.settled
        self.skipped += step.skipped

    def stop(self, planner: Planner) -> None:
        step, names = planner.stop()
        assert step.call is None
        self.take(step)
        self.stopped += names

    def planned(self) -> list[str]:
        return [target for call in self.calls for target in call.targets]

    def names(self) -> Counter[str]:
        settled = [outcome.target for outcome in self.settled]
        return Counter([*self.planned(), *settled, *self.skipped, *self.stopped])


async def plan(planner: Planner, account: Account, steps: int = 10**6) -> bool:
    """Take so many steps; tell whether that was all."""
    for _ in range(steps):
        step = await planner.next()
        account.take(step)
        if step.call is not None:
            planner.call_is_over()
        if step.over:
            return True
    return False


def planned(targets: Any, settings: Settings | None = None) -> Account:
    account = Account()

    async def work() -> None:
        made, _ = planner(targets, settings)
        assert await plan(made, account)

    run_virtual(work())
    return account


async def slowly(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        await asyncio.sleep(0.1)
        yield item


def name_of(item: object) -> str:
    target = item[0] if isinstance(item, tuple) and len(item) == 2 else item
    return target if isinstance(target, str) else repr(target)


items = st.lists(
    st.one_of(
        st.integers(0, 30).map(lambda n: f"u{n}"),
        st.integers(0, 30).map(lambda n: (f"u{n}", Text(f"own {n % 3}"))),
        st.integers(0, 30).map(lambda n: (f"u{n}", None)),
        st.integers(0, 30).map(lambda n: (f"u{n}", ValueError("no template"))),
        st.sampled_from([None, 5, "", "a\nb", ("u1", "no message"), (7, BODY), ("a", 1, 2)]),
    ),
    max_size=60,
)


@given(
    given_items=items,
    source=st.sampled_from(["list", "generator", "async"]),
    body=st.sampled_from(["one", "function", "none"]),
    steps=st.integers(0, 60),
    most=st.integers(1, 7),
    dedupe=st.sampled_from([None, 2, 1000]),
    patience=st.none() | st.integers(0, 40),
)
def test_whoever_is_read_is_in_one_call_settled_skipped_or_told_at_the_stop(
    given_items: list[Any],
    source: str,
    body: str,
    steps: int,
    most: int,
    dedupe: int | None,
    patience: int | None,
) -> None:
    def make(target: str) -> Text:
        if target.endswith("3"):
            raise LookupError(target)
        return Text(f"for {target}")

    bodies: dict[str, Any] = {"one": BODY, "function": make, "none": None}
    targets = {"list": list, "generator": iter, "async": slowly}[source](given_items)  # type: ignore[operator]
    account = Account()

    async def work() -> Source:
        settings = job(bodies[body], most=most, dedupe=dedupe)
        made, read = planner(targets, settings)
        # At some moment nobody waits any more.
        limit = None if patience is None else 0.1 * patience + 0.05
        try:
            async with asyncio.timeout(limit):
                await plan(made, account, steps)
        except TimeoutError:
            pass
        account.stop(made)
        await read.close()
        return read

    read = run_virtual(work())
    assert account.names() == Counter(map(name_of, given_items[: read.read]))
    assert all(1 <= len(call.targets) <= most for call in account.calls)
    assert all(len(set(call.targets)) == len(call.targets) for call in account.calls)
    if dedupe == 1000:
        assert len(set(account.planned())) == len(account.planned())


def test_targets_that_get_the_same_share_full_calls_in_their_order() -> None:
    names = [f"u{n}" for n in range(8)]
    account = planned(names)
    assert [list(call.targets) for call in account.calls] == [names[:3], names[3:6], names[6:]]
    assert {call.content for call in account.calls} == {job().constant}
    # `is` tells the job's one message from others.
    settings = job()
    assert all(call.content is settings.constant for call in planned(names, settings).calls)


def test_no_target_is_over_at_once() -> None:
    account = planned([])
    assert account.names() == Counter()


def test_each_gets_its_own_message_or_that_of_the_job() -> None:
    async def make(target: str) -> Text:
        await asyncio.sleep(1)
        return Text(f"hi {target}")

    pairs = [("ann", Text("own")), "bob", ("cid", None), ("dan", Encoded(b'{"ready":1}'))]
    for body, of_the_job in ((BODY, "hello"), (make, "hi {}"), (lambda t: Text("f " + t), "f {}")):
        settings = job(body)
        contents = {
            target: call.content
            for call in planned(pairs, settings).calls
            for target in call.targets
        }
        encode = settings.encoder.encode
        assert contents == {
            "ann": encode(Text("own")),
            "bob": encode(Text(of_the_job.format("bob"))),
            "cid": encode(Text(of_the_job.format("cid"))),
            "dan": b'{"ready":1}',
        }


def test_what_breaks_a_rule_costs_its_target_and_says_why() -> None:
    def make(target: str) -> Text:
        raise LookupError(f"no text for {target}")

    account = planned(["ann", ("bob", Text("own")), ("cid", OSError("no template")), ""], job(make))
    assert account.planned() == ["bob"]
    assert {o.target: repr(o.error) for o in account.settled if o.target} == {
        "ann": repr(LookupError("no text for ann")),
        "cid": repr(OSError("no template")),
    }
    assert [o.status for o in account.settled] == [OutcomeStatus.FAILED] * 3
    (outcome,) = planned(["ann"], job(None)).settled
    assert isinstance(outcome.error, InvalidArgumentError)
    assert str(outcome.error).startswith("fanout.to_users: ")
    (outcome,) = planned([("ann", "hello")]).settled
    assert "must be a message such as Text" in str(outcome.error)


def test_a_wrong_target_does_not_have_its_message_made() -> None:
    asked: list[str] = []

    def make(target: str) -> Text:
        asked.append(target)
        return BODY

    account = planned(["ann", "", "b\n", "ann", "cid"], job(make, dedupe=10))
    assert asked == ["ann", "cid"]
    assert [(o.target, o.status) for o in account.settled] == [
        ("", OutcomeStatus.FAILED),
        ("b\n", OutcomeStatus.FAILED),
        ("ann", OutcomeStatus.SKIPPED),
    ]


def test_a_message_that_is_cancelled_costs_its_target_and_not_the_job() -> None:
    async def make(target: str) -> Text:
        if target == "bob":
            raise asyncio.CancelledError
        return BODY

    account = planned(["ann", "bob", "cid"], job(make))
    assert sorted(account.planned()) == ["ann", "cid"]
    (outcome,) = account.settled
    assert (outcome.target, outcome.status) == ("bob", OutcomeStatus.FAILED)
    assert isinstance(outcome.error, InvalidArgumentError)
    assert "bob: " in str(outcome.error)
    assert "cancelled" in str(outcome.error)


@pytest.mark.parametrize("at", range(1, 8))
def test_a_planner_that_is_cancelled_where_it_waits_goes_on_or_stops_without_a_loss(
    at: int,
) -> None:
    async def make(target: str) -> Text:
        await asyncio.sleep(1)
        return BODY

    names = [f"u{n}" for n in range(5)]

    for goes_on in (True, False):
        account = Account()

        async def work(account: Account = account, goes_on: bool = goes_on) -> None:
            made, source = planner(slowly(names), job(make))
            task = asyncio.create_task(made.next())
            await asyncio.sleep(0.45 * at)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not task.cancelled():
                account.take(task.result())
                made.call_is_over()
            if goes_on and not source.exhausted and at > 1:
                assert await plan(made, account)
            read = source.read
            account.stop(made)
            await source.close()
            assert account.names() == Counter(names[:read])
            assert account.settled == []  # the planner was cancelled, and not their messages
            if goes_on:
                assert not account.stopped or at == 1

        run_virtual(work())


def test_an_iterable_that_raises_keeps_who_came_before() -> None:
    def broken() -> Iterator[str]:
        yield from ("ann", "bob")
        raise LookupError("the file ends here")

    async def work() -> None:
        made, source = planner(broken(), job(most=5))
        account = Account()
        with pytest.raises(LookupError):
            await made.next()
        account.stop(made)
        assert source.read == 2
        assert account.stopped == ["ann", "bob"]

    run_virtual(work())


def test_a_stop_tells_who_waits_for_company_and_who_is_in_calls_that_nobody_took() -> None:
    async def work() -> None:
        targets = [("a", Text("1")), ("b", Text("2")), ("c", Text("1")), ("d", Text("1"))]
        made, _ = planner([*targets, "e"], job(most=3, workers=10))
        account = Account()
        step = await made.next()  # all of three are read: "a" and "c" wait, and so does "b"
        account.take(step)
        assert (step.call, step.over) == (None, False)
        account.stop(made)
        assert Counter(account.stopped) == Counter("abc")

    run_virtual(work())


def test_a_stop_names_whoever_was_read_and_not_planned() -> None:
    async def make(target: str) -> Text:
        await asyncio.sleep(1)
        return BODY

    async def work() -> None:
        items: list[Any] = ["a", ("b", Text("own")), ("c", None), 7, ("d", 1, 2), ()]
        made, _ = planner(items, job(make, most=10))
        task = asyncio.create_task(made.next())
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        account = Account()
        account.stop(made)
        assert account.stopped == ["a", "b", "c", "7", "d", "()"]

    run_virtual(work())


def test_a_stop_tells_who_is_in_calls_that_nobody_took() -> None:
    async def work() -> None:
        # Each gets another message; six of them may wait for company.
        pairs = [(f"u{n}", Text(f"own {n}")) for n in range(9)]
        made, _ = planner(pairs, job(most=3, workers=2))
        account = Account()
        for _ in range(3):
            account.take(await made.next())
        assert account.planned() == ["u0", "u1"]
        account.stop(made)
        assert Counter(account.stopped) == Counter(f"u{n}" for n in range(2, 9))

    run_virtual(work())


def test_a_planner_tells_what_is_settled_before_it_has_read_everything() -> None:
    async def work() -> None:
        made, source = planner([""] * 20_000, job(most=600))
        account = Account()
        read_at_each: list[int] = []
        over = False
        while not over:
            over = await plan(made, account, 1)
            read_at_each.append(source.read)
        assert read_at_each[0] < 6_000
        assert len(account.settled) == 20_000

    run_virtual(work())


class Earlier:
    """Skips the ids that begin with an ``s``: earlier runs have sent to them."""

    def __init__(self) -> None:
        self.parts: list[int] = []

    async def let_through(self, items: list[str]) -> Sifted:
        self.parts.append(len(items))
        await asyncio.sleep(1)
        skipped = [item for item in items if item.startswith("s")]
        return Sifted([item for item in items if not item.startswith("s")], skipped, [])

    async def second_look(self, number: int) -> AsyncIterator[Sifted]:
        return
        yield

    def planner(self, targets: Any, settings: Settings) -> Planner:
        return planner(targets, settings, cast(Deduplication, self))[0]


def test_memory_does_not_grow_with_those_that_are_skipped() -> None:
    async def work() -> None:
        names = [f"s{n}" for n in range(60_000)]
        made = Earlier().planner(names, job(most=600))
        account, most = Account(), 0
        over = False
        while not over:
            before = len(account.skipped)
            over = await plan(made, account, 1)
            most = max(most, len(account.skipped) - before)
        assert account.skipped == names
        assert 5_000 <= most < 16_000

    run_virtual(work())


@pytest.mark.parametrize("body", [BODY, lambda target: Text("To " + target[0])])
def test_many_are_looked_up_at_once_as_long_as_all_were_settled(body: Any) -> None:
    async def work() -> None:
        old = [f"s{n}" for n in range(30_000)]
        new = [f"n{n}" for n in range(2_500)]
        mixed = [name for pair in zip(new[500:], old[-2_000:], strict=True) for name in pair]
        earlier = Earlier()
        made = earlier.planner([*old[:-2_000], *new[:500], *mixed], job(body, most=600))
        account = Account()
        assert await plan(made, account)
        assert account.skipped == old
        assert account.planned() == new
        assert [len(call.targets) for call in account.calls] == [600, 600, 600, 600, 100]
        first = next(at for at, part in enumerate(earlier.parts) if part > 600)
        assert earlier.parts[:first] == [600]
        ahead = [part for part in earlier.parts if part > 600]
        assert earlier.parts[first : first + len(ahead)] == ahead
        assert 10_000 <= max(ahead) <= 10_600

    run_virtual(work())


def test_an_error_of_the_source_comes_after_what_was_read_ahead() -> None:
    names = [f"s{n}" for n in range(4_800)] + ["new"]

    def source() -> Iterator[str]:
        yield from names
        raise OSError("the source broke")

    async def work() -> None:
        made, account = Earlier().planner(source(), job(most=600)), Account()
        with pytest.raises(OSError, match="the source broke"):
            await plan(made, account)
        account.stop(made)
        assert account.skipped == names[:-1]
        assert account.stopped == ["new"]

    run_virtual(work())


def test_a_slow_source_is_not_read_far_ahead() -> None:
    async def source() -> AsyncIterator[str]:
        for number in range(3_000):
            await asyncio.sleep(0.001)
            yield f"s{number}"

    async def work() -> None:
        earlier, account = Earlier(), Account()
        assert await plan(earlier.planner(source(), job(most=600)), account)
        assert len(account.skipped) == 3_000
        assert max(earlier.parts) == 600

    run_virtual(work())


@given(
    kinds=st.lists(st.tuples(st.sampled_from("sn"), st.integers(1, 9)), max_size=12),
    most=st.integers(1, 5),
    after=st.integers(0, 12),
    goes_on=st.booleans(),
    fails=st.booleans(),
)
def test_a_cancelled_look_up_loses_nothing(
    kinds: list[tuple[str, int]], most: int, after: int, *, goes_on: bool, fails: bool
) -> None:
    names = [f"{kind}{n}-{m}" for n, (kind, count) in enumerate(kinds) for m in range(count)]

    def source() -> Iterator[str]:
        yield from names
        if fails:
            raise OSError("the source broke")

    async def work() -> None:
        made, account = Earlier().planner(source(), job(most=most)), Account()
        task = asyncio.create_task(plan(made, account))
        await asyncio.sleep(after + 0.5)  # every look-up takes a second
        task.cancel()
        await asyncio.wait([task])
        read = len(names)
        told = not task.cancelled() and task.exception() is not None
        if goes_on and not told:
            with pytest.raises(OSError, match="the source broke") if fails else nullcontext():
                assert await plan(made, account)
            account.stop(made)
        else:
            read = made._source.read  # the rest is not read any more
            account.stop(made)
        assert account.names() == Counter(names[:read])

    run_virtual(work())


class Aside:
    """Lets through whoever is new, and has another look at the end."""

    def __init__(self, again: list[Sifted], *, fails: bool = False) -> None:
        self.again = again
        self.fails = fails
        self.asked: list[int] = []

    async def let_through(self, items: list[Any]) -> Sifted:
        await asyncio.sleep(1)
        if self.fails:
            raise OSError("disk full")
        unknown = [Outcome(t, OutcomeStatus.UNKNOWN) for t in items if t.startswith("x")]
        return Sifted(
            [t for t in items if t[0] not in "sx"], [t for t in items if t[0] == "s"], unknown
        )

    async def second_look(self, number: int) -> AsyncIterator[Sifted]:
        self.asked.append(number)
        for one in self.again:
            yield one


def test_what_was_put_aside_is_planned_when_every_call_before_is_over() -> None:
    aside = Aside([Sifted(["late"], ["s2"], []), Sifted([], ["s3"], []), Sifted(["l2"], [], [])])

    async def work() -> None:
        targets = ["s1", "x1", "ann", "bob", "cid", "dan"]
        made, _ = planner(targets, job(most=2), cast(Deduplication, aside))
        account = Account()
        for _ in range(2):
            step = await made.next()
            account.take(step)
            assert step.call is not None
        last = asyncio.create_task(made.next())
        for _ in range(2):
            await asyncio.sleep(100)
            assert not last.done()
            assert not aside.asked
            made.call_is_over()
        account.take(await last)
        assert await plan(made, account)
        assert aside.asked == [2]
        assert account.skipped == ["s1", "s2", "s3"]
        assert sorted(account.planned()) == ["ann", "bob", "cid", "dan", "l2", "late"]
        account.stop(made)
        assert account.stopped == []
        assert [o.target for o in account.settled] == ["x1"]

    run_virtual(work())


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_who_is_being_looked_up_is_told_when_that_comes_to_nothing(
    how: Literal["cancelled", "failed"],
) -> None:
    async def work() -> None:
        aside = cast(Deduplication, Aside([], fails=how == "failed"))
        made, _ = planner(["ann", "bob"], job(most=5), aside)
        account = Account()
        task = asyncio.create_task(made.next())
        await asyncio.sleep(0.5 if how == "cancelled" else 2)
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, asyncio.CancelledError if how == "cancelled" else OSError)
        account.stop(made)
        assert account.stopped == ["ann", "bob"]

    run_virtual(work())


# ---------------------------------------------------------------- packing


def packer(most: int = 3, *, look_ahead: int = 100, dedupe: int | None = None) -> Packer:
    return Packer("op", most, look_ahead=look_ahead, dedupe=dedupe)


def test_a_call_in_one_go_has_its_content_and_makes_way_for_the_next() -> None:
    made = packer(2)
    for names in (["a", "b"], ["c", "d"]):
        call = made.whole(names, b"x")
        assert call is not None
        assert (list(call.targets), call.content) == (names, b"x")
    assert made.wanted == 2


def test_no_call_is_made_in_one_go_while_others_wait_or_duplicates_are_looked_for() -> None:
    made = packer(2)
    assert made.add("a", b"x") is None
    assert made.whole(["b", "c"], b"x") is None
    assert packer(2, dedupe=5).whole(["b", "c"], b"x") is None


def test_duplicates_are_looked_for_among_as_many_as_were_asked_for() -> None:
    made = packer(100, dedupe=2)
    for target in ("a", "b", "c"):
        assert made.check(target) is None
        made.add(target, target.encode())
    skipped = [t for t in ("a", "b", "c", "d") if made.check(t) is not None]
    assert skipped == ["b", "c"]
    assert made.check("c") == Outcome("c", OutcomeStatus.SKIPPED)
    # Without looking back, only those within a call are found.
    made = packer(100)
    made.add("a", b"1")
    assert made.check("a") is None
    assert made.add("a", b"1") == Outcome("a", OutcomeStatus.SKIPPED)
    assert made.add("a", b"2") is None


def test_how_many_more_are_wanted() -> None:
    made = packer(3)
    assert made.wanted == 3
    made.add("a", b"1")
    assert made.wanted == 2
    made.add("b", b"2")
    assert made.wanted == 3  # it is not known whom they will join
    assert sorted(made.held()) == ["a", "b"]
    assert made.wanted == 3
    # Nobody waits any more.
    assert made.whole(["a", "b", "c"], b"1") is not None
    assert made.add("a", b"1") is None
    assert made.wanted == 2


def test_look_ahead_is_full_when_so_many_wait() -> None:
    made = packer(100, look_ahead=2)
    assert made.add("a", b"1") is None
    call = made.add("b", b"2")
    assert isinstance(call, PlannedCall)
    assert list(call.targets) == ["a"]  # who has waited longest
    call = made.add("c", b"3")
    assert isinstance(call, PlannedCall)
    assert list(call.targets) == ["b"]


def test_a_jobs_packer_follows_its_options_and_the_quota() -> None:
    settings = job(most=3, workers=2, dedupe=1)
    made = make_packer(settings, (Limit(2, per=SECOND, unit="messages"),))
    assert made.wanted == 2  # of three targets that the operation takes
    problem = made.check("")
    assert problem is not None
    assert str(problem.error).startswith("fanout.to_users: target '' ")
    assert made.add("t0", b"0") is None
    assert made.check("t0") is not None
    assert [made.add(f"t{n}", b"%d" % n) for n in range(1, 5)] == [None] * 4
    assert isinstance(made.add("t5", b"5"), PlannedCall)  # two workers, three targets each
    assert make_packer(job(most=3), ()).wanted == 3


@pytest.mark.parametrize("targets", ["ann", b"ann", 5, None, Text("x")])
def test_a_string_is_no_list_of_targets_nor_is_what_cannot_be_iterated(targets: object) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        refuse_string("fanout.to_users", targets)
    assert caught.value.operation == "fanout.to_users"
    assert str(caught.value).startswith("fanout.to_users: targets ")
    assert type(targets).__name__ in str(caught.value)


@pytest.mark.parametrize("targets", [["ann"], ("ann",), {"ann"}, iter("ann"), slowly(["ann"])])
def test_any_iterable_is_a_list_of_targets(targets: object) -> None:
    refuse_string("fanout.to_users", targets)
