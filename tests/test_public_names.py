"""What users import: the table and the imports agree, and everything public is documented."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pytest

import easemob_async
from easemob_async import webhooks
from easemob_async.resources import operations
from tests import facts_reader as facts
from tests.contract.calls import CALLS

SOURCE = Path(easemob_async.__file__)


def public_classes() -> list[type]:
    names = easemob_async.__all__
    return [value for name in names if inspect.isclass(value := getattr(easemob_async, name))]


def test_the_table_of_names_and_the_imports_for_type_checkers_agree() -> None:
    imported = {}
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("easemob_async."):
            for alias in node.names:
                assert alias.name == alias.asname, "only `x as x` is public for type checkers"
                imported[alias.name] = (node.module or "").removeprefix("easemob_async.")
    assert imported == easemob_async._HOME_OF
    assert easemob_async.__all__ == sorted(imported)


@pytest.mark.parametrize("name", easemob_async.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(easemob_async, name)
    assert name in dir(easemob_async)
    if inspect.isclass(value):
        assert value.__doc__
        assert not value.__doc__.startswith(f"{name}("), "a docstring of its own"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = easemob_async.Nothing


def test_every_name_is_what_its_module_has() -> None:
    for name, home in easemob_async._HOME_OF.items():
        assert getattr(easemob_async, name) is getattr(
            import_module(f"easemob_async.{home}"), name
        ), name


def test_a_star_import_brings_every_name() -> None:
    names: dict[str, Any] = {}
    exec("from easemob_async import *", names)
    assert {name: names[name] for name in easemob_async.__all__} == {
        name: getattr(easemob_async, name) for name in easemob_async.__all__
    }


def test_importing_the_package_loads_nothing_else() -> None:
    program = (
        "import sys, easemob_async\n"
        "assert [n for n in sys.modules if n.startswith('easemob_async.')] == []\n"
        "assert 'aiohttp' not in sys.modules\n"
        "from easemob_async import EasemobClient\n"
        "c = EasemobClient('a#b', token='t')\n"
        "assert 'easemob_async.resources.users' not in sys.modules\n"
        "c.users\n"
        "assert 'easemob_async.resources.users' in sys.modules\n"
        "assert 'easemob_async.resources.messages' not in sys.modules\n"
        "assert 'easemob_async.emulator' not in sys.modules\n"
        "assert 'logging.handlers' not in sys.modules\n"
        "assert 'easemob_async.resources.tokens' not in sys.modules\n"
        "EasemobClient('a#b', client_id='i', client_secret='s')\n"
        "assert 'easemob_async.resources.tokens' in sys.modules\n"  # before the first call
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


# What a client needs before its first call, and nothing that only some programs use.
NOT_LOADED_WITH_THE_CLIENT = (
    *("cli", "emulator", "fanout", "outcomes", "pytest_plugin", "resources", "webhooks"),
    *(f"models.{path.stem}" for path in (SOURCE.parent / "models").glob("[a-z]*.py")),
)


def test_importing_the_client_loads_what_every_client_needs() -> None:
    program = "import sys; from easemob_async import EasemobClient; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    loaded = set(found.stdout.split())
    assert "easemob_async.client" in loaded
    heavy = {f"easemob_async.{name}" for name in NOT_LOADED_WITH_THE_CLIENT}
    assert loaded & heavy == {"easemob_async.models.tokens"}
    assert loaded & {"click", "html", "rich", "sqlite3"} == set()


@pytest.mark.parametrize("cls", public_classes(), ids=lambda cls: cls.__name__)
def test_a_public_class_can_be_pickled(cls: type) -> None:
    assert pickle.loads(pickle.dumps(cls)) is cls
    assert cls.__module__ == f"easemob_async.{easemob_async._HOME_OF[cls.__name__]}"


def method(id_: str) -> Any:
    client = easemob_async.EasemobClient("a#b", token="t")
    value: Any = client
    for part in id_.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("id_", sorted(CALLS))
def test_an_operation_is_a_method_of_that_name_that_names_its_source(id_: str) -> None:
    entry, operation = facts.operations()[id_], operations()[id_]
    assert operation.id == id_
    assert operation.method == entry["method"]
    assert re.sub(r"\{.*?\}", "{}", operation.path) == re.sub(r"\{.*?\}", "{}", entry["path"])
    assert operation.auth == (entry["auth"] in ("app", "user"))
    source = (inspect.getdoc(method(id_)) or "").rpartition("Source: ")[2]
    assert id_ in re.findall(r"[\w.]+", source)


def test_every_operation_says_whether_it_may_be_repeated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = {operation.id: operation.repeat for operation in operations().values()}
    for id_, repeat in sorted(table.items()):
        print(f"{id_:45} {repeat}")
    assert set(table.values()) == {"safe", "once"}
    # The HTTP method does not tell.
    assert table["users.disconnect"] == "once"
    assert table["users.get_statuses"] == "safe"
    assert table["users.delete_batch"] == "once"
    assert {id_ for id_ in table if id_.startswith("messages.send")} <= {
        id_ for id_, repeat in table.items() if repeat == "once"
    }


@pytest.mark.parametrize("cls", public_classes(), ids=lambda cls: cls.__name__)
def test_every_public_method_has_a_docstring(cls: type) -> None:
    for name, member in vars(cls).items():
        if name.startswith("_") or not callable(member) or (attrs.has(cls) and name in ("T",)):
            continue
        assert inspect.getdoc(getattr(cls, name)), f"{cls.__name__}.{name}"


def undocumented(cls: type) -> list[str]:
    """The fields without a docstring under them."""
    (tree,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    found = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign):
            continue
        described = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        name = ast.unparse(node.target)
        public = not name.startswith("_") and "ClassVar" not in ast.unparse(node.annotation)
        if public and not described:
            found.append(name)
    return found


@pytest.mark.parametrize(
    "cls", [*filter(attrs.has, public_classes())], ids=lambda cls: cls.__name__
)
def test_every_field_of_a_public_class_has_a_docstring(cls: type) -> None:
    assert undocumented(cls) == []


@pytest.mark.parametrize(
    "cls",
    [cls for name in webhooks.__all__ if inspect.isclass(cls := getattr(webhooks, name))],
    ids=lambda cls: cls.__name__,
)
def test_every_field_of_an_event_has_a_docstring(cls: type) -> None:
    assert undocumented(cls) == []
