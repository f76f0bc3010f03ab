"""`python -m zipotify.ops.child VERB …`: become that verb, and end when the supervisor dies, however it dies."""

from __future__ import annotations

import os
import signal
import sys

from zipotify.runtime.processes import end_with_this_parent, zipotify_command

if __name__ == "__main__":
    end_with_this_parent(signal.SIGTERM)
    os.execv(sys.executable, zipotify_command(*sys.argv[1:]))  # noqa: S606 - no shell is the point
