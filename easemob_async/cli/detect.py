"""What a file of targets is: its kind, its encoding, its delimiter, its line of column names.

Decided from its first bytes. Where that is a guess that could send to the wrong people, it is an
error that says which option settles it.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import attrs

from easemob_async import InvalidArgumentError

Format = Literal["ids", "csv", "jsonl", "json", "excel"]

FORMATS: Final[tuple[Format, ...]] = ("ids", "csv", "jsonl", "json", "excel")
HEAD: Final = 64 * 1024
"""So many bytes are looked at."""
DELIMITERS: Final = (",", ";", "\t", "|")
_BY_ENDING: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
_NO_BOM: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
# How people call the column with the ids, in lower case, without blanks, `_` and `-`.
ID_NAMES: Final = frozenset(
    {
        *("id", "user", "username", "userid", "uid", "name", "target", "account", "member"),
        *("groupid", "group", "roomid", "room", "chatroomid", "easemobid", "imid", "imusername"),
        *("用户", "用户id", "用户名", "用户账号", "账号", "帐号", "环信id", "环信账号", "目标"),
        *("群组", "群组id", "群id", "聊天室", "聊天室id", "编号", "序号"),
    }
)
_SHOWN: Final = 40


@attrs.frozen
class Kind:
    """What a file of targets is."""

    format: Format
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    note: str | None = None
    """What its user is told of the guess."""


def detect(
    head: bytes,
    name: str,
    *,
    format: Format | None = None,  # noqa: A002 - the option's name
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Kind:
    """Find out what a file is.

    Args:
        head: its first bytes.
        name: its name, for its ending and for errors.
        format: the format, where it was given.
        encoding: likewise.
        delimiter: likewise.

    Raises:
        InvalidArgumentError: nobody can tell; says which option helps.
    """
    shown = Path(name).name
    by_ending = _BY_ENDING.get(Path(name).suffix.lower())
    if head.startswith(_OLD_EXCEL):
        raise _refuse(shown, "is an old Excel file (.xls): save it as .xlsx or as CSV")
    if format == "excel" or (format is None and head.startswith(_ZIP)):
        if not head.startswith(_ZIP):
            raise _refuse(shown, "is no Excel file (.xlsx)")
        return Kind("excel")
    found, note = _encoding(head, shown, encoding)
    text = codecs.getincrementaldecoder(found)("replace").decode(head)
    if "\0" in text:
        raise _refuse(shown, "is no text: give a file of ids, CSV, JSON or .xlsx")
    kind = format or by_ending or _by_content(text, shown)
    if kind == "excel":
        raise _refuse(shown, "is no Excel file (.xlsx), though it is called so: use --format")
    if kind in ("json", "jsonl") and format is None:
        kind = "json" if text.lstrip().startswith("[") and by_ending != "jsonl" else "jsonl"
    separator = _delimiter(text, delimiter) if kind == "csv" else ","
    return Kind(kind, found, separator, note)


def has_header(
    first: Sequence[str], following: Sequence[Sequence[str]], wanted: Sequence[str], name: str
) -> bool:
    """Tell whether the first row of a table has the names of its columns.

    Args:
        first: its cells.
        following: some rows behind it.
        wanted: names of columns that the command speaks of.
        name: the file, for the error.

    Raises:
        InvalidArgumentError: nobody can tell.
    """
    if any(cell in wanted or plain_name(cell) in ID_NAMES for cell in first):
        return True
    shape = _shape(first[0]) if first else ""
    alike = [row for row in following if row and _shape(row[0]) == shape]
    if "9" in shape and following and len(alike) * 2 > len(following):
        return False  # u001, u002, u003
    digits = [row for row in following if row and "9" in _shape(row[0])]
    if "9" not in shape and following and len(digits) * 2 > len(following):
        return True  # login, u001, u002
    cells = ",".join(first)
    cells = cells if len(cells) <= _SHOWN else cells[:_SHOWN] + "…"
    raise InvalidArgumentError(
        f"{Path(name).name}: is its first line ({cells}) the names of columns, or somebody to send "
        "to? Say --header, or --no-header"
    )


def plain_name(cell: str) -> str:
    """Return the name of a column as `ID_NAMES` has it."""
    return re.sub(r"[\s_\-]", "", cell).lower()


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell.strip()))


def _encoding(head: bytes, shown: str, given: str | None) -> tuple[str, str | None]:
    if given is not None:
        try:
            name = codecs.lookup(given).name
        except LookupError:
            raise InvalidArgumentError(
                f"--encoding {given!r}: there is none of this name; utf-8, gbk, utf-16 ...?"
            ) from None
        return ("utf-8-sig" if name == "utf-8" else name), None
    for mark, name in _NO_BOM:
        if head.startswith(mark):
            return name, None
    if _decodes(head, "utf-8"):
        return "utf-8-sig", None
    if _decodes(head, "gb2312"):
        return "gbk", f"{shown} is no UTF-8; it is read as GBK (as with --encoding gbk)"
    may = "--encoding gbk may help" if _decodes(head, "gb18030") else "say --encoding"
    raise _refuse(shown, f"is no UTF-8, and nobody can tell what it is: {may}")


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _lines(text: str) -> list[str]:
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    return lines[:200] if len(lines) > 1 else lines


def _by_content(text: str, shown: str) -> Format:
    begin = text.lstrip("\ufeff \t\r\n")
    if begin.startswith("["):
        return "json"
    lines = _lines(text)
    if begin.startswith("{"):
        try:
            json.loads(lines[0])
        except ValueError:
            raise _refuse(
                shown, "is JSON over several lines: give an array, or an object a line"
            ) from None
        return "jsonl"
    for sign in DELIMITERS:
        having = sum(sign in line for line in lines)
        if lines and having == len(lines):
            return "csv"
        if having * 2 > len(lines):
            raise _refuse(
                shown, f"has {sign!r} in many lines, but not in all: --format csv, or ids?"
            )
    return "ids"


def _delimiter(text: str, given: str | None) -> str:
    if given is not None:
        sign = "\t" if given.lower() in ("tab", "\\t") else given
        if len(sign) != 1:
            raise InvalidArgumentError(f"--delimiter {given!r} must be one character, or tab")
        return sign
    lines = _lines(text)[:50]

    def columns(sign: str) -> tuple[bool, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=sign) if row]
        except csv.Error:
            return False, 1
        widths = {len(row) for row in rows}
        return len(widths) == 1, min(widths, default=1)

    found = {sign: columns(sign) for sign in DELIMITERS}
    # The same number of columns in every row says most; then how many there are.
    best = max(DELIMITERS, key=lambda sign: (found[sign][1] > 1, *found[sign]))
    return best if found[best][1] > 1 else ","


def _refuse(shown: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{shown} {why}")
