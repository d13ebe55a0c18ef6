"""Short examples of calls, from the examples of the service's documentation.

The contract tests make each operation's call from a documented example; here a recorder takes the
place of the client and writes the call down. So each example is a call that the tests make.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import attrs

from easemob_async import EasemobClient

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.contract.calls import CALLS
from tests.contract.examples import any_example

LONGEST: Final = 3
"""The most items of a list that an example shows."""
PLACEHOLDER: Final = re.compile(r"XXX|[{<]\w+[}>]|^string$")
MARK: Final = "# example: "


class Recorder:
    """Stands for a client, and for all that is reached from it; its text is how one gets there."""

    def __init__(self, text: str, real: object = None) -> None:
        self._text = text
        self._real = real

    def __getattr__(self, name: str) -> Recorder:
        if name.startswith("_"):
            raise AttributeError(name)
        return Recorder(f"{self._text}.{name}", getattr(self._real, name, None))

    def __call__(self, *args: object, **kwargs: object) -> Recorder:
        names = list(inspect.signature(self._real).parameters) if callable(self._real) else []
        given = [written(arg, name) for arg, name in zip(args, names, strict=False)]
        given += [
            f"{name}={written(value, name)}" for name, value in kwargs.items() if value is not None
        ]
        return Recorder(f"{self._text}({', '.join(given)})")


def written(value: Any, name: str) -> str:
    """Return the value of an argument as one writes it in Python; a placeholder as a variable."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return name if PLACEHOLDER.search(value) else repr(value)
    if attrs.has(type(value)):
        return made(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, timedelta):
        parts = {"days": value.days, "seconds": value.seconds}
        return f"timedelta({', '.join(f'{unit}={n}' for unit, n in parts.items() if n)})"
    if isinstance(value, datetime):
        return f"datetime.fromisoformat({value.isoformat()!r})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {written(v, str(k))}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        items = [written(item, name.removesuffix("s")) for item in list(value)[:LONGEST]]
        return f"[{', '.join(items)}]"
    return repr(value)


def made(value: Any) -> str:
    """Return how an instance of an attrs class is made, without the defaults."""
    given = []
    for number, field in enumerate(field for field in attrs.fields(type(value)) if field.init):
        content = getattr(value, field.name)
        if field.default is attrs.NOTHING and number == 0 and not field.kw_only:
            given.append(written(content, field.alias))
        elif content not in (field.default, None):
            given.append(f"{field.alias}={written(content, field.alias)}")
    return f"{type(value).__name__}({', '.join(given)})"


def recorded() -> Mapping[str, str]:
    """Return the call of each operation."""
    client: Any = Recorder("client", EasemobClient("acme#shop", token="..."))  # noqa: S106
    calls: Mapping[str, Any] = {id_: call(client, any_example(id_)) for id_, call in CALLS.items()}
    return {id_: call._text.removesuffix(".page()") for id_, call in calls.items()}


def examples() -> Mapping[str, str]:
    """Return the example of each operation, formatted as our code is."""
    calls = recorded()
    text = "".join(f"{MARK}{id_}\nawait {call}\n" for id_, call in calls.items())
    done = subprocess.run(  # noqa: S603 - the command is ours
        [Path(sys.executable).parent / "ruff", "format", "--line-length", "88", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    parts = done.stdout.split(MARK)[1:]
    more = (Path(__file__).parent / "more_examples.py").read_text(encoding="utf-8")
    parts += re.findall(rf"^    {MARK}(.+?)(?=^    {MARK}|^\n\n|\Z)", more, re.M | re.S)
    found = {}
    for id_, _, code in (part.partition("\n") for part in parts):
        found[id_] = dedent(re.sub(r"  # noqa.*", "", code)).strip()
    return found


if __name__ == "__main__":
    for id_, code in examples().items():
        print(f"{id_}:\n{code}\n")
