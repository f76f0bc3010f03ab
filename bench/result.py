"""What every benchmark does at its end: say when and on what machine it measured, print that, and keep it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zipotify.runtime.machine import calibration


@contextmanager
def measured(out: Path | None, **known: Any) -> Iterator[dict[str, Any]]:
    """A dictionary to put the figures into; at the end it is printed, and written to `out` where that is given.

    `known` are what the file held before of parts that aren't measured again.
    """
    before, found = calibration(), dict[str, Any]()
    yield found
    result = {
        **known,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"before": before, "after": calibration()},
        **found,
    }
    text = json.dumps(result, indent=1)
    print(text)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text + "\n")
