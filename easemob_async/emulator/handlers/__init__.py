"""The handlers of requests, one module per resource; importing the package adds all routes."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from easemob_async.emulator.routes import routes as routes

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
