"""The rows of a journal: what is read is what was written, and any other row is noticed."""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easemob_async import JournalError
from easemob_async.fanout.journal.index import Index, SetAside
from easemob_async.fanout.journal.lock import Mark, read_mark, side_file
from easemob_async.fanout.journal.reader import (
    count_last,
    find_among,
    read_job,
    read_last,
    read_settled,
    read_states,
)
from easemob_async.fanout.journal.rows import (
    FAILED,
    INTERRUPTED,
    SENT,
    UNKNOWN,
    Settled,
    again_row,
    answer_row,
    call_row,
    checksum,
    exception_row,
)
from easemob_async.fanout.journal.writer import Journal, Verdict
from tests.fanout.journal.journals import JOB

STATES = (SENT, FAILED, UNKNOWN)


def test_a_checksum_tells_every_value_and_its_place() -> None:
    rows = [(1, "ab"), (1, "a", "b"), (1, "b", "a"), (1, None), (1, ""), (11, ""), (1, "None")]
    assert len({checksum(*row) for row in rows}) == len(rows)
    assert checksum(1, "ab") == checksum(1, "ab")


@given(
    st.lists(
        st.none()
        | st.integers()
        | st.builds(lambda text, times: text * times, st.text(max_size=9), st.integers(0, 3000)),
        max_size=4,
    )
)
def test_a_checksum_is_that_of_the_joined_values_however_long(row: list[object]) -> None:
    """Journals of all versions have this sum: one that is made in another way would not match."""
    joined = "\x1f".join("\0" if value is None else str(value) for value in row)
    assert checksum(*row) == zlib.crc32(joined.encode())


def test_every_row_ends_with_the_checksum_of_all_of_it() -> None:
    assert call_row(1, "a\nb")[1] == (1, "a\nb", checksum(1, "a\nb"))
    assert answer_row(2, 1, SENT, None)[1] == (
        *(2, 1, SENT, None, None),
        checksum(2, 1, SENT, None, None),
    )
    assert answer_row(2, 1, SENT, "why", "ids")[1][-1] == checksum(2, 1, SENT, "why", "ids")
    assert exception_row(3, None, "a", FAILED, "why")[1] == (
        *(3, None, "a", FAILED, "why"),
        checksum(3, None, "a", FAILED, "why"),
    )
    assert again_row(4, "a", 1)[1] == (4, "a", 1, checksum(4, "a", 1))


# ---------------------------------------------------------------- a model of it


@attrs.frozen
class Call:
    """A call of a job, and what becomes of it."""

    targets: list[str]
    fate: str
    state: int
    exceptions: dict[str, int]
    keeps_ids: bool
    again: bool


def calls_of(names: str) -> st.SearchStrategy[list[Call]]:
    targets = st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True)
    return st.lists(
        targets.flatmap(
            lambda chosen: st.builds(
                Call,
                targets=st.just(chosen),
                fate=st.sampled_from(
                    ["settled", "settled", "unsent", "withdrawn", "interrupted", "noted"]
                ),
                state=st.sampled_from(STATES),
                exceptions=st.dictionaries(
                    st.sampled_from(chosen), st.sampled_from(STATES), max_size=2
                ),
                keeps_ids=st.booleans(),
                again=st.booleans(),
            )
        ),
        max_size=8,
    )


async def carry_out(journal: Journal, calls: list[Call], counts: dict[str, int]) -> None:
    for call in calls:
        again = call.targets if call.again else []
        ids = [f"id-{t}" for t in call.targets] if call.keeps_ids else None
        exceptions = tuple((t, s, f"own {t}") for t, s in call.exceptions.items())
        verdict = Verdict(call.state, "why", exceptions, ids)
        if call.fate == "noted":
            found = [Settled(t, FAILED, f"note {t}") for t in call.targets]
            await journal.note(found, again)
        elif call.fate == "unsent":
            await journal.settle_unsent(call.targets, verdict, counts, again)
        else:
            number, departed = journal.departs(call.targets, again)
            await departed
            if call.fate == "settled":
                await journal.settle(number, verdict, counts)
            elif call.fate == "withdrawn":
                await journal.withdraw(number)


