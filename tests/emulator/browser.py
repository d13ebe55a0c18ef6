"""A real browser for the tests of the emulator's page: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NEEDED = "EASEMOB_TESTS_NEED_BROWSER"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def _find() -> str | None:
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


def _missing() -> str | None:
    """What is missing for the tests of the page, in words."""
    if find_spec("playwright") is None:
        return "playwright is missing: pip install 'easemob-async[browser]'"
    if _find() is None:
        return "chromium is missing: apt-get install chromium"
    return None


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Run a browser; without one the test is skipped, or fails where a browser is needed."""
    missing = _missing()
    if missing is not None:
        if os.environ.get(NEEDED):
            pytest.fail(f"{NEEDED} is set, but {missing}")
        pytest.skip(missing)
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_find(), args=["--no-sandbox"])
        yield browser
        await browser.close()


class Watched:
    """What a page has asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.urls: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._hear(line.type, line.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)
