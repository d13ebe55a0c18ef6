"""The service's no: a status and the documented body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = Any
"""Decoded JSON, or what will be encoded."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of the emulator
    """The service's no: a status and the documented body."""

    def __init__(
        self,
        status: int,
        error: str | None,
        description: str,
        *,
        exception: str | None = None,
        error_code: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.headers = dict(headers or {})
        body: dict[str, JSON] = {"error": error, "exception": exception, "duration": 0}
        body["error_code"] = error_code
        body["error_description"] = description
        self.body = {key: value for key, value in body.items() if value is not None}


def illegal_argument(description: str) -> Refusal:
    """Make the usual refusal of an argument."""
    return Refusal(400, "illegal_argument", description)


def malformed_body() -> Refusal:
    """Make the refusal of a message whose body is not of the documented form."""
    description = "Request body is invalid. Please check body is correct."
    return Refusal(400, "invalid_request_body", description)
