"""What listeners do beyond Eventsim, when asked for: where a play came from."""

from __future__ import annotations

import numpy as np

from zipotify.simulate import draws
from zipotify.simulate.draws import Draws, Ints, cumulative, pick
from zipotify.simulate.events import Events

ORIGINS = ("search", "playlist", "radio", "album")
_ORIGIN_WEIGHTS = (22, 38, 24, 16)
_STRETCH = 8
"""Plays in a row come from the same place for this many steps of a session."""


def origins(numbers: Draws, events: Events) -> Ints:
    """Where each play came from, as a number of `ORIGINS`: a function of user, session and stretch."""
    u = numbers.uniform(draws.ORIGIN, events.user_id, events.session, events.item // _STRETCH)
    return pick(cumulative(np.array(_ORIGIN_WEIGHTS)), u[0])
