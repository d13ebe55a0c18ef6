"""Reading a reply: an answer, or the refusal of the service as an error. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from easemob_async.errors import APIError, ResponseError
from easemob_async.transport.answer import Answer
from easemob_async.transport.call import Journey
from easemob_async.transport.refusals import (
    is_about_token,
    one_line,
    read_refusal,
    shorten,
    to_error,
)
from easemob_async.wire import codec
from easemob_async.wire.redaction import redact

_NO_CONTENT: Final = 204
_EMPTY_OBJECT: Final[Mapping[str, Any]] = {}


class Reply(NamedTuple):
    """A reply as it came over the wire."""

    status: int
    retry_after: str | None
    data: bytes


class Refused(NamedTuple):
    """The refusal of the service, as an error."""

    error: APIError
    about_token: bool
    """Whether a new token may help."""


def read_reply(journey: Journey, reply: Reply, id_prefix: str) -> Answer | Refused:
    """Read a reply.

    Raises:
        ResponseError: it is neither JSON of the operation's kind nor a refusal.
    """
    call, status = journey.call, reply.status
    if 200 <= status < 300:
        return _decoded(journey, reply, id_prefix)
    if 300 <= status < 400:
        raise ResponseError(
            f"{call.describe()}: {status}: the server redirects, which the API never does: "
            "check base_url",
            operation=call.operation.id,
            status=status,
        )
    if not 400 <= status < 600:  # it says neither that the request was taken nor that it was not
        raise ResponseError(
            f"{call.describe()}: {status}: a status that the API never has: check base_url",
            operation=call.operation.id,
            status=status,
        )
    refusal = read_refusal(status, reply.data, reply.retry_after)
    error = to_error(
        refusal,
        call=call.describe(),
        operation=call.operation.id,
        request=journey.request,
        secrets=journey.secrets(),
    )
    return Refused(error, call.operation.auth and is_about_token(refusal))


def already_gone(journey: Journey, id_prefix: str) -> Answer:
    """Make the answer to the retry of a DELETE that found nothing."""
    return Answer(journey, _EMPTY_OBJECT, id_prefix, gone=True)


def _decoded(journey: Journey, reply: Reply, id_prefix: str) -> Answer:
    call, data = journey.call, reply.data
    if not data and (reply.status == _NO_CONTENT or call.operation.method != "GET"):
        return Answer(journey, _EMPTY_OBJECT, id_prefix)  # a deed is confirmed by the status
    try:
        content = codec.read(data)
    except ValueError:
        content = None
    if isinstance(content, list if call.operation.bare_list else dict):
        return Answer(journey, content, id_prefix)
    shown = shorten(redact(one_line(data), journey.secrets()))
    wanted = "list" if call.operation.bare_list else "object"
    what = "nothing" if not data else f"something that is not a JSON {wanted}: {shown!r}"
    raise ResponseError(
        f"{call.describe()}: {reply.status}: the server answered {what}; is base_url Easemob's?",
        operation=call.operation.id,
        status=reply.status,
        excerpt=shown,
    )
