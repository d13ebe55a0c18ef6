"""The log: a line for each request and each webhook post; a program decides what becomes of it."""

from __future__ import annotations

import logging
from typing import Final

from easemob_async.emulator.redaction import redact
from easemob_async.emulator.traffic import SeenRequest
from easemob_async.emulator.webhooks import Posted

NAME: Final = "easemob_async.emulator.access"
"""The name of the logger; the lines have the level ``INFO``."""
_LOGGER: Final = logging.getLogger(NAME)


def log_request(seen: SeenRequest) -> None:
    """Log a request that was answered."""
    if _LOGGER.isEnabledFor(logging.INFO):
        path, operation = redact(seen.path), seen.operation or "-"
        status = seen.status or "no answer"
        _LOGGER.info("%s %s %s %s %.1f ms", seen.method, path, operation, status, seen.ms)


def log_webhook(posted: Posted) -> None:
    """Log a webhook event that was posted, or could not be."""
    if _LOGGER.isEnabledFor(logging.INFO):
        statuses = ", ".join(str(status or "no answer") for status in posted.statuses)
        url, result = redact(posted.url), statuses or "suspended"
        _LOGGER.info("WEBHOOK %s %s %s %.1f ms", url, posted.kind, result, posted.ms)
