"""The fixtures that the package registers: for tests of other people's code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from easemob_async import EasemobClient
from easemob_async.emulator import Emulator


async def test_the_client_talks_to_the_emulator(
    easemob_client: EasemobClient, easemob_emulator: Emulator
) -> None:
    easemob_emulator.add_user("ann")
    assert (await easemob_client.users.get("ann")).username == "ann"


SYNC = """
import urllib.request

def test_it(easemob_emulator):
    import sys
    assert easemob_emulator.base_url.startswith("http://127.0.0.1:")

def test_the_client_needs_an_async_plugin(request):
    import pytest
    with pytest.raises(pytest.FixtureLookupError):
        request.getfixturevalue("easemob_client")
"""
UNUSED = """
import sys

def test_nothing_is_loaded_until_it_is_used():
    loaded = [name for name in sys.modules if name.startswith(("easemob_async.", "aiohttp"))]
    assert loaded == ["easemob_async.pytest_plugin"]
"""


@pytest.mark.parametrize("source", [SYNC, UNUSED], ids=["without an async plugin", "unused"])
def test_in_a_project_without_an_async_plugin(tmp_path: Path, source: str) -> None:
    (tmp_path / "test_project.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:anyio"]
    # Other plugins of this environment load aiohttp by themselves.
    command += ["-p", "no:aioresponses", "-p", "no:hypothesispytest", "-p", "no:timeout"]
    result = subprocess.run(
        [*command, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode == 0, result.stdout + result.stderr
