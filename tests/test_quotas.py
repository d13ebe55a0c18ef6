"""Quotas as they are configured: scale, share, overrides, and what makes no sense."""

from __future__ import annotations

from datetime import timedelta

import pytest

from easemob_async.errors import ConfigurationError
from easemob_async.quotas import MINUTE, SECOND, Limit, Quotas


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
    ],
)
def test_figures_that_make_no_sense_are_refused(make: object) -> None:
    with pytest.raises(ConfigurationError):
        make()  # type: ignore[operator]
