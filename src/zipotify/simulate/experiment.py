"""A/B experiments in one run: a share of the users lives under another configuration and tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zipotify.errors import UsageError
from zipotify.simulate.config import load_config
from zipotify.simulate.plan import Options, Plan, make_plan

CONTROL = "control"


@dataclass(frozen=True)
class Variant:
    """One variant beside the control group."""

    tag: str
    share: float
    config: Path


def parse_variant(text: str) -> Variant:
    """`TAG=SHARE:CONFIG`; raises UsageError."""
    tag, equals, rest = text.partition("=")
    share, colon, config = rest.partition(":")
    try:
        number = float(share)
    except ValueError:
        number = 0.0
    if not (tag and equals and colon and config and 0 < number < 1):
        raise UsageError(f"'{text}' is no variant", "write TAG=SHARE:CONFIG, as in new-home=0.5:alt.json")
    return Variant(tag, number, Path(config))


def plan_variants(plan: Plan, variants: Sequence[Variant], options: Options) -> list[Plan]:
    """The control group's plan and one for each variant; who is in which follows from the user's id."""
    if not variants:
        return [plan]
    if sum(variant.share for variant in variants) >= 1:
        raise UsageError("the variants' shares leave nobody for the control group", "make them add up to less than 1")
    low, states = 0.0, 0
    plans: list[Plan] = []
    for variant in variants:
        config, name = load_config(variant.config)
        known = replace(
            options,
            growth_rate=plan.growth_rate,
            n_users=plan.n_users,
            first_user_id=plan.first_user_id,
            seed=plan.seed,
            tag=variant.tag,
        )
        other = make_plan(config, name, plan.songs, known, plan.end_s)
        plans.append(replace(other, start_s=plan.start_s, end_s=plan.end_s, cohort=(low, low + variant.share)))
        low += variant.share
    joined: list[Plan] = []
    for each in [replace(plan, tag=plan.tag or CONTROL, cohort=(low, 1.0)), *plans]:
        joined.append(replace(each, first_state=states))
        states += len(each.machine.states)
    return joined
