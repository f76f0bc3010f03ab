"""What a configuration means, worked out rather than simulated: sessions, page shares and churn as a Markov chain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zipotify.simulate.config import EventsimConfig, State, load_config
from zipotify.simulate.draws import Bools, Floats
from zipotify.simulate.machine import compile_machine

_DAY_S = 86_400
_NEVER_ENDS = 1e-12


@dataclass(frozen=True)
class GroupView:
    """Sessions of users who begin them in one (auth, level)."""

    auth: str
    level: str
    share: float
    """Of all sessions, in the long run, among users who have not left."""
    mean_items: float
    """Page views of a session; infinite when it may never end."""
    starts: dict[State, float]


@dataclass(frozen=True)
class Explanation:
    """A configuration in figures. Shares are those of the long run, among users who have not left."""

    name: str
    config: EventsimConfig
    states: tuple[State, ...]
    transitions: Floats
    """Probability that the column's state follows the row's."""
    ends: Floats
    """Per state, probability that the session ends there."""
    groups: tuple[GroupView, ...]
    mean_items: float
    first_items: float
    """Page views of a first user's first session, before upgrades and the like have had an effect."""
    page_shares: dict[str, float]
    first_page_shares: dict[str, float]
    """The same, in first users' first sessions."""
    state_shares: Floats
    sessions_to_churn: float
    """Expected number of sessions of a first user; infinite when nobody ever leaves."""

    @property
    def days_to_churn(self) -> float:
        """For a user whose gap between sessions is the mean one."""
        return self.sessions_to_churn * (self.config.beta + self.config.session_gap) / _DAY_S


def explain(path: Path | None) -> Explanation:
    """Read, check and explain a configuration; raises ConfigError with the exact place of what is wrong."""
    config, name = load_config(path)
    machine = compile_machine(config, name)
    moves = _matrix(config, machine.states)
    ends = np.clip(1 - moves.sum(axis=1), 0, 1)
    pairs = list(dict.fromkeys((state.auth, state.level) for state in machine.states))
    starts = _starts(config, machine.states, pairs)
    visits = _visits(moves, starts, ends)
    onward = _onward(visits, ends, machine.states, pairs)
    stays = [number for number, (auth, _) in enumerate(pairs) if auth != config.churned_state]
    first = _first_groups(config, pairs)
    share = _long_run(onward, stays, first)
    views, first_views = (group[group > 0] @ visits[group > 0] for group in (share, first))
    state_shares = _normalised(views)
    return Explanation(
        name=name,
        config=config,
        states=machine.states,
        transitions=moves,
        ends=ends,
        groups=tuple(
            GroupView(
                auth,
                level,
                float(share[number]),
                float(visits[number].sum()),
                {s: float(p) for s, p in zip(machine.states, starts[number], strict=True) if p},
            )
            for number, (auth, level) in enumerate(pairs)
            if starts[number].any()
        ),
        mean_items=float(views.sum()),
        first_items=float(first_views.sum()),
        page_shares=_by_page(machine.states, state_shares),
        first_page_shares=_by_page(machine.states, _normalised(first_views)),
        state_shares=state_shares,
        sessions_to_churn=_sessions_to_churn(onward, stays, first),
    )


def _by_page(states: tuple[State, ...], shares: Floats) -> dict[str, float]:
    """Shares of the pages, the largest first."""
    pages: dict[str, float] = {}
    for state, share in zip(states, shares, strict=True):
        pages[state.page] = pages.get(state.page, 0.0) + float(share)
    return dict(sorted(pages.items(), key=lambda item: -item[1]))


def _normalised(views: Floats) -> Floats:
    """Shares of all events; where sessions may never end, those states take all."""
    endless = np.isinf(views)
    weights = endless.astype(np.float64) if endless.any() else views
    return np.asarray(weights / weights.sum())


def _matrix(config: EventsimConfig, states: tuple[State, ...]) -> Floats:
    number_of = {state: number for number, state in enumerate(states)}
    moves = np.zeros((len(states), len(states)))
    for transition in config.transitions:
        moves[number_of[transition.source], number_of[transition.dest]] += transition.p
    return moves


def _starts(config: EventsimConfig, states: tuple[State, ...], pairs: list[tuple[str, str]]) -> Floats:
    """Per group, the shares of its sessions' first states; nothing but zeros where no session starts."""
    number_of = {state: number for number, state in enumerate(states)}
    starts = np.zeros((len(pairs), len(states)))
    for entry in config.new_session:
        starts[pairs.index((entry.auth, entry.level)), number_of[entry.state]] += entry.weight
    sums = starts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(starts, sums, out=np.zeros_like(starts), where=sums > 0))


def _visits(moves: Floats, starts: Floats, ends: Floats) -> Floats:
    """Expected visits of each state in a session of each group; infinite where a session may never end."""
    stuck = ~_can_end(moves, ends)
    inside = np.where(stuck, 0.0, moves) * ~stuck[:, None]
    visits = np.linalg.solve((np.eye(len(moves)) - inside).T, np.where(stuck, 0.0, starts).T).T
    trapped = (visits @ moves[:, stuck]).sum(axis=1) + starts[:, stuck].sum(axis=1) > _NEVER_ENDS
    visits[np.ix_(trapped, stuck)] = math.inf
    return np.asarray(visits)


def _can_end(moves: Floats, ends: Floats) -> Bools:
    """Per state, whether a session there can ever end."""
    able = np.asarray(ends > _NEVER_ENDS)
    for _ in range(len(moves)):
        able = able | ((moves > 0) & able).any(axis=1)
    return np.asarray(able)


def _onward(visits: Floats, ends: Floats, states: tuple[State, ...], pairs: list[tuple[str, str]]) -> Floats:
    """Probability that a session of the row's group leaves its user in the column's group."""
    onward = np.zeros((len(pairs), len(pairs)))
    finite = np.where(np.isfinite(visits), visits, 0.0)
    for number, state in enumerate(states):
        onward[:, pairs.index((state.auth, state.level))] += finite[:, number] * ends[number]
    return onward


def _first_groups(config: EventsimConfig, pairs: list[tuple[str, str]]) -> Floats:
    """Where the first users begin."""
    first = np.zeros(len(pairs))
    for auth in config.auths:
        for level in config.levels:
            if auth.weight * level.weight > 0:
                first[pairs.index((auth.auth, level.level))] += auth.weight * level.weight
    return np.asarray(first / first.sum())


def _long_run(onward: Floats, stays: list[int], first: Floats) -> Floats:
    """Shares of sessions by group once the beginning is forgotten, given that the user is still there."""
    share = first.copy()
    for _ in range(100_000):
        following = np.zeros_like(share)
        following[stays] = (share @ onward)[stays]
        if following.sum() <= 0:
            return share
        # Halfway, so that groups that only take turns settle too.
        following = (following / following.sum() + share) / 2
        if np.abs(following - share).max() < 1e-13:
            return np.asarray(following)
        share = following
    return share


def _sessions_to_churn(onward: Floats, stays: list[int], first: Floats) -> float:
    inside = onward[np.ix_(stays, stays)]
    if (1 - inside.sum(axis=1)).max(initial=0.0) < _NEVER_ENDS:
        return math.inf
    try:
        expected = np.linalg.solve(np.eye(len(stays)) - inside, np.ones(len(stays)))
    except np.linalg.LinAlgError:
        return math.inf
    return float(first[stays] @ expected)
