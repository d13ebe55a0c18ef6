"""The drivers of the stores: loaded when a store is made, since they are extras."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from easemob_async.errors import ConfigurationError


def load_driver(module: str, extra: str) -> ModuleType:
    """Load a driver.

    Raises:
        ConfigurationError: it is not installed; the error names the extra.
    """
    try:
        return import_module(module)
    except ImportError as error:
        reason = str(error)
    raise ConfigurationError(
        f"{module.split('.')[0]} is not installed: pip install 'easemob-async[{extra}]' ({reason})"
    )
