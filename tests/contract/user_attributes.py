"""The calls of the operations on the attributes of users."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from tests.contract.example import Call, Example


def attributes(e: Example) -> dict[str, str]:
    """Return the attributes of a form, as a mapping."""
    return dict(parse_qsl(e.body, keep_blank_values=True))


CALLS: Mapping[str, Call] = {
    "user_attributes.set": lambda c, e: c.user_attributes.set(e.username, attributes(e)),
    "user_attributes.delete": lambda c, e: c.user_attributes.delete(e.username),
    "user_attributes.get": lambda c, e: c.user_attributes.get(e.username),
    "user_attributes.get_many": lambda c, e: c.user_attributes.get_many(
        e.body["targets"], keys=e.body["properties"]
    ),
    "user_attributes.get_capacity": lambda c, e: c.user_attributes.get_capacity(),
}
