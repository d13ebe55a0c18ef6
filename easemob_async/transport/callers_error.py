"""A wrapper of an exception of the caller's code, which no handler of network errors catches."""

from __future__ import annotations


class CallersError(Exception):
    """An exception of the caller's own code (file, iterator, token provider), on its way out."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(cause)
        self.cause = cause
