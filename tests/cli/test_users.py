"""``easemob users``."""

from __future__ import annotations

from tests.cli.shell import Shell


def test_users(sh: Shell) -> None:
    assert sh("users", "create", "ann", "--password", "pw", "--nickname", "A").stdout == (
        "created ann\n"
    )
    again = sh("users", "create", "ann", "--password", "pw-0f-ann")
    assert again.returncode == 1
    assert again.stderr.startswith('error: users.create("ann"): 400 duplicate_unique_property')
    assert len(again.stderr.splitlines()) == 1
    assert "pw-0f-ann" not in again.stderr
    got = sh("users", "get", "ann").stdout
    assert "username     ann" in got
    assert "banned       False" in got
    assert sh("users", "status", "ann").stdout == "ann offline\n"
    assert sh("users", "status", "ann", "bob").stdout == "ann offline\nbob offline\n"
    sh("users", "create", "bob", "--password", "pw")
    assert sh("users", "list").stdout == "ann\nbob\n"
    assert sh("users", "list", "--limit", "1").stdout == "ann\n"
    assert sh("users", "delete", "bob", stdin="n\n").returncode == 1
    assert sh("users", "delete", "bob", "--yes").stdout == "deleted bob\n"
    assert sh("users", "list").stdout == "ann\n"
    missing = sh("users", "get", "nobody")
    assert missing.returncode == 1
    assert "404 service_resource_not_found" in missing.stderr
    assert sh("users", "delete", "", "--yes").returncode == 1
