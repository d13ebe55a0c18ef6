"""The emulator's quotas: strict, shared where the service shares, the client's own figures."""

from __future__ import annotations

import re

import pytest

from easemob_async.emulator.quotas import RULES, StrictQuotas
from easemob_async.emulator.routes import routes
from easemob_async.resources import operations


class TestQuotas:
    def test_a_window_slides_and_a_call_over_it_is_refused_whole(self) -> None:
        now = 0.0
        quotas = StrictQuotas(1.0, lambda: now)
        for _ in range(10):
            quotas.count("messages.users", "POST /messages/users", 600)
        from easemob_async.emulator.refusal import Refusal

        with pytest.raises(Refusal) as caught:
            quotas.count("messages.users", "POST /messages/users", 1)
        assert (caught.value.status, caught.value.body["error_description"]) == (
            *(403, "message send reach limit"),
        )
        now = 59.9
        with pytest.raises(Refusal):
            quotas.count("messages.users", "POST /messages/users", 1)
        now = 60.0
        quotas.count("messages.users", "POST /messages/users", 600)
        assert quotas.refusals == 2

    def test_calls_a_second_are_429_and_shared_where_the_service_shares(self) -> None:
        from easemob_async.emulator.refusal import Refusal

        quotas = StrictQuotas(1.0, lambda: 0.0)
        for number in range(100):
            quotas.count("users", f"route {number % 3}", 1)
        with pytest.raises(Refusal) as caught:
            quotas.count("users", "route 9", 1)
        assert caught.value.status == 429
        assert caught.value.body["error"] == "reach_limit"
        quotas.count("default", "another", 1)

    def test_scaled_and_off(self) -> None:
        from easemob_async.emulator.refusal import Refusal

        half = StrictQuotas(0.5, lambda: 0.0)
        for _ in range(50):
            half.count("default", "r", 1)
        with pytest.raises(Refusal):
            half.count("default", "r", 1)
        off = StrictQuotas(None, lambda: 0.0)
        for _ in range(10_000):
            off.count("default", "r", 1)

    def test_the_clients_limits_are_the_emulators(self) -> None:
        for operation in operations().values():
            path = re.sub(r"\{.*?\}", "x", operation.path)
            route, _ = routes.find(operation.method, path)
            ours = {
                (x.units, x.per.total_seconds(), x.unit, x.name, x.fixed, x.key is not None)
                for x in operation.limits
            }
            theirs = {
                (r.units, r.seconds, r.unit, r.group, r.fixed, r.keyed) for r in RULES[route.quota]
            }
            assert ours == theirs, operation.id
