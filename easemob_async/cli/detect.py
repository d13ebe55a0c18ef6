"""What a file of targets is: its kind, its encoding, its delimiter, its line of column names.

Decided from its first bytes. Where that is a guess that could send to the wrong people, it is an
error that says which option settles it.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Literal

import attrs

from easemob_async import InvalidArgumentError
from easemob_async.api_limits import USERNAME

Format = Literal["ids", "csv", "jsonl", "json", "excel"]

FORMATS: Final[tuple[Format, ...]] = ("ids", "csv", "jsonl", "json", "excel")
HEAD: Final = 64 * 1024
"""So many bytes are looked at."""
_PART: Final = 1024 * 1024
_TITLES: Final = 5
"""In so many lines the names of columns are looked for, below a title."""
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
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
# How people call columns, in lower case, without blanks, `_`, `-` and colons: those with the ids,
# those that cannot be them (the number of the row, what people are called), and others.
_ID_NAMES: Final = frozenset(
    {
        *("id", "username", "userid", "uid", "easemobid", "easemobusername", "imid", "imusername"),
        *("groupid", "roomid", "chatroomid", "用户id", "用户名", "用户账号", "账号", "帐号"),
        *("环信id", "环信账号", "环信用户名", "群组id", "群id", "聊天室id"),
    }
)
_NO_IDS: Final = frozenset(
    {
        *("no", "no.", "nr", "nr.", "s/n", "#", "index", "row", "序号", "编号", "行号"),
        *("name", "nickname", "fullname", "姓名", "昵称", "名字"),
    }
)
_NAMES: Final = (
    _ID_NAMES
    | _NO_IDS
    | {
        *("ids", "users", "usernames", "members", "groups", "rooms", "accounts", "会员", "会员id"),
        *("user", "target", "account", "member", "group", "room", "phone", "mobile", "email"),
        *("login", "用户", "目标", "群组", "聊天室", "手机", "手机号"),
    }
)
_SEPARATOR_LINE: Final = re.compile(r"\ufeff?sep=(.)\s*$", re.IGNORECASE | re.MULTILINE)
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
    try:
        text = codecs.getincrementaldecoder(found)("replace").decode(head)
    except (UnicodeError, LookupError) as error:
        raise _refuse(shown, f"cannot be read as {found}: {error}") from None
    if "\0" in text:
        raise _refuse(
            shown, "is no text: give a file of ids, CSV, JSON or .xlsx, or say its --encoding"
        )
    kind = format or by_ending or _by_content(text, shown)
    if kind == "excel":
        raise _refuse(shown, "is no Excel file (.xlsx), though it is called so: use --format")
    if kind in ("json", "jsonl") and format is None:
        kind = "json" if text.lstrip().startswith("[") and by_ending != "jsonl" else "jsonl"
        if kind == "jsonl" and _over_lines(text):
            raise _refuse(shown, "is JSON over several lines: give an array, or an object a line")
    separator = _delimiter(text, shown, delimiter) if kind == "csv" else ","
    return Kind(kind, found, separator, note)


def has_header(
    first: Sequence[str], following: Sequence[Sequence[str]], wanted: Sequence[str], name: str
) -> bool:
    """Tell whether the first row of a table has the names of its columns.

    Args:
        first: its cells.
        following: some rows behind it.
        wanted: names of columns that the command speaks of; numbers, where there are no names.
        name: the file, for the error.

    Raises:
        InvalidArgumentError: nobody can tell.
    """
    if wanted:
        return not all(column.isdecimal() for column in wanted)
    for row in following[:_TITLES]:
        if any(map(names_ids, row)) and not any(map(names_ids, first)):
            raise _refuse(
                Path(name).name,
                f"has what seem to be the names of its columns ({_cells(row)}) not in its first "
                "line: remove what stands above them, or say --header or --no-header",
            )
    values = [sum(map(bool, row)) for row in following]
    if sum(map(bool, first)) == 1 and sum(number > 1 for number in values) * 2 > len(values):
        raise _refuse(
            Path(name).name,
            f"has fewer values in its first line ({_cells(first)}) than below it: remove a title, "
            "or say --header or --no-header",
        )
    shape = _shape(first[0]) if first else ""
    alike = [row for row in following if row and _shape(row[0]) == shape]
    data = "9" in shape and bool(following) and len(alike) * 2 > len(following)
    by_name = any(map(names_ids, first)) or (bool(first) and _plain(first[0]) in _NAMES)
    if by_name and not data:
        return True
    if data and not by_name and not _stands_out(first[0], [row[0] for row in following if row]):
        return False  # u001, u002, u003
    raise _name_or_id(first, name)


def heads_ids(first: str, following: Sequence[str], name: str) -> bool:
    """Tell whether the first line of a list of ids is no id, but says what they are.

    Raises:
        InvalidArgumentError: nobody can tell.
    """
    if names_ids(first):
        return True
    if _plain(first) in _NAMES or _stands_out(first, following):
        raise _name_or_id([first], name)
    return False


def _stands_out(first: str, following: Sequence[str]) -> bool:
    """Tell whether only the first cannot be a username: it may be a title."""
    others = all(USERNAME.fullmatch(target.lower()) for target in following)
    return bool(following) and others and not USERNAME.fullmatch(first.lower())


def _name_or_id(first: Sequence[str], name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{Path(name).name}: is its first line ({_cells(first)}) the names of columns, or somebody "
        "to send to? Say --header, or --no-header"
    )


def names_ids(cell: str) -> bool:
    """Tell whether this is what people call a column of ids."""
    return _plain(cell) in _ID_NAMES


def id_column(columns: Sequence[str], name: str, *, first: bool) -> tuple[str, str | None]:
    """Choose the column with the ids.

    Args:
        columns: their names.
        name: the file, for errors and the note.
        first: take the first where none is known by its name.

    Returns:
        It, and what the user is told where another could be meant.

    Raises:
        InvalidArgumentError: nobody can tell.
    """
    shown = Path(name).name
    known = [column for column in columns if names_ids(column)]
    exact = [column for column in known if column.lower() == "id"]
    if len(set(known)) < len(known):
        raise _refuse(shown, f"has two columns of one name ({_cells(known)})")
    if len(columns) == 1 and first:
        return columns[0], None
    if len(exact) == 1 and exact == known:
        return exact[0], None
    if len(exact) != 1 and len(known) > 1:
        raise _refuse(
            shown, f"has several columns that may hold the ids ({_cells(known)}): say --id-column"
        )
    only = len(columns) == 1
    if not known and (_plain(columns[0]) in _NO_IDS or not (first or only)):
        raise _refuse(
            shown,
            f"has no column that is known to hold the ids ({_cells(columns)}): say --id-column",
        )
    chosen = (exact or known or [columns[0]])[0]
    return (
        chosen,
        f"{shown}: the ids are taken from the column {chosen!r}, unless --id-column differs",
    )


def check_rows(first: Sequence[str], following: Sequence[Sequence[str]], name: str) -> str | None:
    """Look at a table without names: are the ids in its first column alone?

    Returns:
        What the user is told.

    Raises:
        InvalidArgumentError: there are several ids in a line.
    """
    shown = Path(name).name
    shape = _shape(first[0])
    if len([cell for cell in first if cell]) == 1:
        return None
    numbers = [row[0] for row in (first, *following)]
    if len(numbers) > 1 and any(
        numbers == [str(n + start) for n in range(len(numbers))] for start in (0, 1)
    ):
        raise _refuse(
            shown, "has the numbers of its rows in its first column: say --id-column 2 ..."
        )
    for column in range(1, len(first)):
        cells = [row[column] for row in (first, *following) if column < len(row) and row[column]]
        if len([cell for cell in cells if _shape(cell) == shape]) * 2 > len(cells):
            raise _refuse(
                shown,
                f"seems to have several ids in a line ({_cells(first)}): write one a line, or say "
                "--id-column 1",
            )
    return f"{shown}: the ids are taken from its first column, unless --id-column differs"


def is_separator_line(row: Sequence[str]) -> bool:
    """Tell whether a first row only says to Excel what stands between columns (``sep=;``)."""
    return re.fullmatch("sep=.?", "".join(row).strip().lower()) is not None


def whole(file: BinaryIO, kind: Kind, name: str) -> Kind:
    """Look at all of a file whose first bytes are UTF-8: some have what is not only later.

    Returns:
        What it is; GBK, if it is.
    """
    if kind.format == "excel" or kind.encoding != "utf-8-sig" or _all_decodes(file, "utf-8"):
        return kind
    if _all_decodes(file, "gb2312"):
        return attrs.evolve(kind, encoding="gbk", note=_as_gbk(Path(name).name))
    note = f"{Path(name).name} has lines that are no UTF-8; they fail: does --encoding gbk help?"
    return attrs.evolve(kind, note=note)


def _all_decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while part := file.read(_PART):
            decoder.decode(part)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _plain(cell: str) -> str:
    return re.sub(r"[\s_\-:：]", "", cell).lower()


def _cells(cells: Iterable[str]) -> str:
    text = ",".join(cells)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _as_gbk(shown: str) -> str:
    return f"{shown} is no UTF-8; it is read as GBK (as with --encoding gbk)"


def _over_lines(text: str) -> bool:
    """Tell whether this is one object of JSON that is written over several lines."""
    lines = _lines(text)
    if len(lines) < 2:
        return False
    return lines[0].strip() == "{" or (_is_json(text) and not _is_json(lines[0]))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell.strip()))


def _encoding(head: bytes, shown: str, given: str | None) -> tuple[str, str | None]:
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if given is not None:
        try:
            name = codecs.lookup(given).name
            b"a".decode(name, "replace")  # base64 is one, though not of text
        except (LookupError, UnicodeError):
            raise InvalidArgumentError(
                f"--encoding {given!r}: there is none of text of this name; utf-8, gbk, utf-16 ...?"
            ) from None
        name = "utf-8-sig" if name == "utf-8" else name
        if marked is None or name.startswith(marked):
            return marked or name, None
        raise _refuse(shown, f"begins with the mark of {marked}: leave --encoding {given} out")
    if marked is not None:
        return marked, None
    if _decodes(head, "utf-8"):
        return "utf-8-sig", None
    if _decodes(head, "gb2312"):
        return "gbk", _as_gbk(shown)
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


def _delimiter(text: str, shown: str, given: str | None) -> str:
    if given is not None:
        sign = "\t" if given.lower() in ("tab", "\\t") else given
        if len(sign) != 1:
            raise InvalidArgumentError(f"--delimiter {given!r} must be one character, or tab")
        return sign
    if said := _SEPARATOR_LINE.match(text):
        return said[1]
    lines = _lines(text)[:50]

    def columns(sign: str) -> tuple[bool, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=sign) if row]
        except csv.Error:
            return False, 1
        widths = {len(row) for row in rows}
        return len(widths) == 1, min(widths, default=1)

    found = {sign: columns(sign) for sign in DELIMITERS}
    if len(likely := [sign for sign, (same, width) in found.items() if same and width > 1]) > 1:
        raise _refuse(
            shown, f"may have its columns between {' or '.join(map(repr, likely))}: say --delimiter"
        )
    # The same number of columns in every row says most; then how many there are.
    best = max(DELIMITERS, key=lambda sign: (found[sign][1] > 1, *found[sign]))
    return best if found[best][1] > 1 else ","


def _refuse(shown: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{shown} {why}")
