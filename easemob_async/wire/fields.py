"""How a model's fields are called on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NewType

import attrs

WIRE = "easemob_async.wire.fields"
"""The key of the field metadata that holds a field's names on the wire, the current one first."""

READ = "easemob_async.read"
"""The key of the field metadata that holds how its value is read, where no type can say it."""

Id = NewType("Id", str)
"""A user's or group's id in an answer; the app's own prefix (``org#app_``) is taken off."""

Jid = NewType("Jid", str)
"""What the chat servers call ``org#app_ann@easemob.com/ios_1``; ``ann`` alone is kept."""

Seconds = NewType("Seconds", datetime)
"""A time that is Unix seconds on the wire, where most are milliseconds."""


_LAST_YEAR_ENDS: Final = 253_402_300_800_000  # milliseconds: the year 10 000


def is_a_time(value: object) -> bool:
    """Tell whether what should be milliseconds is a time at all, not what stands for none or ever.

    0 and below, and what no calendar has, do; what is no number is left to the decoder.
    """
    try:
        return 0 < int(str(value)) < _LAST_YEAR_ENDS
    except ValueError:
        return True


def wire(
    *names: str,
    default: Any = attrs.NOTHING,
    repr: bool = True,  # noqa: A002
    read: Callable[[Any], object] | None = None,
) -> Any:
    """Declare a field of a model that is called otherwise on the wire, now or in older answers.

    A dotted name goes into objects: ``wire("payload.member")``.
    """
    return attrs.field(default=default, repr=repr, metadata={WIRE: names, READ: read})