def records(call: Call) -> list[Settled]:
    """What the journal says of a call's targets."""
    if call.fate == "withdrawn":
        return []
    if call.fate == "noted":
        return [Settled(t, FAILED, f"note {t}") for t in call.targets]
    if call.fate == "interrupted":
        return [Settled(t, UNKNOWN, INTERRUPTED) for t in call.targets]
    return [
        Settled(t, call.exceptions[t], f"own {t}")
        if t in call.exceptions
        else Settled(
            t,
            call.state,
            None if call.state == SENT else "why",
            f"id-{t}" if call.keeps_ids else None,
        )
        for t in call.targets
    ]


def last_notes(calls: list[Call]) -> list[Settled]:
    """A target that was noted several times has its last note alone."""
    notes = [item for call in calls if call.fate == "noted" for item in records(call)]
    return [item for n, item in enumerate(notes) if item.target not in {
        later.target for later in notes[n + 1 :]
    }]  # fmt: skip


def is_void(target: str, calls: list[Call]) -> bool:
    """Whether one of the calls takes the place of what was said of a target before."""
    return any(c.again and c.fate != "withdrawn" and target in c.targets for c in calls)


@given(first=calls_of("abcdef"), second=calls_of("abcdefgh"))
@settings(max_examples=40)
def test_what_is_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, first: list[Call], second: list[Call]
) -> None:
    path = tmp_path_factory.mktemp("run") / "sale.db"

    async def run(calls: list[Call]) -> Journal:
        journal = Journal(path, JOB)
        try:
            await carry_out(journal, calls, {"accepted": 1, "refused alone": len(calls)})
        finally:
            journal.close()
        return journal

    earlier = asyncio.run(run(first))
    later = asyncio.run(run(second))
    assert (earlier.resumed, later.resumed) == (False, True)
    assert earlier.counts == {}
    answered = [c for c in first if c.fate in ("settled", "unsent")]
    assert later.counts == ({"accepted": 1, "refused alone": len(first)} if answered else {})
    calls = [*first, *second]

    sent = [item for call in calls if call.fate != "noted" for item in records(call)]
    assert list(read_settled(path)) == [*last_notes(calls), *sent]

    both = [(call, item) for call in calls for item in records(call)]
    both = [(c, item) for c, item in both if c.fate != "noted" or item in last_notes(calls)]
    later_calls = {id(call): calls[n + 1 :] for n, call in enumerate(calls)}
    for state in STATES:
        expected = {
            item.target
            for call, item in both
            if item.state == state and not is_void(item.target, later_calls[id(call)])
        }
        assert {item.target for item in read_last(path, state)} == expected
    assert count_last(path) == {state: len(list(read_last(path, state))) for state in STATES}

    for since, some in ((0, calls), (later.began, second)):
        stated = [pair for part in read_states(path, since) for pair in part]
        assert stated == [(item.target, item.state) for call in some for item in records(call)]
        met = {target for target, _ in stated}
        assert find_among(path, set("abcxyz"), since) == met & set("abcxyz")


# ---------------------------------------------------------------- damage


async def example(path: Path) -> None:
    """A journal with a row of every kind."""
    journal = Journal(path, JOB)
    try:
        one, departed = journal.departs(["a", "b"])
        await departed
        await journal.settle(one, Verdict(SENT, None, (("b", FAILED, "no"),), ["1", "2"]))
        two, departed = journal.departs(["b", "c"], ["b"])
        await departed
        await journal.settle(two, Verdict(UNKNOWN, "cut"), {"accepted": 1})
        await journal.note([Settled("d", FAILED, "too large")], ())
    finally:
        journal.close()


def change(path: Path, statement: str, *values: object) -> None:
    db = sqlite3.connect(path)
    with db:
        assert db.execute(statement, values).rowcount > 0
    db.close()


