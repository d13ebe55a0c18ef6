"""The facts are copied from a folder, and what changed is told by operation."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parent.parent / "tools" / "copy_facts.py"

OLD = {
    "users.yaml": """\
# from the pages of May
operations:
  - {id: users.get, method: GET, limits: [one]}
  - {id: users.rename, method: PUT}
notes: {read: May}
""",
    "gone.yaml": "legacy:\n  - {id: users.old, method: GET}\n",
    "rest-2014.md": "calls of 2014\n",
}
NEW = {
    "users.yaml": """\
# from the pages of June
operations:
  - {id: users.get, method: POST, page: user.md}
  - {id: users.merge, method: POST}
notes: {read: June}
""",
    "webhooks.yaml": "events:\n  - {id: user.login, summary: logged in}\n",
    "rest-2014.md": "calls of 2014\n",
    "notes.txt": "no fact",
}
CHANGES = """\
removed  gone.yaml
added    user.login
changed  users.get: limits, method, page
added    users.merge
removed  users.old
removed  users.rename
changed  users.yaml: comments, notes
added    webhooks.yaml
"""


def written(folder: Path, files: dict[str, str]) -> Path:
    """Return a folder that holds these files."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    return written(tmp_path / "facts", OLD)


@pytest.fixture
def tool(facts: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = spec_from_file_location("copy_facts", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FACTS", facts)
    return module


def test_what_changed_is_told_by_id_and_the_folder_is_copied(
    tool: ModuleType, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "folder", NEW)
    tool.main([str(folder)])
    assert capsys.readouterr().out == CHANGES
    assert held(facts) == {name: text for name, text in NEW.items() if name != "notes.txt"}
    tool.main([str(folder)])
    assert capsys.readouterr().out == ""


def test_a_check_changes_nothing_and_fails_on_differences(
    tool: ModuleType, facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="copy_facts"):
        tool.main(["--check", str(written(tmp_path / "folder", NEW))])
    assert capsys.readouterr().out == CHANGES
    assert held(facts) == OLD
    with pytest.raises(SystemExit) as done:
        tool.main(["--check", str(written(tmp_path / "same", OLD))])
    assert done.value.code == 0


def test_a_folder_without_facts_removes_nothing(
    tool: ModuleType, facts: Path, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as done:
        tool.main([str(written(tmp_path / "folder", {"notes.txt": "no fact"}))])
    assert done.value.code == 2
    assert held(facts) == OLD
