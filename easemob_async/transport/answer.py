"""An answer of the service, and how resources take typed values out of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, overload

from easemob_async.errors import APIError, ResponseError
from easemob_async.transport.call import Journey
from easemob_async.wire import decoding
from easemob_async.wire.fields import Id
from easemob_async.wire.redaction import redact

T = TypeVar("T")
V = TypeVar("V")


class Answer:
    """A success: its JSON, and what was asked."""

    __slots__ = ("_id_prefix", "_journey", "_secrets", "body", "gone")

    def __init__(
        self,
        journey: Journey,
        body: Mapping[str, Any] | list[Any],
        id_prefix: str,
        *,
        gone: bool = False,
    ) -> None:
        self._journey = journey
        self._secrets: set[str] | None = None
        self.body = body
        """The decoded JSON: an object, or the list of an operation that answers with one."""
        self._id_prefix = id_prefix
        self.gone = gone
        """A repeated DELETE found nothing, because its first try had deleted it already."""

    @property
    def app_url(self) -> str:
        """The app's URL at the host that gave it."""
        return self._journey.app_url

    def get(self, *path: str | int) -> Any:
        """Return the raw value at a path, ``None`` where it is missing."""
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
        token = decoding.id_prefix.set(self._id_prefix)
        try:
            return decoding.structure(value, kind)
        except decoding.DecodeError as error:
            problem = f"{where}: {error}" if where else str(error)
        finally:
            decoding.id_prefix.reset(token)
        raise self.wrong(problem)

    def optional(self, kind: type[T], *path: str | int) -> T | None:
        """Decode the value at a path, if there is one."""
        return None if self.get(*path) is None else self.read(kind, *path)

    def each(self, kind: type[T], *path: str | int) -> dict[str, T]:
        """Decode the values of an object; those that are not what they should be are left out.

        Args:
            kind: what each value is.
            path: where the object is.

        Raises:
            ResponseError: the object is missing.
        """
        found = self.get(*path)
        if not isinstance(found, dict):
            raise self.wrong(f"{_dotted(path)} is {'missing' if found is None else 'no object'}")
        if kind is str:
            try:
                "".join(found.values())  # the fastest way to see that all are texts, as most are
            except TypeError:
                pass
            else:
                return found
        decoded: dict[str, T] = {}
        for name, value in found.items():
            with contextlib.suppress(ResponseError):
                decoded[name] = self.decode(kind, value, name)
        return decoded

    def rows(
        self, kind: type[T], *path: str | int, bare: bool = False, skip_odd: bool = False
    ) -> tuple[T, ...]:
        """Decode the entries of a list; those that are null are left out.

        Args:
            kind: the type of an entry.
            path: where the list is.
            bare: whether a single entry may stand in place of the list.
            skip_odd: leave out entries that cannot be decoded: of what was done to many, an odd
                entry costs itself alone.

        Raises:
            ResponseError: the list is missing, or an entry is not what the API promises.
        """
        found = self.get(*path)
        if bare and isinstance(found, Mapping):
            return (self.read(kind, *path),)
        if not skip_odd:
            decoded: tuple[T, ...] = self.read(tuple[kind, ...], *path)  # type: ignore[valid-type]
            return decoded
        if not isinstance(found, list):
            raise self.wrong(f"{_dotted(path)} is {'missing' if found is None else 'no list'}")
        rows = []
        for index, row in enumerate(found):
            with contextlib.suppress(ResponseError):
                if row is not None:
                    rows.append(self.decode(kind, row, f"{_dotted(path)}[{index}]"))
        return tuple(rows)

    def named(self, found: Mapping[str, V], asked: Iterable[str]) -> dict[str, V]:
        """Return what was found under the names that were asked for, in whatever case it stands.

        The service may answer in lower case. Names that were not asked for stay as they are.
        """
        asked, result = list(asked), dict(found)
        if list(result) == asked:  # as most are, e.g. the message ids of 600 targets
            return result
        missing = [name for name in asked if name not in found]
        if missing:
            folded = {self.without_prefix(key).lower(): key for key in found}
            given = {name: folded[name.lower()] for name in missing if name.lower() in folded}
            wanted = set(asked)
            for key in given.values():
                if key not in wanted:
                    result.pop(key, None)
            result.update((name, found[key]) for name, key in given.items())
        return result

    def first(self, kind: type[T], key: str, *, known: T | None = None) -> T:
        """Decode the one object of a list, which older answers have without the list.

        Args:
            kind: what it is.
            key: where it is.
            known: what is known without it, where the answer confirms a deed: returned when it
                does not say more, or when the retry of a DELETE found nothing.
        """
        value = self.get(key)
        at: tuple[str | int, ...] = (key,) if isinstance(value, Mapping) else (key, 0)
        if isinstance(self.get(*at), Mapping):
            try:
                return self.read(kind, *at)
            except ResponseError:
                if known is None:
                    raise
        if known is not None:
            return known
        raise self.wrong(f"{key} is missing or empty")

    def count(self, *path: str | int) -> int:
        """Count the entries of a list, those that are null as well."""
        value = self.get(*path)
        return len(value) if isinstance(value, list) else 0

    def relations(self, kind: type[T], key: str, asked: Iterable[str]) -> dict[str, T]:
        """Decode rows of ``{"username": ..., "relation": ...}``, for the names that were asked."""
        found: dict[str, T] = {}
        for row in self.rows(dict[str, Any], key, skip_odd=True):
            with contextlib.suppress(ResponseError, KeyError):
                name = self.decode(Id, row["username"], f"{key}.username")
                found[name] = self.decode(kind | str, row["relation"], f"{key}.relation")
        return self.named(found, asked)

    def confirm(
        self,
        *path: str | int,
        reason: Sequence[str | int] = ("data", "reason"),
        named: str | None = None,
        inverted: bool = False,
        may_lack: bool = False,
    ) -> None:
        """Raise unless a flag of the answer says that it was done.

        Args:
            path: where the flag is.
            reason: where the service's reason is, if it says no.
            named: a name that stands there in place of the flag when it was done.
            inverted: the flag is the state that the operation ends: "no" means that it was done.
            may_lack: whether an answer without the flag is a success as well.

        Raises:
            APIError: the service says no inside a 200.
            ResponseError: the flag is missing or no flag.
        """
        if self.gone:
            return
        value = self.get(*path)
        if value is None and may_lack:
            return
        it_names = isinstance(value, str) and self.without_prefix(value).lower()
        said = decoding.verdict(value)
        if said is (not inverted) or (named is not None and it_names == named.lower()):
            return
        if said is None and value == self.get(*reason) and isinstance(value, str):
            raise self.refused(value)  # the reason stands in place of the flag
        if said is None:
            raise self.wrong(f"{_dotted(path)} is {'missing' if value is None else 'no flag'}")
        words = self.get(*reason)
        raise self.refused(words if isinstance(words, str) else f"{_dotted(path)} is {value!r}")

    def without_prefix(self, name: str) -> str:
        """Take the app's own prefix (``org#app_``) off an id."""
        return name.removeprefix(self._id_prefix) if self._id_prefix else name

    def redacted(self, text: str) -> str:
        """Blot the call's own secrets out of the service's words."""
        if self._secrets is None:
            self._secrets = self._journey.secrets()
        return redact(text, self._secrets)

    def refused(self, reason: str) -> APIError:
        """Make the error for a refusal inside a 200."""
        reason = self.redacted(reason)
        return APIError(
            f"{self._journey.call.describe()}: refused: {reason}",
            operation=self._journey.call.operation.id,
            status=200,
            description=reason,
            request=self._journey.request,
        )

    def wrong(self, problem: str) -> ResponseError:
        """Make the error for an answer that is not what the API promises."""
        return ResponseError(
            f"{self._journey.call.describe()}: unexpected answer: {problem}",
            operation=self._journey.call.operation.id,
            status=200,
        )


def _dotted(path: Sequence[str | int]) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.lstrip(".")
