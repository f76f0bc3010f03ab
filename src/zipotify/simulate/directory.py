"""Who each user is, from the id alone: any process can describe anybody, so shards need not tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zipotify.simulate import draws
from zipotify.simulate.draws import Draws, Ints, pick
from zipotify.simulate.native.order import distinct
from zipotify.simulate.people import people
from zipotify.simulate.plan import Plan
from zipotify.simulate.population import Arrivals, belongs, membership_s


@dataclass
class Profiles:
    """Some users: list entries by number, when they registered, and the number of their variant."""

    user_id: Ints
    place: Ints
    agent: Ints
    last_name: Ints
    first_name: Ints
    registered_s: Ints
    variant: Ints


class Directory:
    """Describes the users of all variants of a run."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans = plans
        self._plan = plans[0]
        self.draws = Draws(self._plan.seed)
        self._arrivals = Arrivals(self._plan, self.draws)

    def profiles(self, user_id: Ints) -> Profiles:
        """Who those users are."""
        lists = people()
        u = self.draws.uniform(draws.PERSON, user_id, 1)
        return Profiles(
            user_id,
            pick(lists.place_shares, u[0]),
            pick(lists.agent_shares, u[1]),
            pick(lists.last_name_shares, u[2]),
            pick(lists.first_name_shares, u[3]),
            self._registered_s(user_id),
            self._variant(user_id),
        )

    def people_of(self, user_id: Ints) -> tuple[Profiles, Ints]:
        """Profiles of all users that occur, and the number of each row's profile among them."""
        some, which = distinct(user_id)
        return self.profiles(some), which

    def _registered_s(self, user_id: Ints) -> Ints:
        plan = self._plan
        u = self.draws.uniform(draws.PERSON, user_id, 2)
        registered = plan.start_s - membership_s(plan, u[0])
        newcomer = user_id >= plan.first_user_id + plan.n_users
        if plan.growth_rate > 0:
            registered[newcomer] = self._arrivals.of(user_id[newcomer] - plan.first_user_id - plan.n_users)
        return registered

    def _variant(self, user_id: Ints) -> Ints:
        variant = np.zeros(len(user_id), np.int64)
        for number, plan in enumerate(self.plans[1:], start=1):
            variant[belongs(plan, self.draws, user_id)] = number
        return variant
