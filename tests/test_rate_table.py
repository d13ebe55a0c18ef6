"""The table of packs and of REST calls that alone count is the facts' own, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import cache
from typing import Any, Final

import pytest

from easemob_async.operation import Operation
from easemob_async.quotas import Limit, Quotas
from easemob_async.rate_table import NO_PACKS, PACKS, REST_ONLY, SHARED, SOLD_AS
from easemob_async.resources import operations
from tests import facts_reader as facts
from tests.test_api_limits import rates, rows

NAMED: Final[Mapping[tuple[str, str], Set[str]]] = {
    ("chat_groups", "update group"): {"chat_groups.update"},
    ("chat_groups.members", "transfer ownership"): {"chat_groups.transfer_owner"},
    ("chat_rooms", "update room"): {"chat_rooms.update"},
    ("chat_rooms", "transfer ownership"): {"chat_rooms.transfer_owner"},
    ("users", "register one"): {"users.create_open", "users.create"},
    ("users", "register many"): {"users.create_many"},
    ("push", "set push nickname"): {"push.set_nickname"},
    ("push", "set push display style"): {"push.set_display_style"},
    **{
        (f"{place}.members", name): {f"{place}.{operation}"}
        for place in ("chat_groups", "chat_rooms")
        for name, operation in (
            ("remove member", "members.remove"),
            ("remove members", "members.remove_many"),
            ("blocklist remove one", "blocklist.remove"),
            ("blocklist remove many", "blocklist.remove_many"),
        )
    },
}
"""What rows mean whose method and path are those of several operations, by section and name."""

AddedUnits = tuple[int, float, str]
"""Units, seconds, what is counted."""
COUNTED_OTHERWISE: Final[Mapping[str, tuple[AddedUnits, Set[AddedUnits]]]] = {
    "messages.send_to_group_members": (
        (100, 1, "calls"),
        {(100, 1, "calls"), (100, 1, "messages")},
    ),
    "messages.update": ((50, 1, "messages"), {(50, 1, "calls")}),
}
"""The packs whose unit is not the limit's: what the facts say, and what the table has."""

TABLE: Final = {*PACKS, *SHARED, *SOLD_AS, *NO_PACKS, *REST_ONLY}
BOUGHT: Final = 2
NOT_YET: Final = "not yet an operation of the client"


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """The row of each operation that has one."""
    found = {}
    for id_, rows_ in rows().items():
        own = [row for row in rows_ if id_ in NAMED.get((row["section"], row["name"]), {id_})]
        names = [(row["section"], row["name"]) for row in own]
        assert len(own) == 1, f"{id_} has several rows, say in NAMED which is its own: {names}"
        found[id_] = own[0]
    return found


def sold(row: Mapping[str, Any]) -> Set[AddedUnits]:
    """What a pack adds by a row; nothing where the row has none, or says that it is free."""
    addon = row.get("addon") or ""
    found = {(units, seconds, unit) for units, seconds, unit, *_ in rates(addon)}
    assert found or addon in ("", "Free"), f"the words of {addon!r} are not understood"
    return found


@pytest.mark.parametrize("id_", sorted(rows()))
def test_a_pack_is_that_of_the_operations_row(id_: str) -> None:
    row = table()[id_]
    wanted = sold(row)
    if not wanted:
        assert id_ in NO_PACKS, f"write {id_} into NO_PACKS of easemob_async/rate_table.py"
        assert id_ not in PACKS
        return
    name = SHARED.get(id_) or SOLD_AS.get(id_, id_)
    assert row.get("group") in (None, name)
    if id_ in COUNTED_OTHERWISE:
        said, wanted = COUNTED_OTHERWISE[id_]
        assert sold(row) == {said}, f"settled: the facts have another pack for {id_} now"
    ours = {(pack.units, pack.seconds, pack.unit) for pack in PACKS.get(name, ())}
    assert ours == wanted, f"write {name} under {wanted} in _PACKS of easemob_async/rate_table.py"
    assert not {id_, name} & NO_PACKS, f"take {id_} out of NO_PACKS of easemob_async/rate_table.py"
    assert id_ in PACKS or id_ in SHARED or id_ in SOLD_AS


@pytest.mark.parametrize("id_", sorted(rows()))
def test_rest_calls_alone_count_where_the_operations_row_says_so(id_: str) -> None:
    alone = bool(table()[id_].get("rest_only"))
    todo = (
        f"{'write' if alone else 'do not have'} {id_} in REST_ONLY of easemob_async/rate_table.py"
    )
    assert (id_ in REST_ONLY) == alone, todo


def test_rest_calls_alone_count_towards_a_shared_limit_if_all_its_rows_say_so() -> None:
    for shared in set(SHARED.values()):
        named = [row for id_, row in table().items() if SHARED.get(id_) == shared]
        assert (shared in REST_ONLY) == all(row.get("rest_only") for row in named), shared


def test_limits_are_shared_as_the_client_shares_them() -> None:
    named = {
        id_: limit.name
        for id_, operation in operations().items()
        for limit in operation.limits
        if limit.name and id_ in table()
    }
    assert named == {id_: name for id_, name in SHARED.items() if id_ in operations()}


def test_two_operations_have_one_pack_where_their_rows_say_that_they_share_it() -> None:
    shared = {id_ for id_, row in table().items() if "shared with" in (row.get("addon") or "")}
    assert shared == set(SOLD_AS)


def test_the_table_has_no_name_without_a_row() -> None:
    known = {*table(), *SOLD_AS.values(), *SHARED.values()}
    hidden = [row for row in facts.read("limits")["rate_limits"] if row.get("hidden")]
    told = {id_ for id_, row in table().items() if row.get("hidden")}
    if len(told) < len(hidden):  # their operations are not among the facts yet
        known |= TABLE - set(facts.operations())
    assert known >= TABLE


def test_what_the_tests_decide_is_about_rows() -> None:
    printed = {(row["section"], row["name"]) for row in facts.read("limits")["rate_limits"]}
    assert set(NAMED) <= printed
    assert set(COUNTED_OTHERWISE) <= set(table())


def raised(name: str, operation: Operation) -> Mapping[Limit, int]:
    """By how much packs raise each limit of an operation that they raise at all."""
    packed = Quotas(packs={name: BOUGHT}).effective(operation.id, operation.limits)
    plain = Quotas().effective(operation.id, operation.limits)
    pairs = list(zip(plain, packed, strict=True))
    return {before: after.units - before.units for before, after in pairs if after != before}


@pytest.mark.parametrize("name", sorted(PACKS))
def test_packs_raise_the_limits_of_their_unit_and_window_and_no_other(name: str) -> None:
    changed = {id_: raised(name, operation) for id_, operation in operations().items()}
    changed = {id_: limits for id_, limits in changed.items() if limits}
    if not changed:
        assert name not in operations(), "the client has no limit that the pack raises"
        pytest.skip(NOT_YET)
    together = {id_ for id_ in operations() if name in (SHARED.get(id_), SOLD_AS.get(id_))}
    assert set(changed) == (together or {name})
    wanted = {(BOUGHT * pack.units, float(pack.seconds), pack.unit) for pack in PACKS[name]}
    for limits in changed.values():
        assert wanted == {
            (more, limit.per.total_seconds(), limit.unit) for limit, more in limits.items()
        }
        assert not any(limit.fixed or limit.key for limit in limits)
