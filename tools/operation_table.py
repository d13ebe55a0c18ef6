"""Write the table of all operations, docs/operations.md, from the operations themselves.

python tools/operation_table.py          # writes it
python tools/operation_table.py --check  # fails when it is not as written
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from easemob_async import Limit
from easemob_async.operation import Operation
from easemob_async.resources import operations

PAGE = Path(__file__).parent.parent / "docs" / "operations.md"
HEAD = (
    "# All {number} operations\n"
    "\n"
    "Each operation is a method of the client: `users.get` is `client.users.get(...)`. Paths are "
    "below the app's URL,\n"
    "`/{{org}}/{{app}}`. The limits are the documented ones; a limit with a name is shared by all "
    "operations that have it.\n"
    '"Safe" operations are retried after any failure, "once" only if the service has certainly not '
    "processed the request.\n"
    "This page is made by `tools/operation_table.py`.\n"
    "\n"
    "| operation | request | limits | repeat |\n"
    "| --- | --- | --- | --- |\n"
)
WINDOWS = {
    timedelta(seconds=1): "second",
    timedelta(minutes=1): "minute",
    timedelta(days=1): "day",
}


def table() -> str:
    """Return the page."""
    found = operations()
    return HEAD.format(number=len(found)) + "".join(map(row, found.values()))


def row(operation: Operation) -> str:
    """Return the row of an operation."""
    path = operation.path.replace("{*", "{")
    limits = "; ".join(map(limit, operation.limits))
    request = f"{operation.method} `{path}`"
    return f"| `{operation.id}` | {request} | {limits} | {operation.repeat} |\n"


def limit(one: Limit) -> str:
    """Return a limit in words."""
    window = WINDOWS.get(one.per)
    if window is None:
        minutes, seconds = divmod(int(one.per.total_seconds()), 60)
        window = f"{seconds} seconds" if seconds else f"{minutes} minutes"
    unit = one.unit if one.units > 1 else one.unit.removesuffix("s")
    words = f"{one.units:,} {unit} in {window if ' ' in window else f'a {window}'}"
    if one.key is not None:
        words += f" for each `{one.key}`"
    return words if one.name is None else f"{words} (`{one.name}`)"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        same = PAGE.read_text(encoding="utf-8") == table()
        sys.exit(0 if same else "run `python tools/operation_table.py`")
    PAGE.write_text(table(), encoding="utf-8")
