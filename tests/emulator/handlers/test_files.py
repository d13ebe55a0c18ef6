"""Thumbnails are thumbnails, and no upload fails because of one."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Mapping

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from easemob_async.emulator import thumbnails
from easemob_async.emulator.thumbnails import thumbnail
from tests.emulator.caller import Caller


def picture(kind: str, width: int = 640, height: int = 480) -> bytes:
    """An image of noise, so that it is larger than 10 KB."""
    content = io.BytesIO()
    image = Image.effect_noise((width, height), 100).convert("RGB")
    image.save(content, kind)
    assert len(content.getvalue()) > 10 * 1024
    return content.getvalue()


def size(content: bytes) -> tuple[str | None, tuple[int, int]]:
    with Image.open(io.BytesIO(content)) as image:
        return image.format, image.size


async def upload(call: Caller, content: bytes, headers: Mapping[str, str]) -> str:
    form = aiohttp.FormData()
    form.add_field("file", content, filename="a.png")
    url = f"{call.emulator.base_url}/easemob-demo/testapp/chatfiles"
    given = {"Authorization": f"Bearer {call.token}", **headers}
    async with call.session.post(url, data=form, headers=given) as response:
        assert response.status == 200
        return f"{url}/{(await response.json())['entities'][0]['uuid']}"


async def download(call: Caller, url: str, *, small: bool) -> bytes:
    headers = {"Authorization": f"Bearer {call.token}", **({"thumbnail": "true"} if small else {})}
    async with call.session.get(url, headers=headers) as response:
        assert response.status == 200
        return await response.read()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
async def test_an_image_has_a_thumbnail_of_at_most_170_pixels(call: Caller, kind: str) -> None:
    original = picture(kind)
    url = await upload(call, original, {})
    assert size(await download(call, url, small=True)) == (kind, (170, 128))
    assert await download(call, url, small=False) == original


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"thumbnail-width": "64", "thumbnail-height": "64"}, (64, 48)),
        ({"thumbnail-height": "60"}, (80, 60)),
        ({"thumbnail-width": "wide", "thumbnail-height": "0"}, (170, 128)),
        ({"thumbnail-width": "9" * 19, "thumbnail-height": "9" * 19}, (640, 480)),
    ],
)
async def test_an_upload_sets_the_size_of_the_thumbnail(
    call: Caller, headers: Mapping[str, str], expected: tuple[int, int]
) -> None:
    url = await upload(call, picture("PNG"), headers)
    assert size(await download(call, url, small=True))[1] == expected


@pytest.mark.parametrize("content", [b"", b"no image", b"x" * 20_000, picture("PNG")[:20_000]])
async def test_what_is_no_image_or_a_damaged_one_is_its_own_thumbnail(
    call: Caller, content: bytes
) -> None:
    url = await upload(call, content, {})
    assert await download(call, url, small=True) == content


async def test_an_image_of_10_kb_is_its_own_thumbnail(call: Caller) -> None:
    content = io.BytesIO()
    Image.new("RGB", (400, 400)).save(content, "PNG")
    exact = content.getvalue() + bytes(10 * 1024 - len(content.getvalue()))
    assert await download(call, await upload(call, exact, {}), small=True) == exact
    larger = await upload(call, exact + b"\0", {})
    assert size(await download(call, larger, small=True))[1] == (170, 170)


async def test_without_pillow_the_image_is_the_thumbnail(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "Image", None)
    original = picture("PNG")
    assert await download(call, await upload(call, original, {}), small=True) == original


async def test_other_requests_are_answered_while_a_thumbnail_is_made(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, held, loop = threading.Event(), threading.Event(), asyncio.get_running_loop()

    def slow(data: bytes, width: int, height: int) -> bytes:
        began.set()
        assert held.wait(60)
        return thumbnail(data, width, height)

    monkeypatch.setattr("easemob_async.emulator.handlers.files.thumbnail", slow)
    url = await upload(call, picture("PNG"), {})
    task = asyncio.create_task(download(call, url, small=True))
    await loop.run_in_executor(None, began.wait, 60)
    assert (await call("GET", "/users"))[0] == 200
    assert not task.done()
    held.set()
    assert size(await task)[1] == (170, 128)


VALID = picture("JPEG")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=20),
    st.integers(1, 10**19),
    st.integers(1, 10**19),
)
def test_a_damaged_image_raises_nothing(
    damage: list[tuple[int, int]], width: int, height: int
) -> None:
    content = bytearray(VALID)
    for at, byte in damage:
        content[at] = byte
    assert isinstance(thumbnail(bytes(content), width, height), bytes)
