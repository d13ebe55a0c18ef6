"""Messages with blanks: ``Hi {name}!``, filled from the columns of a row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from easemob_async import InvalidArgumentError, Message
from easemob_async.cli.message import read_message

# The options that may have blanks; those that are JSON use braces themselves.
_TEXTS: Final = (
    *("text", "image", "audio", "video", "file", "location", "command", "filename", "thumb"),
    *("secret", "thumb_secret"),
)
_BLANK: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


class Template:
    """The options of a message, with blanks."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        found = {
            blank.group(1): None
            for name in _TEXTS
            for blank in _BLANK.finditer(options[name] or "")
            if blank.group(1) is not None
        }
        self.fields = list(found)
        """The names of the blanks, in their order."""

    def fingerprint(self) -> str:
        """Give what differs from that of any other message."""
        given = {name: value for name, value in self._options.items() if value is not None}
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()

    def fill(self, row: Mapping[str, object]) -> Message:
        """Make the message for a row.

        Raises:
            InvalidArgumentError: the row has no value for a blank.
            click.UsageError: the message breaks a rule.
        """
        filled = {name: _fill(self._options[name], row) for name in _TEXTS}
        return read_message({**self._options, **filled})


def _fill(text: str | None, row: Mapping[str, object]) -> str | None:
    def value(blank: re.Match[str]) -> str:
        name = blank.group(1)
        if name is None:
            return blank.group()[0]  # {{ is {, }} is }
        if row.get(name) is None:
            raise InvalidArgumentError(f"there is no value for {{{name}}}")
        return str(row[name])

    return None if text is None else _BLANK.sub(value, text)
