"""What a client gets its app token with: one of three sets of arguments, checked without I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import attrs

from easemob_async import api_limits
from easemob_async.errors import ConfigurationError

TOKEN: Final = ("token",)
CLIENT: Final = ("client_id", "client_secret")
AGORA: Final = ("app_id", "app_certificate")
SETS: Final = (TOKEN, CLIENT, AGORA)
"""The sets of arguments; a client takes one of them."""
_AGORA: Final = re.compile(rf"[0-9A-Fa-f]{{{api_limits.AGORA_DIGITS}}}")


def text(name: str, value: object) -> str:
    """Check that an argument is a string that is not empty, and return it.

    Raises:
        ConfigurationError: it is not.
    """
    if not isinstance(value, str) or not value:
        what = "is empty" if value == "" else f"is a {type(value).__name__}"
        raise ConfigurationError(f"{name} {what}; it must be a non-empty string")
    return value


def _plain(_: object, field: attrs.Attribute[str], value: object) -> None:
    given = text(field.name, value)
    if not given.isprintable() or given != given.strip():
        raise ConfigurationError(
            f"{field.name} contains a control character or a line end, or begins or ends with a "
            "space; if it was read from a file, strip() it. The value is not shown"
        )


def _hexadecimal(_: object, field: attrs.Attribute[str], value: object) -> None:
    if not _AGORA.fullmatch(text(field.name, value)):
        raise ConfigurationError(
            f"{field.name} must be {api_limits.AGORA_DIGITS} hexadecimal digits, as the console "
            "shows it, without spaces around them; the value is not shown"
        )


@attrs.frozen
class ClientCredentials:
    """The client id and secret of an app of Easemob."""

    client_id: str = attrs.field(validator=_plain)
    """The client id."""
    client_secret: str = attrs.field(repr=False, validator=_plain)
    """The client secret."""

    @property
    def secret(self) -> str:
        """What must never be shown."""
        return self.client_secret


@attrs.frozen
class AgoraCredentials:
    """The App ID and the App Certificate of an app of Agora Chat."""

    app_id: str = attrs.field(validator=_hexadecimal)
    """The App ID."""
    app_certificate: str = attrs.field(repr=False, validator=_hexadecimal)
    """The App Certificate, which signs tokens and is never sent."""

    @property
    def secret(self) -> str:
        """What must never be shown."""
        return self.app_certificate


Credentials = ClientCredentials | AgoraCredentials


def read_credentials(arguments: Mapping[str, object]) -> Credentials | None:
    """Return the credentials in the arguments of a client; ``None`` if they have a token.

    Raises:
        ConfigurationError: they are not one of the sets, or not valid.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    found = _sets(given)
    if not found:
        raise ConfigurationError(
            "credentials are missing: pass client_id and client_secret, or token instead, or "
            "app_id and app_certificate of an app of Agora Chat"
        )
    if len(found) > 1:
        either = ", or ".join(" and ".join(names) for names in found)
        raise ConfigurationError(f"pass either {either}, not both")
    (names,) = found
    missing = [name for name in names if name not in given]
    if missing:
        raise ConfigurationError(
            f"credentials are missing: pass {' and '.join(missing)}, or token instead"
        )
    if names == TOKEN:
        _check_token(given["token"])
        return None
    kind: Callable[..., Credentials] = ClientCredentials if names == CLIENT else AgoraCredentials
    return kind(**given)


def read_environment(
    environ: Mapping[str, str], given: Collection[str]
) -> tuple[Mapping[str, str], Sequence[str]]:
    """Return the credentials that environment variables add, and the variables that are missing.

    Args:
        environ: the variables; an empty one counts as not set.
        given: the arguments that are given otherwise; the variables of other sets are ignored.

    Raises:
        ConfigurationError: variables of several sets are set.
    """
    variables = {name: f"EASEMOB_{name.upper()}" for names in SETS for name in names}
    there = {name: environ[v] for name, v in variables.items() if environ.get(v)}
    found = _sets(given) or _sets(there)
    if not found:
        return {}, [
            "EASEMOB_CLIENT_ID",
            "EASEMOB_CLIENT_SECRET (or EASEMOB_TOKEN, or EASEMOB_APP_ID and "
            "EASEMOB_APP_CERTIFICATE of an app of Agora Chat)",
        ]
    if len(found) > 1 and not given:
        raise ConfigurationError(
            f"{' and '.join(variables[name] for name in there)} are set in the environment: unset "
            "all but one set of credentials"
        )
    names = [name for name in found[0] if name not in given] if len(found) == 1 else []
    missing = [variables[name] for name in names if name not in there]
    return {name: there[name] for name in names if name in there}, missing


def _sets(given: Collection[str]) -> Sequence[Sequence[str]]:
    """Return the sets that arguments belong to."""
    return [names for names in SETS if not set(names).isdisjoint(given)]


def _check_token(token: object) -> None:
    """Check that something can be given as the token of a client.

    Raises:
        ConfigurationError: it cannot.
    """
    if not isinstance(token, str):
        if not (hasattr(token, "get") and hasattr(token, "invalidate")):
            raise ConfigurationError("token must be a string or a TokenProvider")
    elif not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            "token must be printable ASCII characters without spaces; the value is not shown"
        )
