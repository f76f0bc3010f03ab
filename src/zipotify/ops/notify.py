"""Tell people when a job fails: one JSON message to the address in ZIPOTIFY_WEBHOOK_URL, where there is one.

Only the standard library: Airflow uses it too. The address is a secret (it often holds a token) and is never printed.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime

WEBHOOK_VARIABLE = "ZIPOTIFY_WEBHOOK_URL"
_LIMIT_S = 10.0


def notify(event: str, job: str, detail: str, url: str | None = None) -> bool:
    """Post what happened; returns whether it was taken. A message that can't be sent never fails the caller.

    `text` is what chat services show; the other keys are for programs.
    """
    address = url or os.environ.get(WEBHOOK_VARIABLE)
    if not address or not address.startswith(("http://", "https://")):
        return False
    message = {
        "text": f"Zipotify: {job} {event}: {detail}",
        "event": event,
        "job": job,
        "detail": detail,
        "sent_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    request = urllib.request.Request(  # noqa: S310 - http and https only, see above
        address, json.dumps(message).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_LIMIT_S) as answer:  # noqa: S310
            return bool(200 <= answer.status < 300)
    except (urllib.error.URLError, OSError, ValueError):
        return False
