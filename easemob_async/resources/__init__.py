"""The operations of the service: one module per resource, each operation next to its method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from easemob_async.operation import Operation


def operations() -> Mapping[str, Operation]:
    """Return every operation by its id; this loads every resource."""
    found: dict[str, Operation] = {}
    for module in iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            for operation in _described(value):
                # One that takes an id or many is described twice: for an id first.
                found.setdefault(operation.id, operation)
    return dict(sorted(found.items()))


def _described(value: object) -> Iterator[Operation]:
    if isinstance(value, Operation):
        yield value
    elif isinstance(operation := getattr(value, "operation", None), Operation):  # a `Send`
        yield operation
    elif isinstance(value, Mapping):  # an operation that groups and rooms share
        yield from (operation for operation in value.values() if isinstance(operation, Operation))
