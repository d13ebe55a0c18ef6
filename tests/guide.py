"""The guides of docs/, read as data and followed as a reader would follow them.

A comment above a block says what the block is:

- ``<!-- file: app.py -->``: the reader saves it under that name;
- ``<!-- server -->``: the command goes on running in a shell of its own;
- ``<!-- not run -->``: it cannot be run here, so that a test parses it.

A block of ``text`` is what the block before it prints.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from easemob_async import EasemobClient
from tests.cli.shell import take_interrupts
from tests.waiting import eventually

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PRINTED = "export EASEMOB_BASE_URL="
START = "easemob emulator"
INSTALLS = ("python3 -m venv ", "python -m pip install ")

# What curl does besides what the page says: it ends its lines, and reports the status codes.
CURL = """\
curl() { command curl -w '%{stderr}%{http_code} %{url_effective}\\n' "$@"; echo; }
set -e
"""


@attrs.frozen
class Block:
    """A code block of a page."""

    language: str
    text: str
    mark: str = ""

    @property
    def runs(self) -> bool:
        return self.mark != "not run"

    @property
    def file(self) -> str | None:
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else None


def blocks(page: str) -> list[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(
        r"^(?:<!-- (not run|server|file: \S+) -->\n)?```(\w+)\n(.*?)^```$",
        text,
        re.MULTILINE | re.DOTALL,
    )
    assert text.count("\n```") == 2 * len(found)
    return [Block(language, code, mark) for mark, language, code in found]


def of(page: str, language: str, *, runs: bool = True) -> list[str]:
    return [b.text for b in blocks(page) if (b.language, b.runs) == (language, runs)]


def files(page: str) -> dict[str, str]:
    """The files that a reader of the page saves."""
    return {block.file: block.text for block in blocks(page) if block.file}


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page: their rows, each with its cells."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    rows = [[line.strip("| ").split(" | ") for line in table.splitlines()[2:]] for table in found]
    return [[[cell.strip("| ") for cell in row] for row in table] for table in rows]


def spans(text: str) -> list[str]:
    """What stands in a text as code."""
    return re.findall(r"`([^`]+)`", text)


@attrs.frozen
class Ran:
    """A block that was run."""

    text: str
    out: str
    statuses: Sequence[int] = ()

    @property
    def answers(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


@attrs.define
class Story:
    """The blocks of a page, run one after the other as somebody would who reads it."""

    folder: Path
    ran: list[Ran] = attrs.field(factory=list)
    printed: list[str] = attrs.field(factory=list)

    def tell(self, texts: Sequence[str]) -> None:
        """Run the blocks that follow one start of the emulator, in one shell."""
        start, *rest = texts
        with self.started(start) as exports:
            self.printed.append(exports)
            mark = "--- next block"
            script = (
                exports + CURL + "".join(f"echo '{mark}'; echo '{mark}' >&2\n{t}" for t in rest)
            )
            done = self.shell(script)
            assert done.returncode == 0, done.stdout + done.stderr
            outs, errors = done.stdout.split(f"{mark}\n")[1:], done.stderr.split(f"{mark}\n")[1:]
            for text, out, error in zip(rest, outs, errors, strict=True):
                statuses = [int(found) for found in re.findall(r"^(\d{3}) ", error, re.MULTILINE)]
                self.ran.append(Ran(text, out, statuses))

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def env(self) -> Mapping[str, str]:
        return {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}

    @contextmanager
    def started(self, line: str) -> Iterator[str]:
        """Run the page's command, on a free port; yield what it prints."""
        words = shlex.split(line.replace(" --port 8099", ""))
        out, err = self.folder / "out", self.folder / "err"
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = subprocess.Popen(
                words, cwd=self.folder, env=self.env, stdout=to_out, stderr=to_err,
                preexec_fn=take_interrupts,
            )  # fmt: skip
        try:
            eventually(lambda: "page: " in err.read_text() or process.poll() is not None)
            assert process.poll() is None, err.read_text()
            yield out.read_text()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0, err.read_text()
            assert "Traceback" not in err.read_text()
        finally:
            process.kill()
            process.wait()


