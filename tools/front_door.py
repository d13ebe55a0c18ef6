"""Write the public names of easemob_async/__init__.py: imports for type checkers, and homes.

Every public class of a module in models/ is there; of other modules, what is listed here.

    python tools/front_door.py          # writes them
    python tools/front_door.py --check  # fails when they are not as written
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "easemob_async"
FRONT_DOOR = PACKAGE / "__init__.py"
LISTED = {
    "client": "ClientOptions EasemobClient",
    "config": (
        "AppKey AttemptEnded AttemptStarted DataCenter Discovery Hooks PoolOptions RetryPolicy "
        "Timeouts"
    ),
    "fanout.fanout": "Body PushBody PushTargets Target Targets",
    "fanout.job": "FanoutJob",
    "fanout.pacing": "Pace",
    "fanout.report": "FanoutPlan Progress",
    "models.messages": "Message",
    "models.tokens": "FOREVER",
    "plans": "Plan PlanFigures",
    "quotas": "Limit Quotas",
    "resources.streams": "StreamWriter",
    "transport.downloads": "Download",
    "transport.quota_account": "QuotaAccount Usage",
    "transport.user_tokens": "UserTokens",
    "version": "__version__",
}
# Classes of models/ that users meet by their effect alone.
INSIDE = {"models.received.Answerable", "models.received.Origin", "outcomes.JournalEntries"}
WIDTH = 98
LONGEST = 101


def homes() -> dict[str, list[str]]:
    """Return the public names of every module that has some."""
    found = {module: set(names.split()) for module, names in LISTED.items()}
    for path in [
        PACKAGE / "errors.py",
        PACKAGE / "outcomes.py",
        *sorted((PACKAGE / "models").glob("*.py")),
    ]:
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        names = {name for name in classes(path) if f"{module}.{name}" not in INSIDE}
        if names:
            found.setdefault(module, set()).update(names)
    return {module: sorted(names, key=in_order) for module, names in sorted(found.items())}


def in_order(name: str) -> tuple[bool, str]:
    """Return the key by which ruff sorts imports: constants first."""
    return not name.isupper(), name


def classes(path: Path) -> Iterator[str]:
    """Return the public classes of a module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def written(text: str) -> str:
    """Return the front door with its names written anew."""
    imports = "if TYPE_CHECKING:\n"
    table = "_HOMES = {\n"
    for module, names in homes().items():
        imports += "".join(imported(module, name) for name in names)
        table += f'    "{module}": """\n'
        line = "       "
        for name in names:
            if len(line) + len(name) >= WIDTH:
                table += line + "\n"
                line = "       "
            line += f" {name}"
        table += f'{line}\n    """,\n'
    text = replaced(text, "if TYPE_CHECKING:\n", "\n\n", imports.rstrip("\n"))
    return replaced(text, "_HOMES = {\n", "\n}\n", table.rstrip("\n"))


def imported(module: str, name: str) -> str:
    """Return the import of a name, in the form that ruff wants."""
    line = f"    from easemob_async.{module} import {name} as {name}\n"
    if len(line) <= LONGEST:
        return line
    return f"    from easemob_async.{module} import (\n        {name} as {name},\n    )\n"


def replaced(text: str, begin: str, end: str, new: str) -> str:
    """Return a text in which what stands from one mark to another is replaced."""
    start = text.index(begin)
    return text[:start] + new + text[text.index(end, start) :]


if __name__ == "__main__":
    present = FRONT_DOOR.read_text(encoding="utf-8")
    wanted = written(present)
    if "--check" in sys.argv[1:]:
        sys.exit("run `python tools/front_door.py`" if wanted != present else 0)
    FRONT_DOOR.write_text(wanted, encoding="utf-8")
