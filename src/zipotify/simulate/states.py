"""The states of all variants of a run as one list, and which topics an event in a state belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zipotify.contracts.fields import AUTH_EVENTS, LISTEN_EVENTS, STATUS_CHANGE_EVENTS
from zipotify.simulate.config import State
from zipotify.simulate.draws import Bools, Ints
from zipotify.simulate.events import Events
from zipotify.simulate.machine import Machine


class States:
    """Machines one after the other; a variant's states begin at its plan's `first_state`."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.states: list[State] = [state for machine in machines for state in machine.states]
        self.is_shown: Bools = np.concatenate([machine.is_shown for machine in machines])
        self.is_logged_in: Bools = np.concatenate([machine.is_logged_in for machine in machines])
        self._is_status_change: Bools = np.concatenate([machine.is_status_change for machine in machines])

    def rows_of(self, topic: str, events: Events) -> Ints:
        """Numbers of the page views that are also an event of that topic."""
        if topic == LISTEN_EVENTS:
            return np.flatnonzero(events.track >= 0)
        if topic == AUTH_EVENTS:
            return np.flatnonzero(events.after_login)
        if topic == STATUS_CHANGE_EVENTS:
            return np.flatnonzero(self._is_status_change[events.state])
        return np.arange(len(events))