@attrs.define
class Reader:
    """Follows a page from top to bottom: saves its files, starts its servers, runs its commands."""

    story: Story
    ran: list[Ran] = attrs.field(factory=list)
    ports: dict[str, str] = attrs.field(factory=dict)
    """The ports of the page, and the free ones that are taken in their place."""
    exports: str = ""

    def follow(self, page: str, then: Callable[[], None] | None = None) -> list[Ran]:
        """Follow the whole page; return what was run. Look around while its servers still run."""
        for block in blocks(page):
            if block.mark == "server":
                self.ports[_port(block.text)] = str(free_port())
        entered = False
        with ExitStack() as open_shells:
            for block in blocks(page):
                if block.file:
                    path = self.story.folder / block.file
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(self._here(block.text), encoding="utf-8")
                elif block.language == "text" and entered:
                    assert self.ran[-1].out == self._here(block.text)
                elif block.language == "python":
                    entered = False  # a snippet, and what it prints: see `run_snippet`
                elif block.language == "sh" and block.runs:
                    entered = True
                    self._enter(block, open_shells)
            if then is not None:
                then()
        return self.ran

    def mailbox(self, username: str) -> list[Any]:
        """What a user has received in the emulator that the page has started."""
        url = f"http://127.0.0.1:{self.ports['8099']}/_emulator/users/{username}/messages"
        with urllib.request.urlopen(url, timeout=10) as answer:
            messages: list[Any] = json.load(answer)["messages"]
        return messages

    def _enter(self, block: Block, open_shells: ExitStack) -> None:
        if block.text.startswith(INSTALLS):
            return
        if block.text.startswith(START):
            line = self._here(block.text)
            printed = open_shells.enter_context(self.story.started(line))
            self.ports["8099"] = printed.splitlines()[0].rpartition(":")[2]
        elif block.text.startswith("export "):
            self.exports += self._here(block.text)
        elif block.mark == "server":
            open_shells.enter_context(self._server(block.text))
        else:
            done = self.story.shell(f"{self.exports}set -e\n{self._here(block.text)}")
            assert done.returncode == 0, block.text + done.stdout + done.stderr
            self.ran.append(Ran(block.text, done.stdout))

    def _here(self, text: str) -> str:
        """The text with the ports of this test."""
        for page, port in self.ports.items():
            text = re.sub(rf"\b{page}\b", port, text)
        return text

    @contextmanager
    def _server(self, line: str) -> Iterator[None]:
        """Run a command until the page ends, then stop it as an orchestrator does."""
        port = _port(line)
        log = self.story.folder / f"{port}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"{self.exports}exec {self._here(line)}"],
                cwd=self.story.folder,
                env=self.story.env,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=take_interrupts,
            )
        try:
            eventually(lambda: answers(int(self.ports[port])) or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            assert "Traceback" not in log.read_text(), log.read_text()
        finally:
            process.kill()
            process.wait()


def _port(line: str) -> str:
    """The port that a command of a page listens on."""
    (port,) = re.findall(r"\b8\d\d\d\b", line)
    return str(port)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """A folder with the commands that a reader has installed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, module in (
        *(("easemob", "-m easemob_async"), ("python", ""), ("pytest", "-m pytest")),
        ("uvicorn", "-m uvicorn"),
    ):
        shim = folder / name
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        shim.chmod(0o755)
    return Story(tmp_path)


async def run_snippet(code: str, scope: dict[str, Any]) -> str:
    """Run lines that stand inside a coroutine of the reader's; return what they print.

    Names that the lines bind stay in the scope, for the snippets that follow.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    compiled = compile(code, "<snippet>", "exec", flags=flags, dont_inherit=True)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        running = eval(compiled, scope)
        if inspect.iscoroutine(running):
            await running
    return printed.getvalue()


def check_calls(text: str) -> int:
    """Check that the calls of the client in a text take the arguments shown; return how many."""
    client = EasemobClient("a#b", token="t")
    found = 0
    for span in spans(text):
        if not span.startswith("client."):
            continue
        call = ast.parse(span.replace("**", ""), mode="eval").body
        if not isinstance(call, ast.Call):
            continue
        target: Any = client
        for name in ast.unparse(call.func).split(".")[1:]:
            target = getattr(target, name)
        names = [keyword.arg for keyword in call.keywords if keyword.arg]
        inspect.signature(target).bind(*call.args, **dict.fromkeys(names))
        found += 1
    return found
