"""``easemob rooms``."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import Shell, json_lines

pytestmark = pytest.mark.usefixtures("registered")


def test_rooms(sh: Shell) -> None:
    room_id = sh("rooms", "create", "chat", "--owner", "ann", "--member", "bob").stdout.strip()
    assert sh("rooms", "list").stdout == f"{room_id}\tchat\n"
    assert sh("rooms", "list", "--joined-by", "bob", "--json").stdout.startswith('{"room_id"')
    assert "owner        ann" in sh("rooms", "get", room_id).stdout
    assert sh("rooms", "members", "add", room_id, "eve").stdout == "added 1 of 1\n"
    listed = json_lines(sh("rooms", "members", "list", room_id, "--json").stdout)
    assert [(m["username"], m["role"]) for m in listed] == [
        ("ann", "owner"),
        ("bob", "member"),
        ("eve", "member"),
    ]
    removed = sh("rooms", "members", "remove", room_id, "eve", "ann", "--json")
    assert removed.returncode == 1
    assert json.loads(removed.stdout)["done"] == 1
    assert sh("rooms", "delete", room_id, "--yes").stdout == f"deleted {room_id}\n"
    assert sh("rooms", "get", room_id).returncode == 1
