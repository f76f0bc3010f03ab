"""What a live run is asked for, apart from its traffic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LiveOptions:
    """How a live run goes about it."""

    source: str = "sim"
    launch_users: int = 0
    history_rate: int = 6000
    """Events per second of the past while another lane is live."""
