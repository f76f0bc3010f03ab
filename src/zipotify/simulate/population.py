"""The users of a run: habits, when they arrive and when they leave. All fixed once drawn, each from the id alone."""

from __future__ import annotations

import numpy as np

from zipotify.simulate import draws
from zipotify.simulate.draws import Bools, Draws, Floats, Ints, cumulative, exponential, normal_pair, pick
from zipotify.simulate.plan import DAY_S, Plan

YEAR_S = 365 * DAY_S
_LONGEST_MEMBERSHIP_S = 5 * YEAR_S
_ARRIVALS_AHEAD = 4096
_FAR = float(2**60)


class Arrivals:
    """When newcomers come; every shard foresees the same list."""

    def __init__(self, plan: Plan, numbers: Draws) -> None:
        self._plan = plan
        self._numbers = numbers
        self._moments_s = np.empty(0, np.int64)

    def until(self, until_s: int) -> Ints:
        """Moments of all newcomers up to then, in order; their user ids follow on the first users', in that order."""
        if self._plan.growth_rate <= 0 or self._plan.n_users == 0:
            return self._moments_s
        while not self._moments_s.size or self._moments_s[-1] <= until_s:
            self._foresee()
        return self._moments_s[: int(np.searchsorted(self._moments_s, until_s, side="right"))]

    def of(self, number: Ints) -> Ints:
        """Moments of newcomers by their number."""
        while number.size and self._moments_s.size <= int(number.max()):
            self._foresee()
        return np.asarray(self._moments_s[number])

    def _foresee(self) -> None:
        """Draw the next arrivals: exponential gaps, each a little shorter as the population grows."""
        plan, known = self._plan, self._moments_s.size
        number = known + np.arange(_ARRIVALS_AHEAD)
        u = self._numbers.uniform(draws.ARRIVAL, plan.first_user_id, number)
        gaps = exponential(u[0], YEAR_S / ((plan.n_users + number) * plan.growth_rate))
        last = int(self._moments_s[-1]) if known else plan.start_s
        moments = last + np.ceil(np.cumsum(gaps)).astype(np.int64)
        self._moments_s = np.concatenate([self._moments_s, moments])


class Population:
    """Arrays with one entry a user of this shard, in the order of user ids; newcomers are appended by `grow`."""

    def __init__(self, plan: Plan, numbers: Draws) -> None:
        self._plan = plan
        self._numbers = numbers
        self._arrivals = Arrivals(plan, numbers)
        self._arrived_count = 0
        self.user_id = np.empty(0, np.int64)
        self.start_s = np.empty(0, np.int64)
        self.leaves_s = np.empty(0, np.int64)
        self.alpha = np.empty(0)
        self.beta = np.empty(0)
        self.group = np.empty(0, np.int64)
        self.is_bot = np.empty(0, bool)
        first = plan.first_user_id + np.arange(plan.n_users)
        self._add(first, np.full(plan.n_users, plan.start_s), is_new=False)

    def __len__(self) -> int:
        return len(self.user_id)

    def grow(self, until_s: int) -> int:
        """Take in everybody of this shard who arrives up to then; returns how many."""
        moments = self._arrivals.until(until_s)
        known, self._arrived_count = self._arrived_count, len(moments)
        if len(moments) == known:
            return 0
        number = np.arange(known, len(moments))
        before = len(self)
        self._add(self._plan.first_user_id + self._plan.n_users + number, moments[known:], is_new=True)
        return len(self) - before

    def _add(self, user_id: Ints, start_s: Ints, is_new: bool) -> None:
        wanted = belongs(self._plan, self._numbers, user_id)
        user_id, start_s = user_id[wanted], start_s[wanted]
        plan = self._plan
        u = self._numbers.uniform(draws.PERSON, user_id, 0)
        alpha, beta = normal_pair(u[0], u[1])
        group = self._groups(u[2], u[3], is_new)
        u = self._numbers.uniform(draws.PERSON, user_id, 2)
        is_bot = u[2] < plan.extras.bots
        beta = _spread(plan.config.beta, beta) * np.where(is_bot, plan.extras.bot_haste, 1.0)
        self.user_id = np.concatenate([self.user_id, user_id])
        self.start_s = np.concatenate([self.start_s, start_s])
        self.alpha = np.concatenate([self.alpha, _spread(plan.config.alpha, alpha)])
        self.beta = np.concatenate([self.beta, beta])
        self.group = np.concatenate([self.group, group])
        self.leaves_s = np.concatenate([self.leaves_s, start_s + self._stay_s(u[1])])
        self.is_bot = np.concatenate([self.is_bot, is_bot])

    def _groups(self, u_auth: Floats, u_level: Floats, is_new: bool) -> Ints:
        """Number of the (auth, level) that each user begins with."""
        config, machine = self._plan.config, self._plan.machine
        if is_new:
            return np.full(len(u_auth), machine.group_of(config.new_user_auth, config.new_user_level))
        auth = pick(cumulative([entry.weight for entry in config.auths]), u_auth)
        level = pick(cumulative([entry.weight for entry in config.levels]), u_level)
        table = np.zeros((len(config.auths), len(config.levels)), np.int64)
        for a, b in set(zip(auth.tolist(), level.tolist(), strict=True)):
            table[a, b] = machine.group_of(config.auths[a].auth, config.levels[b].level)
        return np.asarray(table[auth, level])

    def _stay_s(self, u: Floats) -> Ints:
        """How long after their start users leave for good."""
        rate = self._plan.attrition_rate
        return np.minimum(exponential(u, YEAR_S / rate) if rate else np.full(len(u), _FAR), _FAR).astype(np.int64)


def belongs(plan: Plan, numbers: Draws, user_id: Ints) -> Bools:
    """Which users are simulated under this plan: those of its shard and, in an experiment, of its variant."""
    shard, count = plan.shard
    wanted = np.asarray((user_id - plan.first_user_id) % count == shard)
    low, high = plan.cohort
    if (low, high) != (0.0, 1.0):
        u = numbers.uniform(draws.PERSON, user_id, 3)[0]
        wanted &= (low <= u) & (u < high)
    return wanted


def membership_s(plan: Plan, u: Floats) -> Ints:
    """How long before the start the first users registered."""
    return np.minimum(exponential(u, plan.growth_rate * YEAR_S), _LONGEST_MEMBERSHIP_S).astype(np.int64)


def _spread(mean: float, z: Floats) -> Floats:
    """A user's own mean: log-normal around the configured one."""
    return np.asarray(mean * np.exp(z) / np.sqrt(np.e))
