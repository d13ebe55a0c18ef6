"""Build the documentation: the site in English and in Chinese, searchable, readable as files.

    python tools/build_site.py           # into site/; open site/index.html
    python tools/build_site.py FOLDER

A page is docs/NAME.md, and docs/NAME.zh-CN.md in Chinese; where that is missing, the Chinese site
has the English page with a note. Each language is built on its own, by Zensical from mkdocs.yml
(and mkdocs.zh-CN.yml). The joined site is then checked: every link leads to a page and a place on
it, and no page loads anything from elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import yaml
from reference import Reference

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
BUILD: Final = ROOT / "build" / "site"
CHINESE: Final = ".zh-CN.md"
LANGUAGES: Final = {"en": "mkdocs.yml", "zh": "mkdocs.zh-CN.yml"}
MISSING: Final = "!!! note\n\n    这一页还没有中文版，以下是英文原文。\n\n"
# A function in the configuration is for Zensical: it is passed on as it stands.
yaml.SafeLoader.add_multi_constructor("tag:yaml.org,2002:python/", lambda _, __, node: node)
yaml.SafeDumper.add_representer(yaml.MappingNode, lambda _, node: node)
ENTRANCE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>easemob_async</title>
<script>
  location.replace((navigator.language.startsWith("zh") ? "zh" : "en") + "/index.html");
</script>
<p><a href="zh/index.html">中文</a> · <a href="en/index.html">English</a></p>
</html>
"""


def main(folder: Path) -> None:
    """Build the site of each language, join and check them."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    for language in LANGUAGES:
        lay_out(language, BUILD / language)
        build(BUILD / language)
        shutil.copytree(BUILD / language / "site", folder / language)
        (folder / language / "404.html").unlink()  # its links are those of a server's root
    (folder / "index.html").write_text(ENTRANCE, encoding="utf-8")
    faults = list(check(folder))
    if faults:
        sys.exit("\n".join(faults))


def lay_out(language: str, folder: Path) -> None:
    """Write what a language's site is built from: its pages, and its configuration."""
    pages = folder / "docs"
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("*.md", "theme"))
    shutil.copytree(DOCS / "theme", folder / "theme")
    for path in sorted(DOCS.glob("*.md")):
        if not path.name.endswith(CHINESE):
            (pages / path.name).write_text(page(path, language), encoding="utf-8")
    reference = Reference(language)
    (pages / "reference").mkdir()
    for name, text in reference.pages().items():
        (pages / "reference" / f"{name}.md").write_text(text, encoding="utf-8")
    with (pages / "reference.md").open("a", encoding="utf-8") as overview:
        overview.write("\n" + reference.overview())
    operations = pages / "operations.md"
    operations.write_text(reference.with_links(operations.read_text("utf-8")), encoding="utf-8")
    config = configuration(language)
    config["nav"][-1][reference.words["reference"]] += reference.menu()
    text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    (folder / "mkdocs.yml").write_text(text, encoding="utf-8")


def page(path: Path, language: str) -> str:
    """Return a page in a language; its links lead to the pages of that language."""
    text = path.read_text(encoding="utf-8")
    chinese = path.with_name(path.stem + CHINESE)
    if language == "zh":
        text = chinese.read_text(encoding="utf-8") if chinese.exists() else MISSING + text
        # A page links to its Chinese neighbours by their own names, and to the English ones
        # only where it means those.
        return re.sub(r"\]\(([\w-]+)\.zh-CN\.md", r"](\1.md", text)
    return re.sub(r"\]\(([\w-]+)\.zh-CN\.md", r"](../zh/\1.html", text)


def configuration(language: str) -> dict[str, Any]:
    """Return the configuration of a language: the common one, with what the language changes."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    changes = yaml.safe_load((ROOT / LANGUAGES[language]).read_text(encoding="utf-8"))
    theme = {**config["theme"], **changes["theme"]}
    title = changes.pop("permalink_title", None)
    for extension in config["markdown_extensions"]:
        if title is not None and "toc" in extension:
            extension["toc"]["permalink_title"] = title
    return {**config, **changes, "theme": theme}


def build(folder: Path) -> None:
    """Run Zensical; what it warns of is an error."""
    tools = Path(sys.executable).parent
    done = subprocess.run(  # noqa: S603 - the command is ours
        [tools / "zensical", "build", "--strict", "--clean"],
        cwd=folder,
        # Signatures are wrapped by the ruff beside this Python.
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{folder.name}: {done.stdout}{done.stderr}")


class Links(HTMLParser):
    """What a page links to, what it loads, and the places on it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: Mapping[str, str] = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.places.add(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if "src" in values:
            self.loads.append(values["src"])
        if tag == "link" and values.get("rel") not in ("canonical", "alternate", "prev", "next"):
            self.loads.append(values["href"])


def check(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the links of a site."""
    read = cache(Links)
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder)
        for link in dict.fromkeys(read(path).loads):
            if re.match(r"(?:\w+:)?//", link):
                yield f"{name}: loads {link} from elsewhere"
            elif not link.startswith("data:") and not (path.parent / unquote(link)).exists():
                yield f"{name}: loads {link}, which is missing"
        for link in dict.fromkeys(read(path).links):
            if re.match(r"\w+:", link):
                continue
            target, _, place = link.partition("#")
            file = path if not target else (path.parent / unquote(target)).resolve()
            if not file.is_file():
                yield f"{name}: links to {link}, which is missing"
            elif place and unquote(place) not in read(file).places:
                yield f"{name}: links to {link}, and there is no such place on that page"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "site")
