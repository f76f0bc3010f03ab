"""What whoever holds the lake does between two batches: requests to amend it, and small files."""

from __future__ import annotations

import time

from zipotify.lake.files import tidy
from zipotify.lake.requests import apply_waiting
from zipotify.settings import Settings


class Housekeeper:
    """Keeps one lake in order; cheap to call often."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tidied_at = time.monotonic()

    def __call__(self) -> None:
        """Do what is due; the caller holds the lake and has no batch under way."""
        apply_waiting(self._settings, at_rest=True)
        if time.monotonic() - self._tidied_at > self._settings.compact_interval_s:
            tidy(self._settings.home.lake)
            self._tidied_at = time.monotonic()
