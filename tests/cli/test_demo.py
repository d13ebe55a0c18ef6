"""``easemob demo``."""

from __future__ import annotations

import subprocess

from tests.cli.shell import EASEMOB


def test_the_demo_adds_up() -> None:
    result = subprocess.run(
        [*EASEMOB, "demo", "--targets", "1500"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "1,501 registered" in result.stdout
    assert "1,500  sent" in result.stdout
    assert "delivered it to 1,500 users and refused 0 calls" in result.stdout
    assert "20 times the service's defaults, in client and emulator" in result.stdout
