"""What is known of the REST API: data, copied from the service's published documentation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent / "facts"


@cache
def read(name: str) -> Mapping[str, Any]:
    """Read one of the files."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: Mapping[str, Any] = yaml.load((HERE / f"{name}.yaml").read_text(), Loader=loader)
    return content


@cache
def operations() -> Mapping[str, Mapping[str, Any]]:
    """Every operation by its id."""
    found = {}
    for path in sorted(HERE.glob("*.yaml")):
        content = read(path.stem)
        for entry in (content.get("operations") or []) + (content.get("legacy") or []):
            found[entry["id"]] = entry
    return found
