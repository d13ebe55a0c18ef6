"""Files of targets, as people have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]


def rows(*lines: str) -> str:
    return "".join(line + "\n" for line in lines)


PEOPLE = {
    "people.csv": rows("name,id,left", 'Ann,u1,"2, or 3"', "Bob,u2,4", "Éva,u3,{}"),
    "people.jsonl": rows(
        '{"name": "Ann", "id": "u1", "left": "2, or 3"}',
        "",
        '{"id": "u2", "name": "Bob", "left": 4}',
        '{"name": "Éva", "id": "u3", "left": "{}"}',
    ),
}
ROWS = [("user000001", "李雷"), ("user000002", "韩梅梅"), ("user000003", "Ann, or Anna")]
HEADED = [("id", "name"), *ROWS]


def csv_of(delimiter: str = ",", header: str | None = "id,name") -> str:
    lines = [] if header is None else [header.replace(",", delimiter)]
    lines += [
        f'{user}{delimiter}"{name}"' if delimiter in name else f"{user}{delimiter}{name}"
        for user, name in ROWS
    ]
    return "\n".join(lines) + "\n"


def excel(path: Path, sheets: Mapping[str, Iterable[Sequence[str]]]) -> None:
    """Write an Excel file: the rows of each sheet by its name."""
    book = Workbook(write_only=True)
    for name, content in sheets.items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    book.save(path)


def put(path: Path, content: Any) -> Path:
    """Write a file: bytes, a text, or by a function that takes its path."""
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
