"""Usage of real-time audio and video (RTC)."""

from __future__ import annotations

from datetime import timedelta

import attrs

from easemob_async.wire.fields import Minutes, wire


@attrs.frozen
class RtcUsage:
    """The RTC usage of the app in this calendar month."""

    used: Minutes = wire("discountUsageMinutes", default=timedelta(0))
    """The time used this month, refreshed every hour."""
    left: Minutes | None = wire("fuelBagRemain", default=None)
    """The time that is left of add-on packages."""
    free: Minutes | None = wire("freeUsageMinutes", default=None)
    """The free time of the plan; ``None`` if RTC is not enabled for the app."""
    plan_id: int | None = wire("planId", default=None)
    """The id of the plan; ``None`` if RTC is not enabled for the app."""
    billing_item_id: int | None = wire("billingItemId", default=None)
    """The id of the billing item; ``None`` if RTC is not enabled for the app."""
    app_key: str | None = wire("appKey", default=None)
    """The App Key of the app."""
