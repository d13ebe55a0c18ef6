"""The pages of docs/ do what they say: their commands are run, word by word, with fewer targets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from easemob_async import EasemobClient
from easemob_async.emulator import Emulator
from easemob_async.emulator.in_thread import running
from tests.guide import DOCS, ROOT, of
from tests.waiting import eventually


def test_bulk(tmp_path: Path) -> None:
    install, emulator_line, exports, plan, kill, status, again, resend, personal = of(
        "bulk.md", "sh"
    )
    assert emulator_line == "easemob emulator --quotas 0 --port 8099\n"
    assert install.startswith("python3 -m venv .venv")
    shim = tmp_path / "bin" / "easemob"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m easemob_async "$@"\n')
    shim.chmod(0o755)
    with running(Emulator(quotas=None, delay=(0.0, 0.2))) as emulator:
        env = {**os.environ, "PATH": f"{shim.parent}:{os.environ['PATH']}", "NO_COLOR": "1"}

        def command(block: str) -> list[str]:
            block = block.replace("1000000", "200000")
            return [
                *("bash", "-c"),
                f"{exports}export EASEMOB_BASE_URL={emulator.base_url}\n{block}",
            ]

        def sh(block: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command(block),
                cwd=tmp_path,
                env=env,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )

        planned = sh(plan)
        assert "nothing was sent: 200,000 read: 200,000 to send to" in planned.stdout
        assert "334 calls; about 0:33:20 at the quota" in planned.stdout
        # Killed once it sends, in place of the page's seconds.
        limit, _, send = kill.partition("easemob")
        assert limit == "timeout --signal=KILL 4 "
        with subprocess.Popen(
            command(f"exec easemob{send}"), cwd=tmp_path, env=env, stderr=subprocess.DEVNULL
        ) as process:
            eventually(lambda: emulator.state.delivered)
            process.kill()
        told = sh(status).stdout
        unknown = int(re.search(r"([\d,]+)  unknown", told)[1].replace(",", ""))  # type: ignore[index]
        sent = int(re.search(r"([\d,]+)  sent", told)[1].replace(",", ""))  # type: ignore[index]
        done = sh(again)
        assert done.returncode == (1 if unknown else 0), done.stderr
        assert f"{sent:,}  skipped" in done.stdout
        assert f"{unknown:,}  unknown" in done.stdout
        last = sh(resend)
        assert last.returncode == 0
        assert f"{unknown:,}  sent" in last.stdout
        assert 200_000 <= emulator.state.delivered <= 200_000 + unknown
        assert sh(personal).returncode == 0
        assert emulator.received("user2")[-1]["body"]["msg"] == "Hi Bob, you have 80 points."
        script, _ = of("bulk.md", "python")
        code = script.replace("1_000_001", "10_001")
        (tmp_path / "job.py").write_text(code)
        ran = sh(f'"{sys.executable}" job.py')
        assert "10,000 read: 10,000 sent" in ran.stdout, ran.stderr


async def test_the_pushes_of_bulk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, code = of("bulk.md", "python")
    monkeypatch.chdir(tmp_path)
    indented = "\n".join("    " + line for line in code.splitlines())
    scope: dict[str, Any] = {}
    exec(f"async def example(client, targets):\n{indented}\n    return report", scope)
    async with Emulator(quotas=None) as emulator:
        emulator.add_user("ann")
        async with EasemobClient(**emulator.credentials) as client:
            report = await scope["example"](client, ["ann", "nobody"])
        assert report.sent == 2
        (push,) = emulator.pushed("ann")
        assert push["pushMessage"]["huawei"]["message"]["android"] == {"category": "MARKETING"}


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_no_page_points_nowhere(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (DOCS / target).exists(), target


def test_the_table_has_every_operation() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "operation_table.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert made.returncode == 0, made.stderr
    assert "# All 230 operations" in (DOCS / "operations.md").read_text(encoding="utf-8")
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", DOCS / "index.md"):
        assert re.search(r"\b[Aa]ll 230 operations\b", page.read_text(encoding="utf-8")), page
