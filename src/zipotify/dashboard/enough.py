"""Whether filters leave so many people that figures speak of none of them, neither alone nor by subtraction.

A value of a filter is looked at like a group of published demographics (dbt/macros/k_anonymous.sql): it needs enough
people, and so do all smaller groups of its kind together, which are what is left when the others are taken from all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from zipotify.dashboard.scope import Scope

_KINDS = {"level": "u.level", "gender": "u.gender", "device": "u.device", "state": "l.state_code"}
Ask = Callable[[str], list[list[object]]]


def leaves_enough_people(scope: Scope, ask: Ask) -> bool:
    """Whether the view may be shown; one that has nobody may."""
    count = _count(scope, ask)
    if count == 0:
        return True
    return count >= scope.k_anonymity and all(_is_shown(*kind, scope.k_anonymity) for kind in _kinds(scope, ask))


def _kinds(scope: Scope, ask: Ask) -> Iterator[tuple[Mapping[str, int], str]]:
    """For each filter that is set: people by its values, as the other filters leave them, and the value that is set."""
    for kind in _KINDS:
        value = getattr(scope.filters, kind)
        if value:
            yield _by(kind, _without(scope, kind), ask), value
    if scope.filters.tag:
        count, everybody = _count(scope, ask), _count(_without(scope, "tag"), ask)
        yield {scope.filters.tag: count, "": everybody - count}, scope.filters.tag


def _without(scope: Scope, kind: str) -> Scope:
    return replace(scope, filters=scope.filters.with_(**{kind: ""}))


def _count(scope: Scope, ask: Ask) -> int:
    return int(str(ask(f"select count(distinct user_key) from fct_user_days where {scope.where_active()}")[0][0]))


def _by(kind: str, scope: Scope, ask: Ask) -> Mapping[str, int]:
    sql = f"""select coalesce({_KINDS[kind]}, '') as value, count(distinct d.user_key) as user_count
from (select user_key, user_version_key from fct_user_days where {scope.where_active()}) as d
join dim_users as u on d.user_version_key = u.user_version_key
join dim_locations as l on u.location_key = l.location_key
group by 1"""
    return {str(value): int(str(count)) for value, count in ask(sql)}


def _is_shown(groups: Mapping[str, int], value: str, k: int) -> bool:
    """Whether the group has enough people, and so have all smaller ones together, or there are none."""
    smaller = 0
    for name, count in sorted(groups.items(), key=lambda group: (group[1], group[0])):
        if name == value:
            return count >= k and not 0 < smaller < k
        smaller += count
    return False
