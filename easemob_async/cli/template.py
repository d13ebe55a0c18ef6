"""Messages with placeholders: ``Hi {name}!``, filled from the columns of a row."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import click

from easemob_async import InvalidArgumentError, Message
from easemob_async.cli.message import read_message

# The options that may have placeholders; options of JSON need their braces.
_TEXTS: Final = (
    *("text", "image", "audio", "video", "file", "location", "command", "filename", "thumb"),
    *("secret", "thumb_secret"),
)
_BLANK: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([{}])")


class Template:
    """A message with placeholders, from the options of a command."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Find the placeholders.

        Raises:
            click.UsageError: a brace without its partner, or a placeholder without a name.
        """
        self._options = options
        found: dict[str, None] = {}
        for option in _TEXTS:
            for blank in _BLANK.finditer(options[option] or ""):
                name, alone = blank.groups()
                if alone is not None or (name is not None and not name.strip()):
                    raise click.UsageError(
                        f"--{option.replace('_', '-')}: {blank.group()!r} at character "
                        f"{blank.start() + 1} is not a placeholder such as {{name}}; write {{{{ "
                        "and }} for literal braces"
                    )
                if name is not None:
                    found[name] = None
        self.fields = list(found)
        """The names of the placeholders, in order."""

    def fingerprint(self) -> str:
        """Return a hash that is different for each message."""
        given = {name: value for name, value in self._options.items() if value is not None}
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()

    def fill(self, row: Mapping[str, object]) -> Message:
        """Return the message for a row.

        Raises:
            InvalidArgumentError: the row has no value for a placeholder, or its message breaks a
                rule.
        """
        filled = {name: _fill(self._options[name], row) for name in _TEXTS}
        try:
            return read_message({**self._options, **filled})
        except click.UsageError as error:
            raise InvalidArgumentError(error.message) from None


def _fill(text: str | None, row: Mapping[str, object]) -> str | None:
    def value(blank: re.Match[str]) -> str:
        name = blank.group(1)
        if name is None:
            return blank.group()[0]  # {{ is {, }} is }
        if row.get(name) is None:
            raise InvalidArgumentError(f"the row has no value for {{{name}}}")
        return str(row[name])

    return None if text is None else _BLANK.sub(value, text)
