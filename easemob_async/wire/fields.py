"""The names of a model's fields on the wire, and special types of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NewType

import attrs

WIRE = "easemob_async.wire.fields"
"""The metadata key for the names of a field on the wire; the current name comes first."""

READ = "easemob_async.read"
"""The metadata key for a function that reads the field's value if its type is not enough."""

OBJECTS: Final = (dict, Mapping)
"""The types of JSON objects, for `isinstance`, which then knows a dict without the slow check."""

WHOLE: Final = "\0whole"
"""The name on the wire of a field that gets the whole object, unchanged."""

# The decoder tells these types apart at run time; for type checkers they are plain.
# Id: an id of a user or group in an answer; the app's own prefix (``org#app_``) is removed.
# Jid: a user's id on the chat servers, ``org#app_ann@easemob.com/ios_1``; only ``ann`` is kept.
# Seconds: a time in Unix seconds on the wire; most times are milliseconds.
# Minutes: a length of time in minutes on the wire; most lengths are seconds.
if TYPE_CHECKING:
    Id = str
    Jid = str
    Seconds = datetime
    Minutes = timedelta
else:
    Id = NewType("Id", str)
    Jid = NewType("Jid", str)
    Seconds = NewType("Seconds", datetime)
    Minutes = NewType("Minutes", timedelta)


_LAST_YEAR_ENDS: Final = 253_402_300_800_000  # milliseconds: the year 10 000


def is_a_time(value: object) -> bool:
    """Check whether a value in milliseconds is a time, not a marker for "none" or "forever".

    Values of 0 and below or after the year 9999 are markers. A value that is not a number returns
    true, so that the decoder reports it.
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
    """Declare a field of a model that has other names on the wire, now or in older answers.

    A dotted name is a path into nested objects: ``wire("payload.member")``.
    """
    return attrs.field(default=default, repr=repr, metadata={WIRE: names, READ: read})
