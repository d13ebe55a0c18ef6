"""The calls of all operations, collected from the modules of the resources in this folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from tests import facts_reader as facts
from tests.contract.example import Call, joined

RESOURCES = {id_.partition(".")[0] for id_ in facts.operations()}


def tables() -> Iterator[Mapping[str, Call]]:
    """Yield the table of each module that has the name of a resource."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem in RESOURCES:
            yield import_module(f"tests.contract.{path.stem}").CALLS


CALLS = joined(*tables())
"""How each operation of the facts is called: an example's request as a call of the client.

Written by hand from the facts, so that a wrong name or a wrong argument shows.
"""
