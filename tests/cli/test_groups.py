"""``easemob groups``."""

from __future__ import annotations

from easemob_async.emulator import Emulator
from tests.cli.shell import Shell


def test_groups(sh: Shell, emulator: Emulator) -> None:
    for name in ("ann", "bob", "eve"):
        emulator.add_user(name)
    made = sh("groups", "create", "friends", "--owner", "ann", "--member", "bob", "--public")
    group_id = made.stdout.strip()
    assert sh("groups", "list").stdout == f"{group_id}\tfriends\n"
    assert sh("groups", "list", "--joined-by", "bob").stdout == f"{group_id}\tfriends\n"
    assert "owner        ann" in sh("groups", "get", group_id).stdout
    assert sh("groups", "members", "add", group_id, "eve").stdout == "added 1 of 1\n"
    listed = sh("groups", "members", "list", group_id).stdout
    assert listed == "ann\towner\nbob\tmember\neve\tmember\n"
    removed = sh("groups", "members", "remove", group_id, "eve", "nobody")
    assert (removed.returncode, removed.stdout) == (1, "removed 1 of 2\n")
    assert "nobody: user nobody doesn't exist." in removed.stderr
    assert sh("groups", "delete", group_id, "--yes").stdout == f"deleted {group_id}\n"