def read_all(path: Path) -> None:
    """Read as a resume does before anything is sent: open it, and index what it says."""
    Journal(path, JOB).close()
    list(read_states(path, 0))


def assert_damaged(path: Path, words: str = "damaged") -> None:
    """However it is read, the journal is named with what is wrong."""
    for read in (read_settled, read_all, count_last, lambda path: read_last(path, FAILED)):
        with pytest.raises(JournalError, match=rf"sale\.db.*{words}"):
            list(read(path) or ())


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("calls", "targets", "a\nx"),
        ("calls", "crc", 5),
        ("answers", "state", FAILED),
        ("answers", "reason", "another"),
        ("answers", "message_ids", "9\n9"),
        ("answers", "crc", 5),
        ("exceptions", "target", "x"),
        ("exceptions", "state", SENT),
        ("exceptions", "reason", None),
        ("exceptions", "crc", 5),
        ("tried_again", "target", "x"),
        ("tried_again", "crc", 5),
    ],
)
async def test_a_value_that_was_changed_is_noticed(
    path: Path, table: str, column: str, value: object
) -> None:
    await example(path)
    change(path, f"UPDATE {table} SET {column} = ?", value)
    assert_damaged(path, r"damaged: row \d+")


async def test_a_note_that_was_changed_is_noticed(path: Path) -> None:
    await example(path)
    change(path, "UPDATE exceptions SET reason = 'another' WHERE call IS NULL")
    assert_damaged(path, r"damaged: row 7")


@pytest.mark.parametrize("table", ["calls", "answers", "exceptions", "tried_again"])
async def test_a_row_that_is_missing_is_noticed(path: Path, table: str) -> None:
    await example(path)
    change(path, f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})"
           if table != "tried_again" else "DELETE FROM tried_again")  # fmt: skip
    assert_damaged(path)


async def test_a_row_that_came_twice_in_place_of_another_is_noticed(path: Path) -> None:
    await example(path)
    change(path, "UPDATE exceptions SET id = 100 WHERE target = 'd'")
    assert_damaged(path)


@pytest.mark.parametrize(
    "row",
    [
        answer_row(8, 6, SENT, None),  # to a call that is not there
        exception_row(8, 6, "x", SENT, None),
    ],
    ids=["answer", "exception"],
)
async def test_a_row_about_a_call_that_is_not_there_is_noticed(
    path: Path, row: tuple[str, tuple[object, ...]]
) -> None:
    await example(path)
    change(path, row[0], *row[1])
    assert_damaged(path)


@pytest.mark.parametrize("state", [0, 5])
async def test_a_state_that_does_not_exist_is_noticed(path: Path, state: int) -> None:
    await example(path)
    change(path, "DELETE FROM exceptions WHERE target = 'd'")
    row = exception_row(7, None, "d", state, "x")
    change(path, row[0], *row[1])
    with pytest.raises(JournalError):
        list(read_states(path, 0))


async def test_another_number_of_ids_than_of_targets_is_noticed(path: Path) -> None:
    await example(path)
    change(path, "DELETE FROM answers WHERE call = 1")
    row = answer_row(2, 1, SENT, None, "only one")
    change(path, row[0], *row[1])
    assert_damaged(path, "damaged: row")


async def test_an_end_that_is_missing_is_noticed_by_the_mark(path: Path) -> None:
    await example(path)
    mark = read_mark(path)
    assert mark is not None
    assert [item.target for item in read_settled(path)] == ["d", "a", "b", "b", "c"]
    change(path, "DELETE FROM exceptions WHERE target = 'd'")
    assert mark.rows == 7
    assert_damaged(path, "its end is missing")
    # Nobody knows how far it had come: it is whole as it is.
    side_file(path).unlink()
    assert [item.target for item in read_settled(path)] == ["a", "b", "b", "c"]


