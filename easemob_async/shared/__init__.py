"""One quota account and one app token for several processes of an app: ``shared=``.

``EasemobClient(..., shared="redis://...")`` and ``shared="postgresql://..."`` make a store of a
URL; `RedisStore` and `PostgresStore` have options, and any other object with the methods of
`SharedStore` will do.
"""

from __future__ import annotations

from easemob_async.shared.postgres import PostgresStore
from easemob_async.shared.protocol import SharedStore
from easemob_async.shared.redis import RedisStore

__all__ = ["PostgresStore", "RedisStore", "SharedStore"]
