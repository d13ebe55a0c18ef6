"""The output of answers: lines for people, or JSON for programs (``--json``)."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterable, Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from easemob_async import (
    FOREVER,
    Audio,
    Combined,
    Command,
    Custom,
    File,
    Image,
    Location,
    Message,
    Text,
    Video,
)

T = TypeVar("T")


def wants_json() -> bool:
    """Return whether the running command has ``--json``."""
    return bool(click.get_current_context().meta.get("json"))


def show(value: object, text: str | None = None) -> None:
    """Print an answer as JSON, as the given text, or field by field."""
    plain = to_plain(value)
    if wants_json():
        # If the output is not UTF-8, only JSON escapes can be read back safely.
        encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
        click.echo(json.dumps(plain, ensure_ascii=encoding != "utf8"))
    elif text is not None:
        click.echo(text)
    elif isinstance(plain, dict):
        for name, item in plain.items():
            if item not in (None, "", [], {}):
                shown = item if isinstance(item, str | int | float) else json.dumps(item)
                click.echo(f"{name:12} {shown}")
    else:
        click.echo(plain)


async def show_all(
    found: AsyncIterable[T], line: Callable[[T], str], *, limit: int | None = None
) -> None:
    """Print a list while it is read, one item per line."""
    shown = 0
    async for item in found:
        if limit is not None and shown >= limit:
            break
        show(item, line(item))
        shown += 1


def tell(failed: Mapping[str, str], total: int, done: str) -> int:
    """Print the results of many items and return the exit status."""
    text = f"{done} {total - len(failed)} of {total}"
    show({"done": total - len(failed), "failed": dict(failed)}, text)
    for name, reason in failed.items():
        click.echo(f"{name}: {reason}", err=True)
    return 1 if failed else 0


def readable(body: Message | Combined | Mapping[str, Any]) -> str:
    """Return a message as one readable line."""
    match body:
        case Text():
            words = body.text
        case Location():
            words = f"[location] {body.address} ({body.latitude:g}, {body.longitude:g})"
        case Command():
            words = f"[command] {body.action}"
        case Custom():
            words = f"[custom] {body.event or ''} {dict(body.exts or {}) or ''}"
        case Image() | Audio() | Video() | File():
            words = f"[{type(body).__name__.lower()}] {body.filename or body.url}"
        case Combined():
            words = f"[combined] {body.title or body.text}"
        case _:
            words = json.dumps(to_plain(body), ensure_ascii=False)
    return " ".join(words.split())


def to_plain(value: Any) -> Any:
    """Return an answer as values that JSON can represent."""
    if attrs.has(type(value)):
        return {
            field.name: to_plain(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if not field.name.startswith("_")
        }
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        return "forever" if value == FOREVER else value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def limited(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that limits the length of a list."""
    option = click.option("--limit", type=click.IntRange(min=1), help="Print at most this many.")
    return option(command)


def asked_first(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that skips the confirmation of a deletion."""
    return click.option("--yes", is_flag=True, help="Do not ask for confirmation.")(command)
