"""The project's own files: one version, the form of the changelog, links, and hosts."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import pytest

import easemob_async

ROOT = Path(__file__).parent.parent
IGNORED = [".git", *(line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines())]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
VERSIONS = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
SECTIONS = re.findall(r"^### (.*)$", CHANGELOG, re.MULTILINE)
REGISTRY_HOSTS = re.compile(
    r"\bpypi\.(org|io|python|tuna|douban)|\bpythonhosted\.|\banaconda\.org|\bnpm(js|mirror)\."
    r"|\bcrates\.io|\brubygems\.|\bdocker\.(io|com)|\bghcr\.io|\bproxy\.golang\."
    r"|\bmirrors?\.\w+\.(com|edu|org)",
    re.IGNORECASE,
)


def files_of_the_project() -> Iterator[Path]:
    """Walk the tree without what git ignores."""
    for folder, folders, files in os.walk(ROOT):
        for names in (folders, files):
            kept = [n for n in names if not any(fnmatch(n, ignored) for ignored in IGNORED)]
            names[:] = sorted(kept)
        yield from (Path(folder, name) for name in files)


def test_the_version_is_written_in_one_place() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in pyproject["project"]
    assert pyproject["project"]["dynamic"] == ["version"]
    assert pyproject["tool"]["hatch"]["version"] == {"path": "easemob_async/version.py"}
    literal = re.compile(rf"(?<![\d.]){re.escape(easemob_async.__version__)}(?![\d.])")
    package = Path(easemob_async.__file__).parent
    places = [p for p in package.rglob("*.py") if literal.search(p.read_text("utf-8"))]
    assert places == [package / "version.py"]


def test_the_installed_version_is_that_of_the_source() -> None:
    installed = metadata.version("easemob-async")
    assert installed == easemob_async.__version__, "install the project again: pip install -e ."


def test_the_changelog_begins_with_what_is_unreleased() -> None:
    assert VERSIONS[0] == "[Unreleased]"
    for release in VERSIONS[1:]:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d( \[YANKED\])?", release), release
    assert set(SECTIONS) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_before_the_first_release_everything_is_added() -> None:
    if VERSIONS == ["[Unreleased]"]:
        assert SECTIONS == ["Added"]


@pytest.mark.parametrize(
    "page",
    [path.relative_to(ROOT).as_posix() for path in files_of_the_project() if path.suffix == ".md"],
)
def test_relative_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    prose = re.sub(r"^( *)```.*?^\1```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if "://" not in target and not target.startswith("#"):
            assert (ROOT / page).parent.joinpath(target.partition("#")[0]).exists(), target


def test_no_file_names_the_host_of_a_package_registry() -> None:
    for path in files_of_the_project():
        found = REGISTRY_HOSTS.search(path.read_bytes().decode("utf-8", "replace"))
        assert not found, f"{path.relative_to(ROOT)}: {found[0]}"
