"""The plan of the house holds: names on all floors, arrows down only, no circle, none hidden."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import easemob_async
from easemob_async.cli import app
from easemob_async.cli.commands import LateCommand
from easemob_async.resources import operations
from tests import facts_reader as facts

PACKAGE = Path(easemob_async.__file__).parent

FLOORS = (
    # Each may import of its own floor and of those above it in this list.
    ("agora", "outcomes", "api_limits", "plans", "rate_table", "version"),
    ("errors",),
    ("checks", "ids", "quotas", "config", "credentials", "wire"),
    ("operation", "models"),
    ("transport",),
    ("resources",),
    ("fanout",),
    ("client",),
    ("cli", "pytest_plugin", "__main__"),
)
BESIDE = {
    # They stand beside the floors and look down only.
    "webhooks": {"errors", "api_limits", "wire", "models"},
    "emulator": {"api_limits"},
    "shared": {"errors", "quotas", "credentials", "operation", "models", "transport"},
    "distributed": {
        "errors",
        "outcomes",
        "checks",
        "wire",
        "transport",
        "fanout",
        "client",
        "shared",
    },
}
SEES = {
    "client": {"shared"},
    "cli": {"webhooks", "emulator", "distributed"},
    "pytest_plugin": {"emulator"},
}

# Modules that are no resource, and hold what several resources share.
SHARED = {
    "resources": {"batches", "message_search", "numbered_pages", "places", "sending", "streams"},
    "models": {"message_search", "pages", "places", "push_notifications", "received"},
    "emulator/handlers": {"message_search", "places"},
}


def modules() -> Mapping[str, Path]:
    """Every module of the package by its name below it; a folder is its ``__init__``."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        found[".".join(parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules of the package that a module imports, and whether for type checkers alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] != "easemob_async":
                continue
            below = name.removeprefix("easemob_async").lstrip(".")
            while below not in MODULES:
                below = below.rpartition(".")[0]
            yield below, id(node) in for_types


GRAPH = {
    name: {other for other, _ in imports(path) if other not in {name, ""}}
    for name, path in MODULES.items()
    if name  # the package itself only names what is in it
}
# A command is loaded by the name of its module when it is called, so that no import shows it.
GRAPH["cli.app"] |= {
    command.module.removeprefix("easemob_async.")
    for command in app.easemob.commands.values()
    if isinstance(command, LateCommand)
}


def test_no_module_imports_itself_in_a_circle() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


# What these import for type checkers alone is loaded when it is used.
FOR_TYPES = {
    "": "a name is loaded on first use",
    "client": "a resource is loaded on first use",
    "errors": "most errors carry neither the outcomes nor the report that they may carry",
    "pytest_plugin": "pytest loads the plugin in every project where the library is installed",
}


def test_nothing_is_imported_for_type_checkers_alone() -> None:
    """But where modules are loaded late on purpose."""
    found = {
        (name, other)
        for name, path in MODULES.items()
        for other, for_types in imports(path)
        if for_types and name not in FOR_TYPES
    }
    assert found == set()


# Loaded when they are used, for a reason; the graph above has these arrows as well.
LOADED_LATE = {
    "pytest_plugin": "pytest loads the plugin in every project where the library is installed",
    "cli": "the extra may be missing, which is said in words",
    "cli.emulator": "the emulator's server is loaded by the two commands that need it",
    "cli.demo": "the same",
}


def test_no_import_hides_in_a_function() -> None:
    hidden = []
    for name, path in MODULES.items():
        if name in LOADED_LATE:
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                hidden += [
                    f"{name}.{function.name}: {ast.unparse(node)}"
                    for node in ast.walk(function)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                    and "easemob_async" in ast.unparse(node)
                ]
    assert hidden == []


def test_arrows_go_down() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    up = []
    for name, others in GRAPH.items():
        room = name.partition(".")[0]
        for other in others:
            target = other.partition(".")[0]
            if target == room or target in SEES.get(room, ()):
                continue
            if room in BESIDE or target in BESIDE:
                fine = target in BESIDE.get(room, ())
            else:
                fine = floor[target] <= floor[room]
            if not fine:
                up.append(f"{name} -> {other}")
    assert up == []


def test_every_folder_has_a_floor() -> None:
    rooms = {name.partition(".")[0] for name in MODULES if name}
    assert rooms == {room for floor in FLOORS for room in floor} | BESIDE.keys()


RESOURCES = {id_.partition(".")[0] for id_ in facts.operations()}


@pytest.mark.parametrize("folder", SHARED)
def test_a_resource_has_one_name_on_every_floor(folder: str) -> None:
    names = {path.stem for path in (PACKAGE / folder).glob("*.py")} - {"__init__"}
    assert names - RESOURCES == SHARED[folder]
    if folder != "models":  # a resource may have no class of its own
        assert RESOURCES - names == set()


def test_the_tests_mirror_the_resources() -> None:
    tests = Path(__file__).parent
    assert {path.stem for path in (tests / "contract").glob("*.py")} >= RESOURCES
    tested = {path.stem.removeprefix("test_") for path in (tests / "resources").glob("test_*.py")}
    assert tested >= RESOURCES


def test_an_operation_is_described_in_the_module_of_its_resource() -> None:
    """Not in another resource's; what groups and rooms share is in ``places``."""
    for id_ in operations():
        resource = id_.partition(".")[0]
        source = (PACKAGE / "resources" / f"{resource}.py").read_text(encoding="utf-8")
        shared = (PACKAGE / "resources" / "places.py").read_text(encoding="utf-8")
        assert f'"{id_}"' in source or f'"{id_.partition(".")[2]}"' in shared, id_
