"""An answer of the service, and how resources take typed values out of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar, overload

from easemob_async.errors import APIError, Request, ResponseError
from easemob_async.redaction import redact
from easemob_async.transport import converter
from easemob_async.transport.operation import Operation

T = TypeVar("T")
V = TypeVar("V")

_JUST_STR: Final[set[type]] = {str}

_YES: Final = (True, "true", "success", "ok", 1)


class Asked(Protocol):
    """What an answer has to know of its call, to name it in an error."""

    operation: Operation

    @property
    def request(self) -> Request: ...
    def describe(self) -> str: ...
    def secrets(self, credentials: tuple[str, str] | None) -> set[str]: ...


class Answer:
    """A success: its JSON, and what was asked."""

    __slots__ = ("_call", "_id_prefix", "body", "gone")

    def __init__(
        self, call: Asked, body: Mapping[str, Any], id_prefix: str, *, gone: bool = False
    ) -> None:
        self._call = call
        self.body = body
        """The decoded JSON object."""
        self._id_prefix = id_prefix
        self.gone = gone
        """A repeated DELETE found nothing, because its first try had deleted it already."""

    def get(self, *path: str | int) -> Any:
        """Give the raw value at a path, ``None`` where there is none."""
        value: Any = self.body
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    @overload
    def read(self, kind: type[T], *path: str | int) -> T: ...
    @overload
    def read(self, kind: Any, *path: str | int) -> Any: ...
    def read(self, kind: Any, *path: str | int) -> Any:
        """Decode the value at a path.

        Raises:
            ResponseError: it is missing or not what the API promises; names the field.
        """
        value = self.get(*path)
        if value is None and path:
            raise self.wrong(f"{_dotted(path)} is missing")
        return self.decode(kind, value, _dotted(path))

    @overload
    def decode(self, kind: type[T], value: object, where: str) -> T: ...
    @overload
    def decode(self, kind: Any, value: object, where: str) -> Any: ...
    def decode(self, kind: Any, value: object, where: str) -> Any:
        """Decode a raw value of the answer.

        Raises:
            ResponseError: it is not what the API promises; names the field.
        """
        token = converter.id_prefix.set(self._id_prefix)
        try:
            return converter.structure(value, kind)
        except converter.DecodeError as error:
            problem = f"{where}: {error}" if where else str(error)
        finally:
            converter.id_prefix.reset(token)
        raise self.wrong(problem)

    def optional(self, kind: type[T], *path: str | int) -> T | None:
        """Decode the value at a path, if there is one."""
        return None if self.get(*path) is None else self.read(kind, *path)

    def each(self, kind: type[T], *path: str | int, under: Sequence[str]) -> dict[str, T]:
        """Decode what an object says of some names; what it says of none, or wrongly, is left out.

        Args:
            kind: what each value is.
            path: where the object is.
            under: the names that were asked for: each result stands under the one that was given,
                though the service may name it in lower case.

        Raises:
            ResponseError: there is no object.
        """
        found = self.get(*path)
        if not isinstance(found, dict):
            raise self.wrong(f"{_dotted(path)} is {'missing' if found is None else 'no object'}")
        if kind is str and set(map(type, found.values())) == _JUST_STR:
            whole: dict[str, Any] = found  # as most are, e.g. the message ids of 600 targets
        else:
            whole = {}
            for name, value in found.items():
                with contextlib.suppress(ResponseError):
                    whole[name] = self.decode(kind, value, name)
        return self.named(whole, under)

    def named(self, found: Mapping[str, V], asked: Iterable[str]) -> dict[str, V]:
        """Return what was found under the names that were asked for, whatever their case."""
        result: dict[str, V] = {}
        folded: dict[str, str] | None = None
        for name in asked:
            if name in found:
                result[name] = found[name]
                continue
            if folded is None:
                folded = {self.without_prefix(key).lower(): key for key in found}
            key = folded.get(name.lower())
            if key is not None:
                result[name] = found[key]
        return result

    def first(self, kind: type[T], key: str) -> T:
        """Decode the one object of a list, which older answers give bare."""
        value = self.get(key)
        if isinstance(value, Mapping):
            return self.read(kind, key)
        if isinstance(value, Sequence) and not isinstance(value, str) and value:
            return self.read(kind, key, 0)
        raise self.wrong(f"{key} is missing or empty")

    def objects(self, kind: type[T], *path: str | int) -> tuple[T, ...]:
        """Decode a list of objects, of which a single one may stand bare."""
        value = self.get(*path)
        if isinstance(value, Mapping):
            return (self.read(kind, *path),)
        decoded: tuple[T, ...] = self.read(tuple[kind, ...], *path)  # type: ignore[valid-type]
        return decoded

    def relations(self, kind: type[T], key: str) -> dict[str, T]:
        """Decode rows of ``{"username": ..., "relation": ...}``."""
        rows = self.read(tuple[dict[str, str], ...], key)
        try:
            return {
                self.without_prefix(row["username"]): self.decode(
                    kind | str, row["relation"], f"{key}.relation"
                )
                for row in rows
            }
        except KeyError as missing:
            raise self.wrong(f"{key} lacks {missing}") from None

    def confirm(self, *path: str | int, reason: Sequence[str | int] = ("data", "reason")) -> None:
        """Raise unless a flag of the answer says that it was done.

        Raises:
            APIError: the service says no inside a 200.
            ResponseError: the flag is missing or no flag.
        """
        if self.gone:
            return
        value = self.get(*path)
        if value in _YES and value is not None:
            return
        if value not in (False, "false", "failure", 0):
            raise self.wrong(f"{_dotted(path)} is {'missing' if value is None else 'no flag'}")
        words = self.get(*reason)
        raise self.refused(words if isinstance(words, str) else f"{_dotted(path)} is {value!r}")

    def without_prefix(self, name: str) -> str:
        """Take the app's own prefix (``org#app_``) off an id."""
        return name.removeprefix(self._id_prefix) if self._id_prefix else name

    def redacted(self, text: str) -> str:
        """Blot the call's own secrets out of the service's words."""
        return redact(text, self._call.secrets(None))

    def refused(self, reason: str) -> APIError:
        """Make the error for a refusal inside a 200."""
        reason = self.redacted(reason)
        return APIError(
            f"{self._call.describe()}: refused: {reason}",
            operation=self._call.operation.id,
            status=200,
            description=reason,
            request=self._call.request,
        )

    def wrong(self, problem: str) -> ResponseError:
        """Make the error for an answer that is not what the API promises."""
        return ResponseError(
            f"{self._call.describe()}: unexpected answer: {problem}",
            operation=self._call.operation.id,
            status=200,
        )


def _dotted(path: Sequence[str | int]) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.lstrip(".")
