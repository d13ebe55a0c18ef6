"""The fields of messages: their types and limits, as all calls that send messages have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON
from easemob_async.emulator.routes import as_flag, as_number

Check = Callable[[JSON], bool]
"""Returns whether a value is one that the service takes."""


def _is_text(value: JSON) -> bool:
    return isinstance(value, str)


def _is_flag(value: JSON) -> bool:
    return as_flag(value) is not None


def _is_whole(value: JSON) -> bool:
    return as_number(value) is not None


def _is_quantity(value: JSON) -> bool:
    """A number, or one in a string: clients send the place of a location in both ways."""
    if isinstance(value, str):
        return _QUANTITY.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_place(value: JSON) -> bool:
    return isinstance(value, str) or _is_quantity(value)


def _is_size(value: JSON) -> bool:
    """A size in pixels; open: a width or a height that is missing or null."""
    if not isinstance(value, dict):
        return False
    sides = (value.get("width"), value.get("height"))
    return all(side is None or _is_quantity(side) for side in sides)


def _is_event(value: JSON) -> bool:
    return isinstance(value, str) and api_limits.CUSTOM_EVENT.fullmatch(value) is not None


def _are_exts(value: JSON) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= api_limits.CUSTOM_EXTS
        and all(isinstance(item, str) for item in value.values())
    )


def _are_texts(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_env(value: JSON) -> bool:
    return isinstance(value, str) and api_limits.ENVIRONMENT.fullmatch(value) is not None


_QUANTITY: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_ATTACHMENT: Final[Mapping[str, Check]] = {
    "url": _is_text,
    "filename": _is_text,
    "secret": _is_text,
}
_CONTENTS: Final[Mapping[str, Mapping[str, Check]]] = {
    "txt": {"msg": _is_text},
    "img": {**_ATTACHMENT, "size": _is_size},
    "audio": {**_ATTACHMENT, "length": _is_whole},
    "video": {
        **_ATTACHMENT,
        "length": _is_whole,
        "thumb": _is_text,
        "thumb_secret": _is_text,
        "file_length": _is_whole,
    },
    "file": _ATTACHMENT,
    "loc": {"lat": _is_place, "lng": _is_place, "addr": _is_text},
    "cmd": {"action": _is_text},
    "custom": {"customEvent": _is_event, "customExts": _are_exts},
}
_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "txt": ("msg",),
    "img": ("url",),
    "audio": ("url",),
    "video": ("url",),
    "file": ("url",),
    "loc": ("lat", "lng", "addr"),
    "cmd": ("action",),
    "custom": (),
}
_OPTIONS: Final[Mapping[str, Check]] = {
    "sync_device": _is_flag,
    "roam_ignore_users": _are_texts,
    "routetype": _is_text,
    "need_group_ack": _is_flag,
    "need_download": _is_flag,
    "chatroom_msg_level": lambda value: value in ("high", "normal", "low"),
    "env": _is_env,
}
TYPES: Final = frozenset(_CONTENTS)
"""The types of messages."""


def is_proper(kind: JSON, content: JSON, *, complete: bool = True) -> bool:
    """Return whether a content is one of a message of a type.

    open: fields that no page has, which are taken, and null, which counts as not given

    Args:
        kind: the type, such as ``"txt"``.
        content: the content.
        complete: whether it has to have the required fields.
    """
    if not isinstance(kind, str) or kind not in TYPES or not isinstance(content, dict):
        return False
    if complete and any(content.get(name) is None for name in _REQUIRED[kind]):
        return False
    return _fit(content, _CONTENTS[kind])


def are_options(body: Mapping[str, JSON]) -> bool:
    """Return whether the fields beside the content of a message have the documented types."""
    return _fit(body, _OPTIONS)


def _fit(given: Mapping[str, JSON], checks: Mapping[str, Check]) -> bool:
    for name, check in checks.items():
        value = given.get(name)
        if value is not None and not check(value):
            return False
    return True
