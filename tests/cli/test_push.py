"""``easemob push``."""

from __future__ import annotations

import json

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import Shell

pytestmark = pytest.mark.usefixtures("registered")


def test_push(sh: Shell, emulator: Emulator) -> None:
    assert sh("push", "settings", "ann", "--mode", "NONE").stdout == "mode         NONE\n"
    assert json.loads(sh("push", "settings", "ann", "--json").stdout)["mode"] == "NONE"
    assert sh("push", "bindings", "ann").stdout == ""
    template = ("push", "templates")
    made = sh(*template, "create", "sale", "--title", "Hi {0}", "--content", "Sale")
    assert made.stdout == "created sale\n"
    assert "title_pattern Hi {0}" in sh(*template, "get", "sale").stdout
    assert sh(*template, "delete", "sale", "--yes").stdout == "deleted sale\n"
    assert sh("push", "statistics", "2026-11-01", "2026-11-02", "--json").stdout == "{}\n"
    assert sh("push", "statistics", "yesterday", "today").returncode == 2
