"""The description of an operation, and the safe filling of its path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import quote

import attrs

from easemob_async import checks
from easemob_async.errors import InvalidArgumentError
from easemob_async.quotas import SECOND, Limit

PathValue = str | Sequence[str]
QueryValue = str | int | bool | None

PER_SECOND_50: Final = (Limit(50, per=SECOND),)
"""The limit of many operations."""
PER_SECOND_100: Final = (Limit(100, per=SECOND),)
"""The service's default limit where a page names none (limits: rate_limit_rules)."""

_FIELD = re.compile(r"\{(\*?\w+)\}")
# What `quote` would leave as it is; most ids are nothing else.
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")


@attrs.frozen(eq=False)
class Operation:
    """An operation of the REST API, described once, next to the method that uses it."""

    id: str
    """Its public name, e.g. ``"users.get"``."""
    method: Literal["GET", "POST", "PUT", "DELETE"]
    """The HTTP method."""
    path: str
    """The path below the app's URL, with fields in braces: ``"/users/{username}"``;
    ``{*usernames}`` takes a list, joined by commas."""
    repeat: Literal["safe", "once"]
    """``safe``: processing the request twice has the same effect as once. ``once``: a retry is made
    only if the request was certainly not processed. The HTTP method does not show this."""
    limits: tuple[Limit, ...] = PER_SECOND_100
    """The documented rate limits."""
    auth: bool = True
    """Whether it needs the app's token."""
    form: bool = False
    """Whether its body is a form instead of JSON."""
    bare_list: bool = False
    """Whether its answer is a list instead of an object."""
    one_of_many: bool = False
    """Whether its path also takes several ids, joined by commas: an id with a comma is refused."""
    gone_is_done: bool = attrs.field(
        default=attrs.Factory(lambda self: self.method == "DELETE", takes_self=True)
    )
    """Whether a 404 on a retry counts as done, if an earlier attempt may have been processed."""
    fields: tuple[str, ...] = attrs.field(init=False)
    """The names of the fields of its path, in order."""
    _literals: tuple[str, ...] = attrs.field(init=False, repr=False)
    _joined: str | None = attrs.field(init=False, repr=False)

    @fields.default
    def _fields_default(self) -> tuple[str, ...]:
        return tuple(_FIELD.findall(self.path))

    @_literals.default
    def _literals_default(self) -> tuple[str, ...]:
        return tuple(_FIELD.split(self.path)[::2])

    @_joined.default
    def _joined_default(self) -> str | None:
        """Return the field whose ids this path joins by commas, or could join."""
        last = self.fields[-1] if self.fields else ""
        return last.lstrip("*") if self.one_of_many or last.startswith("*") else None

    def __reduce__(self) -> str | tuple[object, ...]:
        return Operation, tuple(getattr(self, f.name) for f in attrs.fields(Operation) if f.init)

    def fill(self, values: Sequence[PathValue]) -> str:
        """Return the path, each value quoted to one segment (a list to one, joined by commas).

        Raises:
            InvalidArgumentError: a value could name another resource: it is empty, ``.`` or
                ``..``, or contains control characters.
        """
        literals = self._literals
        if len(values) != len(literals) - 1:
            raise TypeError(f"{self.id} takes the path values {self.fields}, not {values!r}")
        path = literals[0]
        for index, value in enumerate(values, start=1):
            path += self._segment(self.fields[index - 1], value) + literals[index]
        return path

    def describe(self, values: Sequence[PathValue]) -> str:
        """Return the name of a call for error messages: ``users.get("ann")``."""
        return f"{self.id}({', '.join(map(_shown, values))})"

    def _segment(self, field: str, value: PathValue) -> str:
        if not field.startswith("*"):
            text = self.check_id(field, value)
            return text if _PLAIN.fullmatch(text) else quote(text, safe="")
        name = field[1:]
        ids = checks.references(self.id, name, value)
        return ",".join(quote(self.check_id(name, item), safe="") for item in ids)

    def check_id(self, field: str, value: object) -> str:
        """Check that a value can be one id in a path, and return it.

        Raises:
            InvalidArgumentError: the value cannot be an id in a path.
        """
        problem = checks.reference_problem(value)
        text = checks.exact(value) if isinstance(value, str) else ""
        if problem is None and text in (".", ".."):
            problem = "must not be '.' or '..', which would change the operation"
        if problem is None and field == self._joined and "," in text:
            problem = "must not contain a comma, which would separate two ids"
        if problem:
            raise InvalidArgumentError(f"{self.id}: {field} {value!r} {problem}", operation=self.id)
        return text


def _shown(value: PathValue) -> str:
    if isinstance(value, str):
        return f'"{value[:80]}"'
    more = f", … {len(value)} ids" if len(value) > 1 else ""
    return f'["{value[0][:80]}"{more}]' if value else "[]"


def query_string(operation: str, query: Mapping[str, QueryValue]) -> str:
    """Return the encoded query; parameters that are ``None`` are left out.

    Raises:
        InvalidArgumentError: a value is neither a number nor text.
    """
    parts = []
    for name, value in query.items():
        if value is None:
            continue
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, int):
            text = str(int(value))
        else:
            text = quote(checks.text(operation, name, value), safe="")
        parts.append(f"{name}={text}")
    return "?" + "&".join(parts) if parts else ""
