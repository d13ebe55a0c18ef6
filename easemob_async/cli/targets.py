"""The reading of targets from a file or a stream: ids, CSV, JSON, JSON Lines or Excel."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast

import attrs

from easemob_async import InvalidArgumentError, Message
from easemob_async.api_limits import USERNAME
from easemob_async.cli.detect import (
    HEAD,
    Format,
    Kind,
    check_rows,
    detect,
    has_header,
    heads_ids,
    id_column,
    is_separator_line,
)
from easemob_async.cli.template import Template

T = TypeVar("T")

_READ_AT_ONCE: Final = 600
_LOOK_AHEAD: Final = 20
_LINE: Final = re.compile("line [0-9]+")
"""What stands for the target of a row that has no id."""

Item = str | tuple[str, Message | Exception]
"""An id, or an id with its message or with the error that prevents the message."""
Parse = Callable[[BinaryIO], Iterator[Item]]
Write = Callable[[str, str, str], object]
"""A function that takes a target, its status and the reason."""
Row = Mapping[str, object] | str
"""The names and values of a row, or only an id."""
Rows = Iterator[tuple[int, Row | Exception]]


@attrs.frozen
class Reading:
    """The settings for reading targets: the options of the file, and the message template."""

    name: str
    """The file name; ``-`` for a stream."""
    template: Template
    """The message template; if it has placeholders, each row fills them."""
    format: Format | None = None
    """The format; ``None`` to detect it."""
    encoding: str | None = None
    """The encoding; ``None`` to detect it."""
    delimiter: str | None = None
    """The delimiter of CSV; ``None`` to detect it."""
    header: bool | None = None
    """Whether the first line holds column names; ``None`` to detect it."""
    id_column: str | None = None
    """The name of the column of ids; ``None`` to detect it."""
    tell: Callable[[str], object] = lambda _: None
    """A function that is called with each warning for the user."""

    def kind(self, head: bytes) -> Kind:
        """Detect the format of the file.

        Raises:
            InvalidArgumentError: the format is ambiguous, or the template has placeholders but the
                file is a list of ids.
        """
        kind = detect(
            head,
            self.name,
            format=self.format,
            encoding=self.encoding,
            delimiter=self.delimiter,
        )
        if kind.format == "ids" and self.template.fields:
            fields = ", ".join(f"{{{name}}}" for name in self.template.fields)
            raise InvalidArgumentError(
                f"a list of ids has no columns to fill {fields}: use CSV, JSON or .xlsx "
                "(--format), or write {{ and }} for literal braces"
            )
        if kind.format == "ids" and self.id_column is not None:
            raise InvalidArgumentError(
                f"{Path(self.name).name} is a list of ids and has no column {self.id_column}: "
                "omit --id-column, or set --format csv"
            )
        return kind

    def items(self, file: BinaryIO) -> Iterator[Item]:
        """Read the targets, each with its message if the template has placeholders."""
        # The file may be read again after this generator, or be closed before it ends.
        buffered: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", file), HEAD)
        try:
            kind = self.kind(buffered.peek(HEAD)[:HEAD])
            if kind.note:
                self.tell(kind.note)
            if kind.format == "ids":
                yield from self._ids(read_ids(buffered, kind.encoding))
            elif kind.format in ("csv", "excel"):
                yield from self._table(
                    _excel(buffered, self) if kind.format == "excel" else _csv(buffered, kind)
                )
            else:
                read = _json_array if kind.format == "json" else _json_lines
                yield from self._objects(read(buffered, kind.encoding))
        except UnicodeError as error:
            raise InvalidArgumentError(
                f"{Path(self.name).name} cannot be read as {kind.encoding}: {error}; set --encoding"
            ) from None
        finally:
            with contextlib.suppress(ValueError):
                buffered.detach()

    def _ids(self, ids: Iterator[str]) -> Iterator[Item]:
        ahead = list(islice(ids, _LOOK_AHEAD))
        if not ahead:
            return
        header = self.header
        if header is None and (header := heads_ids(ahead[0], ahead[1:], self.name)):
            self.tell(
                f"{Path(self.name).name}: the first line ({ahead[0]}) is taken for a column name; "
                "--no-header sends to it"
            )
        for target in chain(ahead[1:] if header else ahead, ids):
            if target.endswith("\0"):
                line = target[:-1]
                problem = f"{line}: not text in UTF-8; set --encoding (gbk, ...)"
                yield line, InvalidArgumentError(problem)
            else:
                yield target

    def _item(self, line: int, row: Row | Exception, column: str) -> Item:
        if isinstance(row, Exception):
            return f"line {line}", row
        if isinstance(row, str):
            row = {column: row}
        found = row.get(column)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        target = found.strip() if isinstance(found, str) else ""
        if not target:
            what = (
                f"no id in {column!r}"
                if found in (None, "")
                else f"{column!r} is not an id: {found!r}"
            )
            return f"line {line}", InvalidArgumentError(f"line {line}: {what}")
        if not self.template.fields:
            return target
        try:
            return target, self.template.fill(row)
        except ValueError as error:  # InvalidArgumentError is one
            return target, InvalidArgumentError(f"line {line}: {error}")

    def _objects(self, rows: Rows) -> Iterator[Item]:
        """Read objects; all have their id under the same name as the first."""
        column = self.id_column
        for line, row in rows:
            if column is None and isinstance(row, Mapping):
                column = self._id_column(list(row), first=False)
            yield self._item(line, row, column or "id")

    def _id_column(self, columns: Sequence[str], *, first: bool) -> str:
        column, note = id_column(columns, self.name, first=first)
        if note:
            self.tell(note)
        return column

    def _table(self, table: Iterator[tuple[int, list[object]]]) -> Iterator[Item]:
        """Convert the rows of a table to mappings by column names, and read them."""
        ahead = list(islice(table, _LOOK_AHEAD))
        if not ahead:
            return
        first = [str(cell or "").strip() for cell in ahead[0][1]]
        wanted = [*([self.id_column] if self.id_column else []), *self.template.fields]
        following = [[str(cell or "") for cell in row] for _, row in ahead[1:]]
        header = self.header
        if header is None:
            header = has_header(first, following, wanted, self.name)
        columns = first if header else [str(number) for number in range(1, len(first) + 1)]
        missing = sorted({name for name in wanted if name not in columns})
        if missing:
            raise InvalidArgumentError(
                f"{Path(self.name).name} has no column {', '.join(missing)}; it has "
                f"{', '.join(name for name in columns if name)}"
            )
        if self.id_column:
            column = self.id_column
        elif header:
            column = self._id_column([name for name in columns if name] or ["1"], first=True)
        else:
            column = columns[0]
            sure = self.template.fields or self.header is not None
            note = None if sure else check_rows(first, following, self.name)
            if note:
                self.tell(note)
        for name in (column, *self.template.fields):
            if columns.count(name) > 1:
                raise InvalidArgumentError(f"{Path(self.name).name} has two columns named {name!r}")
        for line, row in chain(ahead[1:] if header else ahead, table):
            if header and [str(cell or "").strip() for cell in row] == first:
                again = InvalidArgumentError(f"line {line}: the column names are repeated")
                yield self._item(line, again, column)
            elif any(cell not in (None, "") for cell in row):
                yield self._item(line, _cells(line, columns, row), column)


def _cells(line: int, columns: Sequence[str], row: Sequence[object]) -> Row | Exception:
    if any(cell not in (None, "") for cell in row[len(columns) :]):
        return InvalidArgumentError(f"line {line}: {len(row)} values for {len(columns)} columns")
    found = zip(columns, row, strict=False)
    return {name: value for name, value in found if name and value not in (None, "")}


def read_ids(lines: Iterable[bytes], encoding: str = "utf-8-sig") -> Iterator[str]:
    """Read one id per line; blank lines are skipped.

    A line that is not UTF-8 is its number with a zero behind it, which no id has.
    """
    if encoding not in ("utf-8-sig", "utf-8"):
        text = io.TextIOWrapper(cast("BinaryIO", lines), encoding, errors="surrogateescape")
        try:
            for line in text:
                if line.strip():
                    yield line.strip()
        finally:
            with contextlib.suppress(ValueError):
                text.detach()
        return
    for number, raw in enumerate(lines, start=1):
        try:
            target = raw.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            target = f"line {number}\0"
        if target:
            yield target


def _csv(file: io.BufferedReader, kind: Kind) -> Iterator[tuple[int, list[object]]]:
    # Bytes that are not text fail only their row: an id with lone surrogates is refused.
    text = io.TextIOWrapper(file, kind.encoding, errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True, delimiter=kind.delimiter)
    try:
        for number, row in enumerate(reader):
            if row and not (number == 0 and is_separator_line(row)):
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise InvalidArgumentError(f"line {reader.line_num} is not CSV: {error}") from None
    finally:
        with contextlib.suppress(ValueError):
            text.detach()


def _excel(file: io.BufferedReader, reading: Reading) -> Iterator[tuple[int, list[object]]]:
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise InvalidArgumentError(
            "reading .xlsx needs openpyxl: pip install 'easemob-async[excel]', or save the file as "
            "CSV"
        ) from None
    try:
        # A zip file is read from its end, so that it must be seekable.
        content = file if file.seekable() else io.BytesIO(file.read())
        book = load_workbook(content, read_only=True, data_only=True)
    except Exception as error:  # a damaged zip file may raise anything
        raise InvalidArgumentError(f"the .xlsx file cannot be read: {error}") from None
    try:
        first, *others = book.worksheets
        if others := [sheet.title for sheet in others if _has_values(sheet)]:
            reading.tell(
                f"{Path(reading.name).name}: only its first sheet ({first.title}) is read, not "
                f"{', '.join(others)}"
            )
        for number, row in enumerate(first.iter_rows(values_only=True), start=1):
            if any(cell is not None for cell in row):
                yield number, [_cell(cell) for cell in row]
    finally:
        book.close()


def _has_values(sheet: Any) -> bool:
    rows = islice(sheet.iter_rows(values_only=True), _LOOK_AHEAD)
    return any(cell is not None for row in rows for cell in row)


def _cell(value: Any) -> object:
    if value is None or isinstance(value, str):
        return None if value is None else value.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel stores every number as a float
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _json_lines(file: io.BufferedReader, encoding: str) -> Rows:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode(encoding))
        except ValueError as error:
            yield number, InvalidArgumentError(f"line {number} is not JSON: {error}")
            continue
        yield number, _object(number, row)


def _json_array(file: io.BufferedReader, encoding: str) -> Rows:
    try:
        found = json.loads(file.read().decode(encoding))
    except ValueError as error:
        raise InvalidArgumentError(f"the file is not JSON: {error}") from None
    if not isinstance(found, list):
        raise InvalidArgumentError(
            f"the JSON file must be an array of ids or of objects, not {type(found).__name__}"
        )
    for number, row in enumerate(found, start=1):
        yield number, _object(number, row)


def _object(number: int, row: object) -> Row | Exception:
    if isinstance(row, str | int) and not isinstance(row, bool):
        return str(row)
    if not isinstance(row, dict) or not row:
        return InvalidArgumentError(f"line {number}: neither an id nor an object with values")
    return {str(key).strip(): value for key, value in row.items()}


async def read_stream(file: BinaryIO, parse: Parse) -> AsyncIterator[Item]:
    """Read the targets of a stream that may be slow, such as standard input.

    A daemon thread reads the stream, so that Ctrl-C stops the command while the thread blocks.
    """
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[list[Item] | Exception] = asyncio.Queue(2)

    def put(part: list[Item] | Exception) -> None:
        asyncio.run_coroutine_threadsafe(parts.put(part), loop).result()

    def read() -> None:
        # A separate file object: Python aborts if it exits while a thread reads sys.stdin.
        items = parse(os.fdopen(os.dup(file.fileno()), "rb", buffering=0))
        with contextlib.suppress(RuntimeError):  # the loop is closed
            try:
                while part := list(islice(items, _READ_AT_ONCE)):
                    put(part)
            except Exception as error:
                put(error)
            put([])

    threading.Thread(target=read, name="easemob-targets", daemon=True).start()
    while part := await parts.get():
        if isinstance(part, Exception):
            raise part
        for item in part:
            yield item


def count_lines(lines: BinaryIO, kind: Kind) -> int | None:
    """Return the number of targets in a file; ``None`` if the file must be parsed for it."""
    if kind.format in ("json", "excel"):
        return None
    total = sum(1 for line in lines if line.strip())
    lines.seek(0)
    return total


def first_odd(items: Iterable[Item], most: int) -> tuple[int, str]:
    """Return how many of the first targets cannot be usernames, and the first such target."""
    odd, first = 0, ""
    for item in islice(items, most):
        target = item if isinstance(item, str) else item[0]
        bad_row = not isinstance(item, str) and isinstance(item[1], Exception)
        if not bad_row and not USERNAME.fullmatch(target.lower()):
            odd += 1
            first = first or target
    return odd, first


@contextlib.contextmanager
def writer(path: str | None) -> Iterator[Write | None]:
    """Open a file for targets that can be used for another send; its ending sets the format.

    It holds only ids, or ids with status and reason in ``.csv`` and ``.jsonl``. Each target is
    written once. A row of the first file that has no id has none here: the reason names its line.
    """
    if path is None:
        yield None
        return
    met: set[int] = set()
    with Path(path).open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
        keys = ("id", "status", "reason")
        ending = Path(path).suffix.lower()
        rows = csv.writer(file)
        if ending == ".csv":
            rows.writerow(keys)

        def write(target: str, status: str, reason: str) -> None:
            if hash(target) in met:
                return
            met.add(hash(target))
            if _LINE.fullmatch(target) and reason.startswith(target):
                target = ""
            values = (target, status, reason)
            if ending == ".csv":
                rows.writerow(values)
            elif ending in (".jsonl", ".ndjson"):
                row = dict(zip(keys, values, strict=True))
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            elif target:
                file.write(target + "\n")

        yield write


def chosen(items: Iterable[Item], only: Sequence[str], limit: int | None) -> Iterator[Item]:
    """Return the targets of a test: only the given ids, and at most ``limit``."""
    found = (
        item for item in items if not only or (item if isinstance(item, str) else item[0]) in only
    )
    return islice(found, limit)
