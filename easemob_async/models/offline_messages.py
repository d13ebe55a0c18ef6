"""Messages that wait for users who are offline."""

from __future__ import annotations

from enum import StrEnum


class DeliveryStatus(StrEnum):
    """Whether an offline message has reached its user."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
