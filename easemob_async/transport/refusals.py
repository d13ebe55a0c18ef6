"""The error class of a refusal: by its status, unless a table says otherwise."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta
from typing import Any, Final, NamedTuple

from easemob_async.errors import (
    APIError,
    AppNotFoundError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    Request,
    ServerError,
)
from easemob_async.wire import codec
from easemob_async.wire.redaction import redact

_BY_STATUS: Final[dict[int, type[APIError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: PayloadTooLargeError,
    429: RateLimitError,
}

# So many broadcasts a day: waiting does not help before midnight.
_DAY_LIMITS: Final = (
    "broadcast message limit exceeded",
    "online user broadcast limit exceeded",
    "chatroom broadcast limit exceeded",
)
# (status, name, a part of the description in lower case): the class in place of the status's own.
# The name is that of ``error`` or ``exception``, or the numeric code; ``None`` is any of them.
_EXCEPTIONS: Final[tuple[tuple[int, str | int | None, str, type[APIError]], ...]] = (
    (400, "management", "", NotFoundError),  # users.delete of an unknown user
    (400, "entity_not_found", "", NotFoundError),
    (400, "EntityNotFoundException", "", NotFoundError),
    # What is to be made, or said, is there already.
    (400, "duplicate_unique_property_exists", "", ConflictError),  # users.create
    (400, "illegal_argument", "already exists", ConflictError),  # chat_groups.create
    (400, "bad request", "already", ConflictError),  # reactions.add, moderation.words.add_many
    (400, "ResourceNotFoundException", "", NotFoundError),  # push.labels.*
    (400, "bad request", "textlist data is empty", NotFoundError),  # moderation.*: no such list
    (400, "bad request", "application not found", AppNotFoundError),  # moderation.check_text
    (400, "bad request", "orgname not found", AppNotFoundError),
    (400, "bad request", "appkey is not exist", AppNotFoundError),
    # A feature that is not enabled.
    (400, 4000404, "", PermissionDeniedError),  # moderation.check_text
    (400, "bad request", "rule moderation not exist", PermissionDeniedError),
    (400, "bad request", "moderation org data is empty", PermissionDeniedError),
    (503, None, "service not open", PermissionDeniedError),  # translation.*
    (400, None, "the request has reached the maximum limit", RateLimitError),
    (400, None, "internaltranslatefailedexception", ServerError),
    (400, "InternalTranslateFailedException", "", ServerError),
    (401, "MetadataException", "", PermissionDeniedError),
    (401, "message_rewrite_error", "", PermissionDeniedError),
    (403, "message_send_error", "message send reach limit", RateLimitError),
    (403, "LimitException", "", RateLimitError),  # push.labels.*, push.send_to_*
    *((403, "forbidden_op", text, RateLimitError) for text in _DAY_LIMITS),
    (404, "organization_application_not_found", "", AppNotFoundError),
    (404, 4040302, "", AppNotFoundError),  # messages.search
)
_FOR_GOOD: Final = frozenset({"resource_limited"})
# A LimitException of these is about the number of labels and of their users: their rate is 429.
_COUNTED: Final = "push.labels."
_FORBIDDEN: Final = 403
# metadata_error is "auth error" on user_attributes.*.
_TOKEN_ERRORS: Final = frozenset({"unauthorized", "auth_bad_access_token", "metadata_error", ""})
_EXCERPT: Final = 300
_YEARS: Final = timedelta(days=365 * 100)
_READ_MOST: Final = 64 * 1024
_REDACTED_MOST: Final = 16 * 1024  # far beyond the excerpt, so that no secret is cut at its end


class Refusal(NamedTuple):
    """What an answer other than a success says, as far as it says anything."""

    status: int
    error: str
    error_code: int | None
    description: str
    retry_after: timedelta | None
    sent_retry_after: bool
    exception: str = ""
    """The name of the service's exception, without its package."""


def read_refusal(status: int, body: bytes, retry_after: str | None) -> Refusal:
    """Read an error answer; any field may be missing, and it may not be JSON at all."""
    error, error_code, description, exception, wait = "", None, "", "", None
    try:
        content: Any = codec.read(body) if body else None
    except ValueError:
        content = None
    if isinstance(content, dict):
        error = _text(content.get("error")) or _within(content.get("error"), _NAMES)
        error_code = _code(content)
        description = _within(content, _WORDS)
        exception = _text(content.get("exception")).rpartition(".")[2]
        wait = _wait_in(content)
    nothing_said = isinstance(content, dict) and not (content.keys() - _ENVELOPE)
    if body and not nothing_said and not description and not error and error_code is None:
        description = one_line(body)
    sent = retry_after is not None or wait is not None
    wait = parse_retry_after(retry_after) or wait
    return Refusal(status, error, error_code, description.strip(), wait, sent, exception)


