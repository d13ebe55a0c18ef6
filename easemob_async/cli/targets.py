"""Targets from a file or a stream: one id a line, CSV, or JSON Lines."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import click

from easemob_async import InvalidArgumentError, Message
from easemob_async.cli.template import Template

FORMATS: Final = ("ids", "csv", "jsonl")
_BY_ENDING: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_READ_AT_ONCE: Final = 600

Item = str | tuple[str, Message | Exception]
"""An id, or an id with its message, or with why there is none."""
Parse = Callable[[BinaryIO], Iterator[Item]]
Write = Callable[[str, str, str], object]
"""Takes a target, what became of it, and why."""


def format_of(name: str, given: str | None) -> str:
    """Tell the format of a file: as told, or by the ending of its name."""
    return given or _BY_ENDING.get(Path(name).suffix.lower(), "ids")


def parser(form: str, id_column: str | None, template: Template | None) -> Parse:
    """Give what reads a format.

    Args:
        form: one of `FORMATS`.
        id_column: where the id is; ``id``, or else the first column, when it is not told.
        template: makes each row's message; without one only ids are read.

    Raises:
        click.UsageError: a template for rows that have no columns.
    """
    if form == "ids":
        if template is not None:
            fields = ", ".join(f"{{{name}}}" for name in template.fields)
            raise click.UsageError(
                f"a list of ids has no columns to fill {fields}: give CSV or JSON Lines "
                "(--format), or write {{ and }} for braces that are meant"
            )
        return read_ids
    rows = _csv_rows if form == "csv" else _json_rows

    def parse(file: BinaryIO) -> Iterator[Item]:
        for line, row in rows(file, id_column, template):
            if isinstance(row, Exception):
                yield f"line {line}", row
                continue
            target = row[_column(row, id_column)]
            target = target if isinstance(target, str) else json.dumps(target)
            if template is None:
                yield target
                continue
            try:
                yield target, template.fill(row)
            except (InvalidArgumentError, click.UsageError) as error:
                yield target, InvalidArgumentError(f"line {line}: {error}")

    return parse


def read_ids(lines: BinaryIO) -> Iterator[str]:
    """Give one id a line; blank lines are passed over."""
    for line in lines:
        try:
            target = line.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            target = line.decode("latin-1").strip() + "\0"  # a target that fails, and says so
        if target:
            yield target


Row = Mapping[str, object]


def _csv_rows(
    file: BinaryIO, id_column: str | None, template: Template | None
) -> Iterator[tuple[int, Row | Exception]]:
    # What is no UTF-8 costs its row: an id of lone surrogates is refused.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.DictReader(text, strict=True)
    try:
        columns = reader.fieldnames
        if not columns:
            return
        wanted = [] if id_column is None else [id_column]
        wanted += [] if template is None else template.fields
        missing = sorted({name for name in wanted if name not in columns})
        if missing:
            raise InvalidArgumentError(
                f"the CSV has no column {', '.join(missing)}; it has {', '.join(columns)}"
            )
        for row in reader:
            yield reader.line_num, {k: v for k, v in row.items() if k and v is not None}
    except csv.Error as error:
        raise InvalidArgumentError(f"line {reader.line_num} is no CSV: {error}") from None
    finally:
        text.detach()


def _json_rows(
    file: BinaryIO, id_column: str | None, template: Template | None
) -> Iterator[tuple[int, Row | Exception]]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            yield number, InvalidArgumentError(f"line {number} is not JSON: {error}")
            continue
        if not isinstance(row, dict) or not row or _column(row, id_column) not in row:
            what = f"without {id_column!r}" if id_column else "that is no object"
            yield number, InvalidArgumentError(f"line {number}: a line {what}")
            continue
        yield number, row


def _column(row: Row, id_column: str | None) -> str:
    return id_column or ("id" if "id" in row else next(iter(row), ""))


async def read_stream(file: BinaryIO, parse: Parse) -> AsyncIterator[Item]:
    """Give the targets of a stream that may be slow, as standard input is.

    It is read in a thread that nobody waits for: Ctrl-C ends the command while it blocks.
    """
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[list[Item] | Exception] = asyncio.Queue(2)

    def put(part: list[Item] | Exception) -> None:
        asyncio.run_coroutine_threadsafe(parts.put(part), loop).result()

    def read() -> None:
        # A file object of its own: Python aborts when it ends while somebody reads its stdin.
        items = parse(os.fdopen(os.dup(file.fileno()), "rb"))
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


def count_lines(lines: BinaryIO, form: str) -> int | None:
    """Count the targets of a file; ``None`` for a stream that can be read only once."""
    if not lines.seekable():
        return None
    try:
        total = sum(1 for line in lines if line.strip())
        lines.seek(0)
    except OSError:
        return None
    return max(0, total - 1) if form == "csv" else total


@contextlib.contextmanager
def writer(path: str | None) -> Iterator[Write | None]:
    """Open a file for targets that can be sent to again; its form goes by its ending.

    Ids alone, or with status and reason in ``.csv`` and ``.jsonl``.
    """
    if path is None:
        yield None
        return
    with Path(path).open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
        form, keys = format_of(path, None), ("id", "status", "reason")
        if form == "csv":
            rows = csv.writer(file)
            rows.writerow(keys)
            yield lambda *values: rows.writerow(values)
        elif form == "jsonl":
            yield lambda *values: _line(
                file, json.dumps(dict(zip(keys, values, strict=True)), ensure_ascii=False)
            )
        else:
            yield lambda target, status, reason: _line(file, target)


def _line(file: io.TextIOBase, text: str) -> None:
    file.write(text + "\n")
