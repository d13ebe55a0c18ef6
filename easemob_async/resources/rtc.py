"""Usage of real-time audio and video (RTC)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from easemob_async.models.rtc import RtcUsage
from easemob_async.operation import Operation
from easemob_async.quotas import Limit
from easemob_async.transport.transport import Transport

_GET_USAGE: Final = Operation(
    "rtc.get_usage",
    "GET",
    "/billing/rtc/usage-summary",
    "safe",
    (Limit(10, per=timedelta(seconds=10), fixed=True),),
)


class Rtc:
    """Real-time audio and video (RTC)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get_usage(self) -> RtcUsage:
        """Return this month's RTC usage and what is left; 10 calls in 10 seconds.

        Source: rtc.get_usage (rtc_usage_query.md)
        """
        key = self._transport.app_key
        query = {"appKey": f"{key.org}#{key.app}"}
        return (await self._transport.call(_GET_USAGE, query=query)).read(RtcUsage, "data")
