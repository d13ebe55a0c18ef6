"""How an exception of the caller's own code passes by whatever takes exceptions for the wire's."""

from __future__ import annotations


class OwnError(Exception):
    """An exception of the caller's own code (file, iterator, token provider), on its way out."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(cause)
        self.cause = cause
