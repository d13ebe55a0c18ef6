"""A refusal of a request: a status code and the documented error body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = Any
"""Decoded JSON, or a value to encode as JSON."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error of the emulator
    """A refusal of a request: a status code and the documented error body."""

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
    """Return the usual refusal of an argument."""
    return Refusal(400, "illegal_argument", description)


def malformed_body() -> Refusal:
    """Return the refusal of a message whose body does not have the documented format."""
    description = "Request body is invalid. Please check body is correct."
    return Refusal(400, "invalid_request_body", description)
