"""The token that a call carries: asked of the provider, checked, and renewed when refused."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable

from easemob_async.errors import EasemobError
from easemob_async.models.tokens import Token, TokenProvider
from easemob_async.transport.call import Call
from easemob_async.transport.callers_error import CallersError
from easemob_async.transport.state import ClientState
from easemob_async.transport.tokens import checked_token


async def ask_for_token(state: ClientState, tokens: TokenProvider, call: Call) -> Token:
    """Get the token of a call.

    Raises:
        EasemobError: the client's own provider has no token, and says why.
        CallersError: the caller's own provider raised.
    """
    provider = _name(state, tokens)
    owned = state.client_tokens is not None
    failure: EasemobError
    try:
        asked: object = tokens.get(username=call.username)
        token = await asked if isinstance(asked, Awaitable) else asked
        return checked_token(token, f"{call.describe()}: {provider}")
    except EasemobError as error:
        failure = copy.copy(error)
        who = "" if owned else f" from {provider}"
        failure.args = (f"{call.describe()}: no token{who}: {error}",)
        failure.maybe_processed = False  # this call, that is; it never left
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        failure = EasemobError(f"{call.describe()}: {provider} was cancelled")
    except Exception as error:
        error.add_note(f"{call.describe()}: raised by {provider}; nothing was sent")
        raise CallersError(error) from None
    raise failure if owned else CallersError(failure)


async def renew_token(state: ClientState, call: Call, refused: Token | None) -> bool:
    """Make the provider replace a refused token; return whether there is another one now."""
    tokens = state.tokens
    if tokens is None or refused is None:
        return False
    try:
        tokens.invalidate(refused)
    except Exception as error:
        error.add_note(f"{call.describe()}: raised by {_name(state, tokens)}")
        raise CallersError(error) from None
    return (await ask_for_token(state, tokens, call)).value != refused.value


def _name(state: ClientState, tokens: TokenProvider) -> str:
    if state.client_tokens is not None:
        return "the service"
    return f"the TokenProvider {type(tokens).__name__}"
