"""``python -m easemob_async`` is the same as ``easemob``."""

from easemob_async.cli import main

main()
