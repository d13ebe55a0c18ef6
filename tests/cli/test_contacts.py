"""``easemob contacts``."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell, json_lines

pytestmark = pytest.mark.usefixtures("registered")


def test_contacts(sh: Shell) -> None:
    assert sh("contacts", "add", "ann", "bob").stdout == "added bob\n"
    assert sh("contacts", "list", "ann").stdout == "bob\t\n"
    assert json_lines(sh("contacts", "list", "bob", "--json").stdout) == [
        {"username": "ann", "remark": None}
    ]
    assert sh("contacts", "block", "ann", "eve").stdout == "blocked 1 of 1\n"
    assert sh("contacts", "blocked", "ann").stdout == "eve\n"
    assert sh("contacts", "unblock", "ann", "eve").stdout == "unblocked eve\n"
    assert sh("contacts", "remove", "ann", "bob").stdout == "removed bob\n"
    assert "404" in sh("contacts", "add", "ann", "nobody").stderr
