"""Make the screenshots of the emulator's page: each part, on a desktop and on a phone.

    python tools/screenshots.py           # the few that the documentation shows
    python tools/screenshots.py FOLDER    # all of them, into a folder

It needs Playwright (the extra `browser`), Debian's `chromium`, a Chinese font and Pillow, which
reduces the pictures to 200 colours.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from aiohttp import web
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from easemob_async import EasemobClient, EasemobError, Text
from easemob_async.emulator import Emulator
from easemob_async.emulator.refusal import Refusal

SHOWN: Final = Path(__file__).parent.parent / "docs" / "images" / "emulator"
WIDTHS: Final = {"desktop": (1280, 800), "phone": (375, 740)}
USERS: Final = (0, 3, 10_000)
PARTS: Final = (
    *("overview", "users", "groups", "rooms", "chat"),
    *("requests", "webhooks", "quotas", "faults"),
)
IN_DOCS: Final = (
    "overview-3-desktop-en",
    "overview-3-desktop-zh",
    "overview-3-desktop-en-dark",
    "users-3-desktop-en",
    "users-10000-phone-en",
    "users-10000-phone-zh",
    "chat-3-desktop-en",
    "chat-3-phone-zh",
    "requests-3-desktop-en",
    "requests-3-desktop-zh",
    "requests-3-phone-en",
    "webhooks-3-desktop-en",
    "webhooks-3-desktop-zh",
    "quotas-3-desktop-en",
    "quotas-3-desktop-zh",
    "faults-3-desktop-en",
    "faults-3-desktop-zh",
)
COLOURS: Final = 200
SECRET: Final = "the-secret-of-the-rule"  # noqa: S105 - of a rule of the emulator


async def main(folder: Path, wanted: Sequence[str] | None) -> None:
    """Make the pictures that are wanted, or all."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for users in USERS:
            if wanted is None or any(f"-{users}-" in name for name in wanted):
                async with filled(users) as emulator:
                    await take_all(browser, emulator, users, folder, wanted)
        await browser.close()


