"""One quota account and one app token for several processes of an app: ``shared=``.

``EasemobClient(..., shared="redis://...")`` and ``shared="postgresql://..."`` make a store of a
URL; `RedisStore` and `PostgresStore` have options, and any other object with the methods of
`SharedStore` will do. ``EASEMOB_SHARED`` and ``--shared`` mean the same.

- No window of the service holds more than a limit, whatever processes do: units are held from the
  take until one window after the answer, or, if the process dies, until the timeout of the call
  and a window. A short ``timeout`` frees the units of dead processes sooner.
- One case is left: a process that is frozen between its last look at the clock and the first byte
  of its request, for longer than it holds its units, sends that one request late.
- Without its store nothing departs: calls wait for it within their timeout, and then raise
  `SharedStoreError`.
- A store that lost the account (a restart without persistence, ``FLUSHALL``, a clock that was set)
  is noticed, and each limit is closed for its own window; limits of a day are not.
- Whoever can read the store can use the app's token. It is kept under a name made of the app and
  its secret, so that no process reads the token of another secret.
"""

from __future__ import annotations

from easemob_async.shared.postgres import PostgresStore
from easemob_async.shared.protocol import SharedStore
from easemob_async.shared.redis import RedisStore

__all__ = ["PostgresStore", "RedisStore", "SharedStore"]
