"""The command line, as a shell runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from easemob_async.emulator import Emulator

FAST = ["--quota-scale", "100"]
EASEMOB = [sys.executable, "-m", "easemob_async"]


def take_interrupts() -> None:
    """Undo what a shell does to its background jobs: they ignore SIGINT, and so would ours."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Shell:
    """Runs ``easemob`` with the emulator's credentials in the environment."""

    def __init__(self, emulator: Emulator, credentials: Mapping[str, object] | None = None) -> None:
        self.emulator = emulator
        found = credentials or emulator.credentials
        keys = {f"EASEMOB_{k.upper()}": str(v) for k, v in found.items()}
        self.env = {**os.environ, **keys, "COLUMNS": "100", "NO_COLOR": "1"}

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [*EASEMOB, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.env,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in result.stderr, result.stderr
        said = result.stdout + result.stderr
        assert self.emulator.state.client_secret not in said
        assert self.emulator.state.app_certificate not in said
        return result


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]
