"""Make screenshots of the built site, on a desktop and on a phone, in both languages.

    python tools/build_site.py && python tools/site_screenshots.py FOLDER

The site is opened as files, without a server; a page that is wider than the screen is reported. It
needs Playwright (the extra `browser`), Debian's `chromium` and a Chinese font.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

SITE: Final = Path(__file__).parent.parent / "site"
WIDTHS: Final = {"desktop": (1280, 800), "phone": (375, 740)}
PAGES: Final = (
    *("index", "quickstart", "services", "bulk", "emulator", "operations", "reference"),
    *("reference/users", "reference/messages", "reference/errors", "reference/events"),
)
WORDS: Final = {"en": "pre-send callback", "zh": "发送前回调"}


async def main(folder: Path) -> None:
    """Make all pictures, in a folder."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for width, (pixels, height) in WIDTHS.items():
            for language, scheme in (("en", "light"), ("zh", "light"), ("zh", "dark")):
                context = await browser.new_context(
                    viewport={"width": pixels, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page = await context.new_page()
                for name in PAGES:
                    address = SITE / language / f"{name}.html"
                    picture = f"{name.replace('/', '-')}-{width}-{language}-{scheme}"
                    await page.goto(address.as_uri())
                    await take(page, folder / f"{picture}.png", pixels)
                await search(page, WORDS[language])
                await take(page, folder / f"search-{width}-{language}-{scheme}.png", pixels)
                await context.close()
        await browser.close()


async def search(page: Page, words: str) -> None:
    """Open the search and look for words."""
    await page.keyboard.press("/")
    await page.get_by_role("combobox").fill(words)
    await page.get_by_role("option").first.wait_for()


async def take(page: Page, path: Path, width: int) -> None:
    """Make the picture of a page as it is first seen."""
    await page.wait_for_timeout(300)
    if await page.evaluate("document.documentElement.scrollWidth") > width:
        print(f"{path.stem}: wider than the screen")
    await page.screenshot(path=path)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder))
