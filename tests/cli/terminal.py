"""A command in a terminal of its own, and what the terminal shows."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time

from tests.cli.shell import EASEMOB


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, arguments: list[str], env: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        env = {k: v for k, v in env.items() if k != "NO_COLOR"}
        self.process = subprocess.Popen(
            [*EASEMOB, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**env, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def until(self, words: str, within: float = 30) -> str:
        deadline = time.monotonic() + within
        while words not in self.seen and time.monotonic() < deadline:
            if not self._read():
                break
        assert words in self.seen, self.seen
        return self.seen

    def end(self) -> int:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._read():
            pass
        os.close(self.master)
        return self.process.wait(timeout=10)

    def interrupt(self, times: int = 1) -> None:
        """Send as many Ctrl-C as it takes: Python swallows one that meets its flushing."""
        for _ in range(times):
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=1)
                return

    def say(self, text: str) -> None:
        os.write(self.master, text.encode())

    def _read(self) -> bool:
        ready, _, _ = select.select([self.master], [], [], 0.5)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)


def screen(text: str) -> list[str]:
    """What a terminal shows at the end, line by line: each is written over what was there."""
    lines: list[str] = [""]
    row = 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if token == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif token.endswith("A") and token.startswith("\x1b"):
            row = max(0, row - int(token[2:-1] or 1))
        elif token == "\x1b[2K":
            lines[row] = ""
        elif not token.startswith("\x1b") and token != "\r":
            lines[row] += token
    return [line.rstrip() for line in lines]
