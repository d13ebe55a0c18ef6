"""``easemob job``: what a journal says."""

from __future__ import annotations

import json
from pathlib import Path

from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell, json_lines


def test_message_ids_are_listed(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, journal = tmp_path / "ids.txt", tmp_path / "j"
    path.write_text("u1\nu2\n")
    sh("send", str(path), "--text", "x", "--journal", str(journal), "--keep-message-ids", *FAST)
    listed = sh("job", "status", str(journal), "--sent").stdout.splitlines()
    ids = dict(line.split("\t") for line in listed)
    assert set(ids) == {"u1", "u2"}
    assert all(message_id.isdigit() for message_id in ids.values())


def test_a_journal_as_json(sh: Shell, tmp_path: Path) -> None:
    ids, journal = tmp_path / "ids", tmp_path / "sale.db"
    ids.write_text("ann\n\tbad\x01\n")
    sh("send", str(ids), "--text", "x", "--journal", str(journal), *FAST)
    told = json.loads(sh("job", "status", str(journal), "--json").stdout)
    assert told == {"kind": "fanout.to_users", "sent": 1, "failed": 1, "unknown": 0}
    (failed,) = json_lines(sh("job", "status", str(journal), "--failed", "--json").stdout)
    assert failed["target"] == "bad\x01"