async def take_all(
    browser: Browser, emulator: Emulator, users: int, folder: Path, wanted: Sequence[str] | None
) -> None:
    """Make the pictures of an emulator."""
    for width, (pixels, height) in WIDTHS.items():
        for language, scheme in (("en", "light"), ("zh", "light"), ("en", "dark")):
            context = await browser.new_context(
                viewport={"width": pixels, "height": height},
                locale="zh-CN" if language == "zh" else "en-GB",
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = await context.new_page()
            for part in PARTS:
                dark = "-dark" if scheme == "dark" else ""
                name = f"{part}-{users}-{width}-{language}{dark}"
                if wanted is None or name in wanted:
                    await open_part(page, emulator, part, users)
                    picture = await page.screenshot()
                    image = Image.open(BytesIO(picture)).convert("RGB")
                    image = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
                    image.save(folder / f"{name}.png", optimize=True)
            await context.close()


async def open_part(page: Page, emulator: Emulator, part: str, users: int) -> None:
    """Open a part of the page, with something chosen in it."""
    where = part
    if users and part == "users" and users == 3:
        where = "users/bob"
    if users and part in ("groups", "rooms"):
        places = emulator.state.groups if part == "groups" else emulator.state.rooms
        where = f"{part}/{next(iter(places))}"
    await page.goto("about:blank")
    if users and part == "quotas":
        use_quotas(emulator)
    await page.goto(f"{emulator.base_url}/_emulator/#{where}")
    await page.wait_for_selector(".live.on")
    await page.wait_for_load_state("load")
    await page.wait_for_timeout(400)
    if not users:
        return
    if part == "chat":
        fields = page.locator("main form input")
        await fields.nth(0).fill("ann")
        await fields.nth(1).fill("bob")
        for text in ("Shall we meet at noon?", "Buy cheap watches!", "See you there."):
            await page.locator("main textarea").fill(text)
            await page.locator("main form button").click()
            await page.wait_for_timeout(400)
    if part == "requests":
        await page.locator("tbody button").nth(3).click()
    if part == "webhooks":
        await page.locator(".posted > li:has(.s5) summary").first.click()
    if part == "faults":
        emulator.faults.clear()
        emulator.fail("POST", "/messages/users", status=503, times=2)
        emulator.fail("GET", "/users", times=1)
        await page.reload()
        await page.wait_for_timeout(400)


def use_quotas(emulator: Emulator) -> None:
    """Count calls, so that there is something to see in the windows of a second."""
    for quota, route, calls in (
        ("history", "GET /chatmessages/{time}", 11),
        ("messages.groups", "POST /messages/chatgroups", 17),
        ("users", "GET /users", 64),
        ("rooms", "POST /chatrooms", 12),
    ):
        with contextlib.suppress(Refusal):
            for _ in range(calls):
                emulator.quotas.count(quota, route, 1)


@asynccontextmanager
async def filled(users: int) -> AsyncIterator[Emulator]:
    """Run an emulator with a number of users, and with what they have done."""
    async with Emulator(port=47119) as emulator, bot() as (after, before):
        if users:
            await fill(emulator, users, after, before)
        yield emulator


async def fill(emulator: Emulator, users: int, after: str, before: str) -> None:
    """Add users, and let them do something of each kind."""
    async with EasemobClient(**emulator.credentials) as client:
        for name, nickname in (("ann", "Ann"), ("bob", "小明"), ("cara", "Cara <b>bold</b>")):
            await client.users.create(name, password="secret", nickname=nickname)  # noqa: S106
        for number in range(3, users):
            emulator.add_user(f"user{number:05}")
        names = list(emulator.state.users)[:500]
        emulator.add_webhook(after, secret=SECRET)
        emulator.add_webhook(before, secret=SECRET, before_delivery=True, wait=1)
        emulator.log_in("ann")
        emulator.log_in("bob", "ios_1", "iPhone")
        group = await client.chat_groups.create(
            name="Weekend 周末", description="Trips", owner="ann", members=names[1:100], public=True
        )
        room = await client.chat_rooms.create(
            name="Lobby", description="Everybody", owner="ann", members=names[1:]
        )
        await client.messages.send_to_users(["bob", "cara"], Text("Good morning"), sender="ann")
        await client.messages.send_to_users(["bob"], Text("早上好，今天开会吗？"), sender="cara")
        await client.messages.send_to_groups(
            [group.group_id], Text("Where do we go?"), sender="bob"
        )
        await client.messages.send_to_rooms([room.room_id], Text("Welcome"), sender="ann")
        for number in range(25):
            await client.messages.send_to_users(["bob"], Text(f"Note {number}"), sender="ann")
        for ask in (client.users.get("nobody"), client.chat_groups.get("1")):
            with contextlib.suppress(EasemobError):
                await ask
        emulator.fail("GET", "/users/ann", status=503)
        await client.users.get("ann")
        await emulator.webhooks.idle()


@asynccontextmanager
async def bot() -> AsyncIterator[tuple[str, str]]:
    """Serve a callback after delivery that fails at times, and one before that refuses adverts."""
    posts = 0

    async def take(_: web.Request) -> web.Response:
        nonlocal posts
        posts += 1
        return web.Response(status=500 if posts % 5 == 0 else 200, text="{}")

    async def judge(request: web.Request) -> web.Response:
        text = (await request.json())["payload"]["bodies"][0]["msg"]
        if "cheap" in text:
            return web.json_response({"valid": False, "code": "no adverts"})
        if "noon" in text:
            bodies = [{"type": "txt", "msg": text.replace("noon", "12:00")}]
            return web.json_response({"valid": True, "payload": {"bodies": bodies}})
        return web.json_response({"valid": True})

    application = web.Application()
    application.router.add_post("/after", take)
    application.router.add_post("/before", judge)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 47120).start()
    try:
        yield "http://127.0.0.1:47120/after", "http://127.0.0.1:47120/before"
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else SHOWN
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, None if len(sys.argv) > 1 else IN_DOCS))