def to_error(
    refusal: Refusal, *, call: str, operation: str, request: Request, secrets: Iterable[str]
) -> APIError:
    """Make the error that a caller gets; its texts hold no secret."""
    description = shorten(redact(refusal.description[:_REDACTED_MOST], secrets))
    error = redact(refusal.error, secrets)
    words = ": ".join(part for part in (error, description) if part)
    if not words:
        code = refusal.error_code
        words = "no reason given" if code is None else f"error code {code}, no reason given"
    common: dict[str, Any] = {
        "operation": operation,
        "status": refusal.status,
        "error": error,
        "error_code": refusal.error_code,
        "description": description,
        "request": request,
    }
    message = redact(f"{call}: {refusal.status} {words}", secrets)
    cls = classify(
        refusal.status,
        refusal.error,
        refusal.description,
        exception=refusal.exception,
        error_code=refusal.error_code,
    )
    if cls is RateLimitError:
        return RateLimitError(
            message,
            **common,
            retry_after=refusal.retry_after,
            temporary=refusal.error not in _FOR_GOOD
            and not (refusal.status == _FORBIDDEN and operation.startswith(_COUNTED))
            and not any(text in refusal.description.lower() for text in _DAY_LIMITS),
        )
    if cls is ServerError:
        # 503 with Retry-After is refused before it is processed.
        common["maybe_processed"] = not (refusal.status == 503 and refusal.sent_retry_after)
        failed = ServerError(message, **common)
        failed.retry_after = refusal.retry_after
        return failed
    return cls(message, **common)


def classify(
    status: int,
    error: str,
    description: str,
    *,
    exception: str = "",
    error_code: int | None = None,
) -> type[APIError]:
    """Return the error class of a refusal."""
    low = description.lower()
    names = {error.lower(), exception.lower(), error_code, None}
    for at, name, part, cls in _EXCEPTIONS:
        wanted = name.lower() if isinstance(name, str) else name
        if status == at and wanted in names and part in low:
            return cls
    if status >= 500:
        return ServerError
    return _BY_STATUS.get(status, APIError)


def is_about_token(refusal: Refusal) -> bool:
    """Return whether a new token may help: a 401 that is not about something else."""
    return refusal.status == 401 and refusal.error in _TOKEN_ERRORS


def parse_retry_after(value: str | None, now: Callable[[], float] = time.time) -> timedelta | None:
    """Read a ``Retry-After`` header: seconds, or an HTTP date."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=int(value)) if len(value) < 10 else _YEARS
    try:
        date = email.utils.parsedate_to_datetime(value)
        if date.tzinfo is None:  # the dates of HTTP are UTC, also in the form that does not say so
            date = date.replace(tzinfo=UTC)
        return timedelta(seconds=max(0.0, date.timestamp() - now()))
    except (ValueError, TypeError, OverflowError):
        return None


def one_line(body: bytes) -> str:
    """Return an answer as one line of text, to be redacted before it is cut."""
    return " ".join(body[:_READ_MOST].decode("utf-8", "replace").split())


def shorten(text: str) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


# How bodies of the service, of its gateways and of proxies call the same things.
_NAMES: Final = ("error", "type", "code", "name")
_WORDS: Final = (
    *("error_description", "message", "msg", "errorMessage", "error_msg", "description"),
    *("desc", "detail", "reason", "title"),
)
# What the service puts around its words.
_ENVELOPE: Final = {"error", "exception", "timestamp", "duration", "data", "message", "uri", "path"}
_INSIDE: Final = ("data", "error", "errors", "entities")
_CODES: Final = ("error_code", "errorCode", "code", "errcode")
_DEEP: Final = 3
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def _within(value: object, names: tuple[str, ...], deep: int = _DEEP) -> str:
    """Find the first text under one of some names, in an object or in those inside it."""
    if isinstance(value, str) and deep < _DEEP and names is _WORDS:
        return value
    if isinstance(value, list) and deep:
        return next((found for v in value[:3] if (found := _within(v, names, deep - 1))), "")
    if not isinstance(value, dict) or not deep:
        return ""
    for name in names:
        if isinstance(value.get(name), str) and value[name].strip():
            return str(value[name])
    inside = ("data", "errors", "entities") if isinstance(value.get("error"), str) else _INSIDE
    return next((t for key in inside if (t := _within(value.get(key), names, deep - 1))), "")


def _wait_in(content: dict[str, Any]) -> timedelta | None:
    """Read the seconds to wait that the answer itself contains (messages.search)."""
    meta = content.get("meta")
    seconds = meta.get("retryAfter") if isinstance(meta, dict) else None
    if isinstance(seconds, int | float | str) and _SECONDS.fullmatch(str(seconds)):
        return timedelta(seconds=float(seconds))
    return None


def _code(content: dict[str, Any]) -> int | None:
    inner = content.get("error")
    for where in (content, inner if isinstance(inner, dict) else {}):
        for name in _CODES:
            code = where.get(name)
            if isinstance(code, int | str) and _DIGITS.fullmatch(str(code)):
                return int(code)
    return None
