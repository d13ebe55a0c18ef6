"""Draw the picture of the demo, docs/images/demo.svg, from a run of `easemob demo`."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE: Final = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"
COLUMNS: Final = 96
THEME: Final = TerminalTheme(
    (15, 23, 42),
    (226, 232, 240),
    [
        *((15, 23, 42), (248, 113, 113), (74, 222, 128), (250, 204, 21)),
        *((96, 165, 250), (192, 132, 252), (34, 211, 238), (226, 232, 240)),
    ],
)
# As rich draws it, without the fonts that it would load from elsewhere.
FORMAT: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Run the demo and draw what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "easemob_async", "demo"],
        env={**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the progress bars
        text=True,
        check=True,
    )
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi("\x1b[1;32m$\x1b[0m easemob demo\n" + done.stdout.rstrip()))
    svg = console.export_svg(
        title="easemob demo", theme=THEME, code_format=FORMAT, unique_id="demo"
    )
    PICTURE.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
