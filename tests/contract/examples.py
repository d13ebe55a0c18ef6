"""The examples and error rows of the facts, for every operation that is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from tests import facts_reader as facts
from tests.contract.calls import CALLS
from tests.contract.example import Example


def examples() -> Iterator[Any]:
    """Yield each example of each operation."""
    for id_ in sorted(
        CALLS.keys() & facts.operations().keys()
    ):  # test_recipe names what is missing
        for number, example in enumerate(facts.operations()[id_].get("examples") or []):
            yield pytest.param(id_, example, id=f"{id_}-{example.get('name', number)}")


def error_rows() -> Iterator[Any]:
    """Yield each documented error of each operation."""
    for id_ in sorted(CALLS.keys() & facts.operations().keys()):
        for row in facts.operations()[id_].get("errors") or []:
            # The stream pages print no status; what they print comes with a 400 in the tests.
            status = row.get("status") or 400
            row = {**row, "status": 500 if status == "5xx" else status}
            name = f"{row['status']}-{row.get('error')}-{str(row.get('description'))[:30]}"
            yield pytest.param(id_, row, id=f"{id_}-{name}")


def read_example(id_: str, example: Mapping[str, Any]) -> Example:
    """Take an example apart by its operation's path."""
    operation = facts.operations()[id_]
    path, query = operation["path"], {}
    values = {}
    if "url" in example:
        parts = urlsplit(example["url"])
        query = dict(parse_qsl(parts.query))
        template = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$"
        found = re.search(pattern, parts.path)
        assert found, (pattern, parts.path)
        values = {name: unquote(value) for name, value in found.groupdict().items()}
    for name in re.findall(r"\{(\w+)\}", path):
        values.setdefault(name, "XXXX")
    return Example(values, query, example.get("request"))


def any_example(id_: str) -> Example:
    """Return an example that has all that a call needs, whatever its answer is."""
    operation = facts.operations()[id_]
    for example in operation.get("examples") or []:
        if "request" in example or not operation.get("body"):
            found = read_example(id_, example)
            if all(
                q["name"] in found.query for q in operation.get("query") or [] if q.get("required")
            ):
                return found
    return read_example(id_, {})
