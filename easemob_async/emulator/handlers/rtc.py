"""Handlers of rtc.*."""

from __future__ import annotations

from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, routes


@routes.add("GET", "/billing/rtc/usage-summary", quota="rtc", envelope=False)
def get_usage(call: Call) -> dict[str, JSON]:
    """Handle rtc.get_usage; open: an App Key that is not that of the path."""
    state = call.state
    key = f"{state.org}#{state.app}"
    if call.query.get("appKey") != key:
        raise Refusal(400, "illegal_argument", "appKey is not legal")
    open_ = "rtc" not in state.switched_off
    data = {
        "appKey": key,
        "planId": 1 if open_ else None,
        "billingItemId": 1 if open_ else None,
        "discountUsageMinutes": state.rtc_minutes,
        "fuelBagRemain": 0,
        "freeUsageMinutes": 0 if open_ else None,
    }
    return {"data": data, "meta": {"timestamp": state.milliseconds()}}
