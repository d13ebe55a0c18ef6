"""One call: its description, and its state while attempts are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal
from urllib.parse import parse_qsl, urlencode

import attrs
from yarl import URL

from easemob_async.checks import exact, fail, text_problem
from easemob_async.errors import Request
from easemob_async.models.tokens import Token
from easemob_async.operation import Operation, PathValue, QueryValue, query_string
from easemob_async.transport.downloads import Sink
from easemob_async.transport.uploads import Upload
from easemob_async.wire import codec
from easemob_async.wire.redaction import secrets_in

Phase = Literal["quota", "token", "hosts", "wire", "backoff"]
"""What a call waits for."""


@attrs.define(eq=False)
class Call:
    """The description of one call; all its attempts share it. Nothing changes it.

    It is not frozen: that would make it three times as dear to create.
    """

    operation: Operation
    values: Sequence[PathValue] = ()
    """The path parameters, in path order."""
    target: str = ""
    """Path and query, below the app's URL."""
    body: bytes = b""
    """Encoded already."""
    about: PathValue | None = None
    """What the body is about, to name it in errors: a username, the targets."""
    username: str | None = None
    """Whose token is wanted; ``None`` for the app's."""
    messages: int = 1
    """How many messages it counts as."""
    token: Token | None = None
    """A token of its own, where the operation does not carry the app's."""
    headers: Mapping[str, str] | None = None
    """Headers of the operation's own."""
    upload: Upload | None = None
    """The file that is the body."""
    sink: Sink | None = None
    """Takes the file that the answer is."""

    @property
    def is_plain(self) -> bool:
        """Whether it has no headers of its own, and neither its body nor its answer is a file."""
        return self.headers is None and self.upload is None and self.sink is None

    @property
    def cannot_repeat(self) -> bool:
        """Whether a part of it cannot be read or written again, so that it cannot be retried."""
        return (self.sink is not None and self.sink.kept) or (
            self.upload is not None and self.upload.consumed
        )

    def describe(self) -> str:
        """Name the call: ``users.get("ann")``."""
        values = self.values if self.about is None else (*self.values, self.about)
        return self.operation.describe(values)

    def secrets(self) -> set[str]:
        """Collect every secret of the call itself that a text about it could repeat."""
        known = secrets_in(self.headers or {})
        if self.token is not None:
            known.add(self.token.value)
        if self.operation.form:
            known |= secrets_in(dict(parse_qsl(self.body.decode())))
        elif self.body[:1] in (b"{", b"["):
            known |= secrets_in(codec.loads(self.body))
        return known


def make_call(
    operation: Operation,
    values: Sequence[PathValue],
    *,
    query: Mapping[str, QueryValue] | None = None,
    json: object = None,
    about: PathValue | None = None,
    username: str | None = None,
    messages: int = 1,
    token: Token | None = None,
    headers: Mapping[str, str] | None = None,
    upload: Upload | None = None,
    sink: Sink | None = None,
) -> Call:
    """Describe a call: fill the path, encode query and body.

    Args:
        operation: what to do.
        values: the path parameters, in path order.
        query: the query; what is ``None`` is left out.
        json: the body, if any; a form where the operation takes one.
        about: what the body is about, to name it in errors: a username, the targets.
        username: whose token is wanted; ``None`` for the app's.
        messages: how many messages the call counts as.
        token: a token of its own, for an operation without the app's.
        headers: headers of the operation's own.
        upload: the file that is the body.
        sink: takes the file that the answer is.

    Raises:
        InvalidArgumentError: a value that could name another resource, or cannot be sent.
    """
    target = operation.fill(values)
    if query is not None:
        target += query_string(operation.id, query)
    body = b""
    if json is not None:
        try:
            body = _form(json) if operation.form else codec.dumps(json)
        except (TypeError, ValueError) as error:
            raise fail(operation.id, f"an argument cannot be sent: {error}") from None
    for name, value in (headers or {}).items():
        problem = text_problem(value)
        if problem is not None:
            raise fail(operation.id, f"the header {name} {problem}")
    return Call(
        operation,
        values,
        target,
        body,
        about=about,
        username=username,
        messages=messages,
        token=token,
        headers=headers,
        upload=upload,
        sink=sink,
    )


def _form(fields: object) -> bytes:
    assert isinstance(fields, Mapping)
    return urlencode({exact(name): exact(text) for name, text in fields.items()}).encode()


class Journey:
    """The state of a call over its attempts."""

    __slots__ = (
        "_client_secrets",
        "app_url",
        "attempt",
        "call",
        "maybe_processed",
        "phase",
        "status",
        "token",
    )

    def __init__(
        self, call: Call, app_url: str, client_secrets: AbstractSet[str] = frozenset()
    ) -> None:
        self.call = call
        self.app_url = app_url
        """The app's URL at the host of the latest attempt."""
        self._client_secrets = client_secrets
        self.attempt = 0
        """The number of the attempt, from 1."""
        self.status: int | None = None
        """The HTTP status of the latest attempt, once it is known."""
        self.phase: Phase = "quota"
        """What it waits for."""
        self.token: Token | None = None
        """The token that the latest attempt carried."""
        self.maybe_processed = False
        """An attempt left, and the service may have acted on it."""

    @property
    def url(self) -> URL:
        """The URL of the call."""
        return URL(self.app_url + self.call.target, encoded=True)

    @property
    def request(self) -> Request:
        """What is asked, without secrets."""
        return Request(self.call.operation.method, str(self.url))

    def secrets(self) -> set[str]:
        """Collect every secret that a text about the call could repeat."""
        known = self.call.secrets() | self._client_secrets
        if self.token is not None:
            known.add(self.token.value)
        return known
