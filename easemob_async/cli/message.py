"""The options of a command that describe a message."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from easemob_async import (
    Audio,
    Command,
    Custom,
    File,
    Image,
    InvalidArgumentError,
    Location,
    Message,
    Text,
    Video,
)

_KINDS = ("text", "image", "audio", "video", "file", "location", "command", "custom")


def message_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that describe a message."""
    options = (
        click.option("--text", help="A text message."),
        click.option(
            "--text-file",
            type=click.Path(exists=True, dir_okay=False),
            help="A text message with the content of this file, in UTF-8.",
        ),
        click.option("--image", metavar="URL", help="An image message; the URL of the upload."),
        click.option("--audio", metavar="URL", help="An audio message; the URL of the upload."),
        click.option("--video", metavar="URL", help="A video message; the URL of the upload."),
        click.option("--file", metavar="URL", help="A file message; the URL of the upload."),
        click.option("--location", metavar="LAT,LNG,ADDRESS", help="A location message."),
        click.option("--command", metavar="ACTION", help="A command message."),
        click.option("--custom", metavar="EVENT", help="A custom message."),
        click.option("--filename", help="The name of the uploaded file."),
        click.option("--secret", help="The share-secret of the uploaded file."),
        click.option(
            "--duration", type=float, metavar="SECONDS", help="The length of an audio or video."
        ),
        click.option("--thumb", metavar="URL", help="The URL of a video's uploaded thumbnail."),
        click.option("--thumb-secret", help="The share-secret of the thumbnail."),
        click.option("--size", metavar="WIDTHxHEIGHT", help="The size of an image, in pixels."),
        click.option(
            "--exts", metavar="JSON", help="The attributes of a custom message: a JSON object."
        ),
        click.option("--ext", metavar="JSON", help="The message extension: a JSON object."),
        click.option("--sender", help="The sender; admin by default."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def with_text_file(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with the content of ``--text-file`` as ``--text``.

    Raises:
        click.UsageError: both options are given, or the text is empty or not UTF-8.
    """
    options = dict(options)
    path = options.pop("text_file")
    if path is not None:
        if options["text"] is not None:
            raise click.UsageError("use either --text or --text-file, not both")
        try:
            options["text"] = Path(path).read_text("utf-8-sig").removesuffix("\n")
        except UnicodeDecodeError:
            raise click.UsageError(f"--text-file {path} is not UTF-8: save it as UTF-8") from None
    text = options["text"]
    if text is not None and not text.strip():
        raise click.UsageError("the text is empty: a text message needs some text")
    if text is not None and path is None and text.startswith("@") and Path(text[1:]).is_file():
        click.echo(
            f"--text {text} is sent as it is; did you mean --text-file {text[1:]}?", err=True
        )
    return options


def read_message(options: dict[str, Any]) -> Message:
    """Return the message that the options describe.

    Raises:
        click.UsageError: the options describe no message, several messages or an invalid one.
    """
    given = [kind for kind in _KINDS if options[kind] is not None]
    if len(given) != 1:
        names = ", ".join(f"--{kind}" for kind in _KINDS)
        raise click.UsageError(f"say what to send with exactly one of {names}")
    kind = given[0]
    try:
        return _make(kind, options[kind], options)
    except InvalidArgumentError as error:
        raise click.UsageError(str(error)) from None


def read_json(text: str | None, option: str) -> dict[str, Any] | None:
    """Return the JSON object of an option.

    Raises:
        click.UsageError: the value is not a JSON object.
    """
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{option} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise click.UsageError(f"{option} must be a JSON object")
    return value


def _make(kind: str, value: str, options: dict[str, Any]) -> Message:
    attachment = {"filename": options["filename"], "secret": options["secret"]}
    seconds = options["duration"]
    duration = None if seconds is None else timedelta(seconds=seconds)
    match kind:
        case "text":
            return Text(value)
        case "image":
            width, height = _size(options["size"])
            return Image(value, **attachment, width=width, height=height)
        case "audio":
            return Audio(value, **attachment, duration=duration)
        case "video":
            thumb = {"thumb": options["thumb"], "thumb_secret": options["thumb_secret"]}
            return Video(value, **attachment, **thumb, duration=duration)
        case "file":
            return File(value, **attachment)
        case "location":
            parts = value.split(",", 2)
            if len(parts) != 3:
                raise click.UsageError("--location must be LAT,LNG,ADDRESS")
            return Location(parts[0], parts[1], parts[2])
        case "command":
            return Command(value)
        case _:
            return Custom(value, read_json(options["exts"], "--exts"))


def _size(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    width, separator, height = text.partition("x")
    if not separator or not width.isdecimal() or not height.isdecimal():
        raise click.UsageError("--size must be WIDTHxHEIGHT, e.g. 480x720")
    return int(width), int(height)
