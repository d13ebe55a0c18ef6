"""Messages that are stored for users who are offline."""

from __future__ import annotations

from enum import StrEnum


class DeliveryStatus(StrEnum):
    """The delivery status of an offline message."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
