"""Log lines for people or, with `log_format = "json"`, for programs: one object a line, with the id of the run.

A scheduled job hands its id to everything that it starts (ZIPOTIFY_RUN_ID), so that all lines of one run, whichever
process wrote them, can be found by it.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson

from zipotify.runtime.terminal import harmless
from zipotify.settings import ENV_PREFIX, Settings

RUN_ID_VARIABLE = ENV_PREFIX + "RUN_ID"
_OURS = "zipotify"
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    """One line a record; what a caller gave as `extra` becomes keys of its own."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; a line break in a message can't begin a line of its own."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "run_id": self._run_id,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD and key not in line}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """For people: text from outside can't begin a line of its own, and traces are indented, so that none is forged."""

    def format(self, record: logging.LogRecord) -> str:
        """The record without what another formatter made of its trace and left in it."""
        own = copy.copy(record)
        own.exc_text = None
        return super().format(own)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line itself."""
        return harmless(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        """The trace; the error's own words are in it."""
        return "\n".join(f"    {harmless(line)}" for line in super().formatException(ei).splitlines())


class _Ours(logging.Handler):
    """Told from other handlers by its class, so that configuring again replaces it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write to what standard error is now."""
        print(self.format(record), file=sys.stderr, flush=True)


def configure_logging(settings: Settings) -> None:
    """Send log lines to standard error: ours from `log_level` on, those of libraries from WARNING on."""
    handler = _Ours()
    if settings.log_format == "json":
        handler.setFormatter(JsonFormatter(os.environ.get(RUN_ID_VARIABLE) or uuid.uuid4().hex[:16]))
    else:
        handler.setFormatter(TextFormatter(_TEXT))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Ours)]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger(_OURS).setLevel(settings.log_level)
