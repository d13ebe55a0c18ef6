"""The ledger in the database itself: no target is in two calls, whoever asks in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easemob_async.distributed.database import Database, ranges
from easemob_async.errors import ConfigurationError
from tests.distributed.ledger import FAILED, LEASE, SENT, UNKNOWN, WITHDRAWN, Ledger


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    ledger = Ledger(database)
    await ledger.plan(10)
    yield ledger
    await ledger.state()  # whatever a test does, no target is in two calls


async def claimed(ledger: Ledger, worker: str = "a") -> int:
    answer, epoch = await ledger.claim(worker)
    assert answer == "claimed"
    return epoch


async def test_a_call_departs_once(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    assert await ledger.depart(epoch, 1, range(4)) == "departed"
    assert await ledger.depart(epoch, 2, [3]) == "taken"
    assert await ledger.depart(epoch, 1, [5]) == "used"
    assert await ledger.depart(epoch, 3, [4, 6]) == "departed"
    assert await ledger.state() == dict.fromkeys([0, 1, 2, 3, 4, 6])


async def test_only_targets_of_the_chunk_depart(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    assert await ledger.depart(epoch, 1, [9, 10]) == "outside"
    assert await ledger.depart(epoch, 2, []) == "outside"


async def test_the_targets_of_a_withdrawn_call_may_depart_again(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.depart(epoch, 1, range(4))
    assert await ledger.withdraw(epoch, 1) == "withdrawn"
    assert await ledger.depart(epoch, 2, [2]) == "departed"
    assert await ledger.state() == {2: None}


async def test_an_answered_call_is_not_withdrawn(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.depart(epoch, 1, [0])
    await ledger.settle(epoch, 1, SENT)
    assert await ledger.withdraw(epoch, 1) == "settled"
    assert await ledger.state() == {0: SENT}


async def test_a_withdrawal_that_overtakes_its_commit_stops_it(ledger: Ledger) -> None:
    """The commit's own answer was lost, and its statement reaches the server afterwards."""
    epoch = await claimed(ledger)
    assert await ledger.withdraw(epoch, 1) == "withdrawn"
    assert await ledger.depart(epoch, 1, range(4)) == "used"
    assert await ledger.depart(epoch, 2, range(4)) == "departed"


async def test_a_takeover_fences_the_worker_before(ledger: Ledger) -> None:
    old = await claimed(ledger, "a")
    assert (await ledger.claim("b"))[0] == "held"
    await ledger.lapse()
    new = await claimed(ledger, "b")
    assert new > old
    assert await ledger.depart(old, 1, [0]) == "fenced"
    assert await ledger.depart(new, 1, [0]) == "departed"
    assert await ledger.database.value("SELECT takeovers FROM @schema@.chunks") == 1


async def test_what_was_in_flight_at_a_takeover_is_unknown_and_not_sent_again(
    ledger: Ledger,
) -> None:
    old = await claimed(ledger, "a")
    await ledger.depart(old, 1, range(4))
    await ledger.lapse()
    new = await claimed(ledger, "b")
    assert await ledger.state() == dict.fromkeys(range(4), UNKNOWN)
    assert await ledger.depart(new, 1, [3, 4]) == "taken"


async def test_a_late_answer_makes_unknown_known_once(ledger: Ledger) -> None:
    old = await claimed(ledger, "a")
    await ledger.depart(old, 1, range(4))
    await ledger.lapse()
    await claimed(ledger, "b")
    await ledger.settle(old, 1, SENT, [(3, FAILED)])
    await ledger.settle(old, 1, UNKNOWN)  # the same answer again: its commit had no answer
    assert await ledger.state() == {0: SENT, 1: SENT, 2: SENT, 3: FAILED}
    assert await ledger.tally() == (3, 1, 0)


async def test_a_call_that_never_left_is_taken_back_after_a_takeover(ledger: Ledger) -> None:
    old = await claimed(ledger, "a")
    await ledger.depart(old, 1, range(4))
    await ledger.lapse()
    new = await claimed(ledger, "b")
    await ledger.depart(new, 1, range(4, 10))
    await ledger.settle(new, 1)
    assert await ledger.withdraw(old, 1) == "withdrawn"
    assert await ledger.release(new) == "open"  # four of its targets are to be sent
    again = await claimed(ledger, "b")
    assert await ledger.depart(again, 1, range(4)) == "departed"


async def test_a_call_taken_back_after_its_chunk_was_done_opens_it_again(ledger: Ledger) -> None:
    old = await claimed(ledger, "a")
    await ledger.depart(old, 1, range(10))
    await ledger.lapse()
    new = await claimed(ledger, "b")
    assert await ledger.release(new) == "done"
    assert await ledger.withdraw(old, 1) == "withdrawn"
    assert await claimed(ledger, "c") > new


