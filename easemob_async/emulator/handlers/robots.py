"""Handlers of robots.*."""

from __future__ import annotations

from easemob_async import api_limits
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, as_number, routes


@routes.add("GET", "/robot/rule", envelope=False)
def list_robots(call: Call) -> dict[str, JSON]:
    """Handle robots.list: the robots that `Emulator.add_robot` has added; pages count from 0."""
    rows, most = call.state.robots, api_limits.ROBOTS_PER_PAGE
    number, size = (as_number(call.query.get(k, d)) for k, d in (("page", "0"), ("size", "10")))
    if number is None or size is None or not 1 <= size <= most:
        raise Refusal(400, "Bad Request", "Request param error")
    page = rows[number * size : (number + 1) * size]
    return {
        "status": "OK",
        "entities": page,
        "size": size,
        "page": number,
        "elements": len(page),
        "totalPages": -(-len(rows) // size),
        "totalElements": len(rows),
    }
