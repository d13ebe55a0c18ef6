"""The figures of the plans are those of the facts, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import attrs
import pytest

from easemob_async import Plan, PlanFigures
from tests import facts_reader as facts

FIELDS: Final = {
    "peak daily active users": "daily_active_users",
    "registered users per app": "registered_users",
    "friends per user": "friends_per_user",
    "conversations kept on the server per user": "conversations_per_user",
    "history and roaming, one-to-one and group, days": "history",
    "groups per app, total and peak": "groups",
    "members per group": "members_per_group",
    "groups joined per user": "groups_per_user",
    "chat rooms per app": "chat_rooms",
    "chat room messages free of charge, per day and 10,000 DAU": "free_room_messages",
}
"""The field of each row of the facts."""


def documented(plan: Plan) -> Mapping[str, object]:
    figures: dict[str, object] = {}
    fee = set()
    for row in facts.read("limits")["plans"]["quotas"]:
        name = FIELDS[row["what"]]
        value: Any = row.get(plan.value, 0)  # absent: not offered
        if isinstance(value, str):
            assert value.endswith("+")
            fee.add(name)
            value = int(value[:-1])
        figures[name] = timedelta(days=value) if name == "history" else value
    return {**figures, "more_for_a_fee": frozenset(fee)}


@pytest.mark.parametrize("plan", Plan)
def test_the_figures_of_a_plan_are_those_of_the_facts(plan: Plan) -> None:
    assert attrs.asdict(plan.figures) == documented(plan)


def test_every_plan_of_the_facts_is_there() -> None:
    rows = facts.read("limits")["plans"]["quotas"]
    assert {name for row in rows for name in row} - {"what"} == {plan.value for plan in Plan}


def test_a_figure_without_a_limit_is_none_and_one_that_is_not_offered_is_0() -> None:
    assert isinstance(Plan.FREE.figures, PlanFigures)
    assert (Plan.FREE.figures.chat_rooms, Plan.FLAGSHIP.figures.chat_rooms) == (0, None)
    assert Plan("free").figures.registered_users == 100


def test_no_rate_depends_on_the_plan_but_that_the_free_one_has_no_higher_rates() -> None:
    """Otherwise `Quotas(plan=...)` has more to do."""
    assert "higher REST call rates" in " ".join(facts.read("limits")["plans"]["not_on_free"])
    rows = [row["limit"] for row in facts.read("limits")["rate_limits"]]
    pages = [str(entry.get("rate_limit")) for entry in facts.operations().values()]
    assert [text for text in (*rows, *pages) if "plan" in text.lower()] == []
