"""Quotas as they are configured: scale, packs, share, overrides, plan, and what makes no sense."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easemob_async import EasemobClient, Plan, Text
from easemob_async.errors import ConfigurationError
from easemob_async.quotas import DAY, MINUTE, SECOND, Limit, Quotas
from easemob_async.rate_table import NO_PACKS, PACKS, REST_ONLY, SHARED
from easemob_async.resources import operations


def test_scale_share_and_overrides() -> None:
    documented = [
        Limit(100, per=SECOND),
        Limit(30, per=SECOND, fixed=True, unit="messages"),
        Limit(100, per=SECOND, name="shared"),
    ]
    quotas = Quotas(scale=2.0, share=1 / 4, overrides={"shared": [Limit(400, per=SECOND)]})
    effective = {
        (limit.name, limit.unit): limit.units for limit in quotas.effective("op", documented)
    }
    assert effective == {(None, "calls"): 50, (None, "messages"): 7, ("shared", "calls"): 100}
    assert Quotas(enabled=False).effective("op", documented) == ()
    assert Quotas(share=1e-9).effective("op", documented)[0].units == 1
    whole = Quotas(overrides={"op": [Limit(7, per=MINUTE)]}).effective("op", documented)
    assert [limit.units for limit in whole] == [7]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Quotas(scale=0),
        lambda: Quotas(share=0),
        lambda: Quotas(share=1.5),
        lambda: Quotas(overrides={"x": []}),
        lambda: Limit(0, per=SECOND),
        lambda: Limit(True, per=SECOND),
        lambda: Limit(1, per=timedelta(0)),
        lambda: Quotas(packs=["messages.send_to_users"]),  # type: ignore[arg-type]
        lambda: Quotas(overrides=[]),  # type: ignore[arg-type]
    ],
)
def test_figures_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ConfigurationError):
        make()  # type: ignore[operator]


# ---------------------------------------------------------------- packs


def units(quotas: Quotas, id_: str) -> dict[tuple[str, float], int]:
    """The units in force for an operation, by what is counted and seconds."""
    limits = quotas.effective(id_, operations()[id_].limits)
    return {(limit.unit, limit.per.total_seconds()): limit.units for limit in limits}


def test_packs_raise_the_messages_per_minute_and_leave_the_calls_per_second() -> None:
    quotas = Quotas(packs={"messages.send_to_users": 2})
    assert units(quotas, "messages.send_to_users") == {
        ("calls", 1): 100,
        ("messages", 60): 6000 + 2 * 12_000,
    }
    assert units(quotas, "messages.send_to_rooms") == units(Quotas(), "messages.send_to_rooms")


def test_packs_of_a_shared_limit_are_for_all_its_operations() -> None:
    quotas = Quotas(packs={"users+push": 1})
    for id_ in ("users.get", "users.create", "push.set_binding"):
        assert units(quotas, id_) == {("calls", 1): 150}
    own_and_shared = quotas.effective(
        "users.delete_batch", operations()["users.delete_batch"].limits
    )
    assert [limit.units for limit in own_and_shared] == [30, 150]


def test_one_pack_of_push_settings_is_for_both_operations() -> None:
    quotas = Quotas(packs={"push.settings": 1})
    assert units(quotas, "push.get_settings") == {("calls", 1): 200}
    assert units(quotas, "push.set_settings") == {("calls", 1): 200}


def test_packs_of_a_broadcast_raise_the_day_and_nothing_that_cannot_be_raised() -> None:
    quotas = Quotas(packs={"broadcasts.send_to_rooms": 3}, scale=2)
    assert units(quotas, "broadcasts.send_to_rooms") == {
        ("calls", 1): 1,
        ("calls", 60): 10,
        ("calls", DAY.total_seconds()): 2 * 100 + 3 * 100,
    }


@given(scale=st.floats(0.1, 10), packs=st.integers(1, 100), share=st.floats(0.01, 1))
def test_a_limit_is_scaled_then_packs_are_added_then_it_is_shared(
    scale: float, packs: int, share: float
) -> None:
    quotas = Quotas(scale=scale, packs={"messages.send_to_users": packs}, share=share)
    whole = (6000 * scale + 12_000 * packs) * share
    ours = units(quotas, "messages.send_to_users")["messages", 60]
    assert whole - 1 < ours <= whole * (1 + 1e-9)
    plain = units(Quotas(scale=scale, share=share), "messages.send_to_users")
    assert plain["messages", 60] <= ours


async def test_a_job_is_planned_with_the_packs() -> None:
    """30 000 messages take one minute, and five of 6 000 without packs."""
    quotas = Quotas(packs={"messages.send_to_users": 2})
    async with EasemobClient("a#b", token="t", quotas=quotas) as client:
        targets = (f"u{number}" for number in range(30_000))
        plan = await client.fanout.to_users(targets, Text("x")).plan()
    assert plan.duration == MINUTE


POSSIBLE = {
    # Counted together with others: the name that they share.
    "users.get": "packs={'users+push': ...}",
    "users.delete_batch": "packs={'users+push': ...}",
    "push.set_settings": "packs={'push.settings': ...}",
    # No pack: whatever is agreed is an override.
    "tokens": "overrides",
    "tokens.create_app_token": "overrides",
    "broadcasts.send_to_all_users": "overrides",
    "threads.create": "overrides",
    # A slip of a letter.
    "messages.send_to_user": "did you mean 'messages.send_to_users'?",
    "translation.detect": "packs={'translation': ...}",
    "user+push": "did you mean 'users+push'?",
    "thread.create": "did you mean 'threads.create'?",
    # None of the table's: not an operation, or one without a row.
    "nonsense": "'messages.send_to_users'",
    "messages.send_legacy": "no such operation",
    "": "'users+push'",
}


@pytest.mark.parametrize("name", POSSIBLE)
def test_packs_for_what_has_none_are_refused_with_what_is_possible(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Quotas(packs={name: 1})
    assert f"packs[{name!r}]" in str(caught.value)
    assert POSSIBLE[name] in str(caught.value)


@given(name=st.sampled_from(sorted({*PACKS, *SHARED, *NO_PACKS})) | st.text())
def test_packs_are_taken_for_the_names_of_the_table_and_refused_for_all_others(name: str) -> None:
    try:
        Quotas(packs={name: 1})
    except ConfigurationError:
        assert name not in PACKS
    else:
        assert name in PACKS


@pytest.mark.parametrize("count", [0, -1, True, 1.0, "2", None, math.inf])
def test_a_number_of_packs_is_a_positive_int(count: object) -> None:
    with pytest.raises(ConfigurationError, match=r"packs\['users\+push'\].*positive int"):
        Quotas(packs={"users+push": count})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("packs", "override"),
    [
        ("messages.send_to_users", "messages.send_to_users"),
        ("users+push", "users+push"),
        ("push.settings", "push.get_settings"),
    ],
)
def test_packs_and_an_override_of_the_same_limits_are_refused(packs: str, override: str) -> None:
    limits = [Limit(200, per=SECOND)]
    with pytest.raises(ConfigurationError, match="give one of them") as caught:
        Quotas(packs={packs: 1}, overrides={override: limits})
    assert f"packs[{packs!r}] and overrides[{override!r}]" in str(caught.value)
    Quotas(packs={packs: 1}, overrides={"messages.recall": limits})


def test_wrong_packs_are_refused_without_loading_the_operations() -> None:
    program = (
        "import sys\n"
        "from easemob_async import ConfigurationError, Quotas\n"
        "Quotas(packs={'users+push': 1})\n"
        "assert 'difflib' not in sys.modules\n"
        "try: Quotas(packs={'users.get': 1})\n"
        "except ConfigurationError: pass\n"
        "else: raise SystemExit('accepted')\n"
        "loaded = [name for name in sys.modules if name.startswith('easemob_async.')]\n"
        "assert not [x for x in loaded if 'resources' in x or 'transport' in x], loaded\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


# ---------------------------------------------------------------- plans


def test_the_free_plan_has_no_higher_rates() -> None:
    with pytest.raises(ConfigurationError, match="free plan has no higher call rates"):
        Quotas(plan="free", packs={"users+push": 1})
    with pytest.raises(ConfigurationError, match="free plan has no higher call rates"):
        Quotas(plan=Plan.FREE, scale=1.5)
    assert Quotas(plan="free", scale=0.5).plan is Plan.FREE


@pytest.mark.parametrize("plan", [None, *Plan])
def test_no_documented_rate_depends_on_the_plan(plan: Plan | None) -> None:
    for operation in operations().values():
        ours = Quotas(plan=plan).effective(operation.id, operation.limits)
        assert ours == Quotas().effective(operation.id, operation.limits)
    if plan is not Plan.FREE:
        Quotas(plan=plan, scale=2, packs={"users+push": 1})


@pytest.mark.parametrize("plan", ["Free", "gold", "", 1])
def test_an_unknown_plan_is_refused_with_those_that_there_are(plan: object) -> None:
    with pytest.raises(ConfigurationError, match="'free', 'professional', 'flagship'"):
        Quotas(plan=plan)  # type: ignore[arg-type]


# ---------------------------------------------------------------- who counts


def rest_only(quotas: Quotas, id_: str) -> set[bool]:
    return {limit.rest_only for limit in quotas.effective(id_, operations()[id_].limits)}


@pytest.mark.parametrize("id_", sorted(operations()))
def test_a_limit_in_force_knows_whether_rest_calls_alone_count(id_: str) -> None:
    for limit in Quotas(scale=2, share=1 / 2).effective(id_, operations()[id_].limits):
        assert limit.rest_only == ((limit.name or id_) in REST_ONLY)


def test_a_limit_that_users_of_the_app_share_is_not_one_of_rest_calls_alone() -> None:
    assert rest_only(Quotas(), "messages.send_to_users") == {True}
    assert rest_only(Quotas(), "contacts.add") == {False}
    # Its row says so, that of `users.get` does not, and they share the limit.
    assert rest_only(Quotas(), "users.delete") == {False}
    assert rest_only(Quotas(), "users.delete_batch") == {True, False}
    assert rest_only(Quotas(), "messages.send_legacy") == {False}  # no row


@pytest.mark.parametrize("said", [True, False])
def test_an_override_keeps_what_is_documented_of_the_operation(said: bool) -> None:
    limits = [Limit(7, per=SECOND, rest_only=said), Limit(9, per=MINUTE)]
    for key, id_, documented in (
        ("messages.send_to_users", "messages.send_to_users", True),
        ("contacts.add", "contacts.add", False),
        ("users.delete", "users.delete", True),  # no longer shared
        ("users+push", "users.delete", False),
        ("tokens", "tokens.create_app_token", True),
    ):
        assert rest_only(Quotas(overrides={key: limits}), id_) == {documented}


def test_overrides_that_share_a_limit_are_of_rest_calls_alone_if_all_of_them_are() -> None:
    def both(*ids: str, name: str = "mine") -> Quotas:
        return Quotas(overrides={key: [Limit(7, per=SECOND, name=name)] for key in ids})

    alone = both("messages.send_to_users", "messages.recall")
    assert rest_only(alone, "messages.recall") == {True}
    mixed = both("messages.send_to_users", "contacts.add")
    assert rest_only(mixed, "messages.send_to_users") == rest_only(mixed, "contacts.add") == {False}
    joined = both("messages.recall", name="users+push")
    assert rest_only(joined, "messages.recall") == {False}
