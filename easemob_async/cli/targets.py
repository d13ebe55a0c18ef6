"""Targets from a file or a stream: one id a line, CSV, JSON, JSON Lines, or Excel."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar, cast

import attrs

from easemob_async import InvalidArgumentError, Message
from easemob_async.cli.detect import HEAD, Format, Kind, detect, has_header, plain_name
from easemob_async.cli.template import Template
from easemob_async.facts import USERNAME

T = TypeVar("T")

_READ_AT_ONCE: Final = 600
_LOOK_AHEAD: Final = 20

Item = str | tuple[str, Message | Exception]
"""An id, or an id with its message, or with why there is none."""
Parse = Callable[[BinaryIO], Iterator[Item]]
Write = Callable[[str, str, str], object]
"""Takes a target, what became of it, and why."""
Row = Mapping[str, object]
Rows = Iterator[tuple[int, Row | Exception]]


@attrs.frozen
class Reading:
    """How targets are read: what was said of the file, and what is made of each row."""

    name: str
    """The file's name; ``-`` for a stream."""
    template: Template
    """Makes each row's message, where it has placeholders."""
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    id_column: str | None = None

    def kind(self, head: bytes) -> Kind:
        """Find out what the file is.

        Raises:
            InvalidArgumentError: nobody can tell, or a template for ids that have no columns.
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
                f"a list of ids has no columns to fill {fields}: give CSV, JSON or .xlsx "
                "(--format), or write {{ and }} for braces that are meant"
            )
        return kind

    def items(self, file: BinaryIO) -> Iterator[Item]:
        """Read the targets, each with its message where the rows fill one."""
        # Both may go on after this generator, which may end when the file is closed already.
        buffered: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", file), HEAD)
        try:
            kind = self.kind(buffered.peek(HEAD)[:HEAD])
            if kind.format == "ids":
                yield from read_ids(buffered, kind.encoding)
                return
            for line, row in self._rows(kind, buffered):
                yield self._item(line, row)
        finally:
            with contextlib.suppress(ValueError):
                buffered.detach()

    def _item(self, line: int, row: Row | Exception) -> Item:
        if isinstance(row, Exception):
            return f"line {line}", row
        column = self.id_column or _id_column(row)
        if row.get(column) is None:
            what = f"without {column!r}" if self.id_column else "without an id"
            return f"line {line}", InvalidArgumentError(f"line {line}: a line {what}")
        found = row[column]
        target = found if isinstance(found, str) else json.dumps(found)
        if not self.template.fields:
            return target
        try:
            return target, self.template.fill(row)
        except ValueError as error:  # InvalidArgumentError is one
            return target, InvalidArgumentError(f"line {line}: {error}")

    def _rows(self, kind: Kind, file: io.BufferedReader) -> Rows:
        if kind.format == "jsonl":
            return _json_lines(file, kind.encoding)
        if kind.format == "json":
            return _json_array(file, kind.encoding)
        table = _excel(file) if kind.format == "excel" else _csv(file, kind)
        return self._named(table)

    def _named(self, table: Iterator[tuple[int, list[object]]]) -> Rows:
        """Make rows of a table mappings, by the names of its columns."""
        ahead = list(islice(table, _LOOK_AHEAD))
        if not ahead:
            return
        first = [str(cell or "").strip() for cell in ahead[0][1]]
        wanted = [*([self.id_column] if self.id_column else []), *self.template.fields]
        header = self.header
        if header is None:
            following = [[str(cell or "") for cell in row] for _, row in ahead[1:]]
            header = has_header(first, following, wanted, self.name)
        columns = first if header else [str(number) for number in range(1, len(first) + 1)]
        missing = sorted({name for name in wanted if name not in columns})
        if missing:
            raise InvalidArgumentError(
                f"{Path(self.name).name} has no column {', '.join(missing)}; it has "
                f"{', '.join(name for name in columns if name)}"
            )
        for line, row in chain(ahead[1:] if header else ahead, table):
            cells = {k: v for k, v in zip(columns, row, strict=False) if k and v is not None}
            if any(value != "" for value in cells.values()):
                yield line, cells


def _id_column(row: Row) -> str:
    if "id" in row:
        return "id"
    by_name = [name for name in row if plain_name(name) in ("id", "username", "userid")]
    return by_name[0] if by_name else next(iter(row), "")


def read_ids(lines: Iterable[bytes], encoding: str = "utf-8-sig") -> Iterator[str]:
    """Read one id a line; blank lines are passed over."""
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
    for raw in lines:
        try:
            target = raw.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            target = raw.decode("latin-1").strip() + "\0"  # a target that fails, and says so
        if target:
            yield target


def _csv(file: io.BufferedReader, kind: Kind) -> Iterator[tuple[int, list[object]]]:
    # What is no text costs its row: an id of lone surrogates is refused.
    text = io.TextIOWrapper(file, kind.encoding, errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True, delimiter=kind.delimiter)
    try:
        for row in reader:
            if row:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise InvalidArgumentError(f"line {reader.line_num} is no CSV: {error}") from None
    finally:
        with contextlib.suppress(ValueError):
            text.detach()


def _excel(file: io.BufferedReader) -> Iterator[tuple[int, list[object]]]:
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise InvalidArgumentError(
            "to read .xlsx, openpyxl is needed: pip install 'easemob-async[excel]'; or save it as "
            "CSV"
        ) from None
    try:
        # A zip file is read from its end.
        content = file if file.seekable() else io.BytesIO(file.read())
        book = load_workbook(content, read_only=True, data_only=True)
    except Exception as error:  # whatever a damaged zip file makes of it
        raise InvalidArgumentError(f"the .xlsx file cannot be read: {error}") from None
    try:
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            if any(cell is not None for cell in row):
                yield number, [_cell(cell) for cell in row]
    finally:
        book.close()


def _cell(value: Any) -> object:
    if value is None or isinstance(value, str):
        return None if value is None else value.strip()
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel has no other numbers
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
    if isinstance(row, str):
        return {"id": row}
    if not isinstance(row, dict) or not row:
        return InvalidArgumentError(f"line {number}: a line that is no object")
    return {str(key).strip(): value for key, value in row.items()}


async def read_stream(file: BinaryIO, parse: Parse) -> AsyncIterator[Item]:
    """Read the targets of a stream that may be slow, as standard input is.

    It is read in a thread that nobody waits for: Ctrl-C ends the command while it blocks.
    """
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[list[Item] | Exception] = asyncio.Queue(2)

    def put(part: list[Item] | Exception) -> None:
        asyncio.run_coroutine_threadsafe(parts.put(part), loop).result()

    def read() -> None:
        # A file object of its own: Python aborts when it ends while somebody reads its stdin.
        items = parse(os.fdopen(os.dup(file.fileno()), "rb", buffering=0))
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
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
    """Count the targets of a file; ``None`` where that takes reading all of it."""
    if kind.format in ("json", "excel"):
        return None
    total = sum(1 for line in lines if line.strip())
    lines.seek(0)
    return total


def first_odd(items: Iterable[Item], most: int) -> tuple[int, str]:
    """Count the targets that cannot be usernames, among the first; also return the first one."""
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
    """Open a file for targets that can be sent to again; its form goes by its ending.

    Ids alone, or with status and reason in ``.csv`` and ``.jsonl``. Each target is written once.
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

        def write(*values: str) -> None:
            if hash(values[0]) in met:
                return
            met.add(hash(values[0]))
            if ending == ".csv":
                rows.writerow(values)
            elif ending in (".jsonl", ".ndjson"):
                row = dict(zip(keys, values, strict=True))
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            else:
                file.write(values[0] + "\n")

        yield write


def chosen(items: Iterable[Item], only: Sequence[str], limit: int | None) -> Iterator[Item]:
    """Leave out whom a test send is not for."""
    found = (
        item for item in items if not only or (item if isinstance(item, str) else item[0]) in only
    )
    return islice(found, limit)
