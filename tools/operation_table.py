"""Write the table of all operations, docs/operations.md, from the operations themselves.

python tools/operation_table.py          # writes it, and docs/operations.zh-CN.md
python tools/operation_table.py --check  # fails when they are not as written
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

import yaml

from easemob_async import EasemobClient, Limit
from easemob_async.operation import Operation
from easemob_async.resources import operations

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {"en": DOCS / "operations.md", "zh": DOCS / "operations.zh-CN.md"}
HEADS = {
    "en": (
        "---\n"
        "hide: [toc]\n"
        "---\n"
        "\n"
        "# All {number} operations\n"
        "\n"
        "Each operation is a method of the client: `users.get` is `client.users.get(...)`. Paths "
        "are below the app's URL,\n"
        "`/{{org}}/{{app}}`. The limits are the documented ones; a limit with a name is shared by "
        "all operations that have it.\n"
        '"Safe" operations are retried after any failure, "once" only if the service has certainly '
        "not processed the request.\n"
        "This page is made by `tools/operation_table.py`.\n"
        "\n"
        "| operation | what it does | request | limits | repeat |\n"
        "| --- | --- | --- | --- | --- |\n"
    ),
    "zh": (
        "---\n"
        "hide: [toc]\n"
        "---\n"
        "\n"
        "# 全部 {number} 个操作\n"
        "\n"
        "每个操作都是客户端的一个方法：`users.get` 就是 `client.users.get(...)`。"
        "路径写在应用的 URL `/{{org}}/{{app}}` 之后。"
        "频率上限取自官方文档，括号里有名字的上限由同名的操作共用。"
        "标为 safe 的操作失败后都会重试；标为 once 的，只有确定服务器没有处理过才会重试。"
        "本页由 `tools/operation_table.py` 生成。\n"
        "\n"
        "| 操作 | 说明 | 请求 | 频率上限 | 重试 |\n"
        "| --- | --- | --- | --- | --- |\n"
    ),
}
WINDOWS = {
    timedelta(seconds=1): ("second", "秒"),
    timedelta(minutes=1): ("minute", "分钟"),
    timedelta(days=1): ("day", "天"),
}
UNITS = {"calls": "次", "messages": "条消息"}


def table(language: str) -> str:
    """Return the page in a language."""
    found = operations()
    rows = (row(operation, language) for operation in found.values())
    return HEADS[language].format(number=len(found)) + "".join(rows)


def row(operation: Operation, language: str) -> str:
    """Return the row of an operation."""
    path = operation.path.replace("{*", "{")
    limits = limits_of(operation, language)
    request = f"{operation.method} `{path}`"
    what = summary(operation.id, language)
    return f"| `{operation.id}` | {what} | {request} | {limits} | {operation.repeat} |\n"


def summary(id_: str, language: str) -> str:
    """Return what an operation does, in a sentence: the first of its docstring, or in Chinese."""
    if language == "zh":
        return chinese_summaries()[id_]
    method: object = EasemobClient("acme#shop", token="...")  # noqa: S106
    for part in id_.split("."):
        method = getattr(method, part)
    text = (inspect.getdoc(method) or "").partition("\n")[0]
    return text.replace("``", "`")


@cache
def chinese_summaries() -> Mapping[str, str]:
    """Return what each operation does, in Chinese."""
    text = (Path(__file__).parent / "operations.zh-CN.yaml").read_text(encoding="utf-8")
    found: Mapping[str, str] = yaml.safe_load(text)
    return found


def limits_of(operation: Operation, language: str) -> str:
    """Return the limits of an operation in words."""
    if language == "zh":
        return "；".join(map(chinese, operation.limits))
    return "; ".join(map(english, operation.limits))


def english(one: Limit) -> str:
    """Return a limit in words."""
    window = WINDOWS[one.per][0] if one.per in WINDOWS else ""
    if not window:
        minutes, seconds = divmod(int(one.per.total_seconds()), 60)
        window = f"{seconds} seconds" if seconds else f"{minutes} minutes"
    unit = one.unit if one.units > 1 else one.unit.removesuffix("s")
    words = f"{one.units:,} {unit} in {window if ' ' in window else f'a {window}'}"
    if one.key is not None:
        words += f" for each `{one.key}`"
    return words if one.name is None else f"{words} (`{one.name}`)"


def chinese(one: Limit) -> str:
    """Return a limit in Chinese words."""
    window = WINDOWS[one.per][1] if one.per in WINDOWS else ""
    if not window:
        minutes, seconds = divmod(int(one.per.total_seconds()), 60)
        window = f"{seconds} 秒" if seconds else f"{minutes} 分钟"
    words = f"{one.units:,} {UNITS.get(one.unit, one.unit)}/{window}"
    if one.key is not None:
        words = f"每个 `{one.key}` {words}"
    return words if one.name is None else f"{words}（`{one.name}`）"


if __name__ == "__main__":
    for language, page in PAGES.items():
        if "--check" not in sys.argv[1:]:
            page.write_text(table(language), encoding="utf-8")
        elif page.read_text(encoding="utf-8") != table(language):
            sys.exit("run `python tools/operation_table.py`")
