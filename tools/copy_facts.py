"""Copy the facts of the REST API from a folder into tests/facts, and print what changed.

The facts are the *.yaml files and rest-2014.md; what the folder no longer has is removed.

    python tools/copy_facts.py FOLDER          # copies them
    python tools/copy_facts.py --check FOLDER  # changes nothing; fails when they differ
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

FACTS = Path(__file__).parent.parent / "tests" / "facts"
LISTS = ("operations", "legacy", "events")
"""The keys of a file under which entries with an id stand."""


def files(folder: Path) -> dict[str, bytes]:
    """Return the contents of the facts in a folder by the names of their files."""
    paths = [*folder.glob("*.yaml"), *folder.glob("rest-2014.md")]
    return {path.name: path.read_bytes() for path in sorted(paths)}


def entries(facts: Mapping[str, bytes]) -> dict[str, Mapping[str, Any]]:
    """Return the fields of every entry by its id; what is no entry is under its file's name."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, content in facts.items():
        if not name.endswith(".yaml"):
            found[name] = {"text": content}
            continue
        rest = dict(yaml.safe_load(content) or {})
        for key in LISTS:
            found.update((entry["id"], entry) for entry in rest.pop(key, None) or ())
        found[name] = {**rest, "comments": comments(content)}
    return found


def comments(content: bytes) -> list[str]:
    """Return the lines of a file that only comment."""
    return [line for line in content.decode().splitlines() if line.lstrip().startswith("#")]


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[str]:
    """Describe how facts differ, one line for each id: added, removed, or its changed fields."""
    before, after = entries(old), entries(new)
    for id_ in sorted(before.keys() | after.keys()):
        if id_ not in before:
            yield f"added    {id_}"
        elif id_ not in after:
            yield f"removed  {id_}"
        else:
            names = {*before[id_], *after[id_]}
            fields = sorted(name for name in names if before[id_].get(name) != after[id_].get(name))
            if fields:
                yield f"changed  {id_}: {', '.join(fields)}"


def copy(new: Mapping[str, bytes], to: Path) -> None:
    """Write facts to a folder, and remove the files of facts that are not among them."""
    for name in files(to).keys() - new.keys():
        (to / name).unlink()
    for name, content in new.items():
        (to / name).write_bytes(content)


def main(given: Sequence[str] | None = None) -> None:
    """Run the command line, with the given arguments or those of the process."""
    parser = argparse.ArgumentParser(
        description="Copy the facts of the REST API into tests/facts, and print what changed."
    )
    parser.add_argument("folder", type=Path, help="the folder that has the facts")
    parser.add_argument("--check", action="store_true", help="change nothing; fail on differences")
    arguments = parser.parse_args(given)
    old, new = files(FACTS), files(arguments.folder)
    if not new:
        parser.error(f"{arguments.folder} has no *.yaml file")
    for line in changes(old, new):
        print(line)
    if arguments.check:
        sys.exit(f"run `python tools/copy_facts.py {arguments.folder}`" if old != new else 0)
    copy(new, FACTS)


if __name__ == "__main__":
    main()