async def test_a_journal_in_place_of_another_is_noticed(path: Path) -> None:
    await example(path)
    content = side_file(path).read_bytes()
    other = Mark("another", 1).encode()
    side_file(path).write_bytes(content[:32] + other)
    assert_damaged(path, "replaced")


async def test_another_job_or_another_version_is_told(path: Path) -> None:
    await example(path)
    job = read_job(path)
    assert {name: job[name] for name in JOB} == JOB
    with pytest.raises(JournalError) as caught:
        Journal(path, {**JOB, "job_id": "another"})
    assert "damaged" not in str(caught.value)
    change(path, "UPDATE job SET value = 'x' WHERE name = 'job_id'")
    assert_damaged(path, "does not match its checksum")


@pytest.mark.parametrize("content", [b"", b"targets\nann\n", b"SQLite format 3\0" + b"\0" * 500])
def test_what_is_no_journal_is_told(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"sale\.db"):
        list(read_settled(path))
    assert path.read_bytes() == content


def test_a_database_of_somebody_else_is_not_touched(path: Path) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute("CREATE TABLE calls (id INTEGER)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="not a journal"):
        list(read_settled(path))
    with pytest.raises(JournalError, match="not a journal"):
        Journal(path, JOB)
    assert path.read_bytes() == before


def test_a_journal_that_is_not_there_is_told(path: Path) -> None:
    for read in (read_settled, count_last, read_job):
        with pytest.raises(JournalError, match=r"sale\.db"):
            list(read(path))
    assert not path.exists()


# ---------------------------------------------------------------- the index of it


def test_an_index_says_sent_if_a_target_ever_was_and_else_what_came_last(path: Path) -> None:
    made = Index(path)
    try:
        made.build([[("before", SENT)]])
        parts = [[("a", SENT), ("b", UNKNOWN)], [("a", UNKNOWN), ("b", FAILED)], [("c", UNKNOWN)]]
        made.build(parts)  # in place of the one before
        asked = ["a", "b", "c", "before", "new", None]
        assert made.look_up(asked) == {"a": SENT, "b": FAILED, "c": UNKNOWN}
        assert made.look_up([]) == {}
        index = path.with_name("sale.db.index")
        assert index.stat().st_mode & 0o777 == 0o600
    finally:
        made.close()
    assert not index.exists()


# With NUL and half pairs: no call takes them, but they are looked up, and a note may have a NUL.
NAMES = st.text(st.sampled_from("ab\0\"\\'\n\x7fé중😀\ud83d\ude00"), max_size=3)
STATED = st.lists(st.lists(st.tuples(NAMES, st.sampled_from([SENT, FAILED, UNKNOWN]))))


@given(STATED, st.lists(NAMES | st.none()))
def test_an_index_knows_whole_ids_alone(
    parts: list[list[tuple[str, int]]], asked: list[str | None]
) -> None:
    known: dict[str, int] = {}
    for name, state in (row for part in parts for row in part):
        if known.get(name) != SENT and not set(name) & set("\0\ud83d\ude00"):
            known[name] = state
    asked += [name for part in parts for name, _ in part]
    with TemporaryDirectory() as folder:
        made = Index(Path(folder) / "sale.db")
        made.build(parts)
        assert made.look_up(asked) == {name: known[name] for name in asked if name in known}
        made.close()


def test_what_is_put_aside_comes_in_its_order_and_says_whether_it_came_before(path: Path) -> None:
    made = Index(path)
    try:
        assert list(made.aside(10)) == []
        a, b, again, c = SetAside("a"), SetAside("b", b"x"), SetAside("a", b"y"), SetAside("c")
        bad = SetAside("c", problem="too long")
        made.put_aside([a, b])
        made.put_aside([again, c, bad])
        expected = [(a, False), (b, False), (again, True), (c, False), (bad, True)]
        for number in (1, 3, 10):
            batches = list(made.aside(number))
            assert [row for batch in batches for row in batch] == expected
            assert max(map(len, batches)) == min(number, 5)
    finally:
        made.close()
