"""All errors of the library, in one tree.

    EasemobError                             .maybe_processed: may the service have acted?
    ├── ConfigurationError (ValueError)      bad credentials, App Key or URL: before any I/O
    ├── InvalidArgumentError (ValueError)    an argument breaks a fixed rule: before any I/O
    ├── ClientClosedError                    the client was closed before or during the call
    ├── TransportError                       no complete answer arrived
    │   ├── ConnectError                     the request was never sent: always safe to retry
    │   └── RequestTimeoutError (TimeoutError)
    ├── ResponseError                        the answer does not have the form that the API promises
    ├── APIError                             the service refused the request
    │   ├── BadRequestError 400
    │   ├── AuthenticationError 401
    │   ├── PermissionDeniedError 403
    │   ├── NotFoundError 404
    │   ├── AppNotFoundError                 404 organization_application_not_found
    │   ├── ConflictError 409                and the 400s for something that exists already
    │   ├── PayloadTooLargeError 413
    │   ├── RateLimitError                   429, and the 403s for a rate limit
    │   └── ServerError 5xx
    ├── JournalError                         a journal that cannot be used
    ├── SharedStoreError                     the store that processes share cannot be reached
    └── WebhookError                         a webhook post that is damaged or not the service's

A message names the operation, its arguments and the reason:
``users.get("ann"): 404 service_resource_not_found: Service resource not found``. No message
contains a token, a secret or a password. All errors can be pickled.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from easemob_async.outcomes import BatchResult, FanoutReport


@attrs.frozen
class Request:
    """A request that was sent, without headers and body, which may contain secrets."""

    method: str
    """The HTTP method."""
    url: str
    """The whole URL."""


class EasemobError(Exception):
    """The base class of all errors that this library raises."""

    operation: str | None = None
    """The operation that failed, e.g. ``"users.get"``; ``None`` outside an operation."""
    maybe_processed: bool = False
    """Whether the service may have processed the request, so that a retry may act twice."""
    partial: BatchResult[object] | None = None
    """The outcomes that a ``*_many`` method had before one of its requests failed as a whole."""
    report: FanoutReport | None = None
    """The report of the bulk job that this error stopped."""

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
    """An error in the settings of the client: App Key, credentials, URL or options."""


class InvalidArgumentError(EasemobError, ValueError):
    """An argument that breaks a fixed limit or rule of the API; nothing was sent."""


class ClientClosedError(EasemobError):
    """A call on a client that was closed before or during the call."""


class TransportError(EasemobError):
    """A request without a complete answer; with ``maybe_processed`` it may have been processed."""


class ConnectError(TransportError):
    """A connection that failed before the request was sent: a retry is safe."""


class RequestTimeoutError(TransportError, TimeoutError):
    """A timeout: the deadline of the call or a shorter limit passed; see ``maybe_processed``."""


class ResponseError(EasemobError):
    """An answer that is not in the form that the API promises: not JSON, or with a wrong field.

    The service has probably processed the request.
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
        """The HTTP status code of the answer."""
        self.excerpt = excerpt
        """The beginning of the answer, with secrets replaced by ``***``."""


class APIError(EasemobError):
    """A request that the service refused.

    The subclass follows the status code, except where the service uses a code for something else.
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
        """The HTTP status code; 200 for a refusal in a 200 answer, ``None`` if nothing was sent."""
        self.error = error
        """The service's name for the error; ``""`` if the answer has none."""
        self.error_code = error_code
        """The service's number for the error, if the answer has one."""
        self.description = description
        """The service's description of the error."""
        self.request = request
        """The request that was refused."""


class BadRequestError(APIError):
    """A request that the service does not accept as it is (400)."""


class AuthenticationError(APIError):
    """A token or credentials that the service does not accept (401)."""


class PermissionDeniedError(APIError):
    """A request that is not allowed, or breaks a rule of groups or rooms (403)."""


class NotFoundError(APIError):
    """A user, group, room or message that does not exist (404, or a 400 that says so)."""


class AppNotFoundError(APIError):
    """A wrong App Key or host, not a missing user (404 organization_application_not_found)."""


class ConflictError(APIError):
    """A conflict of two requests (409), or a name or id that is already taken (400)."""


class PayloadTooLargeError(APIError):
    """A body or a file that is too large (413)."""


class RateLimitError(APIError):
    """A rate limit, a daily limit or a limit of the plan that is used up.

    Also raised before anything is sent, if the wait for quota would exceed the deadline of the
    call; ``status`` is ``None`` then.
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
        """The time to wait before a retry, if it is known."""
        self.temporary = temporary
        """Whether waiting helps; false for limits of the plan and daily limits."""


class ServerError(APIError):
    """A failure of the service (5xx).

    The request may have been processed, except after a 503 with a ``Retry-After`` header.
    """

    retry_after: timedelta | None = None
    """The time to wait before a retry, if the service named one."""


class JournalError(EasemobError):
    """A journal that cannot be used: of another job, damaged, locked, lost, full or no journal."""


class SharedStoreError(EasemobError):
    """A shared store that could not be reached before the deadline of a call; nothing was sent."""


class WebhookError(EasemobError):
    """A webhook post that is damaged or does not come from the service."""


def _restore(
    cls: type[EasemobError], args: tuple[object, ...], state: dict[str, object]
) -> EasemobError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error
