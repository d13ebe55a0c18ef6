"""A message from the options of a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from easemob_async.emulator import Emulator
from tests.cli.shell import FAST, Shell
from tests.cli.target_files import csv_of


@pytest.mark.parametrize(
    ("options", "type_", "body"),
    [
        (["--text", "a"], "txt", {"msg": "a"}),
        (
            ["--image", "http://f", "--filename", "f", "--secret", "s", "--size", "4x3"],
            "img",
            {"url": "http://f", "filename": "f", "secret": "s", "size": {"width": 4, "height": 3}},
        ),
        (["--audio", "u", "--duration", "9"], "audio", {"url": "u", "length": 9}),
        (
            ["--video", "u", "--thumb", "t", "--thumb-secret", "s"],
            "video",
            {"url": "u", "thumb": "t", "thumb_secret": "s"},
        ),
        (["--file", "u"], "file", {"url": "u"}),
        (["--location", "1.5,2,a, b"], "loc", {"lat": "1.5", "lng": "2.0", "addr": "a, b"}),
        (["--command", "jump"], "cmd", {"action": "jump"}),
        (
            ["--custom", "e", "--exts", '{"k": "v"}'],
            "custom",
            {"customEvent": "e", "customExts": {"k": "v"}},
        ),
    ],
)
def test_every_type_of_message(
    sh: Shell, emulator: Emulator, options: list[str], type_: str, body: object
) -> None:
    assert sh("send", "-", *options, stdin="u1\n").returncode == 0
    (message,) = emulator.received("u1")
    assert (message["type"], message["body"]) == (type_, body)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--text", ""], "the text is empty"),
        (["--text", "  \n"], "the text is empty"),
        (["--text", "Hi {name"], "'{' at character 4 is not a placeholder"),
        (["--text", "Hi name}"], "'}' at character 8 is not a placeholder"),
        (["--text", "Hi {}"], "'{}' at character 4 is not a placeholder"),
        (["--text", "Hi {{name}"], "is not a placeholder"),
        (["--text", "a", "--text-file", "TEXT"], "not both"),
        (["--text-file", "nowhere"], "does not exist"),
    ],
)
def test_an_empty_or_malformed_message_is_refused(
    sh: Shell, emulator: Emulator, tmp_path: Path, options: list[str], words: str
) -> None:
    path, text = tmp_path / "people.csv", tmp_path / "text.txt"
    path.write_text(csv_of())
    text.write_text("x")
    options = [str(text) if option == "TEXT" else option for option in options]
    result = sh("send", str(path), *options, *FAST)
    assert result.returncode == 2
    assert words in result.stderr
    assert emulator.state.delivered == 0


def test_a_text_from_a_file(sh: Shell, emulator: Emulator, tmp_path: Path) -> None:
    path, text = tmp_path / "people.csv", tmp_path / "text.txt"
    path.write_text(csv_of())
    text.write_text("\ufeff亲爱的 {name}：\n两行\n", encoding="utf-8")
    assert sh("send", str(path), "--text-file", str(text), *FAST).returncode == 0
    assert emulator.received("user000001")[0]["body"]["msg"] == "亲爱的 李雷：\n两行"
    hint = sh("send", str(path), "--text", f"@{text}", "--limit", "1", *FAST)
    assert f"did you mean --text-file {text}" in hint.stderr
