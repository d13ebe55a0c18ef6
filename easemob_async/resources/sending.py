"""The request of a send: a message, its options and its targets, checked without the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import attrs

from easemob_async import api_limits, checks
from easemob_async.errors import InvalidArgumentError
from easemob_async.ids import are_same_ids
from easemob_async.models.messages import Message, RoomMessageLevel, RouteType
from easemob_async.models.push import PushOptions
from easemob_async.operation import Operation
from easemob_async.transport.answer import Answer
from easemob_async.wire import codec


class Receipt(NamedTuple):
    """What an answer says of the targets of a call; targets in neither mapping are unknown."""

    accepted: Mapping[str, str | None]
    """The accepted targets with the ids of their messages, if there are ids."""
    refused: Mapping[str, str] = MappingProxyType({})
    """The refused targets with the service's reasons."""
    complete: bool = False
    """Whether it is known that all targets were accepted, and are in the order of the request."""


def message_ids(answer: Answer, targets: Sequence[str]) -> Receipt:
    """Read the answer to a message: the id of the message of each target."""
    found = answer.each(str, "data")
    if are_same_ids(targets, found):  # as most are
        return Receipt(found, complete=True)
    return Receipt(answer.named(found, targets))


@attrs.frozen(eq=False)
class Send:
    """A way to send: an operation, and the limits of one call."""

    operation: Operation
    """The operation."""
    most_targets: int
    """The maximum number of targets of a call."""
    most_ignored: int | None = None
    """The maximum number of `roam_ignore_users` of a call."""
    key: str = "to"
    """The name of the targets in the request."""
    receipt: Callable[[Answer, Sequence[str]], Receipt] = message_ids
    """Reads an answer."""


class Content(NamedTuple):
    """A message as the request has it, checked and measured."""

    type: str
    """The service's name of the message's type."""
    body: Mapping[str, Any]
    """The fields of the body."""
    ext: Mapping[str, Any] | None
    """The extension fields, with the push options."""


def content(
    operation: str,
    message: Message,
    *,
    ext: Mapping[str, object] | None,
    push: PushOptions | None,
    max_bytes: int,
) -> Content:
    """Check a message and its ext, and merge the push options into the ext.

    Raises:
        InvalidArgumentError: the body is not a message, the ext is not JSON, a key is in both ext
            and push, or the message is too large.
    """
    if not isinstance(message, Message):
        raise InvalidArgumentError(
            f"{operation}: body must be a message such as Text('hello'), not "
            f"{type(message).__name__}",
            operation=operation,
        )
    body = codec.checked_json(message.to_wire(), f"{operation}: body")
    assert isinstance(body, dict)
    if not body:
        raise InvalidArgumentError(
            f"{operation}: the body of the message is empty, which the service refuses",
            operation=operation,
        )
    merged = _merge(operation, ext, push)
    size = len(codec.dumps(body)) + (len(codec.dumps(merged)) if merged is not None else 0)
    if size > max_bytes:
        raise InvalidArgumentError(
            f"{operation}: message is too large: body and ext are {size} bytes of UTF-8 JSON, "
            f"at most {max_bytes} are allowed",
            operation=operation,
        )
    return Content(message.type, body, merged)


def _merge(
    operation: str, ext: Mapping[str, object] | None, push: PushOptions | None
) -> Mapping[str, Any] | None:
    if ext is not None and not isinstance(ext, Mapping):
        raise InvalidArgumentError(
            f"{operation}: ext must be a mapping (a JSON object), not {type(ext).__name__}",
            operation=operation,
        )
    if push is None:
        merged = ext
    else:
        if not isinstance(push, PushOptions):
            raise checks.fail(operation, f"push must be PushOptions, not a {type(push).__name__}")
        keys = push.to_ext()
        twice = sorted(keys.keys() & (ext or {}).keys())
        if twice:
            raise InvalidArgumentError(
                f"{operation}: {', '.join(twice)} is given both in ext and by push",
                operation=operation,
            )
        merged = {**(ext or {}), **keys}
    checked = codec.checked_json(merged, f"{operation}: ext")
    assert checked is None or isinstance(checked, dict)
    return checked


def addressing(
    operation: str,
    *,
    sender: str | None = None,
    sync_device: bool | None = None,
    route_type: str | None = None,
    roam_ignore_users: Sequence[str] | None = None,
    roam_ignore_max: int | None = None,
    need_group_ack: bool | None = None,
    level: str | None = None,
    env: str | None = None,
) -> dict[str, Any]:
    """Check the options of a send and rename them to the request's fields; ``None`` is left out.

    Raises:
        InvalidArgumentError: an empty sender, or an option that the service would refuse.
    """
    fields: dict[str, Any] = {}
    if sender is not None:
        fields["from"] = checks.reference(operation, "sender", sender)
    if sync_device is not None:
        fields["sync_device"] = checks.flag(operation, "sync_device", sync_device)
    if route_type is not None:
        fields["routetype"] = checks.member(operation, "route_type", RouteType, route_type)
    if roam_ignore_users is not None:
        fields["roam_ignore_users"] = checks.references(
            operation, "roam_ignore_users", roam_ignore_users, most=roam_ignore_max, least=0
        )
    if need_group_ack is not None:
        fields["need_group_ack"] = checks.flag(operation, "need_group_ack", need_group_ack)
    if level is not None:
        fields["chatroom_msg_level"] = checks.member(operation, "level", RoomMessageLevel, level)
    if env is not None:
        if not (isinstance(env, str) and api_limits.ENVIRONMENT.fullmatch(env)):
            raise InvalidArgumentError(
                f"{operation}: env {env!r} must be 1 to 8 letters and digits", operation=operation
            )
        fields["env"] = env
    return fields
