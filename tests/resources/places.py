"""The moderation that chat groups and chat rooms share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from easemob_async import FOREVER, APIError, InvalidArgumentError, PermissionDeniedError
from easemob_async.resources.chat_groups import ChatGroups
from easemob_async.resources.chat_rooms import ChatRooms
from tests.resources.stories import HOUR

Place = ChatGroups | ChatRooms


async def moderate(place: Place, place_id: str, owner: str) -> None:
    """Moderate a group or a room with the members bob, eve and joe beside its owner."""
    mutes, allowlist = place.mutes, place.allowlist
    blocklist, members = place.blocklist, place.members
    muted = await mutes.add_many(place_id, ["bob", "eve"], duration=HOUR)
    assert muted.ok
    assert muted["bob"].value is not None
    assert muted["bob"].value.expires_at is not None
    assert muted["bob"].value.expires_at > datetime.now(UTC)
    await mutes.add_many(place_id, ["eve"], duration=FOREVER)
    listed = {str(m.username): m.expires_at async for m in mutes.list(place_id)}
    assert listed["eve"] is None
    with pytest.raises(APIError, match="are not members"):
        await mutes.add_many(place_id, ["nobody"], duration=HOUR)
    with pytest.raises(InvalidArgumentError, match="remove_many"):
        await mutes.add_many(place_id, ["bob"], duration=timedelta(0))
    assert (await mutes.remove_many(place_id, ["bob", "joe"])).failed == {"joe": "refused"}
    await mutes.mute_all(place_id)
    assert [m.username async for m in mutes.list(place_id)] == ["eve"]  # mute_all adds nobody
    await mutes.unmute_all(place_id)
    await allowlist.add(place_id, "bob")
    assert (await allowlist.add_many(place_id, ["eve", "nobody"])).failed
    assert [name async for name in allowlist.list(place_id)] == ["bob", "eve"]
    assert (await allowlist.remove_many(place_id, ["bob", "joe"])).failed
    await blocklist.add(place_id, "bob")
    assert "bob" not in [m.username async for m in members.list(place_id)]
    with pytest.raises(PermissionDeniedError, match="blocked"):
        await members.add(place_id, "bob")
    with pytest.raises(PermissionDeniedError, match="group owner"):
        await blocklist.add(place_id, owner)
    assert (await blocklist.add_many(place_id, ["eve", "nobody"])).failed
    assert [name async for name in blocklist.list(place_id)] == ["bob", "eve"]
    await blocklist.remove(place_id, "bob")
    assert (await blocklist.remove_many(place_id, ["eve", "joe"])).failed
    await members.add(place_id, "eve")
    assert [m.username async for m in mutes.list(place_id)] == ["eve"]  # a mute outlives leaving
