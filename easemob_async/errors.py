"""Every error of the library, in one tree.

    EasemobError                             .maybe_processed: may the service have acted?
    ├── ConfigurationError (ValueError)      bad credentials, app key, URL: before any I/O
    ├── InvalidArgumentError (ValueError)    an argument breaks a fixed rule: before any I/O
    ├── ClientClosedError
    ├── TransportError                       no complete answer came
    │   ├── ConnectError                     the request never left: always safe to send again
    │   └── RequestTimeoutError (TimeoutError)
    ├── ResponseError                        an answer came that is not what the API promises
    ├── APIError                             the service said no
    │   ├── BadRequestError 400
    │   ├── AuthenticationError 401
    │   ├── PermissionDeniedError 403
    │   ├── NotFoundError 404
    │   ├── AppNotFoundError                 404 organization_application_not_found
    │   ├── ConflictError 409, and the 400s that say that something is there already
    │   ├── PayloadTooLargeError 413
    │   ├── RateLimitError                   429, and the 403s that are about a rate
    │   └── ServerError 5xx
    ├── JournalError                         another job's, foreign, locked, full, damaged
    └── WebhookError                         a post that is not the service's

A message says what was being done, to what, and why it failed:
``users.get("ann"): 404 service_resource_not_found: Service resource not found``. No message holds
a token, a secret or a password. All errors can be pickled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from datetime import timedelta

    from easemob_async.fanout.report import FanoutReport
    from easemob_async.models.results import BatchResult


@attrs.frozen
class Request:
    """What was asked of the service, without headers and body: they may hold secrets."""

    method: str
    """The HTTP method."""
    url: str
    """The whole URL."""


class EasemobError(Exception):
    """The root of every error that this library raises."""

    operation: str | None = None
    """The operation that failed, e.g. ``"users.get"``; ``None`` outside of one."""
    maybe_processed: bool = False
    """Whether the service may have acted all the same, so that repeating may do the thing twice."""
    partial: BatchResult[object] | None = None
    """What a ``*_many`` call had settled before one of its calls failed as a whole."""
    report: FanoutReport | None = None
    """The account of a bulk job that this error stopped."""

    def __init__(
        self, message: str, *, operation: str | None = None, maybe_processed: bool | None = None
    ) -> None:
        super().__init__(message)
        if operation is not None:
            self.operation = operation
        if maybe_processed is not None:
            self.maybe_processed = maybe_processed

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__.copy())


class ConfigurationError(EasemobError, ValueError):
    """The client cannot work as it was set up: App Key, credentials, URL, options."""


class InvalidArgumentError(EasemobError, ValueError):
    """An argument breaks a fixed limit or rule of the API; nothing was sent."""


class ClientClosedError(EasemobError):
    """The client was closed before or during this call."""


class TransportError(EasemobError):
    """No complete answer came; with ``maybe_processed`` the request may have been carried out."""


class ConnectError(TransportError):
    """No connection came about, or it was gone before the request left: safe to send again."""


class RequestTimeoutError(TransportError, TimeoutError):
    """The call's deadline or a shorter time limit passed; see ``maybe_processed``."""


class ResponseError(EasemobError):
    """An answer came that is not what the API promises: not JSON, or a field that is wrong.

    The request was processed, as far as anyone can tell.
    """

    maybe_processed = True

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        status: int | None = None,
        excerpt: str = "",
    ) -> None:
        super().__init__(message, operation=operation)
        self.status = status
        """The HTTP status of the answer."""
        self.excerpt = excerpt
        """The beginning of the answer, secrets blotted out."""


class APIError(EasemobError):
    """The service understood and said no.

    The subclass follows the status, except where the service uses a status for something else.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        maybe_processed: bool | None = None,
        status: int | None = None,
        error: str = "",
        error_code: int | None = None,
        description: str = "",
        request: Request | None = None,
    ) -> None:
        super().__init__(message, operation=operation, maybe_processed=maybe_processed)
        self.status = status
        """The HTTP status; 200 for a refusal inside a success, ``None`` when nothing was sent."""
        self.error = error
        """The service's name for the error; ``""`` where its answer has none."""
        self.error_code = error_code
        """The service's number for the error, where it gives one."""
        self.description = description
        """The service's words."""
        self.request = request
        """What was asked."""


class BadRequestError(APIError):
    """400: the service does not accept the request as it is."""


class AuthenticationError(APIError):
    """401: the token or the credentials are not accepted."""


class PermissionDeniedError(APIError):
    """403: not allowed, or against the rules of groups and rooms."""


class NotFoundError(APIError):
    """404, or a 400 that says the same: no such user, group, room, message."""


class AppNotFoundError(APIError):
    """404 organization_application_not_found: a wrong App Key or host, not a missing user."""


class ConflictError(APIError):
    """409: two requests were in each other's way; or a 400 for a name or an id that is taken."""


class PayloadTooLargeError(APIError):
    """413: the body or the file is too large."""


class RateLimitError(APIError):
    """A rate, a day's limit or a plan's limit is used up.

    Also raised before anything is sent, when the wait for quota would not fit into the call's
    deadline; ``status`` is ``None`` then.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        maybe_processed: bool | None = None,
        status: int | None = None,
        error: str = "",
        error_code: int | None = None,
        description: str = "",
        request: Request | None = None,
        retry_after: timedelta | None = None,
        temporary: bool = True,
    ) -> None:
        super().__init__(
            message,
            operation=operation,
            maybe_processed=maybe_processed,
            status=status,
            error=error,
            error_code=error_code,
            description=description,
            request=request,
        )
        self.retry_after = retry_after
        """How long to wait, where it is known."""
        self.temporary = temporary
        """Whether waiting helps; false for the limits of a plan and of a day."""


class ServerError(APIError):
    """5xx: the service failed; unless it said when to come back, it may have acted."""

    retry_after: timedelta | None = None
    """How long to wait, where the service said."""


class JournalError(EasemobError):
    """A journal cannot be used: another job's, not a journal, locked, damaged, lost, or full."""


class WebhookError(EasemobError):
    """A post that is not the service's, or is damaged."""


def _restore(
    cls: type[EasemobError], args: tuple[object, ...], state: dict[str, object]
) -> EasemobError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error
