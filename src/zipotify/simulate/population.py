"""The users of a run: ids, habits, who they are, when they arrive and leave. All fixed once drawn."""

from __future__ import annotations

import numpy as np

from zipotify.simulate import draws
from zipotify.simulate.draws import Draws, Floats, Ints, cumulative, exponential, normal_pair, pick
from zipotify.simulate.people import Identities, people
from zipotify.simulate.plan import DAY_S, Plan

YEAR_S = 365 * DAY_S
_LONGEST_MEMBERSHIP_S = 5 * YEAR_S
_ARRIVALS_AHEAD = 4096
_FAR = float(2**60)


class Population:
    """Arrays with one entry a user, in the order of user ids; newcomers are appended by `grow`."""

    def __init__(self, plan: Plan, numbers: Draws) -> None:
        self._plan = plan
        self._numbers = numbers
        self._arrivals_s = np.empty(0, np.int64)
        self._arrived_count = 0
        self.user_id = np.empty(0, np.int64)
        self.start_s = np.empty(0, np.int64)
        self.registered_s = np.empty(0, np.int64)
        self.leaves_s = np.empty(0, np.int64)
        self.alpha = np.empty(0)
        self.beta = np.empty(0)
        self.group = np.empty(0, np.int64)
        nobody = np.empty(0, np.int64)
        self._identities = Identities(nobody, nobody, nobody, nobody)
        self._add(np.full(plan.n_users, plan.start_s), is_new=False)

    def __len__(self) -> int:
        return len(self.user_id)

    def grow(self, until_s: int) -> int:
        """Take in everybody who arrives up to then; returns how many."""
        if self._plan.growth_rate <= 0 or self._plan.n_users == 0:
            return 0
        while not self._arrivals_s.size or self._arrivals_s[-1] <= until_s:
            self._foresee()
        arrived = int(np.searchsorted(self._arrivals_s, until_s, side="right"))
        newcomers = self._arrivals_s[self._arrived_count : arrived]
        self._arrived_count = arrived
        if newcomers.size:
            self._add(newcomers, is_new=True)
        return int(newcomers.size)

    def describe(self, user: int) -> tuple[bytes, bytes]:
        """JSON of a user's device fields, and of the device and user fields."""
        lists, who = people(), self._identities
        device = lists.device(who.place[user], who.agent[user])
        names = lists.last_names[who.last_name[user]], lists.first_names[who.first_name[user]]
        tag = b',"tag":%b' % _json_text(self._plan.tag) if self._plan.tag else b""
        shown = b'%b,"userId":%d,%b,%b,"registration":%d000%b' % (
            device,
            self.user_id[user],
            *names,
            self.registered_s[user],
            tag,
        )
        return device, shown

    def _foresee(self) -> None:
        """Draw the next arrivals: exponential gaps, each a little shorter as the population grows."""
        plan, known = self._plan, self._arrivals_s.size
        number = known + np.arange(_ARRIVALS_AHEAD)
        u = self._numbers.uniform(draws.ARRIVAL, plan.first_user_id, number)
        gaps = exponential(u[0], YEAR_S / ((plan.n_users + number) * plan.growth_rate))
        last = int(self._arrivals_s[-1]) if known else plan.start_s
        arrivals = last + np.ceil(np.cumsum(gaps)).astype(np.int64)
        self._arrivals_s = np.concatenate([self._arrivals_s, arrivals])

    def _add(self, start_s: Ints, is_new: bool) -> None:
        plan, count = self._plan, len(start_s)
        user_id = plan.first_user_id + len(self) + np.arange(count)
        u = [self._numbers.uniform(draws.PERSON, user_id, part) for part in range(3)]
        alpha, beta = normal_pair(u[0][0], u[0][1])
        self.user_id = np.concatenate([self.user_id, user_id])
        self.start_s = np.concatenate([self.start_s, start_s])
        self.alpha = np.concatenate([self.alpha, _spread(plan.config.alpha, alpha)])
        self.beta = np.concatenate([self.beta, _spread(plan.config.beta, beta)])
        self.group = np.concatenate([self.group, self._groups(u[0][2], u[0][3], is_new)])
        registered = start_s if is_new else start_s - self._membership_s(u[2][0])
        self.registered_s = np.concatenate([self.registered_s, registered])
        self.leaves_s = np.concatenate([self.leaves_s, start_s + self._stay_s(u[2][1])])
        self._identities.extend(Identities.draw(u[1]))

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

    def _membership_s(self, u: Floats) -> Ints:
        """How long before the start the first users registered."""
        return np.minimum(exponential(u, self._plan.growth_rate * YEAR_S), _LONGEST_MEMBERSHIP_S).astype(np.int64)

    def _stay_s(self, u: Floats) -> Ints:
        """How long after their start users leave for good."""
        rate = self._plan.attrition_rate
        return np.minimum(exponential(u, YEAR_S / rate) if rate else np.full(len(u), _FAR), _FAR).astype(np.int64)


def _spread(mean: float, z: Floats) -> Floats:
    """A user's own mean: log-normal around the configured one."""
    return np.asarray(mean * np.exp(z) / np.sqrt(np.e))


def _json_text(text: str) -> bytes:
    import orjson

    return orjson.dumps(text)
