"""The simulation itself: all users take their next step together, in arrays.

A window is simulated by letting every user whose next event lies in it step on until it doesn't. Users never meet,
and their draws are counted, not consumed, so that the events don't depend on how time is cut into windows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np

from zipotify.errors import ContractError
from zipotify.simulate import draws
from zipotify.simulate.draws import Bools, Floats, Ints, exponential
from zipotify.simulate.events import Events
from zipotify.simulate.plan import Plan
from zipotify.simulate.population import Population
from zipotify.simulate.rhythm import Rhythm
from zipotify.simulate.songs import Drift

NEVER = np.iinfo(np.int64).max
SKIP_SHARE = 0.24
"""Share of plays that are skipped, when plays say how much was heard."""
BOT_TRACKS = 3
BOT_PLAY_S = 31
BOT_SESSION_END = 0.01
_BLOCK = 32_768
_MOST_STEPS = 32

Snapshot: TypeAlias = dict[str, Ints]


@dataclass
class _Users:
    """Where each user stands: the event that comes next."""

    t: Ints
    state: Ints
    session: Ints
    item: Ints
    step: Ints
    song_end: Ints
    after_login: Ints

    def extend(self, other: _Users) -> None:
        for field in fields(self):
            joined = np.concatenate([getattr(self, field.name), getattr(other, field.name)])
            setattr(self, field.name, joined)


class Simulation:
    """One group of users from its start; its clock is the end of the last window."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.clock_s = plan.start_s
        self._draws = draws.Draws(plan.seed)
        self._rhythm = Rhythm(plan.config)
        self._drift = Drift(plan.songs, self._draws) if plan.extras.drift else None
        self.population = Population(plan, self._draws)
        self._users = self._first_sessions(np.arange(len(self.population)))

    def advance(self, until_s: int) -> Events:
        """Simulate on to `until_s` (inclusive) and return the events since the clock."""
        known = len(self.population)
        if self.population.grow(until_s):
            self._users.extend(self._first_sessions(np.arange(known, len(self.population))))
        rows = self._step_all(until_s)
        clock, self.clock_s = self.clock_s, until_s
        return _in_order(rows, clock, self.plan.first_state)

    def snapshot(self) -> Snapshot:
        """All that changes, as arrays; with the plan it restores the simulation."""
        arrays = {field.name: getattr(self._users, field.name).copy() for field in fields(self._users)}
        return {**arrays, "user_id": self.population.user_id.copy(), "clock_s": np.array([self.clock_s])}

    def restore(self, saved: Snapshot) -> None:
        """Go on from a snapshot of the same plan."""
        self.clock_s = int(saved["clock_s"][0])
        self.population.grow(self.clock_s)
        at = np.searchsorted(saved["user_id"], self.population.user_id)
        if not np.array_equal(saved["user_id"][np.minimum(at, len(saved["t"]) - 1)], self.population.user_id):
            raise ContractError("the simulator's saved state doesn't fit its plan", "delete the state to start anew")
        self._users = _Users(**{field.name: saved[field.name][at] for field in fields(_Users)})

    def _first_sessions(self, who: Ints) -> _Users:
        """Session times are a running process that is looked at late, so that starts don't bunch up.

        First users are taken from beta before their start, and their auth and level warm up until it; newcomers
        have done nothing before they arrive.
        """
        started, beta = self.population.start_s[who], self.population.beta[who]
        newcomer = self.population.user_id[who] >= self.plan.first_user_id + self.plan.n_users
        earliest = np.where(newcomer, started, (started - beta).astype(np.int64))
        t = (started - 2 * beta).astype(np.int64)
        todo, number = np.flatnonzero(t < earliest), 0
        while todo.size:
            t[todo] = self._session_start(draws.FIRST_GAP, who[todo], np.full(todo.size, number), t[todo])
            todo, number = todo[t[todo] < earliest[todo]], number + 1
        zeros = np.zeros(len(who), np.int64)
        first = self._first_state(who, self.population.group[who], zeros)
        return _Users(t, first, zeros, zeros.copy(), zeros.copy(), zeros.copy(), zeros.copy())

    def _session_start(self, purpose: int, who: Ints, session: Ints, last: Ints) -> Ints:
        """When the session after `last` starts; moments that the rhythm refuses are drawn again from there."""
        user, beta = self.population.user_id[who], self.population.beta[who]
        gap = self.plan.config.session_gap
        base, found = last.copy(), np.empty_like(last)
        todo, attempt = np.arange(len(who)), 0
        while todo.size:
            u = self._draws.uniform(purpose, user[todo], session[todo], attempt)
            start = base[todo]
            t = self._rhythm.warp(start + exponential(u[0], beta[todo]).astype(np.int64) + gap)
            backwards = t < start
            refused = ~backwards & (u[1] < self._rhythm.damping(t))
            base[todo] = np.where(backwards, start + gap, t)
            found[todo] = t
            todo, attempt = todo[backwards | refused], attempt + 1
        return found

    def _first_state(self, who: Ints, group: Ints, session: Ints) -> Ints:
        u = self._draws.uniform(draws.SESSION, self.population.user_id[who], session)
        return self.plan.machine.first(group, u[0])

    def _step_all(self, until_s: int) -> Events:
        rows: list[Events] = []
        active = np.flatnonzero(self._users.t <= until_s)
        while active.size:
            steps = int(np.clip(_BLOCK // active.size, 1, _MOST_STEPS))
            u = self._draws.uniform(
                draws.STEP, self.population.user_id[active], self._users.step[active] + np.arange(steps)[:, None]
            )
            ended = self._run_block(active, u, until_s, rows)
            self._next_sessions(ended)
            active = active[self._users.t[active] <= until_s]
        return Events.joined(rows)

    def _run_block(self, active: Ints, u: Floats, until_s: int, rows: list[Events]) -> Ints:
        """Up to one step a row of `u`; returns users whose session ended, their `t` still at its last event."""
        column = np.arange(active.size)
        all_ended = []
        for step in range(u.shape[1]):
            who = active[column]
            ended = self._one_step(who, u[:, step, column], rows)
            all_ended.append(who[ended])
            column = column[~ended & (self._users.t[who] <= until_s)]
            if not column.size:
                break
        return np.concatenate(all_ended)

    def _one_step(self, who: Ints, u: Floats, rows: list[Events]) -> Bools:
        """Note the event that each user stands at, and move the user on; returns whose session ends with it."""
        users, machine, songs = self._users, self.plan.machine, self.plan.songs
        t, state = users.t[who], users.state[who]
        session, item = users.session[who], users.item[who]
        track, played_ms, fine = np.full(len(who), -1), np.full(len(who), -1), np.zeros(len(who), np.int64)
        playing = np.flatnonzero(machine.is_song[state])
        track[playing] = self._tracks(who[playing], u[2, playing], t[playing], item[playing])
        song_end = users.song_end[who]
        song_end[playing] = t[playing] + songs.whole_s[track[playing]]

        following, ended = machine.follow(state, u[0])
        if self.plan.extras.bots:
            following, ended = self._bots_loop(who, state, u[0], following, ended)
        wait = exponential(u[1], self.population.alpha[who]).astype(np.int64)
        follows_song = machine.is_song[following] & (song_end > t)
        after = np.where(machine.is_redirect[following], t + 1, np.where(follows_song, song_end, t + wait))
        if self.plan.extras.played:
            at = playing[follows_song[playing]]
            after[at] -= self._cut_s(who[at], u[3, at], track[at])
            played_ms[playing] = self._played_ms(playing, track, following, ended, after - t)
        rows.append(
            Events(
                self.population.user_id[who],
                t,
                state,
                session,
                item,
                track,
                users.after_login[who] > 0,
                played_ms,
                fine,
                t,
            )
        )
        users.t[who] = np.where(ended, t, after)
        users.state[who] = np.where(ended, state, following)
        users.item[who] = item + 1
        users.step[who] += 1
        users.song_end[who] = np.where(follows_song, np.minimum(song_end, after), song_end)
        users.after_login[who] = machine.is_login[state]
        return ended

    def _tracks(self, who: Ints, u: Floats, t: Ints, item: Ints) -> Ints:
        """What those users play; bots have a few tracks of their own."""
        songs, population = self.plan.songs, self.population
        track = self._drift.pick(u, t) if self._drift else songs.pick(u)
        bots = np.flatnonzero(population.is_bot[who])
        if bots.size:
            own = self._draws.uniform(draws.BOT, population.user_id[who[bots]], item[bots] % BOT_TRACKS)[0]
            track[bots] = (own * len(songs)).astype(np.int64)
        return track

    def _bots_loop(self, who: Ints, state: Ints, u: Floats, following: Ints, ended: Bools) -> tuple[Ints, Bools]:
        """Bots that play go on playing."""
        loops = self.population.is_bot[who] & self.plan.machine.is_song[state]
        ends = u > 1 - BOT_SESSION_END
        return np.where(loops, state, following), np.where(loops, ends, ended)

    def _cut_s(self, who: Ints, u: Floats, track: Ints) -> Ints:
        """Seconds that are not heard of those tracks, each followed by the next one."""
        whole = self.plan.songs.whole_s[track]
        heard = np.where(u < SKIP_SHARE, (u / SKIP_SHARE) ** 2 * whole, whole).astype(np.int64)
        heard = np.where(self.population.is_bot[who], np.minimum(whole, BOT_PLAY_S), heard)
        return np.asarray(whole - np.maximum(heard, np.minimum(whole, 1)))

    def _played_ms(self, playing: Ints, track: Ints, following: Ints, ended: Bools, gap_s: Ints) -> Ints:
        """How much is heard: all, unless the next song or leaving cuts it short."""
        machine, songs = self.plan.machine, self.plan.songs
        after, number = following[playing], track[playing]
        cut = (machine.is_song[after] | ~machine.is_logged_in[after] | machine.is_logout[after]) & ~ended[playing]
        is_cut = cut & (gap_s[playing] < songs.whole_s[number])
        return np.asarray(np.where(is_cut, gap_s[playing] * 1000, songs.length_ms[number]))

    def _next_sessions(self, who: Ints) -> None:
        """Begin the next session of users whose session ended, unless they have left for good."""
        users, machine = self._users, self.plan.machine
        gone = machine.is_churned[users.state[who]] | (users.t[who] >= self.population.leaves_s[who])
        users.t[who[gone]] = NEVER
        who = who[~gone]
        users.session[who] += 1
        users.item[who] = 0
        users.song_end[who] = 0
        users.after_login[who] = 0
        users.t[who] = self._session_start(draws.GAP, who, users.session[who], users.t[who])
        users.state[who] = self._first_state(who, machine.group[users.state[who]], users.session[who])


def _in_order(events: Events, after_s: int, first_state: int) -> Events:
    """Events later than `after_s`, in order; a user's own events come in the order they were noted."""
    wanted = np.flatnonzero(events.ts_s > after_s)
    ordered = events.part(wanted[np.lexsort((events.user_id[wanted], events.ts_s[wanted]))])
    ordered.state = ordered.state + first_state
    return ordered