async def test_a_chunk_delivered_twice_is_skipped(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    assert (await ledger.claim("b"))[0] == "held"
    await ledger.depart(epoch, 1, range(10))
    await ledger.settle(epoch, 1)
    assert await ledger.release(epoch) == "done"
    assert (await ledger.claim("b"))[0] == "done"
    assert await ledger.release(epoch) == "fenced"


async def test_an_unsealed_plan_is_not_claimed(database: Database) -> None:
    ledger = Ledger(database)
    await ledger.plan(10, sealed=False)
    assert (await ledger.claim())[0] == "stopped"


async def test_another_service_is_not_served(ledger: Ledger) -> None:
    assert (await ledger.claim(service="https://a1.easemob.com/acme/shop"))[0] == "foreign"


async def test_nothing_departs_after_a_stop(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.depart(epoch, 1, [0])
    await ledger.stop()
    assert await ledger.depart(epoch, 2, [1]) == "stopped"
    await ledger.settle(epoch, 1)
    assert await ledger.state() == {0: SENT}
    assert (await ledger.claim("a"))[0] == "stopped"


async def test_a_released_chunk_leaves_nothing_in_flight(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.depart(epoch, 1, range(3))
    assert await ledger.release(epoch) == "open"
    assert await ledger.state() == dict.fromkeys(range(3), UNKNOWN)


async def test_the_totals_of_a_done_chunk_follow_a_late_answer(ledger: Ledger) -> None:
    old = await claimed(ledger, "a")
    await ledger.depart(old, 1, range(10))
    await ledger.lapse()
    new = await claimed(ledger, "b")
    assert await ledger.release(new) == "done"
    totals = "SELECT sent, failed, unknown FROM @schema@.chunks"
    assert await ledger.database.rows(totals) == [(0, 0, 10)]
    await ledger.settle(old, 1, SENT, [(0, FAILED)])
    assert await ledger.database.rows(totals) == [(9, 1, 0)]


async def test_targets_without_a_call_of_their_own_are_settled_once(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    unsent: list[Any] = ["settle unsent", ledger.job, 0, epoch, 1, FAILED, "no", "no", [], {}]
    assert await ledger.apply([*unsent, "{[0,4)}"]) == [
        {"accepted": 0, "refused alone": 0, "ended early": 0}
    ]
    await ledger.apply([*unsent, "{[0,4)}"])  # again: its commit had no answer
    unsent[4] = 2
    assert await ledger.apply([*unsent, "{[3,5)}"]) == ["taken"]
    assert await ledger.state() == dict.fromkeys(range(4), FAILED)


async def test_counts_are_those_of_the_job(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    for number in (1, 2, 3):
        await ledger.depart(epoch, number, [number])
    assert (await ledger.settle(epoch, 1, FAILED, counts={"refused alone": 2}))[
        "refused alone"
    ] == 2
    assert (await ledger.settle(epoch, 2, FAILED, counts={"refused alone": 3}))[
        "refused alone"
    ] == 5
    assert await ledger.settle(epoch, 3, SENT, counts={"accepted": 1}) == {
        "accepted": 1,
        "refused alone": 0,
        "ended early": 0,
    }


async def test_failed_targets_are_sent_to_again_if_that_is_wanted(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.depart(epoch, 1, range(6))
    await ledger.settle(epoch, 1, SENT, [(1, FAILED), (2, UNKNOWN)])
    await ledger.depart(epoch, 2, range(6, 10))
    await ledger.settle(epoch, 2, FAILED, [(9, UNKNOWN)])
    assert await ledger.release(epoch) == "done"
    assert await ledger.resume(FAILED) == "running"
    assert await ledger.state() == {0: SENT, 2: UNKNOWN, 3: SENT, 4: SENT, 5: SENT, 9: UNKNOWN}
    assert await ledger.tally() == (4, 0, 2)
    assert await ledger.resume(UNKNOWN) == "running"
    assert await ledger.state() == {0: SENT, 3: SENT, 4: SENT, 5: SENT}
    again = await claimed(ledger)
    assert await ledger.depart(again, 1, [1, 2, 6, 7, 8, 9]) == "departed"


async def test_targets_are_not_opened_again_while_a_worker_has_their_chunk(ledger: Ledger) -> None:
    await claimed(ledger)
    assert await ledger.resume(UNKNOWN) == "busy"


async def test_the_late_answer_to_a_call_that_was_opened_again_does_not_count(
    database: Database,
) -> None:
    ledger = Ledger(database)
    await ledger.plan(10, resend_unknown=True)
    old = await claimed(ledger, "a")
    await ledger.depart(old, 1, range(4))
    await ledger.lapse()
    new = await claimed(ledger, "b")
    assert await ledger.state() == {}
    assert await ledger.depart(new, 1, range(4)) == "departed"
    await ledger.settle(old, 1, FAILED)
    await ledger.withdraw(old, 1)
    assert await ledger.state() == dict.fromkeys(range(4))


async def test_a_database_that_took_over_is_refused(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.database.rows("UPDATE @schema@.place SET timeline = timeline + 1")
    with pytest.raises(ConfigurationError, match="not the database in which calls departed"):
        await ledger.depart(epoch, 1, [0])
    with pytest.raises(ConfigurationError, match="accept-failover"):
        await ledger.claim("b")
    await ledger.database.rows("UPDATE @schema@.place SET synchronous = true")
    assert await ledger.depart(epoch, 1, [0]) == "departed"  # then no commit is missing
    await ledger.database.rows("UPDATE @schema@.place SET system_id = 1")
    with pytest.raises(ConfigurationError, match="system 1"):
        await ledger.depart(epoch, 2, [1])
    await ledger.database.rows(
        "UPDATE @schema@.place SET synchronous = false, system_id = system_identifier "
        "FROM pg_control_system()"
    )


async def test_of_many_at_once_one_departs(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    ways = [Ledger(ledger.database.another()) for _ in range(8)]
    for way in ways:
        way.job = ledger.job
    try:
        answers = await asyncio.gather(
            *(way.depart(epoch, number, range(number % 3, 5)) for number, way in enumerate(ways))
        )
    finally:
        for way in ways:
            way.database.close()
    assert sorted(answers) == ["departed", *["taken"] * 7]


async def test_a_departure_is_durable_whatever_the_server_prefers(ledger: Ledger) -> None:
    epoch = await claimed(ledger)
    await ledger.database.rows("SET synchronous_commit = off")
    order = f'[["depart", {ledger.job}, 0, {epoch}, 1, "{{[0,1)}}"]]'
    rows = await ledger.database.rows(
        "SELECT @schema@.apply(%s::jsonb, %s), current_setting('synchronous_commit')", order, LEASE
    )
    assert rows == [(["departed"], "on")]


STEP = st.one_of(
    st.tuples(st.just("claim"), st.sampled_from("ab"), st.booleans()),
    st.tuples(
        st.just("depart"),
        st.sampled_from("ab"),
        st.sets(st.integers(0, 5), min_size=1),
    ),
    st.tuples(st.just("leave"), st.sampled_from("ab"), st.integers(0, 3)),
    st.tuples(
        st.just("settle"),
        st.sampled_from("ab"),
        st.integers(0, 3),
        st.sampled_from([SENT, FAILED, UNKNOWN]),
        st.sets(st.integers(0, 5), max_size=2),
    ),
    st.tuples(st.just("withdraw"), st.sampled_from("ab"), st.integers(0, 3)),
    st.tuples(st.just("release"), st.sampled_from("ab")),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=25))
def test_nobody_is_sent_to_twice_in_any_order_of_steps(postgres_url: str, steps: list[Any]) -> None:
    """Two workers that obey the answers: their requests have no target in common."""

    async def run() -> None:
        database = Database(postgres_url, "easemob_ledger")
        try:
            await _carry_out(Ledger(database), steps)
        finally:
            database.close()

    asyncio.run(run())


async def _carry_out(ledger: Ledger, steps: list[Any]) -> None:
    await ledger.database.rows("TRUNCATE @schema@.jobs CASCADE")
    await ledger.plan(6)
    epochs: dict[str, int] = {}
    number = 0
    departed: dict[str, list[tuple[int, int, set[int]]]] = {"a": [], "b": []}
    left: list[tuple[int, int, set[int]]] = []
    for kind, worker, *rest in steps:
        if kind == "claim":
            if rest[0]:
                await ledger.lapse()
            answer, epoch = await ledger.claim(worker)
            if answer == "claimed":
                epochs[worker] = epoch
        elif kind == "depart" and worker in epochs:
            number += 1
            if await ledger.depart(epochs[worker], number, sorted(rest[0])) == "departed":
                departed[worker].append((epochs[worker], number, rest[0]))
        elif kind == "leave" and rest[0] < len(departed[worker]):
            left.append(departed[worker].pop(rest[0]))
        elif kind == "withdraw" and rest[0] < len(departed[worker]):
            epoch, call, _ = departed[worker].pop(rest[0])
            await ledger.withdraw(epoch, call)
        elif kind == "settle" and rest[0] < len(left):
            epoch, call, targets = left[rest[0]]
            own = [(position, FAILED) for position in rest[2] & targets]
            await ledger.settle(epoch, call, rest[1], own if rest[1] != FAILED else [])
        elif kind == "release" and worker in epochs:
            await ledger.release(epochs[worker])
        states = await ledger.state()
        sent = [position for _, _, targets in left for position in targets]
        assert len(sent) == len(set(sent)), "a target was sent to twice"
        assert set(sent) <= states.keys(), "a target that was sent to is open"
        counted = [list(states.values()).count(state) for state in (SENT, FAILED, UNKNOWN)]
        assert tuple(counted) == await ledger.tally()


def test_positions_are_written_as_ranges() -> None:
    assert ranges([]) == "{}"
    assert ranges([0, 1, 2, 5, 7, 8]) == "{[0,3),[5,6),[7,9)}"


def test_states_are_those_of_a_journal() -> None:
    from easemob_async.fanout.journal import rows

    assert (SENT, FAILED, UNKNOWN, WITHDRAWN) == (
        rows.SENT,
        rows.FAILED,
        rows.UNKNOWN,
        rows.WITHDRAWN,
    )
