"""Who each user is, from the id alone: any process can describe anybody, so shards need not tell each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import polars as pl

from zipotify.simulate import draws
from zipotify.simulate.draws import Draws, Ints, pick
from zipotify.simulate.people import people
from zipotify.simulate.plan import Plan
from zipotify.simulate.population import Arrivals, belongs, membership_s

_MOST_REMEMBERED = 65_536
"""Users whose JSON is kept for the whole run: some 60 MB. Beyond, it is made anew for each stretch of events."""
_AHEAD = 1_024


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

    def device(self) -> pl.Series:
        """Device class of each."""
        return people().agents["device"].gather(self.agent)


class Directory:
    """Describes the users of all variants of a run."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans = plans
        self._plan = plans[0]
        self.draws = Draws(self._plan.seed)
        self._arrivals = Arrivals(self._plan, self.draws)
        self._known: Ints = np.empty(0, np.int64)
        self._profiles: Profiles | None = None
        self._parts = pl.Series([], dtype=pl.String)

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
        """Profiles, and the number of each row's profile among them."""
        first = self._plan.first_user_id
        last = int(user_id.max(initial=first))
        if last - first < _MOST_REMEMBERED:
            if self._profiles is None or len(self._profiles.user_id) <= last - first:
                ahead = max(last + 1 - first, self._plan.n_users) + _AHEAD
                self._profiles = self.profiles(first + np.arange(ahead))
            return self._profiles, user_id - first
        some, which = np.unique(user_id, return_inverse=True)
        return self.profiles(some), which

    def json_parts(self, user_id: Ints, is_shown: Ints) -> pl.Series:
        """For each row the user's JSON fields: device alone, or device and user where `is_shown` is 1."""
        first = self._plan.first_user_id
        last = int(user_id.max(initial=first))
        if last - first < _MOST_REMEMBERED:
            while first + len(self._known) <= last:
                more = first + len(self._known) + np.arange(max(self._plan.n_users, _AHEAD))
                self._parts = self._parts.append(self._describe(more))
                self._known = np.concatenate([self._known, more])
            return self._parts.gather(2 * (user_id - first) + is_shown)
        some, which = np.unique(user_id, return_inverse=True)
        return self._describe(some).gather(2 * which + is_shown)

    def _describe(self, user_id: Ints) -> pl.Series:
        """Device part and device-and-user part of each user, in turn."""
        lists, who = people(), self.profiles(user_id)
        frame = pl.DataFrame(
            {
                "device": lists.device_json(who.place, who.agent),
                "user_id": who.user_id,
                "last_name": lists.last_names.gather(who.last_name),
                "first_name": lists.first_names.gather(who.first_name),
                "registered_s": who.registered_s,
                "tag": self._tags().gather(who.variant),
            }
        )
        shown = pl.concat_str(
            "device", pl.lit(',"userId":'), "user_id", "last_name", "first_name", pl.lit(',"registration":'),
            "registered_s", pl.lit("000"), "tag",
        )  # fmt: skip
        return frame.select(pl.concat_list("device", shown).list.explode(empty_as_null=False)).to_series()

    def _tags(self) -> pl.Series:
        tags = [f',"tag":{orjson.dumps(plan.tag).decode()}' if plan.tag else "" for plan in self.plans]
        return pl.Series(tags, dtype=pl.String)

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
