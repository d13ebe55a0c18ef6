"""The detection of the format, encoding, delimiter and column names of a file of targets.

It looks at the first bytes of the file. Where a guess could send to the wrong people, it raises an
error that names the option to set.
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
"""The number of bytes at the beginning of a file that are examined."""
_PART: Final = 1024 * 1024
_TITLES: Final = 5
"""The number of lines below a possible title that are searched for column names."""
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
# Common column names, in lower case, without blanks, `_`, `-` and colons: names of columns of ids,
# names of columns that cannot be ids (row numbers, names of people), and other names.
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
    """The format of a file of targets."""

    format: Format
    """The format."""
    encoding: str = "utf-8-sig"
    """The encoding, if it is text."""
    delimiter: str = ","
    """The delimiter, if it is CSV."""
    note: str | None = None
    """A warning for the user, if the encoding was guessed."""


def detect(
    head: bytes,
    name: str,
    *,
    format: Format | None = None,  # noqa: A002 - the option's name
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Kind:
    """Detect the format of a file.

    Args:
        head: the first bytes of the file.
        name: the file name, for its ending and for errors.
        format: the format, if the user has set it.
        encoding: the encoding, if the user has set it.
        delimiter: the delimiter, if the user has set it.

    Raises:
        InvalidArgumentError: the format is ambiguous; the message names the option to set.
    """
    shown = Path(name).name
    by_ending = _BY_ENDING.get(Path(name).suffix.lower())
    if head.startswith(_OLD_EXCEL):
        raise _refuse(shown, "is an old Excel file (.xls): save it as .xlsx or as CSV")
    if format == "excel" or (format is None and head.startswith(_ZIP)):
        if not head.startswith(_ZIP):
            raise _refuse(shown, "is not an Excel file (.xlsx)")
        return Kind("excel")
    found, note = _encoding(head, shown, encoding)
    try:
        text = codecs.getincrementaldecoder(found)("replace").decode(head)
    except (UnicodeError, LookupError) as error:
        raise _refuse(shown, f"cannot be read as {found}: {error}") from None
    if "\0" in text:
        raise _refuse(
            shown, "is not text: use a file of ids, CSV, JSON or .xlsx, or set --encoding"
        )
    kind = format or by_ending or _by_content(text, shown)
    if kind == "excel":
        raise _refuse(shown, "is not an Excel file (.xlsx), despite its name: set --format")
    if kind in ("json", "jsonl") and format is None:
        kind = "json" if text.lstrip().startswith("[") and by_ending != "jsonl" else "jsonl"
        if kind == "jsonl" and _over_lines(text):
            raise _refuse(shown, "is JSON over several lines: use an array, or one object per line")
    separator = _delimiter(text, shown, delimiter) if kind == "csv" else ","
    return Kind(kind, found, separator, note)


def has_header(
    first: Sequence[str], following: Sequence[Sequence[str]], wanted: Sequence[str], name: str
) -> bool:
    """Return whether the first row of a table holds the column names.

    Args:
        first: the cells of the first row.
        following: some rows after it.
        wanted: the columns that the command uses: names, or numbers for a table without names.
        name: the file name, for the error.

    Raises:
        InvalidArgumentError: the first row is ambiguous.
    """
    if wanted:
        return not all(column.isdecimal() for column in wanted)
    for row in following[:_TITLES]:
        if any(map(names_ids, row)) and not any(map(names_ids, first)):
            raise _refuse(
                Path(name).name,
                f"seems to have its column names ({_cells(row)}) below its first line: remove the "
                "lines above them, or set --header or --no-header",
            )
    values = [sum(map(bool, row)) for row in following]
    if sum(map(bool, first)) == 1 and sum(number > 1 for number in values) * 2 > len(values):
        raise _refuse(
            Path(name).name,
            f"has fewer values in its first line ({_cells(first)}) than below it: remove a title, "
            "or set --header or --no-header",
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
    """Return whether the first line of a list of ids is a column name, not an id.

    Raises:
        InvalidArgumentError: the first line is ambiguous.
    """
    if names_ids(first):
        return True
    if _plain(first) in _NAMES or _stands_out(first, following):
        raise _name_or_id([first], name)
    return False


def _stands_out(first: str, following: Sequence[str]) -> bool:
    """Return whether only the first line cannot be a username, so that it may be a title."""
    others = all(USERNAME.fullmatch(target.lower()) for target in following)
    return bool(following) and others and not USERNAME.fullmatch(first.lower())


def _name_or_id(first: Sequence[str], name: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{Path(name).name}: the first line ({_cells(first)}) may be column names or a target: set "
        "--header or --no-header"
    )


def names_ids(cell: str) -> bool:
    """Return whether a cell is a common name of a column of ids."""
    return _plain(cell) in _ID_NAMES


def id_column(columns: Sequence[str], name: str, *, first: bool) -> tuple[str, str | None]:
    """Return the column of ids.

    Args:
        columns: the column names.
        name: the file name, for errors and the warning.
        first: whether to use the first column if no column has a known name.

    Returns:
        The name of the column, and a warning for the user if another column is possible.

    Raises:
        InvalidArgumentError: the column is ambiguous.
    """
    shown = Path(name).name
    known = [column for column in columns if names_ids(column)]
    exact = [column for column in known if column.lower() == "id"]
    if len(set(known)) < len(known):
        raise _refuse(shown, f"has two columns with the same name ({_cells(known)}): rename one")
    if len(columns) == 1 and first:
        return columns[0], None
    if len(exact) == 1 and exact == known:
        return exact[0], None
    if len(exact) != 1 and len(known) > 1:
        raise _refuse(
            shown, f"has several columns that may hold the ids ({_cells(known)}): set --id-column"
        )
    only = len(columns) == 1
    if not known and (_plain(columns[0]) in _NO_IDS or not (first or only)):
        raise _refuse(
            shown,
            f"has no column with a known name for ids ({_cells(columns)}): set --id-column",
        )
    chosen = (exact or known or [columns[0]])[0]
    return (
        chosen,
        f"{shown}: the ids are taken from the column {chosen!r}; --id-column sets another",
    )


def check_rows(first: Sequence[str], following: Sequence[Sequence[str]], name: str) -> str | None:
    """Check that the ids of a table without column names are in its first column.

    Returns:
        A warning for the user, if another column is possible.

    Raises:
        InvalidArgumentError: the first column has row numbers, or a line has several ids.
    """
    shown = Path(name).name
    shape = _shape(first[0])
    if len([cell for cell in first if cell]) == 1:
        return None
    numbers = [row[0] for row in (first, *following)]
    if len(numbers) > 1 and any(
        numbers == [str(n + start) for n in range(len(numbers))] for start in (0, 1)
    ):
        raise _refuse(shown, "has row numbers in its first column: set --id-column 2 ...")
    for column in range(1, len(first)):
        cells = [row[column] for row in (first, *following) if column < len(row) and row[column]]
        if len([cell for cell in cells if _shape(cell) == shape]) * 2 > len(cells):
            raise _refuse(
                shown,
                f"seems to have several ids per line ({_cells(first)}): write one per line, or set "
                "--id-column 1",
            )
    return f"{shown}: the ids are taken from its first column; --id-column sets another"


def is_separator_line(row: Sequence[str]) -> bool:
    """Return whether a first row only sets the delimiter for Excel (``sep=;``)."""
    return re.fullmatch("sep=.?", "".join(row).strip().lower()) is not None


def whole(file: BinaryIO, kind: Kind, name: str) -> Kind:
    """Check that a whole file is UTF-8: its first bytes may be, while later ones are not.

    Returns:
        The format, with the encoding changed to GBK if the file is GBK.
    """
    if kind.format == "excel" or kind.encoding != "utf-8-sig" or _all_decodes(file, "utf-8"):
        return kind
    if _all_decodes(file, "gb2312"):
        return attrs.evolve(kind, encoding="gbk", note=_as_gbk(Path(name).name))
    note = f"{Path(name).name} has lines that are not UTF-8; they fail: --encoding gbk may help"
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
    return f"{shown} is not UTF-8; it is read as GBK (as with --encoding gbk)"


def _over_lines(text: str) -> bool:
    """Return whether a text is one JSON object over several lines."""
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
            b"a".decode(name, "replace")  # base64 is a codec, but not of text
        except (LookupError, UnicodeError):
            raise InvalidArgumentError(
                f"--encoding {given!r} is not a text encoding such as utf-8, gbk or utf-16"
            ) from None
        name = "utf-8-sig" if name == "utf-8" else name
        if marked is None or name.startswith(marked):
            return marked or name, None
        raise _refuse(
            shown, f"begins with the byte order mark of {marked}: omit --encoding {given}"
        )
    if marked is not None:
        return marked, None
    if _decodes(head, "utf-8"):
        return "utf-8-sig", None
    if _decodes(head, "gb2312"):
        return "gbk", _as_gbk(shown)
    may = "--encoding gbk may help" if _decodes(head, "gb18030") else "set --encoding"
    raise _refuse(shown, f"is not UTF-8, and its encoding is unknown: {may}")


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        # The last character may be incomplete.
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
                shown, f"has {sign!r} in many lines, but not in all: set --format csv or ids"
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
            shown, f"may be separated by {' or '.join(map(repr, likely))}: set --delimiter"
        )
    # The best sign has the same number of columns in every row, and then the most columns.
    best = max(DELIMITERS, key=lambda sign: (found[sign][1] > 1, *found[sign]))
    return best if found[best][1] > 1 else ","


def _refuse(shown: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{shown} {why}")
