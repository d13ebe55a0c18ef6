"""Handlers of tokens.*."""

from __future__ import annotations

from easemob_async import api_limits
from easemob_async.emulator.handlers.users import add_user, check_username, show_user
from easemob_async.emulator.refusal import JSON, Refusal
from easemob_async.emulator.routes import Call, as_flag, as_number, routes
from easemob_async.emulator.state import State, User


@routes.add("POST", "/token", auth="none", quota="tokens", envelope=False)
def create_token(call: Call) -> dict[str, JSON]:
    """Handle the operations that create tokens, by ``grant_type``.

    They are tokens.create_app_token, tokens.create_user_token and
    tokens.create_user_token_with_password. Only ``inherit`` needs a token, and ``agora`` one that
    the app has signed; clients also send an empty or an expired one.
    """
    body = call.object()
    grant = body.get("grant_type")
    if grant == "client_credentials":
        return _app_token(call, body)
    if grant == "agora":
        return _exchanged_token(call)
    if grant == "inherit":
        return _user_token(call, body)
    if grant == "password":
        return _password_token(call, body)
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


def _exchanged_token(call: Call) -> dict[str, JSON]:
    """Handle tokens.create_app_token for an app of Agora, which has signed a token itself.

    open: the token ends with the one that the app has signed
    """
    state = call.state
    ends = state.check_apps_own(call.headers.get("Authorization"))
    ttl = min(ends - state.now(), state.token_ttl, api_limits.AGORA_TOKEN_SECONDS)
    return {
        "access_token": state.issue_token(None, ttl, overseas=True),
        "expire_timestamp": state.milliseconds() + int(ttl * 1000),
    }


def _user_token(call: Call, body: dict[str, JSON]) -> dict[str, JSON]:
    state = call.state
    if state.check_token(call.headers.get("Authorization")).username is not None:
        raise Refusal(
            401, "auth_bad_access_token", "Unable to authenticate due to corrupt access token"
        )
    username = body.get("username")
    if not isinstance(username, str) or not username:
        raise Refusal(404, "entity_not_found", "User null not found")
    user = state.users.get(username)
    if user is None:
        if as_flag(body.get("autoCreateUser")) is not True:
            raise Refusal(404, "entity_not_found", "User null not found")
        check_username(username)
        user = add_user(state, {"username": username, "password": "-"})
    return _issue(state, user, body)


def _password_token(call: Call, body: dict[str, JSON]) -> dict[str, JSON]:
    """Handle tokens.create_user_token_with_password."""
    user = call.state.users.get(str(body.get("username")))
    if user is None or body.get("password") != user.password:
        raise Refusal(400, "invalid_grant", "invalid username or password")
    return _issue(call.state, user, body)


def _issue(state: State, user: User, body: dict[str, JSON]) -> dict[str, JSON]:
    if not user.activated:
        raise Refusal(400, "invalid_grant", "user not activated")
    ttl = _ttl(body, state.token_ttl)
    return {
        "access_token": state.issue_token(user.username, ttl),
        "expires_in": ttl or state.token_ttl,
        "user": show_user(user),
    }


def _ttl(body: dict[str, JSON], default: int) -> int:
    ttl = body.get("ttl")
    if ttl is None or ttl == "":
        return default
    seconds = as_number(int(ttl) if isinstance(ttl, float) else ttl)
    if seconds is None:  # open: the answer to an invalid ttl
        raise Refusal(400, "illegal_argument", "ttl is not legal")
    return seconds
