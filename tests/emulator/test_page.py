"""The page at `/_emulator/`, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from easemob_async.emulator import Emulator
from tests.emulator.browser import Watched, browsing
from tests.emulator.caller import Caller
from tests.emulator.webhook_server import SECRET, Server

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
PARTS = ("overview", "users", "groups", "rooms", "chat", "requests", "webhooks", "quotas", "faults")
Open = Callable[..., Awaitable["Page"]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


@pytest.fixture
async def visits() -> list[Watched]:
    return []


@pytest.fixture
async def open_page(
    browser: Browser, emulator: Emulator, visits: list[Watched]
) -> AsyncIterator[Open]:
    """Opens the page, which never asks another host and never complains."""

    async def visit(part: str = "", **options: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **options}
        context = await browser.new_context(**options)
        context.set_default_timeout(10_000)
        page = await context.new_page()
        visits.append(Watched(page))
        await page.goto(f"{emulator.base_url}/_emulator/#{part}")
        await page.wait_for_selector("header .live.on")
        return page

    base_url = emulator.base_url
    yield visit
    for visited in visits:
        assert [url for url in visited.urls if not url.startswith(base_url)] == []
        assert visited.complaints == []


async def send(call: Caller, text: str, *targets: str) -> None:
    message = {"from": "ann", "to": list(targets), "type": "txt", "body": {"msg": text}}
    assert (await call("POST", "/messages/users", message))[0] == 200


async def see(page: Page, text: str, inside: str = "main") -> None:
    """Wait until a text is on the page."""
    await page.locator(inside).get_by_text(text).first.wait_for()


async def settled(page: Page, part: str) -> None:
    """Wait until a part is chosen and what it asked for is there."""
    await page.locator(f"nav a[href='#{part.partition('/')[0]}'][aria-current]").wait_for()
    await page.evaluate(
        """async () => {
            for (const kind of ["state", "users", "quotas"]) await fetch(kind);
            await new Promise(requestAnimationFrame);
        }"""
    )


class TestLive:
    async def test_a_message_sent_by_the_api_appears_without_reloading(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        page = await open_page("users/bob")
        await see(page, "No messages yet")
        await send(call, "hello from the API", "bob")
        await see(page, "hello from the API", ".messages")
        await see(page, "↓ 1", ".names")
        assert "1 new message" in (await page.locator("[aria-live]").text_content() or "")

    async def test_a_request_appears_and_opens(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        page = await open_page("requests")
        await call("GET", "/users/nobody")
        row = page.locator("tbody tr", has_text="/users/nobody")
        await row.locator(".s4").wait_for()
        await row.click()
        await see(page, "service_resource_not_found", ".inside")
        await row.click()
        await page.locator(".inside").wait_for(state="detached")

    async def test_requests_are_filtered_and_paused(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        page = await open_page("requests")
        await call("GET", "/users/ann")
        await call("GET", "/users/nobody")
        await see(page, "/easemob-demo/testapp/users/nobody", "tbody")
        await page.get_by_label("Status").select_option("4xx")
        await page.locator("tbody tr").nth(1).wait_for(state="detached")
        assert await page.locator("tbody tr").count() == 1
        await page.get_by_label("Status").select_option("all")
        await page.get_by_label("Filter").fill("users.get")
        assert await page.locator("tbody tr").count() == 2
        await page.get_by_role("button", name="Pause").click()
        await call("GET", "/users/bob")
        await page.get_by_role("button", name="Resume (1 new)").click()
        await see(page, "/easemob-demo/testapp/users/bob", "tbody")

    async def test_a_user_who_registers_appears_and_logs_in(
        self, call: Caller, open_page: Open
    ) -> None:
        page = await open_page("users")
        await see(page, "No users yet")
        await call("POST", "/users", [{"username": "dora", "password": "x"}])
        await page.locator(".names a", has_text="dora").click()
        await page.get_by_role("button", name="Log in").click()
        await page.locator(".names .dot.on").wait_for()
        assert call.emulator.state.users["dora"].devices == {"web_1": "browser"}

    async def test_groups_and_rooms_show_members_and_messages(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        group = {"groupname": "trips", "desc": "x", "public": True, "owner": "ann"}
        _, answer = await call("POST", "/chatgroups", {**group, "members": ["bob"]})
        page = await open_page(f"groups/{answer['data']['groupid']}")
        await see(page, "Members (2)")
        message = {"from": "ann", "to": [answer["data"]["groupid"]], "type": "txt"}
        await call("POST", "/messages/chatgroups", {**message, "body": {"msg": "to the group"}})
        await see(page, "to the group", ".messages")

    async def test_webhooks_show_each_attempt_and_the_answer(
        self, two: Emulator, call: Caller, server: Server, open_page: Open
    ) -> None:
        page = await open_page("webhooks")
        await page.get_by_label("URL").fill(server.url)
        await page.get_by_role("button", name="Add the rule").click()
        await see(page, server.url, ".rules")
        server.status, server.text = 500, "not today"
        await send(call, "hello", "bob")
        row = page.locator(".posted > li", has_text=server.url).first
        await row.wait_for()
        assert await row.locator(".s5").count() == 2
        await row.locator("summary").click()
        await see(page, "not today", ".posted")

    async def test_quotas_show_what_is_used(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        page = await open_page("quotas")
        await send(call, "hello", "ann", "bob")
        await see(page, "2 / 6,000", ".bars")


class TestOverview:
    async def test_it_counts_and_says_how_to_connect(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        page = await open_page()
        await page.locator(".card", has_text="2").get_by_text("users").wait_for()
        exports = (await page.locator("main pre").text_content() or "").splitlines()
        names = ("BASE_URL", "APP_KEY", "CLIENT_ID", "CLIENT_SECRET")
        assert [line.partition("=")[0] for line in exports] == [
            f"export EASEMOB_{name}" for name in names
        ]
        assert exports == [
            f"export EASEMOB_BASE_URL={two.base_url}",
            "export EASEMOB_APP_KEY='easemob-demo#testapp'",
            f"export EASEMOB_CLIENT_ID={two.state.client_id}",
            f"export EASEMOB_CLIENT_SECRET={two.state.client_secret}",
        ]
        two.add_user("cara")
        await send(call, "hello", "bob")
        await page.locator(".card", has_text="3").get_by_text("users").wait_for()


class TestLanguages:
    async def test_english_and_chinese_by_the_browser_and_by_a_switch(
        self, open_page: Open
    ) -> None:
        page = await open_page(locale="zh-CN")
        assert await page.locator("nav a").all_text_contents() == [
            *("概览", "用户", "群组", "聊天室", "聊天"),
            *("请求", "回调", "限流", "故障与时钟"),
        ]
        assert await page.locator("html").get_attribute("lang") == "zh-CN"
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("heading", name="Overview").wait_for()
        await page.reload()
        await page.get_by_role("heading", name="Overview").wait_for()
        english = await open_page()
        await english.get_by_role("heading", name="Overview").wait_for()

    async def test_each_text_is_there_in_both_languages(self, open_page: Open) -> None:
        page = await open_page()
        names = await page.evaluate(
            """async () => Promise.all(["en", "zh"].map(async (language) => {
                const texts = (await import(`/_emulator/page/${language}.js`)).default;
                return Object.entries(texts).map(([name, text]) => `${name} ${typeof text}`).sort();
            }))"""
        )
        assert names[0] == names[1]


class TestChat:
    async def test_a_message_refused_by_a_callback_shows_its_code(
        self, two: Emulator, server: Server, open_page: Open
    ) -> None:
        server.text = '{"valid": false, "code": "no adverts"}'
        two.add_webhook(server.url, secret=SECRET, before_delivery=True, wait=5)
        page = await self.speak(open_page, "buy watches")
        await see(page, "Refused, code: no adverts", ".talk")
        assert two.received("bob") == []

    async def test_a_replaced_body_is_shown(
        self, two: Emulator, server: Server, open_page: Open
    ) -> None:
        server.text = '{"valid": true, "payload": {"bodies": [{"type": "txt", "msg": "***"}]}}'
        two.add_webhook(server.url, secret=SECRET, before_delivery=True, wait=5)
        page = await self.speak(open_page, "a rude word")
        await see(page, "Delivered with a replaced body: ***")
        await see(page, "written was: a rude word", ".talk")
        assert two.received("bob")[0]["body"] == {"msg": "***"}

    async def test_a_user_who_does_not_exist_is_named(
        self, two: Emulator, open_page: Open, visits: list[Watched]
    ) -> None:
        page = await self.speak(open_page, "hello", target="nobody")
        await see(page, "the user 'nobody' does not exist", ".result")
        # The browser itself reports the refusal.
        assert all("400" in line or "404" in line for line in visits[0].complaints)
        visits[0].complaints.clear()

    async def speak(self, open_page: Open, text: str, target: str = "bob") -> Page:
        page = await open_page("chat/ann")
        await page.get_by_label("To", exact=True).fill(target)
        await page.get_by_label("Text").fill(text)
        await page.get_by_label("Text").press("Enter")
        return page


class TestFaultsAndClock:
    async def test_a_fault_makes_the_next_call_fail(self, call: Caller, open_page: Open) -> None:
        page = await open_page("faults")
        await page.get_by_label("Path begins with").fill("/users")
        await page.get_by_label("Body of the answer").fill('{"error": "on purpose"}')
        await page.get_by_role("button", name="Add the fault").click()
        await see(page, "1 time to come")
        assert await call("GET", "/users") == (503, {"error": "on purpose"})
        await see(page, "No faults are set")
        assert (await call("GET", "/users"))[0] == 200

    async def test_tokens_expire_and_the_clock_advances(
        self, call: Caller, open_page: Open
    ) -> None:
        page = await open_page("faults")
        await page.get_by_role("button", name="Expire").click()
        await see(page, "1 token expired")
        assert (await call("GET", "/users"))[0] == 401
        before = call.emulator.state.now()
        await page.get_by_role("button", name="+ 1 day").click()
        await page.locator(".tag.warm").wait_for()
        assert call.emulator.state.now() - before >= 86_400
        await page.get_by_role("button", name="Back to real time").click()
        await see(page, "real time")

    async def test_a_reset_is_confirmed_first(self, two: Emulator, open_page: Open) -> None:
        page = await open_page("faults")
        await page.get_by_role("button", name="Reset the app").click()
        await page.get_by_role("button", name="Cancel").click()
        assert len(two.state.users) == 2
        await page.get_by_role("button", name="Reset the app").click()
        await page.get_by_role("button", name="Reset", exact=True).click()
        await see(page, "The app was reset")
        assert len(two.state.users) == 0


class TestMany:
    async def test_ten_thousand_users_are_listed_and_found(
        self, emulator: Emulator, open_page: Open
    ) -> None:
        for number in range(10_000):
            emulator.add_user(f"user{number:05}")
        page = await open_page("users")
        await see(page, "1 to 100 of 10,000")
        assert await page.locator(".names a").count() == 100
        await page.get_by_role("button", name="Next").click()
        await see(page, "101 to 200 of 10,000")
        await page.get_by_label("Search").fill("r09999")
        await see(page, "1 to 1 of 1")
        assert await page.locator(".names .name").all_text_contents() == ["user09999"]

    async def test_ten_thousand_messages_are_shown_in_windows(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        message = {"from": "ann", "to": "bob", "chat_type": "users", "type": "txt", "ext": {}}
        for number in range(10_000):
            kept = {**message, "id": two.state.new_message_id(), "timestamp": number}
            two.state.deliver(["bob"], {**kept, "body": {"msg": f"note {number}"}})
        page = await open_page("users/bob")
        await see(page, "100 of 10,000")
        for _ in range(3):
            await send(call, "one more", "bob")
        await see(page, "103 of 10,003")
        await page.get_by_role("button", name="Older").click()
        await page.locator(".messages .said", has_text="note 9890").wait_for()
        assert await page.locator(".messages > li").count() == 100

    async def test_requests_are_shown_in_windows(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        two.quotas.scale = None
        for number in range(450):
            await call("GET", f"/users/nobody{number}")
        page = await open_page("requests")
        older, seen = page.get_by_role("button", name="Older"), list[str]()
        for last in (449, 249, 49):
            await page.locator(f"text=/nobody{last}$/").wait_for()
            seen += await page.locator("tbody button").all_text_contents()
            if last > 200:
                await older.click()
        assert await older.get_attribute("aria-disabled") == "true"
        paths = [f"/easemob-demo/testapp/users/nobody{number}" for number in range(450)]
        assert seen == [*reversed(paths), "/easemob-demo/testapp/token"]


class TestMarkup:
    async def test_markup_in_a_nickname_and_a_message_is_shown_as_text(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        await call("PUT", "/users/bob", {"nickname": MARKUP})
        await send(call, MARKUP, "bob")
        for part in ("users/bob", "requests", "chat/ann"):
            page = await open_page(part)
            if part == "requests":
                await page.locator("tbody button").first.click()
            if part == "chat/ann":
                await page.get_by_label("To", exact=True).fill("bob")
            await see(page, MARKUP)
            assert await page.locator("main img, main b").count() == 0


class TestAccess:
    async def test_everything_works_with_the_keyboard_alone(
        self, two: Emulator, call: Caller, open_page: Open
    ) -> None:
        await send(call, "by keyboard", "bob")
        page = await open_page()
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Tab")  # the language
        await page.keyboard.press("Tab")  # the parts
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.locator(".names a").nth(1).wait_for()
        focused = "document.activeElement.textContent"
        for _ in range(20):
            if "↓" in await page.evaluate(focused):
                break
            await page.keyboard.press("Tab")
        assert "ann" in await page.evaluate(focused)
        await page.keyboard.press("ArrowDown")
        assert "bob" in await page.evaluate(focused)
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        await page.keyboard.press("Enter")
        await see(page, "by keyboard", ".messages")
        assert "bob" in await page.evaluate(focused)  # and the focus stays

    @pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
    async def test_a_phone_has_no_horizontal_scroll(
        self, two: Emulator, call: Caller, open_page: Open, language: str
    ) -> None:
        await send(call, "long" * 200, "bob")
        two.state.users["bob"].nickname = "n" * 100
        page = await open_page(locale=language, viewport={"width": 375, "height": 740})
        for part in (*PARTS, "users/bob"):
            await page.goto(f"{two.base_url}/_emulator/#{part}")
            await settled(page, part)
            assert await page.evaluate("document.documentElement.scrollWidth") == 375, part

    async def test_every_field_has_a_label(self, two: Emulator, open_page: Open) -> None:
        page = await open_page()
        for part in (*PARTS, "users/bob"):
            await page.goto(f"{two.base_url}/_emulator/#{part}")
            await settled(page, part)
            bare = "[...document.querySelectorAll('main input, main select, main textarea')]"
            assert await page.evaluate(f"{bare}.filter((one) => !one.labels.length).length") == 0


class TestConnection:
    async def test_the_page_says_when_the_emulator_is_gone_and_connects_again(
        self, browser: Browser
    ) -> None:
        async with Emulator() as first:
            first.add_user("ann")
            port = int(first.base_url.rpartition(":")[2])
            page = await browser.new_page(locale="en-GB")
            await page.goto(f"{first.base_url}/_emulator/#users")
            await page.locator(".names a", has_text="ann").wait_for()
        await page.get_by_text("The emulator does not answer").wait_for()
        async with Emulator(port=port) as second:
            second.add_user("bob")
            await page.locator(".names a", has_text="bob").wait_for()
            await page.get_by_text("The emulator does not answer").wait_for(state="hidden")
            await page.close()

    async def test_with_a_key_the_page_works_from_another_machine(self, browser: Browser) -> None:
        async with Emulator(host="0.0.0.0", control_key="k&y") as emulator:
            port = emulator.base_url.rpartition(":")[2]
            emulator.add_user("ann")
            page = await browser.new_page(locale="en-GB")
            await page.goto(f"http://127.0.0.1:{port}/_emulator/?key=k%26y#users")
            await page.locator(".names a", has_text="ann").wait_for()
            await page.wait_for_selector("header .live.on")
            await page.close()

    async def test_an_app_is_chosen_where_there_are_several(self, browser: Browser) -> None:
        async with Emulator(more_apps=["org#two"]) as emulator:
            emulator.apps["org#two"].add_user("zoe")
            page = await browser.new_page(locale="en-GB")
            await page.goto(f"{emulator.base_url}/_emulator/#users")
            await page.get_by_label("App").select_option("org#two")
            await page.locator(".names a", has_text="zoe").wait_for()
            emulator.apps["org#two"].add_user("yan")
            await page.get_by_label("New user").fill("xia")
            await page.get_by_role("button", name="Add").click()
            await page.locator(".names a", has_text="xia").wait_for()
            assert "xia" in emulator.apps["org#two"].state.users
            await page.close()
