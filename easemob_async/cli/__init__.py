"""The command line ``easemob``, a thin layer over the public API; it needs the extra ``cli``."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def main() -> None:
    """Run ``easemob``."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        sys.exit(f"easemob needs {' and '.join(missing)}: pip install 'easemob-async[cli]'")
    try:
        from easemob_async.cli.app import easemob

        easemob(prog_name="easemob")
    except KeyboardInterrupt:  # before a command has started
        sys.exit(130)
    except OSError as error:  # the help, on a full disk
        sys.exit(f"error: {error}")
    except RuntimeError as error:
        if sys.stdin is None and "sys.stdin" in str(error):  # what click says of "-" then
            sys.exit("error: standard input is closed")
        raise
