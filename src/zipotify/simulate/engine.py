"""The simulation itself: each user steps on by numbers of their own until the window ends.

Users never meet, and their draws are counted, not consumed, so that the events don't depend on how time is cut into
windows. The steps are compiled (`native.steps`); here is what surrounds them.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from zipotify.errors import ContractError
from zipotify.simulate import draws
from zipotify.simulate.draws import Ints
from zipotify.simulate.events import Events, Place
from zipotify.simulate.native.order import by_value
from zipotify.simulate.native.steps import WEEK_S, Music, Rows, Rules, Users, first_sessions
from zipotify.simulate.native.walk import walk
from zipotify.simulate.plan import Plan
from zipotify.simulate.population import Population
from zipotify.simulate.rhythm import Rhythm
from zipotify.simulate.songs import Drift

_DRIFT_STRETCH_S = 4 * WEEK_S
"""With drift, users are taken at most so far at once: each week has shares of its own."""
_LEAST_ROOM = 1024

Snapshot: TypeAlias = dict[str, Ints]


class Simulation:
    """One group of users from its start; its clock is the end of the last window."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock_s = plan.start_s
        self._draws = draws.Draws(plan.seed)
        self._rules = rules_of(plan, self._draws)
        self._drift = Drift(plan.songs, self._draws) if plan.extras.drift else None
        self.population = Population(plan, self._draws)
        self._room = _LEAST_ROOM
        self._at: dict[str, Ints] = {name: np.empty(0, np.int64) for name in _CHANGING}
        self._users = self._joined_by_newcomers()

    def advance(self, until_s: int, place: Place | None = None) -> Events:
        """Simulate on to `until_s` (inclusive) and return the events since the clock, at that place if there is one."""
        if self.population.grow(until_s):
            self._users = self._joined_by_newcomers()
        parts = [self._walk(until_s)] if self._drift is None else self._walk_by_weeks(until_s)
        self.clock_s = until_s
        return _in_order(Events.joined(parts), self.plan.first_state, place)

    def snapshot(self) -> Snapshot:
        """All that changes, as arrays; with the plan it restores the simulation."""
        arrays = {name: values.copy() for name, values in self._at.items()}
        return {**arrays, "user_id": self.population.user_id.copy(), "clock_s": np.array([self.clock_s])}

    def restore(self, saved: Snapshot) -> None:
        """Go on from a snapshot of the same plan."""
        self.clock_s = int(saved["clock_s"][0])
        self.population.grow(self.clock_s)
        at = np.searchsorted(saved["user_id"], self.population.user_id)
        if not np.array_equal(saved["user_id"][np.minimum(at, len(saved["t"]) - 1)], self.population.user_id):
            raise ContractError("the simulator's saved state doesn't fit its plan", "delete the state to start anew")
        self._at = {name: saved[name][at] for name in _CHANGING}
        self._users = self._with_who_they_are()

    def _with_who_they_are(self) -> Users:
        people = self.population
        return Users(people.user_id, people.alpha, people.beta, people.leaves_s, people.is_bot, **self._at)

    def _joined_by_newcomers(self) -> Users:
        """All users, those who aren't on their way yet at their first sessions.

        First users are taken from beta before their start, and their auth and level warm up until it; newcomers
        have done nothing before they arrive.
        """
        known, people = len(self._at["t"]), self.population
        zeros = np.zeros(len(people) - known, np.int64)
        self._at = {name: np.concatenate([values, zeros]) for name, values in self._at.items()}
        users, started = self._with_who_they_are(), people.start_s[known:]
        newcomer = people.user_id[known:] >= self.plan.first_user_id + self.plan.n_users
        earliest = np.where(newcomer, started, (started - people.beta[known:]).astype(np.int64))
        first_sessions(self._rules, users, people.group[known:], started, earliest, known)
        return users

    def _walk_by_weeks(self, until_s: int) -> list[Events]:
        """The same in stretches; all that lies far back comes first."""
        begin = int(self._users.t.min(initial=until_s))
        ends = [*range(begin + _DRIFT_STRETCH_S, until_s, _DRIFT_STRETCH_S), until_s]
        return [self._walk(end) for end in ends]

    def _walk(self, until_s: int) -> Events:
        """Events of all users up to then, user by user; more room is made when it turns out too small."""
        music, reached, parts = self._music(until_s), np.zeros(1, np.int64), []
        while True:
            rows = _room(self._room)
            filled = walk(self._rules, music, self._users, rows, reached, self.clock_s, until_s)
            parts.append(_events(rows, filled))
            if reached[0] == len(self._users.t):
                return Events.joined(parts)
            self._room *= 2

    def _music(self, until_s: int) -> Music:
        songs = self.plan.songs
        if self._drift is None:
            return Music(songs.shares[None, :], songs.guide[None, :], 0, songs.whole_s, songs.length_ms)
        first, last = int(self._users.t.min(initial=until_s)) // WEEK_S, until_s // WEEK_S
        shares, guides = self._drift.weeks(first, max(first, last) + 1)
        return Music(shares, guides, first, songs.whole_s, songs.length_ms)


_CHANGING = ("t", "state", "session", "item", "step", "song_end", "after_login")


def rules_of(plan: Plan, numbers: draws.Draws) -> Rules:
    """All that the compiled steps need to know of a plan, apart from its users and songs."""
    machine, rhythm = plan.machine, Rhythm(plan.config)
    return Rules(
        keys=numbers.keys,
        edges=machine.edges,
        edge_dest=machine.edge_dest,
        edge_end=machine.edge_end,
        starts=machine.starts,
        start_state=machine.start_state,
        group=machine.group,
        is_song=machine.is_song,
        is_redirect=machine.is_redirect,
        is_login=machine.is_login,
        is_leaving=machine.is_leaving,
        is_churned=machine.is_churned,
        session_gap_s=int(plan.config.session_gap),
        shift_s=rhythm.shift_s,
        free=rhythm.free,
        damping=float(plan.config.weekend_damping),
        offset_s=float(plan.config.weekend_damping_offset * 60),
        scale_s=float(plan.config.weekend_damping_scale * 60),
        played=plan.extras.played,
    )


def _room(count: int) -> Rows:
    """Uninitialised rows; 32 bits are enough for all but times and users."""
    small = [np.empty(count, np.int32) for _ in range(5)]
    state, session, item, track, played_ms = small
    user_id, ts_s = np.empty(count, np.int64), np.empty(count, np.int64)
    return Rows(user_id, ts_s, state, session, item, track, np.empty(count, bool), played_ms)


def _events(rows: Rows, count: int) -> Events:
    filled = {name: values[:count] for name, values in rows._asdict().items()}
    return Events(**filled)


def _in_order(events: Events, first_state: int, place: Place | None) -> Events:
    """By time; a user's own events come in the order they were noted, and users by id, as they were walked."""
    order = by_value(events.ts_s)
    ordered = events.laid(order, place(len(order))) if place else events.part(order)
    ordered.state += first_state
    return ordered
