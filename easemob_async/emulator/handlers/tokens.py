"""Handlers of tokens.*."""

from __future__ import annotations

from easemob_async import api_limits
from easemob_async.emulator.handlers.users import add_user, show_user
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, routes


@routes.add("POST", "/token", auth="optional", quota="tokens", envelope=False)
def create_token(call: Call) -> dict[str, JSON]:
    """Handle tokens.create_app_token and tokens.create_user_token, by ``grant_type``."""
    body = call.object()
    grant = body.get("grant_type")
    if grant == "client_credentials":
        return _app_token(call, body)
    if grant == "inherit":
        return _user_token(call, body)
    # open: the answer to an unknown grant_type; the nearest error is illegal_argument
    raise Refusal(400, "illegal_argument", "grant_type is not legal")


def _app_token(call: Call, body: dict[str, JSON]) -> dict[str, JSON]:
    state = call.state
    if not body.get("client_id"):
        raise Refusal(400, "illegal_argument", "client_id must be provided.")
    if not body.get("client_secret"):
        raise Refusal(400, "illegal_argument", "client_secret must be provided")
    if body["client_id"] != state.client_id:
        raise Refusal(400, "invalid_grant", "client_id does not match")
    if body["client_secret"] != state.client_secret:
        raise Refusal(400, "invalid_grant", "client_secret does not match")
    ttl = _ttl(body, state.token_ttl)
    return {
        "access_token": state.issue_token(None, ttl),
        "expires_in": ttl or state.token_ttl,
        "application": state.application,
    }


def _user_token(call: Call, body: dict[str, JSON]) -> dict[str, JSON]:
    state = call.state
    if not call.has_token:
        raise Refusal(401, "unauthorized", "Unable to authenticate due to expired access token")
    if call.username is not None:
        raise Refusal(
            401, "auth_bad_access_token", "Unable to authenticate due to corrupt access token"
        )
    username = body.get("username")
    if not isinstance(username, str) or not username:
        raise Refusal(404, "entity_not_found", "User null not found")
    user = state.users.get(username)
    if user is None:
        if body.get("autoCreateUser") is not True:
            raise Refusal(404, "entity_not_found", "User null not found")
        if not api_limits.USERNAME.fullmatch(username):
            raise Refusal(400, "illegal_argument", f"username [{username}] is not legal")
        user = add_user(state, {"username": username, "password": "-"})
    if not user.activated:
        raise Refusal(400, "invalid_grant", "user not activated")
    ttl = _ttl(body, state.token_ttl)
    return {
        "access_token": state.issue_token(username, ttl),
        "expires_in": ttl or state.token_ttl,
        "user": show_user(user),
    }


def _ttl(body: dict[str, JSON], default: int) -> int:
    ttl = body.get("ttl", default)
    text = str(ttl)
    if isinstance(ttl, bool) or not text.isdigit():
        # open: the answer to an invalid ttl
        raise Refusal(400, "illegal_argument", "ttl is not legal")
    return int(text)
